//! Whether there is a call.

use syscall_abi::{Response, SyscallNumber, VERSION};

/// Whether there is a call of this number.
pub(in super::super) fn exists(number: u64) -> Response {
    Response::Exists {
        exists: SyscallNumber::try_from(number).is_ok(),
        version: VERSION,
    }
}
