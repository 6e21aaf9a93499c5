//! Every relative link in the README, in CONTRIBUTING.md and in `docs/` points to an existing file and heading, and the
//! README's layout names every library.
//!
//! Links to web pages are not followed. Code contains no links and no headings.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking, in its helpers too")]

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};

/// Folder of the workspace.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Returns the Markdown files for readers that exist.
fn documents() -> Vec<PathBuf> {
    let named = ["README.md", "CONTRIBUTING.md"].map(|name| root().join(name));
    let in_docs = fs::read_dir(root().join("docs")).into_iter().flatten();
    let in_docs = in_docs.map(|entry| entry.unwrap().path());
    let is_there = |path: &PathBuf| path.extension().is_some_and(|extension| extension == "md") && path.is_file();
    named.into_iter().chain(in_docs).filter(is_there).collect()
}

/// Returns the lines outside of fenced code blocks, with numbers from 1.
fn prose(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut is_code = false;
    let lines = text.lines().enumerate().map(|(index, line)| (index + 1, line));
    lines.filter(move |(_, line)| {
        let is_fence = line.trim_start().starts_with("```");
        is_code ^= is_fence;
        !is_code && !is_fence
    })
}

/// Removes the code spans from a line.
fn without_code(line: &str) -> String {
    line.split('`').step_by(2).collect()
}

/// Returns the link targets in a line: `[text](target)`, and `[text]: target` at its start.
fn targets(line: &str) -> Vec<String> {
    let line = without_code(line);
    let inline = line
        .split("](")
        .skip(1)
        .filter_map(|rest| rest.split([')', ' ']).next());
    let definition = line.strip_prefix('[').and_then(|rest| rest.split_once("]: "));
    let definition = definition.map(|(_, target)| target.trim());
    inline.chain(definition).map(str::to_owned).collect()
}

/// Returns the anchors of a document's headings, made as GitHub makes them.
fn anchors(text: &str) -> Vec<String> {
    let mut counts: HashMap<String, usize> = HashMap::new();
    let headings = prose(text).filter_map(|(_, line)| {
        let title = line.trim_start_matches('#');
        let level = line.len() - title.len();
        (1..=6).contains(&level).then(|| title.strip_prefix(' ')).flatten()
    });
    let names = headings.map(|title| {
        let kept = title.trim().to_lowercase();
        let kept = kept
            .chars()
            .filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
        kept.map(|c| if c == ' ' { '-' } else { c }).collect::<String>()
    });
    names
        .map(|name| {
            let count = counts.entry(name.clone()).or_default();
            *count += 1;
            if *count == 1 {
                name
            } else {
                format!("{name}-{}", *count - 1)
            }
        })
        .collect()
}

/// Returns the fault of a link in a document, if it has one.
fn fault(document: &Path, target: &str) -> Option<String> {
    if target.contains("://") || target.starts_with("mailto:") {
        return None;
    }
    let (file, heading) = target.split_once('#').unwrap_or((target, ""));
    let path = match file {
        "" => document.to_owned(),
        _ => document.parent().unwrap().join(file),
    };
    if !path.exists() {
        return Some(format!("there is no file {file}"));
    }
    let has_heading = || {
        anchors(&fs::read_to_string(&path).unwrap())
            .iter()
            .any(|anchor| anchor == heading)
    };
    (!heading.is_empty() && !has_heading()).then(|| format!("{} has no heading #{heading}", path.display()))
}

#[test]
fn every_link_leads_somewhere() {
    let mut faults = Vec::new();
    let mut link_count = 0;
    for document in documents() {
        let text = fs::read_to_string(&document).unwrap();
        for (number, line) in prose(&text) {
            for target in targets(line) {
                link_count += 1;
                let found = fault(&document, &target);
                faults.extend(found.map(|what| format!("{}:{number}: {what}", document.display())));
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    assert!(link_count > 0, "no document has a link");
}

#[test]
fn the_layout_names_every_library() {
    let readme = fs::read_to_string(root().join("README.md")).unwrap();
    for folder in fs::read_dir(root().join("libs")).unwrap() {
        let name = folder.unwrap().file_name().into_string().unwrap();
        assert!(
            readme.contains(&format!("\n  {name}/ ")),
            "the layout lacks libs/{name}"
        );
    }
}

#[test]
fn links_in_code_are_none() {
    assert_eq!(
        targets("[a](b.md) and `[c](d.md)`, ![e](f.png \"g\")"),
        ["b.md", "f.png"]
    );
    assert_eq!(targets("[a]: ../b.md#c"), ["../b.md#c"]);
    assert_eq!(
        prose("one\n```sh\n# two\n```\nthree").collect::<Vec<_>>(),
        [(1, "one"), (5, "three")]
    );
}

#[test]
fn a_missing_file_or_heading_is_a_fault() {
    let readme = root().join("README.md");
    assert!(fault(&readme, "no/such/file.md").is_some());
    assert!(fault(&readme, "#no-such-heading-in-this-file").is_some());
    assert_eq!(fault(&readme, "Cargo.toml"), None);
    assert_eq!(fault(&readme, "https://example.org/no/such/page"), None);
}

#[test]
fn anchors_are_made_as_github_makes_them() {
    let text = "# The `./dev` command: what?\n#hash\n## On it\n## On it\n```\n# code\n```\n";
    assert_eq!(anchors(text), ["the-dev-command-what", "on-it", "on-it-1"]);
}
