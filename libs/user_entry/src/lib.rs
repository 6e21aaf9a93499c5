//! How a processor may be sent into user mode: by which instruction, and with which flags.
//!
//! What a program left in its registers is a claim. Both ways in have a trap: an Intel processor that is told by `sysretq` to
//! go on at an address that is not canonical faults *in the kernel*, with the program's stack pointer (Intel SDM vol. 2,
//! SYSRET), and flags decide about ports, interrupts and virtual 8086 mode.
#![no_std]
#![forbid(unsafe_code)]

use elf_load_plan::PROGRAM_END;
use x86_64::registers::rflags::RFlags;

/// The first address behind the lower half.
const LOWER_HALF_END: u64 = 1 << 47;

/// Bit 1 of the flags is always set.
const ALWAYS_SET: u64 = 1 << 1;

/// The flags that a program sets as it likes. Of the others, interrupts are on, and no program has access to ports (IOPL) or
/// to the virtual 8086 mode.
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

/// What a system call switches off when it enters the kernel (`IA32_FMASK`, Intel SDM vol. 3, section 5.8.8): every flag that
/// is not read-only or the result of arithmetic, so that interrupts are off, strings go upwards, nothing is stepped through,
/// and SMAP holds.
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

/// The instruction by which user mode is entered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EntryInstruction {
    /// `sysretq`: fast, and takes two registers.
    Sysretq,
    /// `iretq`: restores all registers.
    Iretq,
}

/// How a program goes on at `rip`, by the faster way if it made a system call. `None` if nothing can go on there.
///
/// An address at which no program can be, though it is canonical, is one for `iretq`: the program faults in its own right.
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

/// The flags with which a program goes on that had, or wants, these.
#[inline]
#[must_use]
pub const fn user_flags(rflags: u64) -> u64 {
    (rflags & OWN_FLAGS) | RFlags::INTERRUPT_FLAG.bits() | ALWAYS_SET
}
