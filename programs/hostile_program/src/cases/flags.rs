//! CPU flags that also affect the kernel, set during system calls, interrupts and page faults.

use super::{BROKEN, Case, GOOD, SURVIVED, kept};
use core::arch::asm;
use program_runtime::{exists, map};
use syscall_abi::SyscallNumber;

/// String instructions move downwards.
const DIRECTION: u64 = 1 << 10;
/// `iret` switches to another task.
const NESTED_TASK: u64 = 1 << 14;
/// Misaligned accesses fault; in the kernel, it suspends SMAP.
const ALIGNMENT_CHECK: u64 = 1 << 18;
/// Flags that only the kernel may change: the interrupt flag and the I/O privilege level.
const KERNEL_FLAGS: u64 = 1 << 9 | 3 << 12;
/// Values of these flags in a program.
const KERNEL_FLAGS_IN_PROGRAM: u64 = 1 << 9;

pub(super) const CASES: &[Case] = &[
    Case {
        name: "odd_flags",
        run: odd_flags,
    },
    Case {
        name: "kernel_flags",
        run: kernel_flags,
    },
    Case {
        name: "step_over_syscall",
        run: step_over_syscall,
    },
    Case {
        name: "stack_segment_and_syscall",
        run: stack_segment_and_syscall,
    },
    Case {
        name: "stack_segment_step_and_syscall",
        run: stack_segment_step_and_syscall,
    },
    Case {
        name: "stack_segment_and_breakpoint",
        run: stack_segment_and_breakpoint,
    },
    Case {
        name: "stack_segment_step_and_breakpoint",
        run: stack_segment_step_and_breakpoint,
    },
];

/// Sets flags, makes a system call, touches a new page, and checks the flags.
fn odd_flags(_number: u64) -> u64 {
    for flag in [
        DIRECTION,
        NESTED_TASK,
        ALIGNMENT_CHECK,
        DIRECTION | NESTED_TASK | ALIGNMENT_CHECK,
    ] {
        let Ok(page) = map(4096) else { return BROKEN };
        let (status, flags, byte) = call_and_touch(flag, page);
        if status != 0 || flags & flag != flag || byte != 0 {
            return BROKEN;
        }
        // If the kernel zeroed the page with the direction flag set, a part of the page is not zero.
        // SAFETY: The page was mapped, and no other reference to it exists.
        let bytes = unsafe { core::slice::from_raw_parts(page, 4096) };
        if bytes.iter().any(|byte| *byte != 0) {
            return BROKEN;
        }
    }
    GOOD
}

/// Sets a flag, calls `yield_now`, and reads a byte of the page. Returns the call's status, the flags, and the byte.
fn call_and_touch(flag: u64, page: *mut u8) -> (u64, u64, u64) {
    let (status, flags, byte);
    // SAFETY: The code restores the flags; the page is mapped.
    unsafe {
        asm!(
            "pushfq",
            "or [rsp], {flag}",
            "popfq",
            "syscall",
            "movzx {byte:e}, byte ptr [{page}]",
            "pushfq",
            "pop {flags}",
            "push 0x202",
            "popfq",
            flag = in(reg) flag,
            page = in(reg) page,
            byte = out(reg) byte,
            flags = out(reg) flags,
            inout("rax") u64::from(SyscallNumber::YieldNow) => status,
            out("rcx") _,
            out("r11") _,
        );
    }
    (status, flags, byte)
}

/// Tries to disable interrupts and to allow port access: the processor ignores both.
fn kernel_flags(_number: u64) -> u64 {
    let flags: u64;
    // SAFETY: The code only changes flags.
    unsafe {
        asm!(
            "push 0x3002",
            "popfq",
            "pushfq",
            "pop {0}",
            out(reg) flags
        );
    }
    kept(flags & KERNEL_FLAGS == KERNEL_FLAGS_IN_PROGRAM && exists(0).is_some())
}

/// Makes cases from instructions that include a system call without effect.
macro_rules! calls {
    ($($(#[$what:meta])* $name:ident: $($text:literal),+;)*) => {$(
        $(#[$what])*
        fn $name(_number: u64) -> u64 {
            // SAFETY: The call has no effect, and SS keeps the program's stack segment.
            unsafe {
                asm!(
                    $($text),+,
                    inout("rax") u64::from(SyscallNumber::YieldNow) => _,
                    in("edx") 0x1b,
                    out("rcx") _,
                    out("r11") _
                );
            }
            SURVIVED
        }
    )*};
}

calls! {
    /// Single-steps over a system call.
    step_over_syscall: "pushfq", "or qword ptr [rsp], 0x100", "popfq", "syscall", "nop", "nop";
    /// Loads SS, which delays interrupts and steps by one instruction: here until after the kernel's first.
    stack_segment_and_syscall: "mov ss, edx", "syscall", "nop";
    /// Adds a single step to that.
    stack_segment_step_and_syscall:
        "pushfq", "or qword ptr [rsp], 0x100", "popfq", "mov ss, edx", "syscall", "nop", "nop";
    /// Loads SS before a breakpoint.
    stack_segment_and_breakpoint: "mov ss, edx", "int3", "nop";
    /// Adds a single step to that.
    stack_segment_step_and_breakpoint:
        "pushfq", "or qword ptr [rsp], 0x100", "popfq", "mov ss, edx", "int3", "nop", "nop";
}
