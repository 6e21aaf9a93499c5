//! The contents of MADT entries.

use x86_64::PhysAddr;

use super::LONGEST_ENTRY_BYTES;
use super::isa::{GlobalSystemInterrupt, ISA_IRQ_COUNT, IsaRoute, LineFlags};

/// Flag of a processor: it may be started. A processor that is only "online capable" is not present yet.
const ENABLED: u32 = 1 << 0;
/// Processor id for all processors, in entries of local APICs.
const ALL_PROCESSORS: u8 = u8::MAX;
/// The same in entries of local x2APICs.
const ALL_X2APIC_PROCESSORS: u32 = u32::MAX;

/// The contents of an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MadtEntry {
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
    SourceOverride {
        /// Number of the interrupt, below 16.
        irq: u8,
        /// Its input, polarity and trigger mode.
        route: IsaRoute,
    },
    /// An interrupt line of a local APIC or local x2APIC carries NMIs.
    LocalNmi(LocalNmi),
    /// Anything else.
    Other,
}

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
    /// Address of its registers: not null, a multiple of 4.
    pub address: PhysAddr,
    /// Global system interrupt of its first input.
    pub first_interrupt: GlobalSystemInterrupt,
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

/// The invalid field of an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EntryFault {
    /// It is for a bus that does not exist.
    #[error("there is no bus {bus}")]
    Bus {
        /// The alleged bus.
        bus: u8,
    },
    /// It is for an interrupt that the ISA bus does not have.
    #[error("the ISA bus has no interrupt {irq}")]
    Irq {
        /// The alleged interrupt.
        irq: u8,
    },
    /// Polarity or trigger mode has a reserved value.
    #[error("polarity and trigger mode {flags:#x} are reserved values")]
    LineFlags {
        /// The flags.
        flags: u16,
    },
    /// It is for an interrupt line that local APICs do not have.
    #[error("local APICs have no interrupt line {line}")]
    Line {
        /// The alleged line.
        line: u8,
    },
    /// Registers cannot be at this address.
    #[error("no registers can lie at {address:#x}")]
    Address {
        /// The alleged address.
        address: PhysAddr,
    },
}

impl MadtEntry {
    /// Reads an entry that is long enough for its type; `bytes` starts with its header.
    pub(super) fn decode(bytes: [u8; LONGEST_ENTRY_BYTES]) -> Result<Self, EntryFault> {
        let [kind, _, a, b, c, d, e, f, g, h, i, j, k, l, m, n] = bytes;
        Ok(match kind {
            0 => Self::Processor {
                processor: Processor {
                    processor_id: u32::from(a),
                    local_apic_id: u32::from(b),
                },
                is_enabled: u32::from_le_bytes([c, d, e, f]) & ENABLED != 0,
            },
            1 => Self::IoApic(IoApic {
                id: a,
                address: check_io_apic(u32::from_le_bytes([c, d, e, f]))?,
                first_interrupt: GlobalSystemInterrupt(u32::from_le_bytes([g, h, i, j])),
            }),
            2 => Self::SourceOverride {
                irq: check_irq(a, b)?,
                route: check_route([c, d, e, f], [g, h])?,
            },
            4 => Self::LocalNmi(LocalNmi {
                target: match a {
                    ALL_PROCESSORS => NmiTarget::AllProcessors,
                    processor_id => NmiTarget::Processor(u32::from(processor_id)),
                },
                line: check_line(d)?,
                flags: LineFlags::new(u16::from_le_bytes([b, c])),
            }),
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
                line: check_line(g)?,
                flags: LineFlags::new(u16::from_le_bytes([a, b])),
            }),
            _ => Self::Other,
        })
    }
}

/// The minimum length of an entry of this type.
pub(super) const fn shortest_bytes(kind: u8) -> u8 {
    match kind {
        // Local APIC.
        0 => 8,
        // I/O APIC, NMI line of a local x2APIC.
        1 | 0xa => 12,
        // Interrupt source override.
        2 => 10,
        // NMI line of a local APIC.
        4 => 6,
        // Local x2APIC.
        9 => 16,
        _ => super::ENTRY_HEADER_BYTES,
    }
}

/// Validates the address of an I/O APIC, whose registers are read as double words.
fn check_io_apic(address: u32) -> Result<PhysAddr, EntryFault> {
    let address = PhysAddr::new_truncate(u64::from(address));
    if address.is_null() || !address.is_aligned(size_of::<u32>() as u64) {
        return Err(EntryFault::Address { address });
    }
    Ok(address)
}

/// Validates the source of an interrupt. Bus 0 is the ISA bus; others are not defined.
const fn check_irq(bus: u8, irq: u8) -> Result<u8, EntryFault> {
    match (bus, irq) {
        (0, 0..ISA_IRQ_COUNT) => Ok(irq),
        (0, _) => Err(EntryFault::Irq { irq }),
        _ => Err(EntryFault::Bus { bus }),
    }
}

/// Validates the input of an interrupt of the ISA bus.
fn check_route(interrupt: [u8; 4], flags: [u8; 2]) -> Result<IsaRoute, EntryFault> {
    let flags = u16::from_le_bytes(flags);
    let line = LineFlags::new(flags).on_isa();
    Ok(IsaRoute {
        interrupt: GlobalSystemInterrupt(u32::from_le_bytes(interrupt)),
        line: line.ok_or(EntryFault::LineFlags { flags })?,
    })
}

/// Validates an interrupt line of a local APIC.
const fn check_line(line: u8) -> Result<u8, EntryFault> {
    match line {
        0 | 1 => Ok(line),
        _ => Err(EntryFault::Line { line }),
    }
}
