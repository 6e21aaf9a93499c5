//! The files of one run of QEMU, in a folder that is removed after the run.

use std::fs;
use std::path::{Path, PathBuf};

use crate::firmware::FirmwareFiles;
use crate::run_errors::StartError;

/// Maximum length of the path: paths of sockets have at most 104 bytes (108 on Linux), and the names of folder and socket take 25.
const LONGEST_TEMPORARY_FOLDER: usize = 75;

/// Paths of the files of a running QEMU.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RunFiles {
    /// QEMU's control socket.
    pub(crate) qmp_socket: PathBuf,
    /// QEMU's record of resets and interrupts.
    pub(crate) event_log: PathBuf,
    /// Output of the kernel's second channel.
    pub(crate) end_report: PathBuf,
    /// This run's copy of the UEFI variables.
    pub(crate) uefi_variables: PathBuf,
}

impl RunFiles {
    /// Returns the paths of the files in a folder.
    pub(crate) fn in_folder(folder: &Path) -> Self {
        Self {
            qmp_socket: folder.join("qmp.sock"),
            event_log: folder.join("events.log"),
            end_report: folder.join("end-report"),
            uefi_variables: folder.join("uefi-variables.fd"),
        }
    }
}

/// Creates a folder for the files of one run, accessible to this user only.
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

/// Creates a copy of the UEFI variables for this run.
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
    // Not `fs::copy`: the original may be read-only, and a copy would keep that.
    fs::write(copy, bytes).map_err(error)
}
