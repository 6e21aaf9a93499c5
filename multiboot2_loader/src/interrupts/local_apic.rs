//! The local APIC of the processor that runs the code (Intel SDM volume 3, chapter "Advanced Programmable Interrupt
//! Controller").
//!
//! It has two modes. In xAPIC mode its registers are in memory and ids have 8 bits; in x2APIC mode they are
//! model-specific registers and ids have 32 bits.

use acpi_check::{LineFlags, LocalNmi, NmiTarget};
use multiboot2_loader_core::address::PhysAddr;
use multiboot2_loader_core::physical_memory::OutOfReach;

use super::{DELIVERY_MODE_SHIFT, MASKED, NON_MASKABLE, masked_unless_firmware_s};
use crate::cpu::features::Features;
use crate::cpu::model_specific::{self, APIC_BASE, ARCH_CAPABILITIES, XAPIC_DISABLE_STATUS};
use crate::device_registers::DeviceRegisters;

/// APIC_BASE: x2APIC mode, if also enabled.
const BASE_X2APIC: u64 = 1 << 10;
/// APIC_BASE: enabled.
const BASE_ENABLED: u64 = 1 << 11;
/// APIC_BASE: address of the registers in xAPIC mode.
const BASE_ADDRESS: u64 = 0x000f_ffff_ffff_f000;
/// ARCH_CAPABILITIES: XAPIC_DISABLE_STATUS exists.
const HAS_XAPIC_DISABLE_STATUS: u64 = 1 << 21;
/// XAPIC_DISABLE_STATUS: the firmware has locked x2APIC mode.
const XAPIC_IS_DISABLED: u64 = 1 << 0;

/// Size of the registers in memory.
const SIZE_BYTES: usize = 4096;
/// In x2APIC mode the register at offset N is the model-specific register with this number plus N / 16.
const FIRST_X2APIC_REGISTER: u32 = 0x800;

/// The id, in bits 24 to 31 in xAPIC mode.
const ID: u16 = 0x20;
/// Version; bits 16 to 23 hold the number of entries in the local vector table, less 1.
const VERSION: u16 = 0x30;
/// Task priority: interrupts of this priority and below wait.
const TASK_PRIORITY: u16 = 0x80;
/// Spurious vector, and software enable (bit 8).
const SPURIOUS_VECTOR: u16 = 0xf0;
/// Value that the protocol requires there: enabled, vector 255.
const SWITCHED_ON: u32 = 0x1ff;
/// Interrupt command, lower half; in x2APIC mode both halves are one register.
const COMMAND: u16 = 0x300;
/// Interrupt command, upper half, in xAPIC mode only.
const COMMAND_DESTINATION: u16 = 0x310;
/// Command: delivery pending.
const DELIVERY_PENDING: u32 = 1 << 12;
/// Maximum number of status reads before the next command is sent regardless.
const DELIVERY_POLLS: u32 = 100_000;
/// Entry of the local vector table: timer. Its mode bits have another meaning.
const TIMER: u16 = 0x320;
/// The two entries for the processor's interrupt lines.
const LINES: [u16; 2] = [0x350, 0x360];
/// All entries except the timer, each with the minimum number of entries (less 1) of a processor that has it: lines, errors,
/// performance counters, temperature, corrected machine checks.
const LOCAL_VECTORS: [(u16, u32); 6] = [
    (LINES[0], 0),
    (LINES[1], 0),
    (0x370, 0),
    (0x340, 4),
    (0x330, 5),
    (0x2f0, 6),
];
/// Entry: the line is active when low.
const ACTIVE_LOW: u32 = 1 << 13;
/// Entry: the line is sensed by level.
const LEVEL: u32 = 1 << 15;

/// The mode.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    /// Registers in memory, 8-bit ids.
    XApic,
    /// Model-specific registers, 32-bit ids.
    X2Apic,
}

/// A command from one local APIC to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Command {
    /// Reset, then wait for a start.
    Init,
    /// Start in real mode at the page with this number.
    Start {
        /// The page.
        page: u8,
    },
}

