//! Search paths for programs and data files of the host.

use std::env;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use crate::error::MissingTool;

/// Environment that decides which tools are found and how long they run. A value, so that tests can simulate a host.
#[derive(Debug, Clone, Default)]
pub struct Host {
    /// `PATH`.
    pub path: OsString,
    /// `LIMINE_PATH`.
    pub limine_path: Option<OsString>,
    /// `SOURCE_DATE_EPOCH`.
    pub source_date_epoch: Option<OsString>,
    /// Folders for the data of packages (`/usr/share` and the like).
    pub share_folders: Vec<PathBuf>,
    /// Returns whether packing shall stop. Called every few milliseconds while a tool runs.
    pub stop_requested: Option<fn() -> bool>,
}

impl Host {
    /// Reads the environment of this process.
    #[must_use]
    pub fn of_this_process() -> Self {
        let not_empty = |name: &str| env::var_os(name).filter(|value| !value.is_empty());
        let homebrew = ["/opt/homebrew/share", "/home/linuxbrew/.linuxbrew/share"];
        let usual = ["/usr/local/share", "/usr/share", "/run/current-system/sw/share"];
        Self {
            path: env::var_os("PATH").unwrap_or_default(),
            limine_path: not_empty("LIMINE_PATH"),
            source_date_epoch: not_empty("SOURCE_DATE_EPOCH"),
            share_folders: usual.iter().chain(&homebrew).map(PathBuf::from).collect(),
            stop_requested: None,
        }
    }

    /// Looks for a program in `PATH`.
    #[must_use]
    pub fn find(&self, tool: &str) -> Option<PathBuf> {
        env::split_paths(&self.path)
            .filter(|folder| folder.is_absolute())
            .map(|folder| folder.join(tool))
            .find(|file| is_program(file))
    }

    /// Looks for a program in `PATH`; the error names it.
    ///
    /// # Errors
    /// [`MissingTool`].
    pub fn require(&self, tool: &'static str, purpose: &'static str) -> Result<PathBuf, MissingTool> {
        self.find(tool).ok_or(MissingTool { tool, purpose })
    }
}

/// Returns whether a path is an executable file.
pub(crate) fn is_program(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    path.metadata()
        .is_ok_and(|metadata| metadata.is_file() && metadata.permissions().mode() & 0o111 != 0)
}
