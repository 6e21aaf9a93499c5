//! Files that the boot loader loaded with the kernel.

use super::boot_string::{self, BootStringError};
use super::limine_requests::{EXECUTABLE_FILE_REQUEST, FileClaims, MODULE_REQUEST};
use alloc::{boxed::Box, vec::Vec};
use spin::Once;

/// The path, on the boot medium, of the first user program.
pub const USER_MODE_PROGRAM_0_PATH: &str = "/user_mode_program_0";

/// More modules than this are taken for a corrupt answer.
const MAX_MODULES: usize = 64;

/// A file in memory.
#[derive(Debug, Clone, Copy)]
pub struct Module {
    /// The path within its volume.
    pub path: &'static str,
    /// What the boot configuration says to it.
    pub string: &'static str,
    /// What the file holds.
    pub content: &'static [u8],
}

/// Why a module is left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ModuleError {
    /// The pointer to its description is null.
    Missing,
    /// It is said to have content, and the pointer to that is null.
    NoContent {
        /// How much content.
        size_bytes: u64,
    },
    /// It would reach past the end of the address space.
    TooLarge {
        /// How much content.
        size_bytes: u64,
    },
    /// Its path cannot be read.
    Path(BootStringError),
    /// Its string cannot be read.
    String(BootStringError),
}

/// Set when the boot loader's memory is about to be reused: the modules that passed the checks.
static KEPT: Once<Vec<Module>> = Once::new();

/// Copies paths and strings to the heap, for good. What the files hold stays where it is: it is no memory that is reused.
pub(super) fn keep() {
    let keep_text = |text: &str| -> &'static str { Box::leak(Box::from(text)) };
    KEPT.call_once(|| {
        let sound = modules().filter_map(Result::ok);
        sound
            .map(|module| Module {
                path: keep_text(module.path),
                string: keep_text(module.string),
                ..module
            })
            .collect()
    });
}

/// The modules, once they are kept.
pub fn kept() -> &'static [Module] {
    KEPT.get().map_or(&[], Vec::as_slice)
}

/// All modules, each checked as it is reached. Only as long as the boot loader's memory is not reused.
pub fn modules() -> impl Iterator<Item = Result<Module, ModuleError>> {
    let claims = MODULE_REQUEST.response().filter(|claims| !claims.modules.is_null());
    let count = claims.map_or(0, |claims| {
        usize::try_from(claims.count).unwrap_or(MAX_MODULES).min(MAX_MODULES)
    });
    (0..count).filter_map(move |index| {
        // SAFETY: The boot loader answered with a list of `count` pointers, and `index` is below that.
        let file = claims.map(|claims| unsafe { claims.modules.wrapping_add(index).read() })?;
        // SAFETY: The list holds pointers to file structures, or null.
        Some(unsafe { check(file) })
    })
}

/// What is in the kernel's own file, if the boot loader has it in memory still.
pub fn kernel_file() -> Result<&'static [u8], ModuleError> {
    let claims = EXECUTABLE_FILE_REQUEST.response().ok_or(ModuleError::Missing)?;
    // SAFETY: The boot loader answered with a file structure, or null, in memory that stays as it is.
    let file = unsafe { claims.file.as_ref() }.ok_or(ModuleError::Missing)?;
    // SAFETY: As before.
    unsafe { content_of(file) }
}

/// Checks one module.
///
/// # Safety
///
/// The pointer is null, or points to a file structure of the boot loader's in memory that stays as it is.
unsafe fn check(file: *const FileClaims) -> Result<Module, ModuleError> {
    // SAFETY: The caller's promise.
    let claims = unsafe { file.as_ref() }.ok_or(ModuleError::Missing)?;
    // SAFETY: The caller's promise.
    let content = unsafe { content_of(claims) }?;
    // SAFETY: A string of the boot loader's.
    let path = unsafe { boot_string::read(claims.path) }.map_err(ModuleError::Path)?;
    // SAFETY: A string of the boot loader's.
    let string = unsafe { boot_string::read(claims.string) }.map_err(ModuleError::String)?;
    Ok(Module { path, string, content })
}

/// Checks what a file holds.
///
/// # Safety
///
/// The claims are the boot loader's, and the memory that they name stays as it is.
unsafe fn content_of(claims: &FileClaims) -> Result<&'static [u8], ModuleError> {
    let size_bytes = claims.size_bytes;
    if claims.address.is_null() && size_bytes != 0 {
        return Err(ModuleError::NoContent { size_bytes });
    }
    let length = isize::try_from(size_bytes)
        .map_err(|_| ModuleError::TooLarge { size_bytes })?
        .unsigned_abs();
    if claims.address.addr().checked_add(length).is_none() {
        return Err(ModuleError::TooLarge { size_bytes });
    }
    Ok(if length == 0 {
        &[]
    } else {
        // SAFETY: The boot loader mapped the file there, in memory of its own kind in the memory map, which nobody
        // writes to; its size fits the address space.
        unsafe { core::slice::from_raw_parts(claims.address, length) }
    })
}
