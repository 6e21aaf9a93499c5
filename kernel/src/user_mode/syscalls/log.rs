//! What a program says.

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
    let (name, level) = (program.name(), level_of(level));
    let Program { space, text_buffer, .. } = program;
    let copied = space.copy_in(slice, text_buffer.as_mut_slice());
    copied.map_err(|_| SyscallError::BadPointer)?;
    let bytes = text_buffer.get(..slice.length()).ok_or(SyscallError::TooLong)?;
    let text = core::str::from_utf8(bytes).map_err(|_| SyscallError::NotUtf8)?;
    // A serial port is slow, and a text may be long.
    with_interrupts_on(|| {
        // Most texts are one line with nothing to escape.
        let first_line = text.strip_suffix('\n').unwrap_or(text);
        if !text.is_empty() && is_plain(first_line) {
            return logger::log_pieces(level, &[name, ": ", first_line]);
        }
        for line in text.split_terminator('\n') {
            log::log!(level, "{name}: {}", EscapedText(line));
        }
    });
    Ok(Response::Done)
}

/// The level as the log has it.
fn level_of(level: LogLevel) -> Level {
    match level {
        LogLevel::Error => Level::Error,
        LogLevel::Warn => Level::Warn,
        LogLevel::Info => Level::Info,
        LogLevel::Debug => Level::Debug,
        LogLevel::Trace => Level::Trace,
    }
}
