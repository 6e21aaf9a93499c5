//! Forbidden memory accesses, and other faults.

use alloc::vec;
use core::{arch::asm, hint, ptr};
use kernel::boot::hhdm_offset::OffsetMappedPhysAddr;

/// A canonical address in the higher half that is never mapped.
const UNMAPPED: usize = 0xffff_d000_dead_0000;

/// A non-canonical address: bits 63 to 48 differ from bit 47.
const NON_CANONICAL: usize = 0x1234_0000_0000_0000;

/// Reads unmapped memory.
pub(super) fn read_unmapped() {
    let pointer = ptr::without_provenance::<u64>(UNMAPPED);
    // SAFETY: The read faults, as the scenario intends.
    let value = unsafe { pointer.read_volatile() };
    log::error!("Read {value:#x} from unmapped memory");
}

/// Writes to unmapped memory.
pub(super) fn write_unmapped() {
    let pointer = ptr::without_provenance_mut::<u64>(UNMAPPED);
    // SAFETY: The write faults, as the scenario intends.
    unsafe { pointer.write_volatile(1) };
    log::error!("Wrote to unmapped memory");
}

/// Writes to the kernel's code, at its executable address.
pub(super) fn write_text() {
    let code = write_text as fn() as usize;
    let pointer = ptr::with_exposed_provenance_mut::<u8>(code);
    // SAFETY: The write faults. If it did not, the overwritten function has already begun.
    unsafe { pointer.write_volatile(0xcc) };
    log::error!("Wrote to the kernel's code");
}

/// Writes to the kernel's code through the direct map.
pub(super) fn write_text_in_direct_map() {
    let (physical_start, virtual_start) = super::executable_address();
    let offset = (write_text as fn() as usize as u64).wrapping_sub(virtual_start.as_u64());
    let pointer = (physical_start + offset).offset_mapped().as_mut_ptr::<u8>();
    // SAFETY: The write faults. If it did not, the overwritten function is not in use.
    unsafe { pointer.write_volatile(0xcc) };
    log::error!("Wrote to the kernel's code through the direct map");
}

/// Executes a `ret` on the heap.
pub(super) fn execute_heap() {
    let code = vec![0xc3_u8; 16];
    let start = code.as_ptr();
    // SAFETY: The call faults. If it did not, the code only returns.
    unsafe { asm!("call {}", in(reg) start, clobber_abi("C")) };
    log::error!("Executed the heap");
    drop(code);
}

/// Divides by zero.
pub(super) fn divide_error() {
    // SAFETY: The instruction raises #DE and changes nothing.
    unsafe {
        asm!("xor edx, edx", "xor eax, eax", "xor ecx, ecx", "div ecx", out("eax") _, out("ecx") _, out("edx") _)
    };
    log::error!("Divided by zero");
}

/// Loads a selector beyond the end of the descriptor table.
pub(super) fn general_protection() {
    // SAFETY: The instruction raises #GP and changes nothing.
    unsafe { asm!("mov ds, {:e}", in(reg) 0xfff8_u32) };
    log::error!("Loaded a selector that does not exist");
}

/// Reads from a non-canonical address.
pub(super) fn non_canonical() {
    let pointer = ptr::without_provenance::<u64>(NON_CANONICAL);
    // SAFETY: The read faults, as the scenario intends.
    let value = unsafe { pointer.read_volatile() };
    log::error!("Read {value:#x} from a non-canonical address");
}

/// Raises an exception on an unmapped stack, where its frame cannot be stored.
pub(super) fn double_fault() {
    // SAFETY: The exception ends the kernel, as the scenario intends.
    unsafe { asm!("mov rsp, {}", "int3", in(reg) UNMAPPED, options(noreturn)) };
}

/// Faults with a stack pointer of 0: the report must do without a backtrace.
pub(super) fn fault_without_stack() {
    // SAFETY: The fault ends the kernel, as the scenario intends.
    unsafe { asm!("xor esp, esp", "int3", options(noreturn)) };
}

/// Executes a breakpoint, and continues.
pub(super) fn breakpoint() {
    x86_64::instructions::interrupts::int3();
    log::info!("The breakpoint continued");
}

/// Overflows the current stack.
pub(super) fn overflow_stack() {
    log::info!("Using up the stack");
    use_up_stack(0);
}

/// Recurses without end.
#[expect(unconditional_recursion, reason = "the stack must overflow")]
fn use_up_stack(depth: u64) -> u64 {
    hint::black_box([depth; 16]);
    use_up_stack(depth + 1) + hint::black_box(depth)
}
