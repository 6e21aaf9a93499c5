//! The instruction.

use core::arch::asm;

/// Calls the kernel. The registers are `rdi`, `rsi`, `rdx`, `r10`, `r8`, `r9`, `rax`, before and after; `syscall_abi` says what they
/// mean.
///
/// # Safety
///
/// The kernel does what it is asked for: memory that is unmapped is gone.
#[inline]
pub unsafe fn syscall(registers: &mut [u64; 7]) {
    let [rdi, rsi, rdx, r10, r8, r9, rax] = registers;
    // SAFETY: The kernel changes these registers, and rcx and r11, which the instruction itself overwrites. What becomes of memory is
    // the caller's to know.
    unsafe {
        asm!(
            "syscall",
            inout("rdi") *rdi,
            inout("rsi") *rsi,
            inout("rdx") *rdx,
            inout("r10") *r10,
            inout("r8") *r8,
            inout("r9") *r9,
            inout("rax") *rax,
            out("rcx") _,
            out("r11") _,
            options(nostack)
        );
    }
}
