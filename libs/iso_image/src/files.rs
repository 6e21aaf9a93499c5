//! File access, with errors that name the file.

use std::fs;
use std::io;
use std::path::Path;

use crate::error::IsoError;

/// Makes the error for a file.
pub(crate) fn file_error(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> IsoError + use<> {
    let path = path.to_owned();
    move |source| IsoError::File { action, path, source }
}

/// Returns the folder of a file.
pub(crate) fn folder_of(file: &Path) -> &Path {
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty());
    folder.unwrap_or(Path::new("."))
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
