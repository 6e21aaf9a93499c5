//! What time it is.

use crate::platform::clock::Instant;
use syscall_abi::Response;

/// Nanoseconds since the clock was started.
pub(in super::super) fn now() -> Response {
    Response::Now {
        ns: Instant::now().as_ns(),
    }
}
