//! The interrupt descriptor table: for each of the 256 vectors, where the processor enters the kernel.
//!
//! All processors share one table. Every gate leads to a stub of `trap_entry.s`, with interrupts off, and from there to
//! [`super::kernel_trap::kernel_trap`].

use super::{cpu_local_data::CpuLocalData, gdt::IstStackIndexes, kernel_trap, trap_frame::TrapFrame};
use core::{arch::global_asm, mem::offset_of};
use spin::Once;
use x86_64::{
    VirtAddr,
    instructions::tables::lidt,
    registers::segmentation::{CS, Segment},
    structures::{DescriptorTablePointer, tss::TaskStateSegment},
};

/// What `enter_user_mode` returns when an interrupt or an exception ended it.
pub(crate) const LEFT_BY_TRAP: u32 = 1;

/// How many vectors there are.
const VECTORS: usize = 256;

/// The offset of the table's last byte: 256 gates of 16 bytes.
const LIMIT: u16 = 0x0fff;

const _: () = assert!(
    size_of::<Idt>() == LIMIT as usize + 1,
    "the table is as long as its limit says"
);

/// Bytes from one stub to the next.
const STUB_SIZE: u64 = 16;

/// Present, an interrupt gate (Intel SDM vol. 3, section 7.14.1).
const PRESENT_INTERRUPT_GATE: u64 = 0x8e00;

/// In a gate: a program may use it by `int`.
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
    debug_vector = const kernel_trap::vector::DEBUG,
    gs_base_msr = const 0xc000_0101_u32,
);

unsafe extern "C" {
    /// The first of 256 stubs, in `trap_entry.s`.
    static trap_stubs: u8;
}

/// 256 gates.
#[repr(C, align(16))]
struct Idt([[u64; 2]; VECTORS]);

/// Makes the table that of the processor that this runs on. Its GDT and TSS must be loaded.
pub fn load() {
    let table = IDT.call_once(Idt::new);
    let pointer = DescriptorTablePointer {
        limit: LIMIT,
        base: VirtAddr::from_ptr(table),
    };
    // SAFETY: The table is a static, and each gate leads to a stub that expects exactly what the processor pushes.
    unsafe { lidt(&pointer) };
}

impl Idt {
    /// Gates to all stubs.
    fn new() -> Self {
        let stubs = (&raw const trap_stubs).addr() as u64;
        let code_segment = u64::from(CS::get_reg().0);
        let mut gates = [[0; 2]; VECTORS];
        for (vector, gate) in (0..).zip(&mut gates) {
            let address = stubs + STUB_SIZE * vector;
            let options = PRESENT_INTERRUPT_GATE | ist_field(vector) | privilege_field(vector);
            let low = address & 0xffff | code_segment << 16 | options << 32 | (address >> 16 & 0xffff) << 48;
            *gate = [low, address >> 32];
        }
        Self(gates)
    }
}

/// Which stack the vector's handler runs on, as a gate says it: 0 for the one in use, or 1 + the index.
fn ist_field(vector: u64) -> u64 {
    let index = match vector {
        1 => IstStackIndexes::Debug,
        2 => IstStackIndexes::NonMaskable,
        8 => IstStackIndexes::DoubleFault,
        18 => IstStackIndexes::MachineCheck,
        _ => return 0,
    };
    index as u64 + 1
}

/// Who may use the gate by instruction: programs may say `int3`.
fn privilege_field(vector: u64) -> u64 {
    if vector == 3 { FROM_USER_MODE } else { 0 }
}
