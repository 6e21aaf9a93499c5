//! The call `log`: text of a program.

use super::super::Program;
use crate::{memory::user_copy::UserSlice, output::logger, sync::with_interrupts_on};
use escaped_text::{EscapedText, is_plain};
use log::Level;
use syscall_abi::{LogLevel, MAX_LOG_BYTES, Response, SyscallError};

/// Writes a text to the log, with the program's name before each of its lines.
pub(in super::super) fn log(
    program: &mut Program,
    level: LogLevel,
    address: u64,
    length_bytes: u64,
) -> Result<Response, SyscallError> {
    if length_bytes > MAX_LOG_BYTES as u64 {
        return Err(SyscallError::TooLong);
    }
    let slice = UserSlice::new(address, length_bytes).map_err(|_| SyscallError::BadPointer)?;
    let level = level_of(level);
    let Program {
        space,
        text_buffer,
        image,
        ..
    } = program;
    let copied = space.copy_in(slice, text_buffer.as_mut_slice());
    copied.map_err(|_| SyscallError::BadPointer)?;
    let bytes = text_buffer.get(..slice.length()).ok_or(SyscallError::TooLong)?;
    // Most texts are one plain line.
    if let Some(line) = plain_line(bytes) {
        with_interrupts_on(|| logger::log_pieces(level, &[image.log_prefix(), line]));
        return Ok(Response::Done);
    }
    let text = core::str::from_utf8(bytes).map_err(|_| SyscallError::NotUtf8)?;
    // Sending may take long: a serial port is slow, and a text has up to 4,096 bytes.
    with_interrupts_on(|| {
        for line in text.split_terminator('\n') {
            log::log!(level, "{}{}", image.log_prefix(), EscapedText(line));
        }
    });
    Ok(Response::Done)
}

/// Returns the text if it is one line with nothing to escape.
fn plain_line(text: &[u8]) -> Option<&str> {
    let line = match text {
        [line @ .., b'\n'] => line,
        line => line,
    };
    // SAFETY: The bytes are visible ASCII characters and spaces.
    (!text.is_empty() && is_plain(line)).then(|| unsafe { core::str::from_utf8_unchecked(line) })
}

fn level_of(level: LogLevel) -> Level {
    match level {
        LogLevel::Error => Level::Error,
        LogLevel::Warn => Level::Warn,
        LogLevel::Info => Level::Info,
        LogLevel::Debug => Level::Debug,
        LogLevel::Trace => Level::Trace,
    }
}
