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
mod error;
mod fadt;
mod layout;
mod root;
mod sanitize;
mod tables;

pub use error::ImageError;
pub(crate) use layout::ImageLayout;
pub use tables::CheckedTables;
