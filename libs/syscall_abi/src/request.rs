//! Calls with their arguments.

use crate::{LogLevel, Registers, SyscallError, SyscallNumber, registers::VALUES};

/// A call with its arguments. Addresses and lengths are untrusted: the kernel validates them when it uses them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Request {
    /// Returns whether a call with this number exists.
    Exists {
        /// The number.
        number: u64,
    },
    /// Ends the program. Does not return.
    Exit {
        /// 0 means success.
        code: u64,
    },
    /// Writes a text to the log, each line of it as a line of the log.
    Log {
        /// Level of the lines.
        level: LogLevel,
        /// Address of the text.
        address: u64,
        /// Length of the text: at most [`crate::MAX_LOG_BYTES`].
        length_bytes: u64,
    },
    /// Returns each value plus one.
    Echo {
        /// The values.
        values: [u64; VALUES],
    },
    /// Returns the time since the kernel's clock was started.
    Now,
    /// Lets other programs run.
    YieldNow,
    /// Maps zeroed memory.
    Map {
        /// Size; rounded up to whole pages.
        size_bytes: u64,
    },
    /// Unmaps memory: all pages of a mapping, or some.
    Unmap {
        /// Address of the first page.
        address: u64,
        /// Size; rounded up to whole pages.
        size_bytes: u64,
    },
}

impl Request {
    /// Validates the number and arguments of a call.
    #[inline]
    pub fn from_registers(registers: &Registers) -> Result<Self, SyscallError> {
        let number = SyscallNumber::try_from(registers.rax).map_err(|_| SyscallError::UnknownNumber)?;
        let [first, second, third, ..] = registers.values;
        Ok(match number {
            SyscallNumber::Exists => Self::Exists { number: first },
            SyscallNumber::Exit => Self::Exit { code: first },
            SyscallNumber::Log => Self::Log {
                level: LogLevel::try_from(first).map_err(|_| SyscallError::BadArgument)?,
                address: second,
                length_bytes: third,
            },
            SyscallNumber::Echo => Self::Echo {
                values: registers.values,
            },
            SyscallNumber::Now => Self::Now,
            SyscallNumber::YieldNow => Self::YieldNow,
            SyscallNumber::Map => Self::Map { size_bytes: first },
            SyscallNumber::Unmap => Self::Unmap {
                address: first,
                size_bytes: second,
            },
        })
    }

    /// Returns the registers for the call. Registers without an argument are 0.
    #[must_use]
    pub fn to_registers(&self) -> Registers {
        let (number, values) = match *self {
            Self::Exists { number } => (SyscallNumber::Exists, [number, 0, 0, 0, 0, 0]),
            Self::Exit { code } => (SyscallNumber::Exit, [code, 0, 0, 0, 0, 0]),
            Self::Log {
                level,
                address,
                length_bytes,
            } => (SyscallNumber::Log, [level.into(), address, length_bytes, 0, 0, 0]),
            Self::Echo { values } => (SyscallNumber::Echo, values),
            Self::Now => (SyscallNumber::Now, [0; VALUES]),
            Self::YieldNow => (SyscallNumber::YieldNow, [0; VALUES]),
            Self::Map { size_bytes } => (SyscallNumber::Map, [size_bytes, 0, 0, 0, 0, 0]),
            Self::Unmap { address, size_bytes } => (SyscallNumber::Unmap, [address, size_bytes, 0, 0, 0, 0]),
        };
        Registers {
            values,
            rax: number.into(),
        }
    }
}
