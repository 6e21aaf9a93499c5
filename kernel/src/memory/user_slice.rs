//! Memory that a program says is there.

use super::user_layout::USER_END;

/// A claim about memory of a program's: it lies in the program's half, and more is not known. Whether anything is mapped there,
/// and for which use, shows when it is copied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UserSlice {
    /// Where it begins.
    address: u64,
    /// How many bytes it has.
    length: usize,
}

/// Memory that is not the program's, or not for this use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BadUserPointer {
    /// The first address at which it is not.
    pub address: u64,
}

impl UserSlice {
    /// Checks a claim. Nothing, wherever it is, is in order.
    pub fn new(address: u64, length_bytes: u64) -> Result<Self, BadUserPointer> {
        let end = address.checked_add(length_bytes);
        if length_bytes != 0 && end.is_none_or(|end| end > USER_END.as_u64()) {
            return Err(BadUserPointer { address });
        }
        let length = usize::try_from(length_bytes).map_err(|_| BadUserPointer { address })?;
        Ok(Self { address, length })
    }

    /// Where it begins.
    pub fn address(self) -> u64 {
        self.address
    }

    /// How many bytes it has.
    pub fn length(self) -> usize {
        self.length
    }
}
