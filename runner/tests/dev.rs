//! The script `dev`, with a fake `cargo` that prints its calls.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking, in its helpers too")]

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::process::{Command, Output};

/// Folder of the workspace.
const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");

/// The fake cargo: `CARGO_BUILD_TARGET` sets a configured target, and `BREAKS` makes a build fail.
const CARGO: &str = r#"#!/bin/sh
case "$*" in
*'config get build.target') [ -n "${CARGO_BUILD_TARGET-}" ] ;;
build*) [ -z "${BREAKS-}" ] ;;
*) echo "in $PWD from ${LIMELIGHT_CALLER_FOLDER-} target ${CARGO_BUILD_TARGET-} runs $*" ;;
esac
"#;

/// Makes a folder with the fake cargo.
fn folder_with_cargo() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let cargo = folder.path().join("cargo");
    fs::write(&cargo, CARGO).unwrap();
    fs::set_permissions(&cargo, fs::Permissions::from_mode(0o755)).unwrap();
    folder
}

/// Runs `dev` by the name `program`, in the folder, with the fake cargo.
fn run(program: &Path, folder: &Path, arguments: &[&str], variables: &[(&str, &str)]) -> Output {
    let path = format!("{}:{}", folder.display(), std::env::var("PATH").unwrap());
    Command::new(program)
        .args(arguments)
        .env_remove("CARGO_BUILD_WARNINGS")
        .env_remove("CARGO_TARGET_DIR")
        .envs(variables.iter().copied())
        .env("PATH", path)
        // Ignores the settings of this machine.
        .env("RUSTUP_HOME", rustup_home())
        .env("CARGO_HOME", folder)
        .current_dir(folder)
        .output()
        .unwrap()
}

/// Folder of rustup's toolchains, independent of `HOME`.
fn rustup_home() -> std::path::PathBuf {
    let home = std::env::home_dir().unwrap().join(".rustup");
    std::env::var_os("RUSTUP_HOME").map_or(home, Into::into)
}

/// Returns the output of a run, including standard error.
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
    // Called by its path, and found in PATH.
    for program in [&link, Path::new("limelight")] {
        let output = run(program, &folder, &["run", "-s", "-S"], &[]);
        assert!(text(&output).contains(&wanted), "{}", text(&output));
    }
}

#[test]
fn a_target_of_others_does_not_reach_the_runner() {
    let folder = folder_with_cargo();
    let dev = Path::new(ROOT).join("dev");
    let output = run(
        &dev,
        folder.path(),
        &["run"],
        &[("CARGO_BUILD_TARGET", "x86_64-unknown-none")],
    );
    assert!(
        text(&output).contains("target host-tuple runs run --"),
        "{}",
        text(&output)
    );
}

#[test]
fn a_failure_of_cargo_names_the_settings_of_others() {
    let folder = folder_with_cargo();
    let dev = Path::new(ROOT).join("dev");
    let config = folder.path().join("config.toml");
    fs::write(&config, "[unstable]\n").unwrap();
    let variables = [
        ("BREAKS", "yes"),
        ("CARGO_PROFILE_DEV_PANIC", "unwind"),
        ("CARGO_BUILD_WARNINGS", "deny"),
        ("RUSTFLAGS", "-Cx"),
        // Set is enough: cargo then ignores the flags of a target.
        ("CARGO_ENCODED_RUSTFLAGS", ""),
    ];
    let output = run(&dev, folder.path(), &["run"], &variables);
    let text = text(&output);
    assert!(!output.status.success(), "{text}");
    let config = config.to_str().unwrap();
    for setting in [
        "CARGO_PROFILE_DEV_PANIC",
        " RUSTFLAGS",
        "CARGO_ENCODED_RUSTFLAGS",
        config,
    ] {
        assert!(text.contains(setting), "{setting} is not in {text}");
    }
    assert!(!text.contains("CARGO_BUILD_WARNINGS"), "{text}");
}

#[test]
fn slow_tests_run_only_when_they_are_asked_for() {
    let folder = folder_with_cargo();
    let dev = Path::new(ROOT).join("dev");
    for (arguments, wanted) in [
        (&["test"][..], "runs test -- --skip slow::\n"),
        (
            &["test", "iso", "--", "--exact"],
            "runs test iso -- --exact --skip slow::\n",
        ),
        (&["test", "slow"], "runs test slow::\n"),
        (&["test", "slow", "--", "--list"], "runs test slow:: -- --list\n"),
        (&["test", "slow::one"], "runs test slow::one\n"),
        (
            &["test", "slow", "one"],
            "./dev: cargo takes one word: ./dev test slow::one\n",
        ),
        (&["test", "slowly"], "runs test slowly -- --skip slow::\n"),
        (
            &["test", "iso", "--", "--skip", "slow_iso"],
            "runs test iso -- --skip slow_iso --skip slow::\n",
        ),
    ] {
        let output = run(&dev, folder.path(), arguments, &[]);
        assert!(text(&output).ends_with(wanted), "{}", text(&output));
    }
}
