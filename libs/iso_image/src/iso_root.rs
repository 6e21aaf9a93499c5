//! The file tree of the ISO, the same for both boot loaders.

use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

#[cfg(target_os = "linux")]
use rustix::fs::{CWD, RenameFlags};

use crate::boot_loader::BootLoader;
use crate::contents::{Contents, Payload};
use crate::error::IsoError;
use crate::files::{file_error, read, write};
use crate::menus::{grub_cfg, limine_conf};
use crate::stripped_elf::without_debug_information;

/// Whether ELF files keep their debug information.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DebugInformation {
    /// Kept, for a debugger on this host.
    Keep,
    /// Stripped, for the ISO.
    Drop,
}

/// Replaces the folder `root` by the file tree; no earlier file is left.
///
/// # Errors
/// [`IsoError::File`] and [`IsoError::Strip`].
pub fn gather(
    contents: &Contents,
    boot_loader: Option<&BootLoader>,
    debug_information: DebugInformation,
    root: &Path,
) -> Result<(), IsoError> {
    let parent = root.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(parent).map_err(file_error("make the folder", parent))?;
    let fresh = tempfile::Builder::new()
        .prefix("iso_root-")
        .tempdir_in(parent)
        .map_err(file_error("make a folder in", parent))?;
    fill(contents, boot_loader, debug_information, fresh.path())?;
    make_readable(fresh.path())?;
    put_in_place(fresh, root).map_err(file_error("put in place", root))
}

/// Moves the folder `fresh` to `root`. On Linux, a reader finds the old tree or the new one at any time.
fn put_in_place(fresh: tempfile::TempDir, root: &Path) -> io::Result<()> {
    #[cfg(target_os = "linux")]
    if rustix::fs::renameat_with(CWD, fresh.path(), CWD, root, RenameFlags::EXCHANGE).is_ok() {
        // It holds the old tree now.
        return fresh.close();
    }
    if root.exists() {
        fs::remove_dir_all(root)?;
    }
    fs::rename(fresh.keep(), root)
}

/// Writes every file to the empty folder `root`.
pub(crate) fn fill(
    contents: &Contents,
    boot_loader: Option<&BootLoader>,
    debug_information: DebugInformation,
    root: &Path,
) -> Result<(), IsoError> {
    if let Some(kernel) = &contents.kernel {
        write(&root.join("kernel"), &payload_bytes(kernel, debug_information)?)?;
    }
    for module in &contents.modules {
        write(
            &root.join(module.name.as_str()),
            &payload_bytes(&module.payload, debug_information)?,
        )?;
    }
    write(&root.join("limine.conf"), limine_conf(contents).as_bytes())?;
    write(&root.join("boot/grub/grub.cfg"), grub_cfg(contents).as_bytes())?;
    if let Some(loader) = &contents.multiboot2_loader {
        let bytes = payload_bytes(&Payload::Program(loader.clone()), debug_information)?;
        write(&root.join("boot/multiboot2_loader"), &bytes)?;
    }
    if let Some(BootLoader::Limine(limine)) = boot_loader {
        for (file, place) in limine.files() {
            write(&root.join(place), &read(&file)?)?;
        }
    }
    Ok(())
}

/// Returns the bytes of a payload, stripped if so requested.
fn payload_bytes(payload: &Payload, debug_information: DebugInformation) -> Result<Vec<u8>, IsoError> {
    match (payload, debug_information) {
        (Payload::Verbatim(path), _) | (Payload::Program(path), DebugInformation::Keep) => read(path),
        (Payload::Program(path), DebugInformation::Drop) => {
            without_debug_information(&read(path)?).map_err(|source| IsoError::Strip {
                path: path.clone(),
                source,
            })
        }
    }
}

/// Sets fixed permissions for every file and folder, independent of the user's umask.
pub(crate) fn make_readable(folder: &Path) -> Result<(), IsoError> {
    fs::set_permissions(folder, fs::Permissions::from_mode(0o755))
        .map_err(file_error("set the permissions of", folder))?;
    for entry in fs::read_dir(folder).map_err(file_error("list", folder))? {
        let path = entry.map_err(file_error("list", folder))?.path();
        if path.is_dir() {
            make_readable(&path)?;
        } else {
            fs::set_permissions(&path, fs::Permissions::from_mode(0o644))
                .map_err(file_error("set the permissions of", &path))?;
        }
    }
    Ok(())
}
