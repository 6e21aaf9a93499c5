//! The copy of the sound tables: one contiguous piece of memory, in which every pointer leads into it.
//!
//! The crate `acpi` 6.1.1 is given this copy, and it alone. So the copy is also made such that the crate does not leave
//! it, loop or panic, whatever the firmware's tables say:
//!
//! - every table has room for the longest struct by which the crate reads one, the FADT's, and zeros up to there;
//! - the pointers of the list lie at multiples of 8, since the crate reads them in place;
//! - the MADT, MCFG and SPCR are sanitized;
//! - the FADT has all fields, so that the crate finds zeros where the firmware's table ended; it does not name the
//!   FACS, which has to stay where it is; and it puts power management's registers only where they can lie;
//! - SRAT and SLIT are copied, but the list does not name them: the crate takes the length of a SRAT's entry for 16
//!   bits wide, so that it loses its way in sound tables too, and then may not end; and it finds no SLIT long enough.
//!
//! The crate's means to use registers (`AcpiPlatform::registers`, `MappedGas`) are not covered: they leave the copy on
//! purpose, and panic where a register has an odd width.

mod checksum;
mod fadt;
mod layout;
mod root;
mod sanitize;
mod tables;

pub(crate) use layout::ImageLayout;
pub use tables::CheckedTables;

use x86_64::PhysAddr;

/// Why the copy cannot be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ImageError {
    /// It must begin with a page.
    #[error("the copy of the ACPI tables cannot begin at {base:#x}, within a page")]
    NotAPage {
        /// Where it should begin.
        base: PhysAddr,
    },
    /// There is not enough memory.
    #[error("the copy of the ACPI tables needs {needed_bytes} bytes, and has {given_bytes}")]
    TooSmall {
        /// How much is needed.
        needed_bytes: usize,
        /// How much there is.
        given_bytes: usize,
    },
    /// It would not end before the last address.
    #[error("the copy of the ACPI tables would run past the last address from {base:#x} on")]
    PastTheEnd {
        /// Where it should begin.
        base: PhysAddr,
    },
}
