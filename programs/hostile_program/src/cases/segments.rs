//! Segment selectors: the program's, the kernel's, and invalid ones.

use super::{BROKEN, Case, GOOD, SURVIVED, fatal_instructions, kept};
use core::arch::asm;
use program_runtime::exists;

/// Cases of instructions only.
pub(super) const INSTRUCTIONS: &[Case] = &fatal_instructions! {
    kernel_data_in_ds: "mov eax, 0x10", "mov ds, ax";
    kernel_data_in_ss: "mov eax, 0x10", "mov ss, ax";
    kernel_code_in_es: "mov eax, 0x08", "mov es, ax";
    task_state_in_fs: "mov eax, 0x28", "mov fs, ax";
    task_state_in_gs: "mov eax, 0x2b", "mov gs, ax";
    nothing_in_ss: "xor eax, eax", "mov ss, ax";
    nothing_with_privilege_3_in_ss: "mov eax, 3", "mov ss, ax";
    selector_beyond_the_table: "mov eax, 0xfffb", "mov ds, ax";
    local_table: "mov eax, 0x0f", "mov ds, ax";
    far_call_to_kernel: "mov rax, 0x0000000800000000", "push rax", "call fword ptr [rsp]";
    interrupt_return_to_kernel: "mov rax, rsp", "push 0x10", "push rax", "push 2", "push 0x08", "push 0", "iretq";
};

/// Other cases.
pub(super) const CASES: &[Case] = &[
    Case {
        name: "odd_selectors",
        run: odd_selectors,
    },
    Case {
        name: "far_return",
        run: far_return,
    },
    Case {
        name: "interrupt_return",
        run: interrupt_return,
    },
];

/// Selectors that a program may load: null with any privilege level, and its own data segment.
const ALLOWED: [u16; 5] = [0, 1, 2, 3, 0x1b];

/// Makes a system call, and is interrupted, with each of these selectors in the data segment registers.
fn odd_selectors(_number: u64) -> u64 {
    for selector in ALLOWED {
        // SAFETY: In 64-bit mode, only FS and GS affect addresses, and this program uses neither.
        unsafe {
            asm!(
                "mov ds, {0:e}",
                "mov es, {0:e}",
                "mov fs, {0:e}",
                "mov gs, {0:e}",
                in(reg) u32::from(selector)
            );
        }
        if exists(0).is_none() || selectors() != [selector; 4] {
            return BROKEN;
        }
    }
    GOOD
}

/// Returns ds, es, fs, gs.
fn selectors() -> [u16; 4] {
    let (ds, es, fs, gs): (u16, u16, u16, u16);
    // SAFETY: The code only reads registers.
    unsafe {
        asm!(
            "mov {0:x}, ds",
            "mov {1:x}, es",
            "mov {2:x}, fs",
            "mov {3:x}, gs",
            out(reg) ds,
            out(reg) es,
            out(reg) fs,
            out(reg) gs
        );
    }
    [ds, es, fs, gs]
}

/// Makes a far return to a code segment: the program's, the kernel's, or a 32-bit one.
fn far_return(selector: u64) -> u64 {
    // SAFETY: With the program's own segment, execution continues after the return; else the kernel kills the program.
    unsafe {
        asm!(
            "push {0}",
            "lea {0}, [rip + 2f]",
            "push {0}",
            "retfq",
            "2:",
            inout(reg) selector => _
        );
    }
    SURVIVED
}

/// Executes `iretq` with flags that a program may not set: the kernel's values must stay.
fn interrupt_return(_number: u64) -> u64 {
    /// IOPL 3, NT off, IF off, bit 1.
    const WANTED: u64 = 0x3002;
    /// IOPL and IF.
    const KERNEL_FLAGS: u64 = 0x3200;
    /// IF on, IOPL 0.
    const KERNEL_FLAGS_IN_PROGRAM: u64 = 0x200;
    let flags: u64;
    // SAFETY: The code restores the stack.
    unsafe {
        asm!(
            "mov {0}, rsp",
            "push 0x1b",
            "push {0}",
            "push {wanted}",
            "push 0x23",
            "lea {0}, [rip + 2f]",
            "push {0}",
            "iretq",
            "2:",
            "pushfq",
            "pop {0}",
            out(reg) flags,
            wanted = const WANTED
        );
    }
    kept(flags & KERNEL_FLAGS == KERNEL_FLAGS_IN_PROGRAM)
}
