//! System calls and interrupts with invalid stack pointers, and code at the end of the lower half.

use super::{BROKEN, Case, GOOD, SURVIVED};
use core::arch::{asm, global_asm};
use program_runtime::now;
use syscall_abi::SyscallNumber;

/// Stack pointers that allow no push: unmapped, misaligned, non-canonical, the kernel's, the last byte.
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

/// End of the programs' address range.
const END: u64 = 0x7fff_ffff_f000;

/// Address of the `syscall` in the last two bytes before [`END`].
const LAST_CALL: u64 = END - 2;

/// Address of the `int3` before that.
const LAST_BREAKPOINT: u64 = END - 3;

/// Time to spin for an interrupt: three timer ticks of 10 ms.
const SPIN_NS: u64 = 30_000_000;

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
    // The last three bytes of the last page: `int3`, and `syscall`, whose next instruction would be on the page that no
    // program gets.
    "int3",
    "syscall",
    ".text",
);

/// Makes system calls with each stack pointer. The kernel must neither use nor change it.
fn call_with_any_stack(_number: u64) -> u64 {
    for pointer in STACK_POINTERS {
        let (status, after): (u64, u64);
        // SAFETY: The code pushes and pops nothing, and restores the stack pointer.
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

/// Spins with each stack pointer until timer interrupts have arrived.
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

/// Counts down with the given stack pointer.
fn spin_with_stack(pointer: u64) {
    // SAFETY: The code pushes and pops nothing, and restores the stack pointer.
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

/// Executes `syscall` in the last two bytes of the lower half: the kernel must not return with `sysret`.
fn call_at_the_end(_number: u64) -> u64 {
    // SAFETY: The call has no effect, and the kernel kills the program after it.
    unsafe { asm!("jmp {}", in(reg) LAST_CALL, in("rax") u64::from(SyscallNumber::YieldNow), options(noreturn)) };
}

/// Executes past the end of the lower half.
fn step_off_the_end(_number: u64) -> u64 {
    // SAFETY: The kernel kills the program.
    unsafe { asm!("call {}", in(reg) END, clobber_abi("C")) };
    SURVIVED
}

/// Executes the breakpoint at the end of the lower half.
fn breakpoint_at_the_end(_number: u64) -> u64 {
    // SAFETY: The kernel kills the program.
    unsafe { asm!("call {}", in(reg) LAST_BREAKPOINT, clobber_abi("C")) };
    SURVIVED
}
