//! Where programs and data files of the host are looked for.

use std::env;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use crate::error::MissingTool;

/// The part of the host's environment that decides which tools are found. A value, so that tests can make a host up.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Host {
    /// `PATH`.
    pub path: OsString,
    /// `LIMINE_PATH`.
    pub limine_path: Option<OsString>,
    /// `SOURCE_DATE_EPOCH`.
    pub source_date_epoch: Option<OsString>,
    /// Folders under which packages keep their data (`/usr/share` and the like).
    pub share_folders: Vec<PathBuf>,
}

impl Host {
    /// The host as this process sees it.
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
        }
    }

    /// The program of that name in `PATH`.
    #[must_use]
    pub fn find(&self, tool: &str) -> Option<PathBuf> {
        env::split_paths(&self.path)
            .filter(|folder| folder.is_absolute())
            .map(|folder| folder.join(tool))
            .find(|file| is_program(file))
    }

    /// The program of that name in `PATH`, or the error that names it.
    ///
    /// # Errors
    /// [`MissingTool`].
    pub fn require(&self, tool: &'static str, purpose: &'static str) -> Result<PathBuf, MissingTool> {
        self.find(tool).ok_or(MissingTool { tool, purpose })
    }
}

/// Whether a path is a file that may be executed.
pub(crate) fn is_program(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    path.metadata()
        .is_ok_and(|metadata| metadata.is_file() && metadata.permissions().mode() & 0o111 != 0)
}
