//! Files that the boot loader loaded with the kernel.

use super::boot_string::{self, BootStringError};
use super::limine_requests::{EXECUTABLE_FILE_REQUEST, FileClaims, MODULE_REQUEST};
use alloc::{boxed::Box, vec::Vec};
use spin::Once;

/// Path of the first user program on the boot medium.
pub const USER_MODE_PROGRAM_0_PATH: &str = "/user_mode_program_0";

/// Maximum number of modules; further ones are ignored. A larger count means a corrupt response.
const MAX_MODULES: usize = 64;

#[derive(Debug, Clone, Copy)]
pub struct Module {
    /// The path within its volume.
    pub path: &'static str,
    /// The module's string in the boot configuration: the arguments of a program.
    pub string: &'static str,
    pub content: &'static [u8],
}

/// Why a module is ignored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ModuleError {
    /// The pointer to its description is null.
    Missing,
    /// Its size is not 0, but the pointer to its content is null.
    NoContent {
        size_bytes: u64,
    },
    /// It would reach past the end of the address space.
    TooLarge {
        size_bytes: u64,
    },
    Path(BootStringError),
    String(BootStringError),
}

/// Set before the boot loader's memory is reclaimed: the valid modules.
static KEPT: Once<Vec<Module>> = Once::new();

/// Copies paths and strings to the heap, for good. The contents stay where they are: their memory is not reclaimed.
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

/// Returns the valid modules. Empty before [`keep`].
pub fn kept() -> &'static [Module] {
    KEPT.get().map_or(&[], Vec::as_slice)
}

/// Iterates over all modules and validates each. Not to be called after the boot loader's memory was reclaimed.
pub fn modules() -> impl Iterator<Item = Result<Module, ModuleError>> {
    let claims = MODULE_REQUEST.response().filter(|claims| !claims.modules.is_null());
    let count = claims.map_or(0, |claims| {
        usize::try_from(claims.count).unwrap_or(MAX_MODULES).min(MAX_MODULES)
    });
    (0..count).filter_map(move |index| {
        // SAFETY: The boot loader's response is an array of `count` pointers, and `index` is below `count`.
        let file = claims.map(|claims| unsafe { claims.modules.wrapping_add(index).read() })?;
        // SAFETY: The array holds pointers to file structures, or null.
        Some(unsafe { check(file) })
    })
}

/// Returns the content of the kernel's file, if the boot loader still has it in memory.
pub fn kernel_file() -> Result<&'static [u8], ModuleError> {
    let claims = EXECUTABLE_FILE_REQUEST.response().ok_or(ModuleError::Missing)?;
    // SAFETY: The boot loader's response points to a file structure, or is null, in memory that nothing changes.
    let file = unsafe { claims.file.as_ref() }.ok_or(ModuleError::Missing)?;
    // SAFETY: As before.
    unsafe { content_of(file) }
}

/// Validates one module.
///
/// # Safety
///
/// The pointer is null, or points to a file structure of the boot loader in memory that nothing changes.
unsafe fn check(file: *const FileClaims) -> Result<Module, ModuleError> {
    // SAFETY: The caller's promise.
    let claims = unsafe { file.as_ref() }.ok_or(ModuleError::Missing)?;
    // SAFETY: The caller's promise.
    let content = unsafe { content_of(claims) }?;
    // SAFETY: A string of the boot loader, in memory that nothing changes.
    let path = unsafe { boot_string::read(claims.path) }.map_err(ModuleError::Path)?;
    // SAFETY: A string of the boot loader, in memory that nothing changes.
    let string = unsafe { boot_string::read(claims.string) }.map_err(ModuleError::String)?;
    Ok(Module { path, string, content })
}

/// Validates the location and size of a file.
///
/// # Safety
///
/// The claims come from the boot loader, and nothing changes the memory that they describe.
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
        // SAFETY: The boot loader mapped the file there. The memory map marks the memory as modules, so nobody writes to it;
        // the file fits the address space.
        unsafe { core::slice::from_raw_parts(claims.address, length) }
    })
}
