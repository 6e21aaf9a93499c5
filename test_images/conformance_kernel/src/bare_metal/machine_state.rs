//! State of a processor at its entry: what the assembly stored, and what compiled code cannot change meanwhile.

use super::entry_registers::{AP_REGISTERS, BSP_REGISTERS, EntryRegisters};
use x86_64::registers::model_specific::Msr;

/// Everything about one processor except its local APIC.
#[derive(Clone, Copy)]
pub(super) struct MachineState {
    /// Stored by the assembly.
    pub(super) registers: EntryRegisters,
    /// Model-specific register EFER.
    pub(super) efer: u64,
    /// Memory types that page table entries choose from.
    pub(super) page_attribute_table: u64,
    /// Base of FS.
    pub(super) fs_base: u64,
    /// Base of GS.
    pub(super) gs_base: u64,
    /// Base that `swapgs` brings in.
    pub(super) kernel_gs_base: u64,
}

impl MachineState {
    /// To be called on the bootstrap processor, before anything else.
    pub(super) fn of_bsp() -> Self {
        Self::with(BSP_REGISTERS.load())
    }

    /// To be called on an application processor, before anything else.
    pub(super) fn of_ap() -> Self {
        Self::with(AP_REGISTERS.load())
    }

    /// Adds the model-specific registers: compiled code writes none of them.
    fn with(registers: EntryRegisters) -> Self {
        Self {
            registers,
            efer: read_msr(0xc000_0080),
            page_attribute_table: read_msr(0x277),
            fs_base: read_msr(0xc000_0100),
            gs_base: read_msr(0xc000_0101),
            kernel_gs_base: read_msr(0xc000_0102),
        }
    }
}

/// Reads a register that every 64-bit processor has.
fn read_msr(number: u32) -> u64 {
    // SAFETY: the callers name architectural registers of every processor in long mode; reading has no effect.
    unsafe { Msr::new(number).read() }
}
