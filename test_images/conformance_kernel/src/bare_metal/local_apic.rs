//! State of the local APIC of the processor that reads it, in whichever mode the boot loader left it.

use super::mmio_window::MmioWindow;
use x86_64::registers::model_specific::Msr;

/// Names of the local vector table's entries and their offsets, with the number of entries that a processor must
/// report to have them (version register, bits 16 to 23).
const LOCAL_VECTOR_TABLE: [(&str, u64, u32); 7] = [
    ("lvt_timer", 0x320, 0),
    ("lvt_lint0", 0x350, 0),
    ("lvt_lint1", 0x360, 0),
    ("lvt_error", 0x370, 0),
    ("lvt_performance", 0x340, 4),
    ("lvt_thermal", 0x330, 5),
    ("lvt_corrected_machine_check", 0x2f0, 6),
];

/// How its registers are reached.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Mode {
    /// Switched off.
    Disabled,
    /// Memory-mapped.
    XApic,
    /// Model-specific registers.
    X2Apic,
}

/// What is checked of it.
#[derive(Clone, Copy)]
pub(super) struct LocalApicState {
    /// IA32_APIC_BASE.
    pub(super) base_register: u64,
    /// From the base register.
    pub(super) mode: Mode,
    /// The whole id, shifted down where it is an xAPIC id.
    pub(super) id: u32,
    /// Interrupts of this class or below are held back.
    pub(super) task_priority: u32,
    /// Spurious interrupt vector register.
    pub(super) spurious_vector: u32,
    /// Entries of the local vector table that exist.
    pub(super) local_vectors: [Option<(&'static str, u32)>; LOCAL_VECTOR_TABLE.len()],
    /// All in-service bits, or-ed.
    pub(super) in_service: u32,
    /// All bits of requested interrupts, or-ed.
    pub(super) requested: u32,
    /// Timer's initial count: 0 when it is stopped.
    pub(super) timer_initial_count: u32,
}

impl LocalApicState {
    /// Reads the local APIC of the processor that runs this.
    pub(super) fn read(window: &MmioWindow) -> Self {
        // SAFETY: IA32_APIC_BASE exists on every 64-bit processor; reading it has no effect.
        let base_register = unsafe { Msr::new(0x1b).read() };
        let mode = match base_register >> 10 & 0b11 {
            0b10 => Mode::XApic,
            0b11 => Mode::X2Apic,
            _ => Mode::Disabled,
        };
        let register = |offset| match mode {
            Mode::Disabled => 0,
            Mode::XApic => window
                .read((base_register & 0x000f_ffff_ffff_f000) + offset)
                .unwrap_or(0),
            Mode::X2Apic => read_x2apic(offset),
        };
        let bank = |first: u64| (0..8).fold(0, |bits, index| bits | register(first + index * 0x10));
        let entry_count = register(0x30) >> 16 & 0xff;
        Self {
            base_register,
            mode,
            id: if mode == Mode::XApic {
                register(0x20) >> 24
            } else {
                register(0x20)
            },
            task_priority: register(0x80),
            spurious_vector: register(0xf0),
            local_vectors: LOCAL_VECTOR_TABLE
                .map(|(name, offset, needed)| (entry_count >= needed).then(|| (name, register(offset)))),
            in_service: bank(0x100),
            requested: bank(0x200),
            timer_initial_count: register(0x380),
        }
    }
}

/// Reads a register in x2APIC mode; the upper half of each one read here is reserved.
fn read_x2apic(offset: u64) -> u32 {
    let number = 0x800 + u32::try_from(offset / 16).expect("offsets are below 4096");
    // SAFETY: the local APIC is in x2APIC mode, the callers name readable registers, and reading has no effect.
    let value = unsafe { Msr::new(number).read() };
    u32::try_from(value & 0xffff_ffff).expect("the upper half was cleared")
}