/// The reason why there is no usable local APIC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum LocalApicError {
    /// CPUID reports none.
    #[error("this processor has no local APIC")]
    Absent,
    /// Its registers cannot be accessed.
    #[error("local APIC: {0}")]
    OutOfReach(#[from] OutOfReach),
    /// The firmware locked x2APIC mode, and the kernel does not request it.
    #[error("the firmware locked the local APICs in x2APIC mode, which the kernel does not request")]
    X2ApicLocked,
}

/// Access to its registers.
#[derive(Clone, Copy, Debug)]
enum Access {
    /// In memory (xAPIC).
    Memory(DeviceRegisters),
    /// Model-specific registers (x2APIC).
    ModelSpecific,
}

/// The enabled local APIC.
#[derive(Clone, Copy, Debug)]
pub(crate) struct LocalApic {
    /// Access to its registers.
    access: Access,
}

/// Returns the mode of this processor's local APIC.
///
/// # Errors
/// There is no local APIC.
pub(crate) fn current_mode(features: &Features) -> Result<Mode, LocalApicError> {
    let base = read_base(features)?;
    Ok(if base & BASE_X2APIC != 0 {
        Mode::X2Apic
    } else {
        Mode::XApic
    })
}

impl LocalApic {
    /// Enables this processor's local APIC in `mode`, which it must support.
    ///
    /// # Errors
    /// There is none, its registers cannot be accessed, or it is locked in the other mode.
    pub(crate) fn switch_on(features: &Features, mode: Mode) -> Result<Self, LocalApicError> {
        let base = read_base(features)?;
        if base & BASE_X2APIC != 0 && mode == Mode::XApic {
            if is_x2apic_locked(features) {
                return Err(LocalApicError::X2ApicLocked);
            }
            // The way back goes through "disabled" (SDM, figure "Local x2APIC State Transitions").
            write_base(base & !(BASE_ENABLED | BASE_X2APIC));
        }
        let enabled = (base & !BASE_X2APIC) | BASE_ENABLED;
        if base & BASE_X2APIC == 0 || mode == Mode::XApic {
            // The way to x2APIC mode goes through xAPIC mode.
            write_base(enabled);
        }
        let access = match mode {
            Mode::X2Apic => {
                write_base(enabled | BASE_X2APIC);
                Access::ModelSpecific
            }
            Mode::XApic => {
                let address = PhysAddr::new(base & BASE_ADDRESS);
                // SAFETY: The processor reports its local APIC here. Reads of the registers have no side effects.
                Access::Memory(unsafe { DeviceRegisters::new(address, SIZE_BYTES) }?)
            }
        };
        Ok(Self { access })
    }

    /// Returns the id by which other processors address this one.
    pub(crate) fn id(&self) -> u32 {
        let id = self.read(ID);
        match self.access {
            Access::Memory(_) => id >> 24,
            Access::ModelSpecific => id,
        }
    }

    /// Sets the state that the protocol requires: enabled, priority 0, every source masked, and the interrupt lines that carry NMIs on
    /// `processor_id` set up for them.
    pub(crate) fn normalise(&self, local_nmis: &[LocalNmi], processor_id: u32) {
        let last_entry = self.read(VERSION) >> 16 & 0xff;
        self.write(TIMER, self.read(TIMER) | MASKED);
        for (entry, needed) in LOCAL_VECTORS {
            if last_entry >= needed {
                self.write(entry, masked_unless_firmware_s(self.read(entry)));
            }
        }
        for nmi in local_nmis {
            let is_ours = match nmi.target {
                NmiTarget::AllProcessors => true,
                NmiTarget::Processor(id) => id == processor_id,
            };
            if let (true, Some(&line)) = (is_ours, LINES.get(usize::from(nmi.line))) {
                self.write(line, nmi_entry(nmi.flags));
            }
        }
        self.write(TASK_PRIORITY, 0);
        self.write(SPURIOUS_VECTOR, SWITCHED_ON);
    }

