//! Chooses the instruction and the flags for an entry into user mode.
//!
//! A program's registers are untrusted. `sysretq` to a non-canonical address faults *in the kernel* on Intel processors, with the
//! program's stack pointer (Intel SDM vol. 2, SYSRET). Flags control access to ports, interrupts and virtual 8086 mode.
#![no_std]
#![forbid(unsafe_code)]

use elf_load_plan::PROGRAM_END;
use x86_64::registers::rflags::RFlags;

/// End of the lower half (exclusive).
const LOWER_HALF_END: u64 = 1 << 47;

/// Bit 1 of the flags, which is always set.
const ALWAYS_SET: u64 = 1 << 1;

/// Flags that a program may set freely. Of the others, the interrupt flag is always set; IOPL and virtual 8086 mode are always clear.
const OWN_FLAGS: u64 = RFlags::CARRY_FLAG
    .union(RFlags::PARITY_FLAG)
    .union(RFlags::AUXILIARY_CARRY_FLAG)
    .union(RFlags::ZERO_FLAG)
    .union(RFlags::SIGN_FLAG)
    .union(RFlags::TRAP_FLAG)
    .union(RFlags::DIRECTION_FLAG)
    .union(RFlags::OVERFLOW_FLAG)
    .union(RFlags::NESTED_TASK)
    .union(RFlags::RESUME_FLAG)
    .union(RFlags::ALIGNMENT_CHECK)
    .union(RFlags::ID)
    .bits();

/// Flags that `syscall` clears at the entry into the kernel (`IA32_FMASK`, Intel SDM vol. 3, section 5.8.8): all but the read-only and
/// the arithmetic ones. So interrupts are off, string instructions go upwards, single-stepping is off, and SMAP is effective.
pub const MASKED_BY_SYSCALL: u64 = RFlags::TRAP_FLAG
    .union(RFlags::INTERRUPT_FLAG)
    .union(RFlags::DIRECTION_FLAG)
    .union(RFlags::IOPL_LOW)
    .union(RFlags::IOPL_HIGH)
    .union(RFlags::NESTED_TASK)
    .union(RFlags::RESUME_FLAG)
    .union(RFlags::ALIGNMENT_CHECK)
    .union(RFlags::ID)
    .bits();

/// The instruction that enters user mode.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EntryInstruction {
    /// `sysretq`: fast, but overwrites `rcx` and `r11`.
    Sysretq,
    /// `iretq`: restores all registers.
    Iretq,
}

/// Returns the instruction that continues a program at `rip`: `sysretq` after a system call, else `iretq`. `None` if `rip` is not in the
/// lower half.
///
/// In the last page of the lower half, where no program is mapped, it is always `iretq`: the program then faults in user mode.
#[inline]
#[must_use]
pub const fn entry_instruction(rip: u64, after_system_call: bool) -> Option<EntryInstruction> {
    if rip < PROGRAM_END {
        Some(if after_system_call {
            EntryInstruction::Sysretq
        } else {
            EntryInstruction::Iretq
        })
    } else if rip < LOWER_HALF_END {
        Some(EntryInstruction::Iretq)
    } else {
        None
    }
}

/// Returns the flags with which a program continues, given those that it had or requests.
#[inline]
#[must_use]
pub const fn user_flags(rflags: u64) -> u64 {
    (rflags & OWN_FLAGS) | RFlags::INTERRUPT_FLAG.bits() | ALWAYS_SET
}
