//! Strings that the boot loader hands over: bytes up to a NUL, allegedly UTF-8.

use core::ffi::{CStr, c_char};

/// The longest string that we read. A longer one is no string but a stray pointer.
const MAX_STRING_BYTES: usize = 4096;

/// Why a string is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BootStringError {
    /// The pointer is null.
    Missing,
    /// No NUL within [`MAX_STRING_BYTES`].
    TooLong,
    /// There is a control character, which would upset a terminal.
    ControlCharacter {
        /// How many bytes lie before it.
        at_bytes: usize,
    },
    /// The bytes are not UTF-8.
    NotUtf8 {
        /// How many bytes from the start are.
        valid_bytes: usize,
    },
}

/// Reads a string of the boot loader's.
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
    // SAFETY: Every byte up to and with the NUL is readable, and there was no NUL before this one: the caller's promise.
    while unsafe { start.wrapping_add(length_bytes).read() } != 0 {
        length_bytes += 1;
        if length_bytes == MAX_STRING_BYTES {
            return Err(BootStringError::TooLong);
        }
    }
    // SAFETY: The loop above has read this many bytes, and the NUL behind them.
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
