//! Accesses that the page tables and the processor forbid.

use alloc::vec;
use core::{arch::asm, hint, ptr};
use kernel::boot::hhdm_offset::OffsetMappedPhysAddr;

/// Canonical, in the higher half, and never mapped.
const UNMAPPED: usize = 0xffff_d000_dead_0000;

/// Not canonical: bits 63 to 48 are not copies of bit 47.
const NON_CANONICAL: usize = 0x1234_0000_0000_0000;

/// Reads where nothing is mapped.
pub(super) fn read_unmapped() {
    let pointer = ptr::without_provenance::<u64>(UNMAPPED);
    // SAFETY: It faults, which is what the scenario is for.
    let value = unsafe { pointer.read_volatile() };
    log::error!("Read {value:#x} where nothing is mapped");
}

/// Writes where nothing is mapped.
pub(super) fn write_unmapped() {
    let pointer = ptr::without_provenance_mut::<u64>(UNMAPPED);
    // SAFETY: It faults, which is what the scenario is for.
    unsafe { pointer.write_volatile(1) };
    log::error!("Wrote where nothing is mapped");
}

/// Writes to the kernel's code, where it is executed.
pub(super) fn write_text() {
    let code = write_text as fn() as usize;
    let pointer = ptr::with_exposed_provenance_mut::<u8>(code);
    // SAFETY: It faults; if it did not, the function that it overwrites has begun already.
    unsafe { pointer.write_volatile(0xcc) };
    log::error!("Wrote to the kernel's code");
}

/// Writes to the kernel's code by its address in the direct map.
pub(super) fn write_text_in_direct_map() {
    let (physical_start, virtual_start) = super::executable_address();
    let offset = (write_text as fn() as usize as u64).wrapping_sub(virtual_start.as_u64());
    let pointer = (physical_start + offset).offset_mapped().as_mut_ptr::<u8>();
    // SAFETY: It faults; if it did not, the function that it overwrites is not in use.
    unsafe { pointer.write_volatile(0xcc) };
    log::error!("Wrote to the kernel's code through the direct map");
}

/// Executes bytes of the heap: a `ret`, if it were allowed.
pub(super) fn execute_heap() {
    let code = vec![0xc3_u8; 16];
    let start = code.as_ptr();
    // SAFETY: It faults; if it did not, the code only returns.
    unsafe { asm!("call {}", in(reg) start, clobber_abi("C")) };
    log::error!("Executed the heap");
    drop(code);
}

/// Divides by zero.
pub(super) fn divide_error() {
    // SAFETY: It raises #DE and changes nothing.
    unsafe {
        asm!("xor edx, edx", "xor eax, eax", "xor ecx, ecx", "div ecx", out("eax") _, out("ecx") _, out("edx") _)
    };
    log::error!("Divided by zero");
}

/// Loads a selector that leads behind the end of the descriptor table.
pub(super) fn general_protection() {
    // SAFETY: It raises #GP and changes nothing.
    unsafe { asm!("mov ds, {:e}", in(reg) 0xfff8_u32) };
    log::error!("Loaded a selector that does not exist");
}

/// Reads from an address that is none.
pub(super) fn non_canonical() {
    let pointer = ptr::without_provenance::<u64>(NON_CANONICAL);
    // SAFETY: It faults, which is what the scenario is for.
    let value = unsafe { pointer.read_volatile() };
    log::error!("Read {value:#x} from no address");
}

/// Raises an exception whose frame has no place: its stack is not mapped.
pub(super) fn double_fault() {
    // SAFETY: It ends the kernel, which is what the scenario is for.
    unsafe { asm!("mov rsp, {}", "int3", in(reg) UNMAPPED, options(noreturn)) };
}

/// Faults with a stack pointer of 0, which leads to no stack: the report has to do without.
pub(super) fn fault_without_stack() {
    // SAFETY: It ends the kernel, which is what the scenario is for.
    unsafe { asm!("xor esp, esp", "int3", options(noreturn)) };
}

/// Goes on after a breakpoint.
pub(super) fn breakpoint() {
    x86_64::instructions::interrupts::int3();
    log::info!("The breakpoint continued");
}

/// Uses up the stack that it runs on.
pub(super) fn overflow_stack() {
    log::info!("Using up the stack");
    use_up_stack(0);
}

/// Calls itself for ever.
#[expect(unconditional_recursion, reason = "it is to run out of stack")]
fn use_up_stack(depth: u64) -> u64 {
    hint::black_box([depth; 16]);
    use_up_stack(depth + 1) + hint::black_box(depth)
}
