//! What the entries of the MADT say.

use x86_64::PhysAddr;

use super::line::LineFlags;
use crate::address::AllegedAddress;

/// Flag of a processor: it may be started. Those that are only "online capable" are not there yet.
const ENABLED: u32 = 1 << 0;
/// Processor id that means all processors in entries of local APICs.
const ALL_PROCESSORS: u8 = u8::MAX;
/// The same in entries of local x2APICs.
const ALL_X2APIC_PROCESSORS: u32 = u32::MAX;

/// An entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MadtEntry {
    /// The number of its kind.
    pub number: u8,
    /// Where it lies in the table.
    pub offset: u32,
    /// What it says.
    pub kind: EntryKind,
}

/// What an entry says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EntryKind {
    /// A processor, with a local APIC or a local x2APIC.
    Processor {
        /// Which.
        processor: Processor,
        /// Whether it is there and may be started.
        is_enabled: bool,
    },
    /// An I/O APIC.
    IoApic(IoApic),
    /// An interrupt of the ISA bus arrives elsewhere or in another way than usual.
    SourceOverride(SourceOverride),
    /// An input of an I/O APIC carries NMIs.
    NmiSource(NmiSource),
    /// An interrupt line of a local APIC or local x2APIC carries NMIs.
    LocalNmi(LocalNmi),
    /// The local APICs lie there, and not where the table's head says.
    LocalApicAddress(AllegedAddress),
    /// Anything else.
    Other,
}

/// A number of an interrupt, counted through all I/O APICs (ACPI's "global system interrupt").
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct GlobalSystemInterrupt(pub u32);

/// A processor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Processor {
    /// ACPI's id of it.
    pub processor_id: u32,
    /// The id that its local APIC goes by.
    pub local_apic_id: u32,
}

/// An I/O APIC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IoApic {
    /// Its id.
    pub id: u8,
    /// Where its registers lie.
    pub address: PhysAddr,
    /// The number of its first input.
    pub first_interrupt: GlobalSystemInterrupt,
}

/// Where an interrupt of the ISA bus arrives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SourceOverride {
    /// The bus: 0 is the ISA bus, and nothing else is defined.
    pub bus: u8,
    /// The interrupt's number there.
    pub irq: u8,
    /// Where it arrives.
    pub interrupt: GlobalSystemInterrupt,
    /// How it is signalled.
    pub flags: LineFlags,
}

/// An input of an I/O APIC that carries NMIs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NmiSource {
    /// Which input.
    pub interrupt: GlobalSystemInterrupt,
    /// How it is signalled.
    pub flags: LineFlags,
}

/// A local APIC's interrupt line that carries NMIs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LocalNmi {
    /// Whose.
    pub target: NmiTarget,
    /// Which line: 0 or 1.
    pub line: u8,
    /// How it is signalled.
    pub flags: LineFlags,
}

/// Whose local interrupt line carries NMIs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NmiTarget {
    /// Every processor's.
    AllProcessors,
    /// That of the processor with this ACPI id.
    Processor(u32),
}

impl EntryKind {
    /// Reads an entry that is long enough for its kind; `bytes` begin with its head.
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
