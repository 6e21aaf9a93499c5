//! The interrupt descriptor table (IDT): the entry into the kernel for each of the 256 vectors.
//!
//! All processors share one table. Every gate leads to a stub in `trap_entry.s` with interrupts off, and from there to
//! [`super::kernel_trap::kernel_trap`].

use super::{
    cpu_local_data::CpuLocalData, exception::vector, gdt::IstStackIndexes, kernel_trap, trap_frame::TrapFrame,
};
use core::{arch::global_asm, mem::offset_of};
use spin::Once;
use x86_64::{
    VirtAddr,
    instructions::tables::lidt,
    registers::segmentation::{CS, Segment},
    structures::{DescriptorTablePointer, tss::TaskStateSegment},
};

/// Return value of `enter_user_mode` when an interrupt or exception ended it.
pub(crate) const LEFT_BY_TRAP: u32 = 1;

const VECTORS: usize = 256;

/// Offset of the last byte of the table: 256 gates of 16 bytes.
const LIMIT: u16 = 0x0fff;

const _: () = assert!(
    size_of::<Idt>() == LIMIT as usize + 1,
    "the limit matches the size of the table"
);

/// Distance in bytes between two stubs.
const STUB_SIZE: u64 = 16;

/// Options of a gate: present, interrupt gate (Intel SDM vol. 3, section 7.14.1).
const PRESENT_INTERRUPT_GATE: u64 = 0x8e00;

/// Option of a gate: a program may use it with `int`.
const FROM_USER_MODE: u64 = 3 << 13;

/// Set by the BSP before it enables interrupts or starts an AP.
static IDT: Once<Idt> = Once::new();

global_asm!(
    include_str!("trap_entry.s"),
    kernel_trap = sym kernel_trap::kernel_trap,
    // Bit 1 is always set.
    kernel_flags = const 1 << 1,
    cs_offset = const offset_of!(TrapFrame, cs),
    vector_offset = const offset_of!(TrapFrame, vector),
    frame_words = const size_of::<TrapFrame>() / size_of::<u64>(),
    privileged_stack_offset =
        const offset_of!(CpuLocalData, tss) + offset_of!(TaskStateSegment, privilege_stack_table),
    left_by_trap = const LEFT_BY_TRAP,
    debug_vector = const vector::DEBUG,
    gs_base_msr = const 0xc000_0101_u32,
);

unsafe extern "C" {
    /// The first of the 256 stubs in `trap_entry.s`.
    static trap_stubs: u8;
}

#[repr(C, align(16))]
struct Idt([[u64; 2]; VECTORS]);

/// Loads the table into the current processor, whose GDT and TSS must be loaded already.
pub fn load() {
    let table = IDT.call_once(Idt::new);
    let pointer = DescriptorTablePointer {
        limit: LIMIT,
        base: VirtAddr::from_ptr(table),
    };
    // SAFETY: The table is `'static`, and each gate leads to a stub that expects what the processor pushes.
    unsafe { lidt(&pointer) };
}

impl Idt {
    fn new() -> Self {
        let stubs = (&raw const trap_stubs).addr() as u64;
        let code_segment = u64::from(CS::get_reg().0);
        let mut gates = [[0; 2]; VECTORS];
        for (vector, gate) in (0..=u8::MAX).zip(&mut gates) {
            let address = stubs + STUB_SIZE * u64::from(vector);
            let options = PRESENT_INTERRUPT_GATE | ist_field(vector) | privilege_field(vector);
            let low = address & 0xffff | code_segment << 16 | options << 32 | (address >> 16 & 0xffff) << 48;
            *gate = [low, address >> 32];
        }
        Self(gates)
    }
}

/// Returns the IST field of a gate: 0 for the current stack, else 1 + the index.
fn ist_field(vector: u8) -> u64 {
    let index = match vector {
        vector::DEBUG => IstStackIndexes::Debug,
        vector::NON_MASKABLE => IstStackIndexes::NonMaskable,
        vector::DOUBLE_FAULT => IstStackIndexes::DoubleFault,
        vector::MACHINE_CHECK => IstStackIndexes::MachineCheck,
        _ => return 0,
    };
    index as u64 + 1
}

/// Returns the privilege field of a gate: programs may use `int3` only.
fn privilege_field(vector: u8) -> u64 {
    if vector == vector::BREAKPOINT {
        FROM_USER_MODE
    } else {
        0
    }
}
