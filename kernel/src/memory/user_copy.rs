//! Copying between the kernel and a program: the only way in which the kernel touches a program's memory.
//!
//! One instruction copies, and a fault of that instruction is no fault of the kernel's: the handler of page faults goes on
//! behind it ([`recovery_of`]), and the copy says how far it came. So nothing is looked up beforehand that could be otherwise
//! when it is used.

use super::user_access::UserAccess;
use core::arch::global_asm;

global_asm!(
    // copy(target: rdi, source: rsi, length_bytes: rdx) -> rax: how many bytes are left.
    ".globl user_copy",
    "user_copy:",
    "mov rcx, rdx",
    ".globl user_copy_instruction",
    "user_copy_instruction:",
    "rep movsb",
    ".globl user_copy_recovery",
    "user_copy_recovery:",
    "mov rax, rcx",
    "ret",
);

unsafe extern "C" {
    /// Copies bytes, until all are copied or one cannot be; returns how many are left.
    fn user_copy(target: *mut u8, source: *const u8, length_bytes: usize) -> usize;
    /// The instruction that may fault.
    static user_copy_instruction: u8;
    /// Where to go on then.
    static user_copy_recovery: u8;
}

/// Where the code goes on that faulted at this address, if it is the copy.
pub fn recovery_of(instruction_address: u64) -> Option<u64> {
    let copies_at = (&raw const user_copy_instruction).addr() as u64;
    (instruction_address == copies_at).then(|| (&raw const user_copy_recovery).addr() as u64)
}

/// Copies from the address space that is in use. Returns how many bytes were not copied, since the first of them cannot be
/// read.
///
/// # Safety
///
/// All of the source lies in the lower half.
#[must_use]
pub(super) unsafe fn copy_in(source: u64, target: &mut [u8]) -> usize {
    let _access = UserAccess::begin();
    // SAFETY: The target is the caller's; what is read are bytes of a program's, or the copy stops.
    unsafe {
        user_copy(
            target.as_mut_ptr(),
            core::ptr::with_exposed_provenance(address(source)),
            target.len(),
        )
    }
}

/// Copies to the address space that is in use. Returns how many bytes were not copied, since the first of them cannot be
/// written.
///
/// # Safety
///
/// All of the target lies in the lower half.
#[must_use]
pub(super) unsafe fn copy_out(source: &[u8], target: u64) -> usize {
    let _access = UserAccess::begin();
    // SAFETY: What is written are bytes of a program's, whose own they are to change at any time, or the copy stops.
    unsafe {
        user_copy(
            core::ptr::with_exposed_provenance_mut(address(target)),
            source.as_ptr(),
            source.len(),
        )
    }
}

/// An address as a pointer has it.
fn address(address: u64) -> usize {
    usize::try_from(address).unwrap_or(usize::MAX)
}
