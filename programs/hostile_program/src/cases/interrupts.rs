//! Interrupts by instruction.

use super::{Case, SURVIVED};
use core::arch::{asm, global_asm};

/// Bytes of a stub.
const STUB_SIZE: u64 = 4;

/// All of the subject.
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
    /// For each vector, `int VECTOR` and `ret`.
    static int_stubs: u8;
}

/// `int n`.
fn int(vector: u64) -> u64 {
    let stub = (&raw const int_stubs).addr() as u64 + STUB_SIZE * (vector & 0xff);
    // SAFETY: The stub returns, if it is not the program's end.
    unsafe { asm!("call {}", in(reg) stub, clobber_abi("C")) };
    SURVIVED
}
