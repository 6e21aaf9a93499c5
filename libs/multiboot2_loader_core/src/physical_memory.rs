//! Access to physical memory, so that everything which walks firmware tables or writes page tables runs on the host.
//!
//! The loader implements the trait over its direct map, the tests over a few byte vectors.

use crate::address::PhysAddr;

/// Physical memory that can be read and written in pieces.
pub trait PhysicalMemory {
    /// Fills `bytes` with what lies from `address` on.
    ///
    /// # Errors
    /// When not all of it can be reached; `bytes` may then hold anything.
    fn read(&self, address: PhysAddr, bytes: &mut [u8]) -> Result<(), OutOfReach>;

    /// Writes `bytes` from `address` on.
    ///
    /// # Errors
    /// When not all of it can be reached; nothing, or only a part, is then written.
    fn write(&mut self, address: PhysAddr, bytes: &[u8]) -> Result<(), OutOfReach>;

    /// The `N` bytes at `address`.
    ///
    /// # Errors
    /// As [`PhysicalMemory::read`].
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
