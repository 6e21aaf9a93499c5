//! The files of one run of QEMU, in a folder of its own that goes when the run is over.

use std::fs;
use std::path::{Path, PathBuf};

use crate::firmware::FirmwareFiles;
use crate::run_errors::StartError;

/// Paths of sockets have at most 104 bytes (108 on Linux); the folder's name and the socket's take 25.
const LONGEST_TEMPORARY_FOLDER: usize = 75;

/// The files that a running QEMU has in a folder of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RunFiles {
    /// The socket on which QEMU takes commands.
    pub(crate) qmp_socket: PathBuf,
    /// What QEMU records of resets and interrupts.
    pub(crate) event_log: PathBuf,
    /// What the kernel tells of a program's end.
    pub(crate) end_report: PathBuf,
    /// This run's copy of the UEFI variables.
    pub(crate) uefi_variables: PathBuf,
}

impl RunFiles {
    /// The files' names in a folder.
    pub(crate) fn in_folder(folder: &Path) -> Self {
        Self {
            qmp_socket: folder.join("qmp.sock"),
            event_log: folder.join("events.log"),
            end_report: folder.join("end-report"),
            uefi_variables: folder.join("uefi-variables.fd"),
        }
    }
}

/// A new folder for the files of one run, which only this user can enter.
pub(crate) fn run_folder() -> Result<tempfile::TempDir, StartError> {
    let usual = std::env::temp_dir();
    let parent = if usual.as_os_str().len() > LONGEST_TEMPORARY_FOLDER {
        PathBuf::from("/tmp")
    } else {
        usual
    };
    tempfile::Builder::new()
        .prefix("limelight-")
        .tempdir_in(&parent)
        .map_err(|source| StartError::RunFolder { path: parent, source })
}

/// Gives this run a copy of the UEFI variables of its own.
pub(crate) fn copy_uefi_variables(firmware: &FirmwareFiles, copy: &Path) -> Result<(), StartError> {
    let FirmwareFiles::UefiFlash { variables, .. } = firmware else {
        return Ok(());
    };
    let error = |source| StartError::RunFolder {
        path: copy.to_owned(),
        source,
    };
    let bytes = fs::read(variables).map_err(|source| StartError::RunFolder {
        path: variables.clone(),
        source,
    })?;
    // Written anew rather than copied: the original may be read-only, and a copy keeps that.
    fs::write(copy, bytes).map_err(error)
}
