//! Descriptions of the calls, for the table in the documentation.

use crate::SyscallNumber;

/// Description of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CallDescription {
    /// Number of the call.
    pub number: SyscallNumber,
    /// Name and arguments, from `rdi` on.
    pub call: &'static str,
    /// Results, from `rdi` on.
    pub results: &'static str,
    /// Effect of the call.
    pub what: &'static str,
}

/// All calls, sorted by number.
pub const DESCRIPTIONS: [CallDescription; 8] = [
    CallDescription {
        number: SyscallNumber::Exists,
        call: "exists(number)",
        results: "0 or 1, version",
        what: "tells whether a call has this number, and the version of this table",
    },
    CallDescription {
        number: SyscallNumber::Exit,
        call: "exit(code)",
        results: "does not return",
        what: "ends the program",
    },
    CallDescription {
        number: SyscallNumber::Log,
        call: "log(level, address, length)",
        results: "",
        what: "writes up to 4,096 bytes of UTF-8 to the log, at level 1 (error) to 5 (trace)",
    },
    CallDescription {
        number: SyscallNumber::Echo,
        call: "echo(a, b, c, d, e, f)",
        results: "a+1, b+1, c+1, d+1, e+1, f+1",
        what: "returns each value plus one, and logs the values",
    },
    CallDescription {
        number: SyscallNumber::Now,
        call: "now()",
        results: "nanoseconds",
        what: "returns the time since the kernel's clock was started",
    },
    CallDescription {
        number: SyscallNumber::YieldNow,
        call: "yield_now()",
        results: "",
        what: "lets other programs run",
    },
    CallDescription {
        number: SyscallNumber::Map,
        call: "map(size)",
        results: "address",
        what: "maps zeroed memory; each page gets a frame at its first access",
    },
    CallDescription {
        number: SyscallNumber::Unmap,
        call: "unmap(address, size)",
        results: "",
        what: "unmaps pages that `map` has mapped",
    },
];
