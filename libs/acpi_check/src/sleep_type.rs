//! Finds the sleep type that switches the machine off: the AML package `_S5_` (ACPI
//! specification, sections "\_Sx (System States)" and "AML Grammar Definition").
//!
//! No AML is run. The search looks for the bytes of the definition `Name (_S5_, Package () {a, b, …})` with constants, which
//! is how firmware writes it. Other occurrences of the name are skipped. Each offset is examined once, so the search ends.

use crate::memory::{u8_at, u16_at, u32_at, u64_at};
use crate::table::HEADER_BYTES;

/// The name of the package.
const NAME: &[u8; 4] = b"_S5_";
/// Defines the name that follows.
const NAME_OP: u8 = 0x08;
/// Begins a package.
const PACKAGE_OP: u8 = 0x12;
/// Largest sleep type: the control registers have 3 bits for it.
const LARGEST: u64 = 0b111;

/// The sleep type "soft off" for both control registers. Both are below 8.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SleepType {
    /// For the first register.
    pub a: u8,
    /// For the second.
    pub b: u8,
}

impl SleepType {
    /// Searches a DSDT or SSDT.
    #[must_use]
    pub fn find_soft_off(table: &[u8]) -> Option<Self> {
        let code = table.get(usize::try_from(HEADER_BYTES).ok()?..)?;
        let names = code.windows(NAME.len()).enumerate();
        names
            .filter(|(_, name)| *name == NAME)
            .filter_map(|(at, _)| code.split_at_checked(at))
            .filter(|(before, _)| is_definition(before))
            .find_map(|(_, name)| Self::from_package(name.get(NAME.len()..)?))
    }

    /// Reads a package's first two elements.
    fn from_package(bytes: &[u8]) -> Option<Self> {
        let (PACKAGE_OP, rest) = (u8_at(bytes, 0)?, bytes.get(1..)?) else {
            return None;
        };
        let (count, elements) = package_elements(rest)?.split_first()?;
        if *count < 2 {
            return None;
        }
        let (a, rest) = constant(elements)?;
        let (b, _) = constant(rest)?;
        Some(Self { a, b })
    }
}

/// Whether the name after these bytes is being defined, perhaps with a root prefix.
const fn is_definition(before: &[u8]) -> bool {
    matches!(before, [.., NAME_OP] | [.., NAME_OP, b'\\'])
}

/// The package's bytes after its length, which must be inside the table.
fn package_elements(bytes: &[u8]) -> Option<&[u8]> {
    let first = u8_at(bytes, 0)?;
    // The upper two bits are the number of following bytes, which hold the upper bits of the length.
    let (length_bytes, length) = match first >> 6 {
        0 => (1, usize::from(first & 0x3f)),
        following => {
            let mut length = usize::from(first & 0xf);
            for index in 1..=usize::from(following) {
                length |= usize::from(u8_at(bytes, index)?) << (8 * index - 4);
            }
            (1 + usize::from(following), length)
        }
    };
    // The length includes its own bytes.
    bytes.get(..length)?.get(length_bytes..)
}

/// A constant of 3 bits, and the bytes after it.
fn constant(bytes: &[u8]) -> Option<(u8, &[u8])> {
    let (value, size) = match u8_at(bytes, 0)? {
        number @ (0 | 1) => (u64::from(number), 0),
        0x0a => (u64::from(u8_at(bytes, 1)?), 1),
        0x0b => (u64::from(u16_at(bytes, 1)?), 2),
        0x0c => (u64::from(u32_at(bytes, 1)?), 4),
        0x0e => (u64_at(bytes, 1)?, 8),
        _ => return None,
    };
    let value = u8::try_from(value).ok().filter(|_| value <= LARGEST)?;
    Some((value, bytes.get(1 + size..)?))
}
