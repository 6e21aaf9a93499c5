//! What a program asks for.

use crate::{LogLevel, Registers, SyscallError, SyscallNumber, registers::VALUES};

/// A call with its arguments. Addresses and lengths are what the program says: the kernel checks them when it uses them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Request {
    /// Is there a call of this number?
    Exists {
        /// The number.
        number: u64,
    },
    /// End the program. Does not return.
    Exit {
        /// 0 if all is well.
        code: u64,
    },
    /// Write a text to the log; each of its lines becomes a line there.
    Log {
        /// How bad it is.
        level: LogLevel,
        /// Where the text begins.
        address: u64,
        /// How many bytes it has: [`crate::MAX_LOG_BYTES`] at most.
        length_bytes: u64,
    },
    /// Give each value back plus one.
    Echo {
        /// The values.
        values: [u64; VALUES],
    },
    /// What time is it?
    Now,
    /// Let others run.
    YieldNow,
    /// Map zeroed memory.
    Map {
        /// How much; rounded up to whole pages.
        size_bytes: u64,
    },
    /// Give mapped memory back, all of it or some of its pages.
    Unmap {
        /// Where it begins.
        address: u64,
        /// How much; rounded up to whole pages.
        size_bytes: u64,
    },
}

impl Request {
    /// Reads what a program asks for.
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

    /// The registers that ask for it; those without an argument are 0.
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
