//! The registers of a call.

use crate::{Request, Response, SyscallError};

/// Maximum number of arguments and of results.
pub(crate) const VALUES: usize = 6;

/// The seven registers of a call, before or after it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[repr(C)]
pub struct Registers {
    /// `rdi`, `rsi`, `rdx`, `r10`, `r8`, `r9`: arguments, or results.
    pub values: [u64; VALUES],
    /// `rax`: before the call its number; after it 0, or the number of the error.
    pub rax: u64,
}

impl Registers {
    /// Sets the registers to the outcome of a call. Registers without a result keep their values.
    pub fn set_outcome(&mut self, outcome: Result<Response, SyscallError>) {
        match outcome {
            Ok(response) => {
                self.rax = 0;
                response.enter(&mut self.values);
            }
            Err(error) => self.rax = error.into(),
        }
    }

    /// Returns the outcome of a request. An unknown status counts as [`SyscallError::UnknownNumber`]: a newer kernel may have
    /// further errors.
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

/// In the same order.
impl From<Registers> for [u64; VALUES + 1] {
    fn from(registers: Registers) -> Self {
        let [rdi, rsi, rdx, r10, r8, r9] = registers.values;
        [rdi, rsi, rdx, r10, r8, r9, registers.rax]
    }
}
