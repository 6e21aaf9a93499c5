//! Access to the memory of the tables.
//!
//! Kernel and boot loader implement the trait on their own mappings and refuse other addresses; tests implement it on
//! byte vectors. A byte slice is memory too: its first byte has the address 0.

use crate::address::AllegedAddress;

/// Physical memory that is read by copying, because tables are not aligned.
pub trait ReadMemory {
    /// Fills `bytes` from the memory at `address`.
    ///
    /// # Errors
    /// If not all of it can be reached; `bytes` may then hold anything.
    fn read(&self, address: AllegedAddress, bytes: &mut [u8]) -> Result<(), OutOfReach>;
}

impl dyn ReadMemory + '_ {
    /// The `N` bytes at `address`.
    ///
    /// # Errors
    /// As [`ReadMemory::read`].
    pub(crate) fn read_array<const N: usize>(&self, address: AllegedAddress) -> Result<[u8; N], OutOfReach> {
        let mut bytes = [0; N];
        self.read(address, &mut bytes)?;
        Ok(bytes)
    }
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
