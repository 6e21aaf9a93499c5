//! What a processor has to be told before it can run programs.

use super::enter_user_mode::raw_syscall_handler_address;
use crate::cpu::gdt::{KERNEL_CODE, KERNEL_DATA};
use core::arch::asm;
use user_entry::MASKED_BY_SYSCALL;
use x86_64::registers::{
    control::{Cr0, Cr0Flags, Cr4, Cr4Flags, Efer, EferFlags},
    model_specific::Msr,
};

/// The code segment that `sysenter` enters the kernel by (Intel SDM vol. 4, table 2-2). With 0, it faults.
const SYSENTER_CS: u32 = 0x174;

/// The segments of `syscall` and `sysret` (Intel SDM vol. 3, section 5.8.8; so for the next two).
const STAR: u32 = 0xc000_0081;

/// Where `syscall` leads.
const LSTAR: u32 = 0xc000_0082;

/// The flags that `syscall` switches off.
const FMASK: u32 = 0xc000_0084;

/// Where FS begins.
const FS_BASE: u32 = 0xc000_0100;

/// Where GS begins after `swapgs`: the program's.
const KERNEL_GS_BASE: u32 = 0xc000_0102;

/// In [`STAR`]: kernel code, with kernel data behind it, at bit 32; at bit 48 the selector behind which user data and user code
/// lie, with privilege level 3.
const SEGMENTS: u64 = (KERNEL_CODE as u64) << 32 | (KERNEL_DATA as u64 | 3) << 48;

/// What programs need: x87 with exceptions of its own, and none of the old ways to switch its state late.
const CR0_ON: Cr0Flags = Cr0Flags::MONITOR_COPROCESSOR.union(Cr0Flags::NUMERIC_ERROR);

/// See [`CR0_ON`].
const CR0_OFF: Cr0Flags = Cr0Flags::EMULATE_COPROCESSOR.union(Cr0Flags::TASK_SWITCHED);

/// What programs need: SSE.
const CR4_ON: Cr4Flags = Cr4Flags::OSFXSR.union(Cr4Flags::OSXMMEXCPT_ENABLE);

/// What programs may not have: registers that nobody saves for them (XSAVE, protection keys), bases of segments (the kernel
/// tells its own GS from theirs by the base), counters, and flags of virtual 8086 mode in the place of real ones.
const CR4_OFF: Cr4Flags = Cr4Flags::OSXSAVE
    .union(Cr4Flags::PROTECTION_KEY_USER)
    .union(Cr4Flags::FSGSBASE)
    .union(Cr4Flags::PERFORMANCE_MONITOR_COUNTER)
    .union(Cr4Flags::VIRTUAL_8086_MODE_EXTENSIONS)
    .union(Cr4Flags::PROTECTED_MODE_VIRTUAL_INTERRUPTS);

/// Lets the processor that this runs on run programs. Its segments must be loaded.
pub fn set_up_this_cpu() {
    // SAFETY: The kernel's code has no use for any of it.
    unsafe { Cr0::update(|flags| *flags = (*flags | CR0_ON) - CR0_OFF) };
    // SAFETY: Every 64-bit processor has SSE and FXSAVE; the rest is switched off, and the kernel has no use for it.
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
        // SAFETY: Every 64-bit processor has these registers. The segments are those of the GDT, and the handler expects what
        // `syscall` leaves behind. The kernel uses neither FS nor what GS is after `swapgs`.
        unsafe { Msr::new(register).write(value) };
    }
    // SAFETY: All that `syscall` uses has been set.
    unsafe { Efer::update(|flags| flags.insert(EferFlags::SYSTEM_CALL_EXTENSIONS)) };
}

/// Empties the segment registers that a program can set, for the next one.
pub(super) fn empty_segment_registers() {
    // SAFETY: In 64-bit mode nothing is reached through them but GS, whose base belongs to the program while GS is swapped;
    // interrupts are off, and what comes in nevertheless looks at the base.
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
