//! Calls and interrupts with any stack pointer, and at the end of all that a program can have.

use super::{BROKEN, Case, GOOD, SURVIVED};
use core::arch::{asm, global_asm};
use program_runtime::now;
use syscall_abi::SyscallNumber;

/// Where nothing can be pushed: nowhere, misaligned, where no address is, the kernel's, the last byte.
const STACK_POINTERS: [u64; 8] = [
    0,
    1,
    END,
    0x8000_0000_0000,
    0xffff_7fff_ffff_fff8,
    0xffff_8000_0000_0000,
    0xffff_ffff_8000_1000,
    u64::MAX,
];

/// The address behind the last that a program can have.
const END: u64 = 0x7fff_ffff_f000;

/// Where the last two bytes before it are a call.
const LAST_CALL: u64 = END - 2;

/// Where the byte before those is a breakpoint.
const LAST_BREAKPOINT: u64 = END - 3;

/// How long a program spins to be interrupted: three ticks of a hundredth of a second.
const SPIN_NS: u64 = 30_000_000;

/// All of the subject.
pub(super) const CASES: &[Case] = &[
    Case {
        name: "call_with_any_stack",
        run: call_with_any_stack,
    },
    Case {
        name: "tick_with_any_stack",
        run: tick_with_any_stack,
    },
    Case {
        name: "call_at_the_end",
        run: call_at_the_end,
    },
    Case {
        name: "step_off_the_end",
        run: step_off_the_end,
    },
    Case {
        name: "breakpoint_at_the_end",
        run: breakpoint_at_the_end,
    },
];

global_asm!(
    ".section .last_page, \"ax\", @progbits",
    ".fill 0xffd, 1, 0x90",
    // The last three bytes of the last page: `int3`, and a call whose next instruction is on the page that nobody gets.
    "int3",
    "syscall",
    ".text",
);

/// Calls the kernel with each stack pointer. The kernel does not use it, and leaves it as it is.
fn call_with_any_stack(_number: u64) -> u64 {
    for pointer in STACK_POINTERS {
        let (status, after): (u64, u64);
        // SAFETY: Nothing is pushed or popped meanwhile, and the stack pointer is as before when it is over.
        unsafe {
            asm!(
                "mov {kept}, rsp",
                "mov rsp, {pointer}",
                "syscall",
                "mov {after}, rsp",
                "mov rsp, {kept}",
                kept = out(reg) _,
                pointer = in(reg) pointer,
                after = lateout(reg) after,
                inout("rax") u64::from(SyscallNumber::YieldNow) => status,
                out("rcx") _,
                out("r11") _,
            );
        }
        if status != 0 || after != pointer {
            return BROKEN;
        }
    }
    GOOD
}

/// Spins with each stack pointer until the timer has interrupted it.
fn tick_with_any_stack(_number: u64) -> u64 {
    for pointer in STACK_POINTERS {
        let Ok(start) = now() else { return BROKEN };
        let mut rounds = 0;
        while now().is_ok_and(|now| now < start + SPIN_NS) && rounds < 100_000 {
            spin_with_stack(pointer);
            rounds += 1;
        }
    }
    GOOD
}

/// Counts down with a stack pointer.
fn spin_with_stack(pointer: u64) {
    // SAFETY: Nothing is pushed or popped meanwhile, and the stack pointer is as before when it is over.
    unsafe {
        asm!(
            "mov {kept}, rsp",
            "mov rsp, {pointer}",
            "2:",
            "dec {count}",
            "jnz 2b",
            "mov rsp, {kept}",
            kept = out(reg) _,
            pointer = in(reg) pointer,
            count = inout(reg) 100_000_u64 => _,
        );
    }
}

/// Calls the kernel with the last two bytes that a program can have: the kernel must not go back by `sysret`.
fn call_at_the_end(_number: u64) -> u64 {
    // SAFETY: The call does nothing; behind it is the program's end.
    unsafe { asm!("jmp {}", in(reg) LAST_CALL, in("rax") u64::from(SyscallNumber::YieldNow), options(noreturn)) };
}

/// Runs over the end without a call.
fn step_off_the_end(_number: u64) -> u64 {
    // SAFETY: It is the program's end.
    unsafe { asm!("call {}", in(reg) END, clobber_abi("C")) };
    SURVIVED
}

/// Breaks there.
fn breakpoint_at_the_end(_number: u64) -> u64 {
    // SAFETY: It is the program's end.
    unsafe { asm!("call {}", in(reg) LAST_BREAKPOINT, clobber_abi("C")) };
    SURVIVED
}
