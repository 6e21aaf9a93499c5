//! Software interrupts.

use super::{Case, SURVIVED};
use core::arch::{asm, global_asm};

/// Size of a stub.
const STUB_SIZE: u64 = 4;

pub(super) const CASES: &[Case] = &[Case { name: "int", run: int }];

global_asm!(
    ".balign 4",
    "int_stubs:",
    ".set number, 0",
    ".rept 256",
    ".byte 0xcd, number, 0xc3, 0x90",
    ".set number, number + 1",
    ".endr",
);

unsafe extern "C" {
    /// For each vector, a stub `int VECTOR` and `ret`.
    static int_stubs: u8;
}

/// Raises an interrupt with `int n`.
fn int(vector: u64) -> u64 {
    let stub = (&raw const int_stubs).addr() as u64 + STUB_SIZE * (vector & 0xff);
    // SAFETY: The stub returns, or the kernel kills the program.
    unsafe { asm!("call {}", in(reg) stub, clobber_abi("C")) };
    SURVIVED
}
