//! Access to physical memory as a trait, so that code that reads firmware tables or writes page tables runs on the host.
//!
//! The loader implements it with its direct map, the tests with byte vectors.

use crate::address::PhysAddr;

/// Physical memory that can be read and written in pieces.
pub trait PhysicalMemory {
    /// Fills `bytes` with the memory at `address`.
    ///
    /// # Errors
    /// A part cannot be reached; the content of `bytes` is undefined then.
    fn read(&self, address: PhysAddr, bytes: &mut [u8]) -> Result<(), OutOfReach>;

    /// Writes `bytes` to the memory at `address`.
    ///
    /// # Errors
    /// A part cannot be reached; nothing or only a part is written then.
    fn write(&mut self, address: PhysAddr, bytes: &[u8]) -> Result<(), OutOfReach>;

    /// Returns the `N` bytes at `address`.
    ///
    /// # Errors
    /// As for [`PhysicalMemory::read`].
    fn read_array<const N: usize>(&self, address: PhysAddr) -> Result<[u8; N], OutOfReach> {
        let mut bytes = [0; N];
        self.read(address, &mut bytes)?;
        Ok(bytes)
    }
}

/// An access to memory that the loader cannot reach.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("cannot reach {length_bytes} bytes of memory at {address}")]
pub struct OutOfReach {
    /// First byte of the access.
    pub address: PhysAddr,
    /// Length of the access.
    pub length_bytes: u64,
}
