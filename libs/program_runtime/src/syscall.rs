//! The instruction `syscall`.

use core::arch::asm;

/// Calls the kernel with `rdi`, `rsi`, `rdx`, `r10`, `r8`, `r9`, `rax`, and stores their values after the call. `syscall_abi`
/// documents their meaning.
///
/// # Safety
///
/// The call may unmap memory: that memory must not be in use.
#[inline]
pub unsafe fn syscall(registers: &mut [u64; 7]) {
    let [rdi, rsi, rdx, r10, r8, r9, rax] = registers;
    // SAFETY: The kernel changes only these registers; the instruction itself overwrites rcx and r11. The effect on memory is the
    // caller's responsibility.
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
