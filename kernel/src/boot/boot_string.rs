//! Validates the boot loader's strings: bytes up to a NUL, which should be UTF-8.

use core::ffi::{CStr, c_char};

/// Maximum length of a string with its NUL. A longer one means that the pointer is wrong.
const MAX_STRING_BYTES: usize = 4096;

/// Why a string is rejected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BootStringError {
    /// The pointer is null.
    Missing,
    /// No NUL within [`MAX_STRING_BYTES`].
    TooLong,
    /// The string contains a control character, which a terminal would obey.
    ControlCharacter {
        /// Number of bytes before the character.
        at_bytes: usize,
    },
    /// The bytes are not UTF-8.
    NotUtf8 {
        /// Number of valid bytes at the start.
        valid_bytes: usize,
    },
}

/// Reads a string of the boot loader.
///
/// # Safety
///
/// The pointer is null, or points to readable memory that nothing changes, up to a NUL or for
/// [`MAX_STRING_BYTES`] bytes.
pub(super) unsafe fn read(start: *const c_char) -> Result<&'static str, BootStringError> {
    if start.is_null() {
        return Err(BootStringError::Missing);
    }
    let mut length_bytes = 0;
    // SAFETY: Every byte up to and including the NUL is readable, and no earlier byte was NUL: the caller's promise.
    while unsafe { start.wrapping_add(length_bytes).read() } != 0 {
        length_bytes += 1;
        if length_bytes == MAX_STRING_BYTES {
            return Err(BootStringError::TooLong);
        }
    }
    // SAFETY: The loop above has read this many bytes and the NUL after them.
    let bytes = unsafe { core::slice::from_raw_parts(start.cast::<u8>(), length_bytes + 1) };
    let string = CStr::from_bytes_with_nul(bytes).map_err(|_| BootStringError::TooLong)?;
    let string = string.to_str().map_err(|error| BootStringError::NotUtf8 {
        valid_bytes: error.valid_up_to(),
    })?;
    match string.find(char::is_control) {
        Some(at_bytes) => Err(BootStringError::ControlCharacter { at_bytes }),
        None => Ok(string),
    }
}
