//! The editor's configuration in `.vscode`: all files and tasks that it names exist.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking, in its helpers too")]

use std::fs;
use std::path::Path;

use runner::built;
use serde_json::Value;

/// The configuration's path to the link that points to the last run build.
const OUT_DIR: &str = "\"${workspaceFolder}/runner/out_dir/";

/// Reads a file of the configuration.
fn configuration(name: &str) -> Value {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../.vscode");
    serde_json::from_str(&fs::read_to_string(folder.join(name)).unwrap()).unwrap()
}

/// Checks the only debug configuration.
fn launch() -> Value {
    configuration("launch.json")["configurations"][0].clone()
}

#[test]
fn the_debugger_loads_the_symbols_of_kernel_and_program() {
    let commands = launch()["targetCreateCommands"].clone();
    let loaded = commands.as_array().unwrap().iter().map(|command| {
        let (_, path) = command.as_str().unwrap().split_once(OUT_DIR).unwrap();
        built::out_dir().join(path.strip_suffix('"').unwrap())
    });
    assert_eq!(loaded.collect::<Vec<_>>(), [built::kernel(), built::program()]);
}

#[test]
fn debugging_starts_with_a_task_that_is_there() {
    let tasks = configuration("tasks.json")["tasks"].clone();
    let mut labels = tasks.as_array().unwrap().iter().map(|task| &task["label"]);
    assert!(labels.any(|label| *label == launch()["preLaunchTask"]));
}
