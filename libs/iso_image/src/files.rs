//! File access and tool calls, with errors that name the file or tool.

use std::fs;
use std::io;
use std::path::Path;
use std::process::Command;

use crate::error::IsoError;

/// Number of lines kept of a failed tool's output.
const OUTPUT_LINES: usize = 20;

/// Makes the error for a file.
pub(crate) fn file_error(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> IsoError + use<> {
    let path = path.to_owned();
    move |source| IsoError::File { action, path, source }
}

/// Reads a whole file.
pub(crate) fn read(path: &Path) -> Result<Vec<u8>, IsoError> {
    fs::read(path).map_err(file_error("read", path))
}

/// Writes a whole file, and creates its parent folders.
pub(crate) fn write(path: &Path, bytes: &[u8]) -> Result<(), IsoError> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(file_error("make the folder", folder))?;
    }
    fs::write(path, bytes).map_err(file_error("write", path))
}

/// Runs a tool to its end, with the same language, time zone and date on every host.
pub(crate) fn run(command: &mut Command, epoch_s: u64) -> Result<(), IsoError> {
    command
        .env("LC_ALL", "C")
        .env("TZ", "UTC")
        .env("SOURCE_DATE_EPOCH", epoch_s.to_string());
    let tool = || command.get_program().into();
    let tool_path: std::path::PathBuf = tool();
    let output = command.output().map_err(|source| IsoError::ToolDoesNotStart {
        tool: tool_path.clone(),
        source,
    })?;
    if output.status.success() {
        return Ok(());
    }
    let text = [output.stdout, output.stderr].concat();
    let text = String::from_utf8_lossy(&text);
    let lines: Vec<&str> = text.lines().collect();
    let last_lines = lines
        .get(lines.len().saturating_sub(OUTPUT_LINES)..)
        .unwrap_or_default();
    Err(IsoError::ToolFailed {
        tool: tool_path,
        status: output.status.to_string(),
        output: last_lines.join("\n"),
    })
}
