//! Numbers of I/O ports.

use core::fmt;

/// An I/O port.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct IoPort(pub u16);

impl IoPort {
    /// The port that begins a block of `length_bytes`, if such a block can lie there. Port 0 means "there is none".
    pub(crate) fn of_block(address: u64, length_bytes: u16) -> Option<Self> {
        let port = u16::try_from(address).ok().filter(|port| *port != 0)?;
        port.checked_add(length_bytes.saturating_sub(1))?;
        Some(Self(port))
    }
}

impl fmt::Display for IoPort {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "port {:#x}", self.0)
    }
}
