//! The temporary folder in which an ISO is made, and the tools that run there.

use std::fs;
use std::io::{self, Read, Seek};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process_group};

use crate::error::IsoError;
use crate::files::file_error;
use crate::host_tools::Host;
use crate::source_date::SourceDate;

/// Number of lines kept of a failed tool's output.
const OUTPUT_LINES: usize = 20;
/// Interval between two checks of a running tool.
const POLL_INTERVAL: Duration = Duration::from_millis(5);

/// A temporary folder, removed when dropped.
pub(crate) struct Workspace<'host> {
    pub(crate) host: &'host Host,
    pub(crate) date: SourceDate,
    folder: tempfile::TempDir,
}

impl<'host> Workspace<'host> {
    /// Makes the folder inside `parent`, which is created if it is missing.
    pub(crate) fn new(host: &'host Host, parent: &Path) -> Result<Self, IsoError> {
        let date = SourceDate::of(host)?;
        fs::create_dir_all(parent).map_err(file_error("make the folder", parent))?;
        let folder = tempfile::Builder::new()
            .prefix("pack-")
            .tempdir_in(parent)
            .map_err(file_error("make a folder in", parent))?;
        Ok(Self { host, date, folder })
    }

    /// Path of the file tree.
    pub(crate) fn root(&self) -> PathBuf {
        self.folder.path().join("iso_root")
    }

    /// Path of the ISO until it is complete.
    pub(crate) fn image(&self) -> PathBuf {
        self.folder.path().join("image.iso")
    }

    /// Runs a tool to its end, with the same language, time zone and date on every host. Its temporary files lie in
    /// this folder, so that none is left of a tool that was killed.
    pub(crate) fn run(&self, command: &mut Command) -> Result<(), IsoError> {
        let tool: PathBuf = command.get_program().into();
        let folder = self.folder.path();
        let does_not_start = |source| IsoError::ToolDoesNotStart {
            tool: tool.clone(),
            source,
        };
        let mut output = tempfile::tempfile_in(folder).map_err(file_error("make a file in", folder))?;
        command
            .env("LC_ALL", "C")
            .env("TZ", "UTC")
            .env("SOURCE_DATE_EPOCH", self.date.epoch_s().to_string())
            .env("TMPDIR", folder)
            .stdin(Stdio::null())
            .stdout(output.try_clone().map_err(does_not_start)?)
            .stderr(output.try_clone().map_err(does_not_start)?)
            // With the programs that it starts: they end together.
            .process_group(0);
        let mut child = command.spawn().map_err(does_not_start)?;
        match self.wait(&mut child).map_err(does_not_start)? {
            None => Err(IsoError::Stopped { tool }),
            Some(status) if status.success() => Ok(()),
            Some(status) => Err(IsoError::ToolFailed {
                tool,
                status: status.to_string(),
                output: last_lines(&mut output),
            }),
        }
    }

    /// Waits until a tool ends, or kills it with its children and returns `None` if packing shall stop.
    fn wait(&self, child: &mut Child) -> io::Result<Option<ExitStatus>> {
        loop {
            if let Some(status) = child.try_wait()? {
                return Ok(Some(status));
            }
            if self.host.stop_requested.is_some_and(|stop_requested| stop_requested()) {
                // Fails only if all of them have ended already.
                let _ = kill_process_group(Pid::from_child(child), Signal::KILL);
                return child.wait().map(|_| None);
            }
            thread::sleep(POLL_INTERVAL);
        }
    }
}

/// Returns the end of a tool's output. An unreadable output counts as empty.
fn last_lines(output: &mut fs::File) -> String {
    let mut bytes = Vec::new();
    let _ = output.rewind().and_then(|()| output.read_to_end(&mut bytes));
    let text = String::from_utf8_lossy(&bytes);
    let lines: Vec<&str> = text.lines().collect();
    let start = lines.len().saturating_sub(OUTPUT_LINES);
    lines.get(start..).unwrap_or_default().join("\n")
}
