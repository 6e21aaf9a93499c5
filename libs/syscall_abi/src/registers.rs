//! The seven registers of a call.

use crate::{Request, Response, SyscallError};

/// Arguments that a call may have, and results.
pub(crate) const VALUES: usize = 6;

/// The registers of a call, before it or after.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[repr(C)]
pub struct Registers {
    /// `rdi`, `rsi`, `rdx`, `r10`, `r8`, `r9`: arguments, or results.
    pub values: [u64; VALUES],
    /// `rax`: the number of the call, or 0 or the number of its error.
    pub rax: u64,
}

impl Registers {
    /// Enters what comes of a call. Registers without a result keep their values.
    pub fn set_outcome(&mut self, outcome: Result<Response, SyscallError>) {
        match outcome {
            Ok(response) => {
                self.rax = 0;
                response.enter(&mut self.values);
            }
            Err(error) => self.rax = error.into(),
        }
    }

    /// Reads what came of a request. A status that nobody knows counts as [`SyscallError::UnknownNumber`]: so answers a kernel
    /// that is newer than the program.
    pub fn outcome(&self, request: &Request) -> Result<Response, SyscallError> {
        if self.rax == 0 {
            Ok(Response::read(request, &self.values))
        } else {
            Err(SyscallError::try_from(self.rax).unwrap_or(SyscallError::UnknownNumber))
        }
    }
}

/// In the order `rdi`, `rsi`, `rdx`, `r10`, `r8`, `r9`, `rax`.
impl From<[u64; VALUES + 1]> for Registers {
    fn from([rdi, rsi, rdx, r10, r8, r9, rax]: [u64; VALUES + 1]) -> Self {
        Self {
            values: [rdi, rsi, rdx, r10, r8, r9],
            rax,
        }
    }
}

/// As above.
impl From<Registers> for [u64; VALUES + 1] {
    fn from(registers: Registers) -> Self {
        let [rdi, rsi, rdx, r10, r8, r9] = registers.values;
        [rdi, rsi, rdx, r10, r8, r9, registers.rax]
    }
}
