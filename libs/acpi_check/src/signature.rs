//! The names of tables.

use core::fmt;

/// The name of a table: its first four characters.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Signature([u8; 4]);

impl Signature {
    /// The root table with 64-bit pointers.
    pub const XSDT: Self = Self(*b"XSDT");
    /// The root table with 32-bit pointers.
    pub const RSDT: Self = Self(*b"RSDT");
    /// The FADT: fixed hardware, such as the registers of power management.
    pub const FADT: Self = Self(*b"FACP");
    /// Memory shared with the firmware; it has neither the common header nor a checksum.
    pub const FACS: Self = Self(*b"FACS");
    /// The first table of AML code, named by the FADT.
    pub const DSDT: Self = Self(*b"DSDT");
    /// More AML code.
    pub const SSDT: Self = Self(*b"SSDT");
    /// The MADT: processors and interrupt controllers.
    pub const MADT: Self = Self(*b"APIC");
    /// The high-precision event timer.
    pub const HPET: Self = Self(*b"HPET");
    /// The serial console.
    pub const SPCR: Self = Self(*b"SPCR");
    /// Where the configuration space of PCI Express lies.
    pub const MCFG: Self = Self(*b"MCFG");
    /// The units that translate the addresses of devices.
    pub const DMAR: Self = Self(*b"DMAR");
    /// The picture that the firmware showed.
    pub const BGRT: Self = Self(*b"BGRT");
    /// Which memory is near which processor.
    pub const SRAT: Self = Self(*b"SRAT");
    /// How far processors and memory lie apart.
    pub const SLIT: Self = Self(*b"SLIT");

    /// Wraps four characters.
    #[must_use]
    pub const fn new(characters: [u8; 4]) -> Self {
        Self(characters)
    }

    /// The four characters.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 4] {
        &self.0
    }

    /// Whether all four are printable. The crate `acpi` panics when it prints a name that is not UTF-8.
    #[must_use]
    pub(crate) fn is_printable(self) -> bool {
        self.0.iter().all(|character| matches!(character, b' '..=b'~'))
    }

    /// Whether it is the name of a list of tables.
    pub(crate) fn is_root_table(self) -> bool {
        self == Self::XSDT || self == Self::RSDT
    }
}

impl fmt::Display for Signature {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}", self.0.escape_ascii())
    }
}

impl fmt::Debug for Signature {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "\"{self}\"")
    }
}
