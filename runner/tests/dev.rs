//! The script `dev`, with a `cargo` that only shows how it is called.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking, in its helpers too")]

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::process::{Command, Output};

/// The folder of the workspace.
const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");

/// A folder with a `cargo` that prints its folder, the caller's folder, and its arguments.
fn folder_with_cargo() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let cargo = folder.path().join("cargo");
    fs::write(
        &cargo,
        "#!/bin/sh\necho \"in $PWD from ${LIMELIGHT_CALLER_FOLDER-} target ${CARGO_BUILD_TARGET-} runs $*\"\n",
    )
    .unwrap();
    fs::set_permissions(&cargo, fs::Permissions::from_mode(0o755)).unwrap();
    folder
}

/// Runs `dev` by the name `program`, in the folder, with the folder's `cargo`.
fn run(program: &Path, folder: &Path, arguments: &[&str], variables: &[(&str, &str)]) -> Output {
    let path = format!("{}:{}", folder.display(), std::env::var("PATH").unwrap());
    Command::new(program)
        .args(arguments)
        .envs(variables.iter().copied())
        .env("PATH", path)
        .current_dir(folder)
        .output()
        .unwrap()
}

/// What a run printed, standard error included.
fn text(output: &Output) -> String {
    String::from_utf8_lossy(&[&output.stdout[..], &output.stderr[..]].concat()).into_owned()
}

#[test]
fn works_through_a_symbolic_link_and_keeps_the_callers_folder() {
    let folder = folder_with_cargo();
    let link = folder.path().join("limelight");
    symlink(Path::new(ROOT).join("dev"), &link).unwrap();
    let (root, folder) = (
        fs::canonicalize(ROOT).unwrap(),
        fs::canonicalize(folder.path()).unwrap(),
    );
    let wanted = format!(
        "in {} from {} target  runs run -- -s -S\n",
        root.display(),
        folder.display()
    );
    // By its path, and as found in PATH.
    for program in [&link, Path::new("limelight")] {
        let output = run(program, &folder, &["run", "-s", "-S"], &[]);
        assert!(text(&output).contains(&wanted), "{}", text(&output));
    }
}
