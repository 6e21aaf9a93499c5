//! The only way in which the kernel accesses a program's memory: copying from and to validated slices.
//!
//! A single instruction copies. If it faults, the page fault handler continues at [`recovery_of`], and the copy reports how
//! many bytes are left. So nothing is checked beforehand that could change before it is used. If the program has reserved
//! the page, the kernel maps it and the copy continues.

use super::{
    user_access::UserAccess,
    user_address_space::{FaultOutcome, UserAddressSpace},
    user_layout::USER_END,
};
use core::{arch::global_asm, ptr};
use x86_64::VirtAddr;

/// Memory that a program names. Validated: it lies in the lower half. Whether it is mapped, and for which access, shows
/// when it is copied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UserSlice {
    address: u64,
    length: usize,
}

/// Memory that the program may not access, or not in this way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BadUserPointer {
    pub address: u64,
}

impl UserSlice {
    /// Validates a slice. An empty slice is valid at any address.
    pub fn new(address: u64, length_bytes: u64) -> Result<Self, BadUserPointer> {
        let end = address.checked_add(length_bytes);
        if length_bytes != 0 && end.is_none_or(|end| end > USER_END.as_u64()) {
            return Err(BadUserPointer { address });
        }
        let length = usize::try_from(length_bytes).map_err(|_| BadUserPointer { address })?;
        Ok(Self { address, length })
    }

    pub fn length(self) -> usize {
        self.length
    }
}

impl UserAddressSpace {
    /// Copies from the program, up to the shorter length. This address space must be the one in use.
    pub fn copy_in(&mut self, slice: UserSlice, target: &mut [u8]) -> Result<(), BadUserPointer> {
        let length = slice.length.min(target.len());
        let mut done = 0;
        while let Some(rest) = target.get_mut(done..length).filter(|rest| !rest.is_empty()) {
            // SAFETY: A slice lies in the lower half, and the rest is no longer than the rest of the slice.
            let left = unsafe { copy_from_user(slice.address + done as u64, rest) };
            done += rest.len() - left;
            if left != 0 {
                self.map_or_refuse(slice.address + done as u64)?;
            }
        }
        Ok(())
    }

    /// Copies to the program, up to the shorter length. This address space must be the one in use.
    pub fn copy_out(&mut self, source: &[u8], slice: UserSlice) -> Result<(), BadUserPointer> {
        let length = slice.length.min(source.len());
        let mut done = 0;
        while let Some(rest) = source.get(done..length).filter(|rest| !rest.is_empty()) {
            // SAFETY: As in `copy_in`.
            let left = unsafe { copy_to_user(rest, slice.address + done as u64) };
            done += rest.len() - left;
            if left != 0 {
                self.map_or_refuse(slice.address + done as u64)?;
            }
        }
        Ok(())
    }

    /// Copies from the program as [`Self::copy_in`] does, but maps nothing.
    pub fn peek(&self, slice: UserSlice, target: &mut [u8]) -> Result<(), BadUserPointer> {
        let length = slice.length.min(target.len());
        let target = target.get_mut(..length).unwrap_or_default();
        // SAFETY: A slice lies in the lower half.
        match unsafe { copy_from_user(slice.address, target) } {
            0 => Ok(()),
            left => Err(BadUserPointer {
                address: slice.address + (length - left) as u64,
            }),
        }
    }

    fn map_or_refuse(&mut self, address: u64) -> Result<(), BadUserPointer> {
        match self.handle_page_fault(VirtAddr::new_truncate(address)) {
            FaultOutcome::Mapped => Ok(()),
            FaultOutcome::NotReserved | FaultOutcome::OutOfMemory => Err(BadUserPointer { address }),
        }
    }
}

global_asm!(
    // user_copy(target: rdi, source: rsi, length_bytes: rdx) -> rax: number of bytes left
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
    /// Copies bytes until one of them faults. Returns the number of bytes left.
    fn user_copy(target: *mut u8, source: *const u8, length_bytes: usize) -> usize;
    /// The instruction that may fault.
    static user_copy_instruction: u8;
    /// The address to continue at after a fault.
    static user_copy_recovery: u8;
}

/// The address to continue at if the copy faulted at this instruction; `None` if another instruction faulted.
pub fn recovery_of(instruction_address: u64) -> Option<u64> {
    let copies_at = (&raw const user_copy_instruction).addr() as u64;
    (instruction_address == copies_at).then(|| (&raw const user_copy_recovery).addr() as u64)
}

/// Copies from the address space in use. Returns the number of bytes left, of which the first cannot be read.
///
/// # Safety
///
/// All of the source lies in the lower half.
#[must_use]
unsafe fn copy_from_user(source: u64, target: &mut [u8]) -> usize {
    let _access = UserAccess::begin();
    let source = ptr::with_exposed_provenance(to_usize(source));
    // SAFETY: The target is the caller's. The source is memory of a program, or the copy stops.
    unsafe { user_copy(target.as_mut_ptr(), source, target.len()) }
}

/// Copies to the address space in use. Returns the number of bytes left, of which the first cannot be written.
///
/// # Safety
///
/// All of the target lies in the lower half.
#[must_use]
unsafe fn copy_to_user(source: &[u8], target: u64) -> usize {
    let _access = UserAccess::begin();
    let target = ptr::with_exposed_provenance_mut(to_usize(target));
    // SAFETY: The target is memory of a program, which expects changes at any time, or the copy stops.
    unsafe { user_copy(target, source.as_ptr(), source.len()) }
}

fn to_usize(address: u64) -> usize {
    usize::try_from(address).unwrap_or(usize::MAX)
}
