//! Sets up a processor's registers for running programs.

use super::enter_user_mode::raw_syscall_handler_address;
use crate::cpu::gdt::{KERNEL_CODE, KERNEL_DATA};
use core::arch::asm;
use user_entry::MASKED_BY_SYSCALL;
use x86_64::registers::{
    control::{Cr0, Cr0Flags, Cr4, Cr4Flags, Efer, EferFlags},
    model_specific::Msr,
};

/// Register with the code segment of `sysenter` (Intel SDM vol. 4, table 2-2). With 0, `sysenter` faults.
const SYSENTER_CS: u32 = 0x174;

/// Register with the segments of `syscall` and `sysret` (Intel SDM vol. 3, section 5.8.8, as the next two).
const STAR: u32 = 0xc000_0081;

/// Register with the target of `syscall`.
const LSTAR: u32 = 0xc000_0082;

/// Register with the flags that `syscall` clears.
const FMASK: u32 = 0xc000_0084;

/// Register with the base of FS.
const FS_BASE: u32 = 0xc000_0100;

/// Register with the base of GS after `swapgs`: the program's.
const KERNEL_GS_BASE: u32 = 0xc000_0102;

/// Value of [`STAR`]. Bit 32: selector of kernel code, which kernel data follows. Bit 48: selector that user data and user code
/// follow, with privilege level 3.
const SEGMENTS: u64 = (KERNEL_CODE as u64) << 32 | (KERNEL_DATA as u64 | 3) << 48;

/// Flags that programs need: the x87 reports errors by exception 16.
const CR0_ON: Cr0Flags = Cr0Flags::MONITOR_COPROCESSOR.union(Cr0Flags::NUMERIC_ERROR);

/// Flags that programs must not have: they make x87 and SSE instructions fault.
const CR0_OFF: Cr0Flags = Cr0Flags::EMULATE_COPROCESSOR.union(Cr0Flags::TASK_SWITCHED);

/// Flags that programs need: SSE.
const CR4_ON: Cr4Flags = Cr4Flags::OSFXSR.union(Cr4Flags::OSXMMEXCPT_ENABLE);

/// Flags that programs must not have: registers that the kernel does not save (XSAVE, protection keys), instructions that set
/// segment bases (the kernel recognises its own GS by the base), performance counters, and virtual interrupt flags.
const CR4_OFF: Cr4Flags = Cr4Flags::OSXSAVE
    .union(Cr4Flags::PROTECTION_KEY_USER)
    .union(Cr4Flags::FSGSBASE)
    .union(Cr4Flags::PERFORMANCE_MONITOR_COUNTER)
    .union(Cr4Flags::VIRTUAL_8086_MODE_EXTENSIONS)
    .union(Cr4Flags::PROTECTED_MODE_VIRTUAL_INTERRUPTS);

/// Prepares this processor for running programs. Its GDT must be loaded.
pub fn set_up_this_cpu() {
    // SAFETY: The kernel's code does not depend on these flags.
    unsafe { Cr0::update(|flags| *flags = (*flags | CR0_ON) - CR0_OFF) };
    // SAFETY: Every 64-bit processor has SSE and FXSAVE. The kernel does not use the features that are switched off.
    unsafe { Cr4::update(|flags| *flags = (*flags | CR4_ON) - CR4_OFF) };
    for (register, value) in [
        (STAR, SEGMENTS),
        (LSTAR, raw_syscall_handler_address()),
        (FMASK, MASKED_BY_SYSCALL),
        (SYSENTER_CS, 0),
        // Programs cannot set these, but firmware may have.
        (FS_BASE, 0),
        (KERNEL_GS_BASE, 0),
    ] {
        // SAFETY: Every 64-bit processor has these registers. The segments are those of the GDT, and the handler expects the
        // registers as `syscall` leaves them. The kernel uses neither FS nor the GS base after `swapgs`.
        unsafe { Msr::new(register).write(value) };
    }
    // SAFETY: All registers that `syscall` uses are set.
    unsafe { Efer::update(|flags| flags.insert(EferFlags::SYSTEM_CALL_EXTENSIONS)) };
}

/// Sets the segment registers that a program can change to 0, so that the next program does not see them.
pub(super) fn empty_segment_registers() {
    // SAFETY: In 64-bit mode the kernel uses none of these segments except GS, whose base is the program's while GS is swapped.
    // Interrupts are off, and NMI and exception handlers check the base of GS.
    unsafe {
        asm!(
            "mov ds, {zero:e}",
            "mov es, {zero:e}",
            "mov fs, {zero:e}",
            "swapgs",
            "mov gs, {zero:e}",
            "swapgs",
            zero = in(reg) 0_u32,
            options(nomem, nostack, preserves_flags)
        );
    }
}
