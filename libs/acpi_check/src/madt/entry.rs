//! The contents of MADT entries.

use x86_64::PhysAddr;

use super::line::LineFlags;
use crate::address::AllegedAddress;

/// Flag of a processor: it may be started. A processor that is only "online capable" is not present yet.
const ENABLED: u32 = 1 << 0;
/// Processor id for all processors, in entries of local APICs.
const ALL_PROCESSORS: u8 = u8::MAX;
/// The same in entries of local x2APICs.
const ALL_X2APIC_PROCESSORS: u32 = u32::MAX;

/// An entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MadtEntry {
    /// Number of its type.
    pub number: u8,
    /// Offset in the table.
    pub offset: u32,
    /// Its contents.
    pub kind: EntryKind,
}

/// The contents of an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EntryKind {
    /// A processor, with a local APIC or a local x2APIC.
    Processor {
        /// Its ids.
        processor: Processor,
        /// Whether it is present and may be started.
        is_enabled: bool,
    },
    /// An I/O APIC.
    IoApic(IoApic),
    /// An interrupt of the ISA bus has an unusual input, polarity or trigger mode.
    SourceOverride(SourceOverride),
    /// An input of an I/O APIC carries NMIs.
    NmiSource(NmiSource),
    /// An interrupt line of a local APIC or local x2APIC carries NMIs.
    LocalNmi(LocalNmi),
    /// Address of the local APICs; overrides the one in the table's header.
    LocalApicAddress(AllegedAddress),
    /// Anything else.
    Other,
}

/// A global system interrupt: numbers the inputs of all I/O APICs consecutively.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct GlobalSystemInterrupt(pub u32);

/// A processor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Processor {
    /// Its ACPI processor id.
    pub processor_id: u32,
    /// Id of its local APIC.
    pub local_apic_id: u32,
}

/// An I/O APIC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IoApic {
    /// Its id.
    pub id: u8,
    /// Address of its registers.
    pub address: PhysAddr,
    /// Global system interrupt of its first input.
    pub first_interrupt: GlobalSystemInterrupt,
}

/// An exception from the identity mapping of ISA interrupts to I/O APIC inputs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SourceOverride {
    /// The bus: 0 is the ISA bus, and nothing else is defined.
    pub bus: u8,
    /// Number of the interrupt on the bus.
    pub irq: u8,
    /// The input to which it is wired.
    pub interrupt: GlobalSystemInterrupt,
    /// Polarity and trigger mode.
    pub flags: LineFlags,
}

/// An input of an I/O APIC that carries NMIs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NmiSource {
    /// The input.
    pub interrupt: GlobalSystemInterrupt,
    /// Polarity and trigger mode.
    pub flags: LineFlags,
}

/// A local APIC's interrupt line that carries NMIs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LocalNmi {
    /// The processors.
    pub target: NmiTarget,
    /// 0 for LINT0, 1 for LINT1.
    pub line: u8,
    /// Polarity and trigger mode.
    pub flags: LineFlags,
}

/// The processors whose local interrupt line carries NMIs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NmiTarget {
    /// All processors.
    AllProcessors,
    /// The processor with this ACPI processor id.
    Processor(u32),
}

impl EntryKind {
    /// Reads an entry that is long enough for its type; `bytes` starts with its header.
    pub(super) const fn decode(kind: u8, bytes: [u8; 16]) -> Self {
        let [_, _, a, b, c, d, e, f, g, h, i, j, k, l, m, n] = bytes;
        match kind {
            0 => Self::Processor {
                processor: Processor {
                    processor_id: a as u32,
                    local_apic_id: b as u32,
                },
                is_enabled: u32::from_le_bytes([c, d, e, f]) & ENABLED != 0,
            },
            1 => Self::IoApic(IoApic {
                id: a,
                address: PhysAddr::new_truncate(u32::from_le_bytes([c, d, e, f]) as u64),
                first_interrupt: GlobalSystemInterrupt(u32::from_le_bytes([g, h, i, j])),
            }),
            2 => Self::SourceOverride(SourceOverride {
                bus: a,
                irq: b,
                interrupt: GlobalSystemInterrupt(u32::from_le_bytes([c, d, e, f])),
                flags: LineFlags::new(u16::from_le_bytes([g, h])),
            }),
            3 => Self::NmiSource(NmiSource {
                interrupt: GlobalSystemInterrupt(u32::from_le_bytes([c, d, e, f])),
                flags: LineFlags::new(u16::from_le_bytes([a, b])),
            }),
            4 => Self::LocalNmi(LocalNmi {
                target: match a {
                    ALL_PROCESSORS => NmiTarget::AllProcessors,
                    processor_id => NmiTarget::Processor(processor_id as u32),
                },
                line: d,
                flags: LineFlags::new(u16::from_le_bytes([b, c])),
            }),
            5 => Self::LocalApicAddress(AllegedAddress::new(u64::from_le_bytes([c, d, e, f, g, h, i, j]))),
            9 => Self::Processor {
                processor: Processor {
                    processor_id: u32::from_le_bytes([k, l, m, n]),
                    local_apic_id: u32::from_le_bytes([c, d, e, f]),
                },
                is_enabled: u32::from_le_bytes([g, h, i, j]) & ENABLED != 0,
            },
            0xa => Self::LocalNmi(LocalNmi {
                target: match u32::from_le_bytes([c, d, e, f]) {
                    ALL_X2APIC_PROCESSORS => NmiTarget::AllProcessors,
                    processor_id => NmiTarget::Processor(processor_id),
                },
                line: g,
                flags: LineFlags::new(u16::from_le_bytes([a, b])),
            }),
            _ => Self::Other,
        }
    }
}
