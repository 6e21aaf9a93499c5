//! Addresses that are not validated.

use core::fmt;

use x86_64::PhysAddr;

/// A physical address from firmware or a boot loader, not validated: any 64-bit number.
///
/// [`PhysAddr`] is for validated addresses: it panics above 52 bits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct AllegedAddress(u64);

impl AllegedAddress {
    /// Wraps a number.
    #[must_use]
    pub const fn new(address: u64) -> Self {
        Self(address)
    }

    /// The number.
    #[must_use]
    pub const fn as_u64(self) -> u64 {
        self.0
    }

    /// Whether it is zero, which in tables means "there is none".
    #[must_use]
    pub const fn is_null(self) -> bool {
        self.0 == 0
    }

    /// The address `offset` bytes on, unless that wraps around.
    #[must_use]
    pub const fn checked_add(self, offset: u64) -> Option<Self> {
        match self.0.checked_add(offset) {
            Some(address) => Some(Self(address)),
            None => None,
        }
    }

    /// Converts it to a physical address. `None` if it is null or has more than 52 bits.
    #[must_use]
    pub fn possible(self) -> Option<PhysAddr> {
        PhysAddr::try_new(self.0).ok().filter(|address| !address.is_null())
    }
}

impl From<PhysAddr> for AllegedAddress {
    fn from(address: PhysAddr) -> Self {
        Self(address.as_u64())
    }
}

impl fmt::Display for AllegedAddress {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:#x}", self.0)
    }
}