    /// Sends a command to another processor.
    pub(crate) fn send(&self, command: Command, local_apic_id: u32) {
        /// The delivery modes "INIT" and "start-up", and the level bit.
        const INIT: u32 = 5 << DELIVERY_MODE_SHIFT;
        const START: u32 = 6 << DELIVERY_MODE_SHIFT;
        const ASSERT: u32 = 1 << 14;
        let command = ASSERT
            | match command {
                Command::Init => INIT,
                Command::Start { page } => START | u32::from(page),
            };
        match &self.access {
            Access::Memory(_) => {
                self.write(COMMAND_DESTINATION, local_apic_id << 24);
                self.write(COMMAND, command);
                let mut polls = DELIVERY_POLLS;
                while self.read(COMMAND) & DELIVERY_PENDING != 0 && polls > 0 {
                    polls -= 1;
                }
            }
            Access::ModelSpecific => {
                let value = u64::from(local_apic_id) << 32 | u64::from(command);
                // SAFETY: The local APIC is in x2APIC mode. What the other processor then runs is the caller's page.
                unsafe { model_specific::write(x2apic_register(COMMAND), value) };
            }
        }
    }

    /// Reads a register.
    fn read(&self, offset: u16) -> u32 {
        match &self.access {
            Access::Memory(registers) => registers.read(usize::from(offset)),
            Access::ModelSpecific => {
                // SAFETY: The local APIC is in x2APIC mode, and the registers named in this file exist in it.
                let value = unsafe { model_specific::read(x2apic_register(offset)) };
                low_half(value)
            }
        }
    }

    /// Writes a register.
    fn write(&self, offset: u16, value: u32) {
        match &self.access {
            // SAFETY: Only this file writes, and no value that it writes unmasks an interrupt.
            Access::Memory(registers) => unsafe { registers.write(usize::from(offset), value) },
            // SAFETY: As above; the local APIC is in x2APIC mode.
            Access::ModelSpecific => unsafe { model_specific::write(x2apic_register(offset), u64::from(value)) },
        }
    }
}

/// Returns the entry of an interrupt line that carries NMIs, with the flags of the MADT, masked.
fn nmi_entry(flags: LineFlags) -> u32 {
    let flags = flags.as_u16();
    let polarity = if flags & 0b11 == 0b11 { ACTIVE_LOW } else { 0 };
    let trigger = if flags >> 2 & 0b11 == 0b11 { LEVEL } else { 0 };
    NON_MASKABLE << DELIVERY_MODE_SHIFT | polarity | trigger | MASKED
}

/// Reads APIC_BASE, if there is a local APIC.
fn read_base(features: &Features) -> Result<u64, LocalApicError> {
    if !features.has_local_apic {
        return Err(LocalApicError::Absent);
    }
    // SAFETY: A processor with a local APIC has the register.
    Ok(unsafe { model_specific::read(APIC_BASE) })
}

/// Writes APIC_BASE.
fn write_base(value: u64) {
    // SAFETY: The callers keep the address, and change the mode only in the order that the processor allows.
    unsafe { model_specific::write(APIC_BASE, value) };
}

/// Whether the firmware locked x2APIC mode.
fn is_x2apic_locked(features: &Features) -> bool {
    if !features.has_arch_capabilities {
        return false;
    }
    // SAFETY: CPUID reports the register.
    let capabilities = unsafe { model_specific::read(ARCH_CAPABILITIES) };
    if capabilities & HAS_XAPIC_DISABLE_STATUS == 0 {
        return false;
    }
    // SAFETY: The capabilities report the register.
    let status = unsafe { model_specific::read(XAPIC_DISABLE_STATUS) };
    status & XAPIC_IS_DISABLED != 0
}

/// The number of a register in x2APIC mode.
const fn x2apic_register(offset: u16) -> u32 {
    FIRST_X2APIC_REGISTER + offset as u32 / 16
}

/// The lower half of a word.
#[expect(clippy::cast_possible_truncation, reason = "the upper half is to be dropped")]
const fn low_half(word: u64) -> u32 {
    word as u32
}
