//! The instruction `syscall`.

use core::arch::asm;

/// Calls the kernel with `rdi`, `rsi`, `rdx`, `r10`, `r8`, `r9`, `rax`, and stores what the kernel leaves in them. `syscall_abi` tells
/// what they mean.
///
/// # Safety
///
/// The kernel does what the call asks for: unmapped memory must not be in use.
#[inline]
pub unsafe fn syscall(registers: &mut [u64; 7]) {
    let [rdi, rsi, rdx, r10, r8, r9, rax] = registers;
    // SAFETY: The kernel changes these registers, and rcx and r11, which the instruction itself overwrites. The caller answers for
    // the effect on memory.
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
