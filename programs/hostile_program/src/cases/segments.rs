//! Segments: a program's own, the kernel's, and none.

use super::{BROKEN, Case, GOOD, SURVIVED, fatal_instructions, kept};
use core::arch::asm;
use program_runtime::exists;

/// Those that are nothing but instructions.
pub(super) const INSTRUCTIONS: &[Case] = &fatal_instructions! {
    kernel_data_in_ds: "mov eax, 0x10", "mov ds, ax";
    kernel_data_in_ss: "mov eax, 0x10", "mov ss, ax";
    kernel_code_in_es: "mov eax, 0x08", "mov es, ax";
    task_state_in_fs: "mov eax, 0x28", "mov fs, ax";
    task_state_in_gs: "mov eax, 0x2b", "mov gs, ax";
    nothing_in_ss: "xor eax, eax", "mov ss, ax";
    nothing_with_privilege_3_in_ss: "mov eax, 3", "mov ss, ax";
    behind_the_table: "mov eax, 0xfffb", "mov ds, ax";
    local_table: "mov eax, 0x0f", "mov ds, ax";
    far_call_to_kernel: "mov rax, 0x0000000800000000", "push rax", "call fword ptr [rsp]";
    interrupt_return_to_kernel: "mov rax, rsp", "push 0x10", "push rax", "push 2", "push 0x08", "push 0", "iretq";
};

/// The rest.
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

/// Selectors that a program may load: null, whatever its lower bits, and its own data.
const ALLOWED: [u16; 5] = [0, 1, 2, 3, 0x1b];

/// Calls the kernel, and is interrupted, with any of them in any register.
fn odd_selectors(_number: u64) -> u64 {
    for selector in ALLOWED {
        // SAFETY: In 64-bit mode nothing is reached through them, but for the bases of FS and GS, which nobody uses.
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

/// ds, es, fs, gs.
fn selectors() -> [u16; 4] {
    let (ds, es, fs, gs): (u16, u16, u16, u16);
    // SAFETY: It reads registers.
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

/// A far return to a code segment: its own, or one with more privilege or fewer bits.
fn far_return(selector: u64) -> u64 {
    // SAFETY: With its own segment, it goes on behind the return; else it is the program's end.
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

/// A return to itself, with flags that no program has: they stay as the kernel wants them.
fn interrupt_return(_number: u64) -> u64 {
    /// IOPL 3, NT off, IF off, bit 1.
    const WANTED: u64 = 0x3002;
    /// IOPL and IF.
    const KERNELS: u64 = 0x3200;
    /// IF on, IOPL 0.
    const PROMISED: u64 = 0x200;
    let flags: u64;
    // SAFETY: The stack is as before when it is over.
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
    kept(flags & KERNELS == PROMISED)
}
