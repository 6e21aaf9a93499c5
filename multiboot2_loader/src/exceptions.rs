//! Reports exceptions on the BSP. Each is an error of the loader or the machine; without a report the machine would reset without a
//! trace.

use core::arch::global_asm;

use spin::Once;
use x86_64::VirtAddr;
use x86_64::instructions::tables;
use x86_64::structures::DescriptorTablePointer;

use crate::console;
use crate::cpu::descriptor_table::CODE_64_SELECTOR;

/// Number of exceptions.
const COUNT: usize = 32;
/// Size of a stub in `exceptions.s`.
const STUB_BYTES: usize = 16;
/// Size of a descriptor.
const DESCRIPTOR_BYTES: usize = 16;
/// A descriptor's type: present, 64-bit interrupt gate.
const INTERRUPT_GATE: u64 = 0x8e << 40;

global_asm!(include_str!("exceptions.s"), report = sym report);

unsafe extern "C" {
    /// The first stub.
    safe static exception_stubs: u8;
}

/// An interrupt descriptor table for exceptions.
type Table = [[u64; DESCRIPTOR_BYTES / 8]; COUNT];

/// Set once, by the BSP.
static TABLE: Once<Table> = Once::new();

/// Enables reports of exceptions on this processor.
pub(crate) fn report_from_now_on() {
    let table = TABLE.call_once(|| core::array::from_fn(descriptor));
    let pointer = DescriptorTablePointer {
        limit: 511,
        base: VirtAddr::from_ptr(table),
    };
    const { assert!(size_of::<Table>() - 1 == 511, "the limit is the size less 1") };
    // SAFETY: The table is a static, and every gate in it points to a stub.
    unsafe { tables::lidt(&pointer) };
}

/// Returns the gate of one exception (Intel SDM volume 3, figure "64-Bit IDT Gate Descriptors").
fn descriptor(number: usize) -> [u64; 2] {
    let stub = ((&raw const exception_stubs).addr() + number * STUB_BYTES) as u64;
    let low = stub & 0xffff | u64::from(CODE_64_SELECTOR) << 16 | INTERRUPT_GATE | (stub >> 16 & 0xffff) << 48;
    [low, stub >> 32]
}

/// The common target of the stubs.
extern "sysv64" fn report(number: u64, error_code: u64, instruction: u64, address: u64) -> ! {
    console::give_up(format_args!(
        "exception {number} in the loader at {instruction:#x}, error code {error_code:#x}, address {address:#x}"
    ))
}
