//! Accesses to unmapped or protected memory.

use super::{BROKEN, Case, SURVIVED, fatal_instructions};
use core::{arch::asm, hint::black_box, ptr};
use program_runtime::map;

/// The instruction `ret`.
const RET: u8 = 0xc3;

/// Read-only data.
static CONSTANT: [u8; 16] = [RET; 16];

/// Cases of instructions only.
pub(super) const INSTRUCTIONS: &[Case] = &fatal_instructions! {
    execute_stack: "mov byte ptr [rsp - 8], 0xc3", "lea rax, [rsp - 8]", "call rax";
    push_below_stack: "mov rax, rsp", "sub rsp, 0x80000", "push rax", "mov rsp, rax";
    push_far_below_stack: "mov rax, rsp", "sub rsp, 0x10000000", "push rax", "mov rsp, rax";
    write_own_code: "lea rax, [rip]", "mov byte ptr [rax], 0x90";
    atomic_write_own_code: "lea rax, [rip]", "lock inc byte ptr [rax]";
    string_into_kernel: "mov rdi, 0xffffffff80000000", "mov ecx, 8", "rep stosb";
    string_out_of_kernel: "mov rsi, 0xffff800000100000", "mov ecx, 8", "sub rsp, 128", "mov rdi, rsp", "rep movsb", "add rsp, 128";
    string_over_the_end: "mov rsi, 0x7fffffffeff8", "mov ecx, 16", "rep lodsb";
    vector_out_of_kernel: "mov rax, 0xffffffff80000000", "movups xmm0, [rax]";
    save_into_kernel: "mov rax, 0xffff800000100000", "fxsave [rax]";
    compare_in_kernel: "mov rsi, 0xffffffff80000000", "xor eax, eax", "cmpxchg16b [rsi]";
};

/// Other cases. The number of the first three is an address.
pub(super) const CASES: &[Case] = &[
    Case {
        name: "read",
        run: read,
    },
    Case {
        name: "write",
        run: write,
    },
    Case {
        name: "jump",
        run: jump,
    },
    Case {
        name: "write_constant",
        run: write_constant,
    },
    Case {
        name: "execute_data",
        run: execute_data,
    },
    Case {
        name: "execute_mapped",
        run: execute_mapped,
    },
    Case {
        name: "overflow_stack",
        run: overflow_stack,
    },
];

/// Reads a byte at any address.
fn read(address: u64) -> u64 {
    // SAFETY: The code only reads, or the kernel kills the program.
    unsafe { asm!("mov al, [{}]", in(reg) address, out("al") _, options(nostack, readonly)) };
    SURVIVED
}

/// Writes a byte at any address.
fn write(address: u64) -> u64 {
    // SAFETY: The tests only name addresses that are not the program's.
    unsafe { asm!("mov byte ptr [{}], 0x90", in(reg) address, options(nostack)) };
    SURVIVED
}

/// Jumps to any address.
fn jump(address: u64) -> u64 {
    // SAFETY: The tests only name addresses that are not the program's.
    unsafe { asm!("call {}", in(reg) address, clobber_abi("C")) };
    SURVIVED
}

/// Writes to read-only data.
fn write_constant(_number: u64) -> u64 {
    write((&raw const CONSTANT).addr() as u64)
}

/// Executes writable data.
fn execute_data(_number: u64) -> u64 {
    static CODE: core::sync::atomic::AtomicU8 = core::sync::atomic::AtomicU8::new(RET);
    jump(CODE.as_ptr().addr() as u64)
}

/// Executes memory from `map`.
fn execute_mapped(_number: u64) -> u64 {
    let Ok(page) = map(4096) else { return BROKEN };
    // SAFETY: The page was just mapped.
    unsafe { ptr::write_volatile(page, RET) };
    jump(page.addr() as u64)
}

/// Recurses until the stack overflows.
#[expect(unconditional_recursion, reason = "the stack must overflow")]
fn overflow_stack(depth: u64) -> u64 {
    let room = black_box([depth; 64]);
    overflow_stack(depth + 1) + room[0]
}
