//! Untrusted memory: addresses from firmware, reads from them, and little-endian numbers in what was read.
//!
//! Kernel and boot loader implement [`ReadMemory`] on their own mappings and refuse addresses outside of firmware memory.

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

/// Physical memory, read by copying, because tables are not aligned.
///
/// A byte slice is memory too: its first byte has the address 0.
pub trait ReadMemory {
    /// Fills `bytes` from the memory at `address`.
    ///
    /// # Errors
    /// If part of it cannot be reached; `bytes` may then hold anything.
    fn read(&self, address: AllegedAddress, bytes: &mut [u8]) -> Result<(), OutOfReach>;
}

/// An access to memory that cannot be reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("cannot reach {length_bytes} bytes of memory at {address}")]
pub struct OutOfReach {
    /// First byte of the access.
    pub address: AllegedAddress,
    /// Length of the access.
    pub length_bytes: u64,
}

impl dyn ReadMemory + '_ {
    /// The `N` bytes `offset` bytes after `base`.
    pub(crate) fn read_array<const N: usize>(&self, base: AllegedAddress, offset: u64) -> Result<[u8; N], OutOfReach> {
        let mut bytes = [0; N];
        self.read_at(base, offset, &mut bytes)?;
        Ok(bytes)
    }

    /// Fills `bytes` from the memory `offset` bytes after `base`.
    pub(crate) fn read_at(&self, base: AllegedAddress, offset: u64, bytes: &mut [u8]) -> Result<(), OutOfReach> {
        let address = base.checked_add(offset).ok_or(OutOfReach {
            address: base,
            length_bytes: offset.saturating_add(bytes.len() as u64),
        })?;
        self.read(address, bytes)
    }
}

impl ReadMemory for &[u8] {
    fn read(&self, address: AllegedAddress, bytes: &mut [u8]) -> Result<(), OutOfReach> {
        let length_bytes = bytes.len() as u64;
        let source = usize::try_from(address.as_u64())
            .ok()
            .and_then(|start| self.get(start..)?.get(..bytes.len()))
            .ok_or(OutOfReach { address, length_bytes })?;
        bytes.copy_from_slice(source);
        Ok(())
    }
}

/// The `N` bytes at `offset`, if all are inside.
pub(crate) fn array_at<const N: usize>(bytes: &[u8], offset: usize) -> Option<[u8; N]> {
    bytes.get(offset..)?.first_chunk::<N>().copied()
}

pub(crate) fn u8_at(bytes: &[u8], offset: usize) -> Option<u8> {
    bytes.get(offset).copied()
}

pub(crate) fn u16_at(bytes: &[u8], offset: usize) -> Option<u16> {
    array_at(bytes, offset).map(u16::from_le_bytes)
}

pub(crate) fn u32_at(bytes: &[u8], offset: usize) -> Option<u32> {
    array_at(bytes, offset).map(u32::from_le_bytes)
}

pub(crate) fn u64_at(bytes: &[u8], offset: usize) -> Option<u64> {
    array_at(bytes, offset).map(u64::from_le_bytes)
}

/// The sum of all bytes: zero if an ACPI checksum is right.
pub(crate) fn sum(bytes: &[u8]) -> u8 {
    // Four lanes of 16 bits: the upper half of each takes the carry and is cleared.
    const LANES: u64 = 0x00ff_00ff_00ff_00ff;
    let (words, rest) = bytes.as_chunks();
    let lanes = words
        .iter()
        .copied()
        .map(u64::from_le_bytes)
        .fold(0, |lanes: u64, word| {
            lanes.wrapping_add(word & LANES).wrapping_add(word >> 8 & LANES) & LANES
        });
    let add = |sum: u8, byte: &u8| sum.wrapping_add(*byte);
    rest.iter().fold(lanes.to_le_bytes().iter().fold(0, add), add)
}
