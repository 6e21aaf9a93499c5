//! What the build script left in its folder, `OUT_DIR`.

use std::fs;
use std::path::PathBuf;

use iso_image::{BootText, Contents, IsoName, Module, Payload, TextError};

/// The name of the first program, on the ISO and in `iso_root`.
const PROGRAM: &str = "user_mode_program_0";

/// The build script's folder: of this package, this profile, and this build.
#[must_use]
pub fn out_dir() -> PathBuf {
    PathBuf::from(env!("OUT_DIR"))
}

/// The ISO of the build.
#[must_use]
pub fn iso() -> PathBuf {
    out_dir().join("os.iso")
}

/// The note that the build left when it could not pack the ISO; it is given once.
pub(crate) fn take_note() -> Option<String> {
    let file = out_dir().join("os.iso.note");
    let note = fs::read_to_string(&file).ok()?;
    // If it cannot be removed, it is given again: no harm.
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

/// The kernel with scenarios and measuring loops.
#[must_use]
pub fn test_kernel() -> PathBuf {
    PathBuf::from(env!("LIMELIGHT_TEST_KERNEL"))
}

/// The program that measures what the kernel costs it.
pub(crate) fn measuring_program() -> PathBuf {
    PathBuf::from(env!("LIMELIGHT_MEASURING_PROGRAM"))
}

/// What goes onto the ISO, as the build has it: change a field for another kernel, program or command line.
///
/// # Errors
/// None in fact: the names are constants that pass the check.
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
