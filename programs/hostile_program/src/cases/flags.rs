//! Flags that mean something to the kernel too, while it is called, interrupted, and asked for a page.

use super::{BROKEN, Case, GOOD, SURVIVED, kept};
use core::arch::asm;
use program_runtime::{exists, map};
use syscall_abi::SyscallNumber;

/// Strings go downwards.
const DIRECTION: u64 = 1 << 10;
/// A return leads to another task.
const NESTED_TASK: u64 = 1 << 14;
/// Misaligned accesses fault; for the kernel, SMAP is off.
const ALIGNMENT_CHECK: u64 = 1 << 18;
/// Interrupts come, and the privilege level that may use ports.
const KERNELS: u64 = 1 << 9 | 3 << 12;
/// The kernel's flags as a program has them.
const PROMISED: u64 = 1 << 9;

/// All of the subject.
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

/// Sets flags, calls the kernel, touches a new page, and looks at the flags again.
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
        // What the kernel zeroed with strings going downwards would not be all of the page.
        // SAFETY: The page was mapped, and nobody else knows it.
        let bytes = unsafe { core::slice::from_raw_parts(page, 4096) };
        if bytes.iter().any(|byte| *byte != 0) {
            return BROKEN;
        }
    }
    GOOD
}

/// With a flag set: the call `yield_now`, and a read of a page's byte. Returns the call's status, the flags, and the byte.
fn call_and_touch(flag: u64, page: *mut u8) -> (u64, u64, u64) {
    let (status, flags, byte);
    // SAFETY: The flags are as before when it is over; the page is mapped.
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

/// Tries to switch interrupts off and to get at the ports: the processor ignores it.
fn kernel_flags(_number: u64) -> u64 {
    let flags: u64;
    // SAFETY: Only flags change.
    unsafe {
        asm!(
            "push 0x3002",
            "popfq",
            "pushfq",
            "pop {0}",
            out(reg) flags
        );
    }
    kept(flags & KERNELS == PROMISED && exists(0).is_some())
}

/// Makes a case of instructions around a call that does nothing.
macro_rules! calls {
    ($($(#[$what:meta])* $name:ident: $($text:literal),+;)*) => {$(
        $(#[$what])*
        fn $name(_number: u64) -> u64 {
            // SAFETY: A call that does nothing, and a stack segment that stays the program's.
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
    /// A single step over a call.
    step_over_syscall: "pushfq", "or qword ptr [rsp], 0x100", "popfq", "syscall", "nop", "nop";
    /// A load of SS, behind which interrupts and steps wait for an instruction: here, for one of the kernel's.
    stack_segment_and_syscall: "mov ss, edx", "syscall", "nop";
    /// The same in a single step.
    stack_segment_step_and_syscall:
        "pushfq", "or qword ptr [rsp], 0x100", "popfq", "mov ss, edx", "syscall", "nop", "nop";
    /// The same with a breakpoint.
    stack_segment_and_breakpoint: "mov ss, edx", "int3", "nop";
    /// The same with a breakpoint in a single step.
    stack_segment_step_and_breakpoint:
        "pushfq", "or qword ptr [rsp], 0x100", "popfq", "mov ss, edx", "int3", "nop", "nop";
}
