//! Settings from outside of the repository that change how cargo builds the images: environment variables, and
//! configuration files above the workspace or in `CARGO_HOME`.

use std::collections::BTreeSet;
use std::env;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

/// Variables that replace or extend the flags of `.cargo/config.toml` (Cargo Book, "build.rustflags"), profiles, and
/// unstable features. `CARGO_BUILD_RUSTFLAGS` is none: the flags of a target outweigh it. A name that ends with `_` is a prefix.
const VARIABLES: [&str; 5] = [
    "CARGO_ENCODED_RUSTFLAGS",
    "RUSTFLAGS",
    "CARGO_TARGET_X86_64_UNKNOWN_NONE_",
    "CARGO_PROFILE_",
    "CARGO_UNSTABLE_",
];
/// Beginnings of the tables and keys of a configuration file that do the same, without quotes. A condition can name a
/// target too, and an included file can hold any of them.
const TABLES: [&str; 5] = [
    "target.x86_64-unknown-none",
    "target.cfg(",
    "profile",
    "unstable",
    "include",
];

/// The foreign settings that this process sees: it has the environment of the cargo that built it.
pub(crate) fn foreign_settings(workspace: &Path) -> Vec<String> {
    let mut settings = variables(env::vars_os());
    let folders = workspace.ancestors().skip(1).map(|folder| folder.join(".cargo"));
    let home = env::home_dir().map(|home| home.join(".cargo"));
    let cargo_home = env::var_os("CARGO_HOME").map(PathBuf::from).or(home);
    let files = folders
        .chain(cargo_home)
        .flat_map(|folder| [folder.join("config.toml"), folder.join("config")]);
    for file in files {
        let tables = tables(&fs::read_to_string(&file).unwrap_or_default());
        settings.extend(tables.iter().map(|table| format!("[{table}] in {}", file.display())));
    }
    settings.into_iter().collect()
}

/// The names among these variables that stand for a setting of the images. Empty flags replace those of
/// `.cargo/config.toml`, too.
fn variables(variables: impl Iterator<Item = (OsString, OsString)>) -> BTreeSet<String> {
    let is_meant = |name: &str, has_value: bool| {
        VARIABLES.iter().any(|pattern| {
            let is_prefix = pattern.ends_with('_') && has_value;
            name == *pattern || is_prefix && name.starts_with(pattern)
        })
    };
    variables
        .filter_map(|(name, value)| Some((name.into_string().ok()?, !value.is_empty())))
        .filter(|(name, has_value)| is_meant(name, *has_value))
        .map(|(name, _)| name)
        .collect()
}

/// The tables of a configuration file that change the images, and the keys outside of such tables.
fn tables(text: &str) -> BTreeSet<String> {
    let is_meant = |name: &str| TABLES.iter().any(|meant| name.starts_with(meant));
    let mut table = String::new();
    let mut found = BTreeSet::new();
    for line in text.lines().map(str::trim_start) {
        let is_header = line.starts_with('[');
        let name = plain_name(line.trim_start_matches('['));
        if is_header {
            table.clone_from(&name);
        } else if is_meant(&table) {
            continue;
        }
        let full_name = if is_header || table.is_empty() {
            name
        } else {
            format!("{table}.{name}")
        };
        // `target = { … }` names the targets on the same line, or below.
        if is_meant(&full_name) || !is_header && full_name == "target" {
            found.insert(full_name);
        }
    }
    found
}

/// The dotted name of a table or key at the beginning of a line, without quotes and spaces.
fn plain_name(line: &str) -> String {
    let mut name = String::new();
    let mut quote = None;
    for character in line.chars() {
        match (quote, character) {
            (Some(open), _) if character == open => quote = None,
            (None, '"' | '\'') => quote = Some(character),
            (None, ']' | '=' | '#') => break,
            (None, ' ' | '\t') => {}
            _ => name.push(character),
        }
    }
    name
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_the_variables_that_change_the_images() {
        let found = variables(
            [
                ("RUSTFLAGS", "-Cx"),
                ("CARGO_ENCODED_RUSTFLAGS", ""),
                ("CARGO_PROFILE_DEV_STRIP", "true"),
                ("CARGO_PROFILE_DEV_PANIC", ""),
                ("CARGO_TARGET_DIR", "/x"),
                ("CARGO_BUILD_RUSTFLAGS", "-Cx"),
                ("RUSTFLAGS_X", "-Cx"),
            ]
            .into_iter()
            .map(|(name, value)| (name.into(), value.into())),
        );
        let expected = ["CARGO_ENCODED_RUSTFLAGS", "CARGO_PROFILE_DEV_STRIP", "RUSTFLAGS"];
        assert_eq!(found.iter().collect::<Vec<_>>(), expected);
    }

    #[test]
    fn names_the_tables_that_change_the_images() {
        for (text, expected) in [
            ("[build]\nrustflags = [\"-Dwarnings\"]\n", &[][..]),
            ("[profile.dev]\nstrip = true\n", &["profile.dev"]),
            ("[profile]\ndev.opt-level = 0\n", &["profile"]),
            ("[\"profile\".dev]\n", &["profile.dev"]),
            ("profile.release.lto = true\n", &["profile.release.lto"]),
            ("  [unstable]\nx = true\n[build]\n[unstable]\n", &["unstable"]),
            ("[target.x86_64-unknown-linux-gnu]\nlinker = \"clang\"\n", &[]),
            ("[target.\"x86_64-unknown-none\"]\n", &["target.x86_64-unknown-none"]),
            ("[target.'cfg(unix)']\n", &["target.cfg(unix)"]),
            ("[ target . \"cfg(a = 'b')\" ]\n", &["target.cfg(a = 'b')"]),
            (
                "[target] # all\n# x86_64-unknown-none\nx86_64-unknown-none.rustflags = [\n\"-Cx\",\n]\n",
                &["target.x86_64-unknown-none.rustflags"],
            ),
            ("include = [\"other.toml\"]\n", &["include"]),
            ("target = { x86_64-unknown-none = {} }\n", &["target"]),
            ("[build]\ntarget = \"x86_64-unknown-linux-gnu\"\n", &[]),
        ] {
            assert_eq!(tables(text).iter().collect::<Vec<_>>(), expected, "{text}");
        }
    }
}
