//! Settings from outside of the repository that change how cargo builds the images: environment variables, and
//! configuration files above the workspace or in `CARGO_HOME`.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

/// Variables that replace or extend the flags of `.cargo/config.toml` (Cargo Book, "build.rustflags"), profiles, and
/// unstable features. `CARGO_BUILD_RUSTFLAGS` is none: the flags of a target outweigh it.
const VARIABLES: [&str; 5] = [
    "CARGO_ENCODED_RUSTFLAGS",
    "RUSTFLAGS",
    "CARGO_TARGET_X86_64_UNKNOWN_NONE_",
    "CARGO_PROFILE_",
    "CARGO_UNSTABLE_",
];
/// Tables of a configuration file that do the same. A target can be named by a condition, too.
const TABLES: [&str; 4] = ["target.x86_64-unknown-none", "target.'cfg(", "profile.", "unstable"];

/// The foreign settings that this process sees: it has the environment of the cargo that built it.
pub(crate) fn foreign_settings(workspace: &Path) -> Vec<String> {
    let names = env::vars_os()
        .filter(|(_, value)| !value.is_empty())
        .map(|(name, _)| name);
    let mut settings = variables(names);
    let folders = workspace.ancestors().skip(1).map(|folder| folder.join(".cargo"));
    let home = env::home_dir().map(|home| home.join(".cargo"));
    let cargo_home = env::var_os("CARGO_HOME").map(PathBuf::from).or(home);
    let mut files: Vec<_> = folders
        .chain(cargo_home)
        .flat_map(|folder| [folder.join("config.toml"), folder.join("config")])
        .collect();
    files.dedup();
    for file in files {
        let text = fs::read_to_string(&file).unwrap_or_default();
        settings.extend(tables(&text).map(|table| format!("[{table}] in {}", file.display())));
    }
    settings.dedup();
    settings
}

/// The names among these that stand for a setting of the images.
fn variables(names: impl Iterator<Item = OsString>) -> Vec<String> {
    let names = names.filter_map(|name| name.into_string().ok());
    let is_meant = |name: &str, pattern: &str| name == pattern || pattern.ends_with('_') && name.starts_with(pattern);
    let mut found: Vec<_> = names
        .filter(|name| VARIABLES.iter().any(|pattern| is_meant(name, pattern)))
        .collect();
    found.sort();
    found
}

/// The tables of a configuration file that change the images.
fn tables(text: &str) -> impl Iterator<Item = &str> {
    text.lines().filter_map(|line| {
        let line = line.trim_start();
        let table = line.trim_start_matches('[').split([']', '=']).next()?.trim();
        TABLES.iter().any(|name| table.starts_with(name)).then_some(table)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_the_variables_that_change_the_images() {
        let names = [
            "RUSTFLAGS",
            "CARGO_PROFILE_DEV_STRIP",
            "CARGO_TARGET_DIR",
            "CARGO_BUILD_RUSTFLAGS",
            "RUSTFLAGS_X",
        ];
        let found = variables(names.into_iter().map(OsString::from));
        assert_eq!(found, ["CARGO_PROFILE_DEV_STRIP", "RUSTFLAGS"]);
    }

    #[test]
    fn names_the_tables_that_change_the_images() {
        let text = "[build]\nrustflags = [\"-Dwarnings\"]\n[profile.dev]\nstrip = true\n\
            [target.x86_64-unknown-linux-gnu]\nlinker = \"clang\"\n  [unstable]\nprofile.release.lto = true\n";
        assert_eq!(
            tables(text).collect::<Vec<_>>(),
            ["profile.dev", "unstable", "profile.release.lto"]
        );
    }
}
