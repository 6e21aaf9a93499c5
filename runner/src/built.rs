//! The results of the build script in its folder, `OUT_DIR`.

use std::fs;
use std::path::PathBuf;

use iso_image::{BootText, Contents, IsoName, Module, Payload, TextError};

/// Name of the first program on the ISO and in `iso_root`.
const PROGRAM: &str = "user_mode_program_0";

/// Folder of the build script, for this package, profile and build.
#[must_use]
pub fn out_dir() -> PathBuf {
    PathBuf::from(env!("OUT_DIR"))
}

/// The ISO of the last build or run without changes: a second path of one in the cache.
#[must_use]
pub fn iso() -> PathBuf {
    out_dir().join("os.iso")
}

/// The folder of all ISOs of the build and of runs, which never change.
pub(crate) fn iso_cache() -> PathBuf {
    out_dir().join("isos")
}

/// Returns the note that the build left if it could not pack the ISO, and removes it.
pub(crate) fn take_note() -> Option<String> {
    let file = out_dir().join("os.iso.note");
    let note = fs::read_to_string(&file).ok()?;
    // If the removal fails, the note appears again, which is harmless.
    let _ = fs::remove_file(&file);
    Some(note)
}

/// The kernel, with its debug information.
#[must_use]
pub fn kernel() -> PathBuf {
    out_dir().join("iso_root/kernel")
}

/// The first program, with its debug information.
#[must_use]
pub fn program() -> PathBuf {
    out_dir().join("iso_root").join(PROGRAM)
}

/// Our Multiboot2 loader, with its debug information.
#[must_use]
pub fn multiboot2_loader() -> PathBuf {
    out_dir().join("iso_root/boot/multiboot2_loader")
}

/// Returns the contents of the ISO as built. The caller may change fields for another kernel, program or command line.
///
/// # Errors
/// Never: the names are valid constants.
pub fn contents() -> Result<Contents, TextError> {
    Ok(Contents {
        kernel: Some(Payload::Program(kernel())),
        command_line: BootText::default(),
        modules: vec![Module {
            name: IsoName::new(PROGRAM)?,
            payload: Payload::Program(program()),
            string: BootText::default(),
        }],
        multiboot2_loader: Some(multiboot2_loader()),
    })
}
