//! Segments. In 64-bit mode they only carry privilege levels, but the processor insists.
//!
//! Each processor has a table of its own, since each has a task state segment (TSS) of its own: that names the stacks
//! on which exceptions run.

use core::arch::asm;
use x86_64::{
    VirtAddr,
    instructions::tables::load_tss,
    registers::segmentation::{CS, DS, ES, FS, SS, Segment},
    structures::{
        gdt::{Descriptor, GlobalDescriptorTable, SegmentSelector},
        tss::TaskStateSegment,
    },
};

/// Which entry of the interrupt stack table (IST) an exception runs on. The hardware counts from 1, 0 being the stack
/// that is in use; these count from 0, as the TSS type does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum IstStackIndexes {
    /// Double faults: a kernel stack overflow arrives as one.
    DoubleFault,
    /// NMIs: they come in anywhere, also between a system call's entry and its switch of stacks.
    NonMaskable,
    /// Machine checks: likewise.
    MachineCheck,
    /// Debug exceptions: likewise.
    Debug,
}

impl IstStackIndexes {
    /// All of them, in order.
    pub(super) const ALL: [Self; 4] = [Self::DoubleFault, Self::NonMaskable, Self::MachineCheck, Self::Debug];
}

/// Selector of the kernel's code.
pub(crate) const KERNEL_CODE: u16 = 0x08;

/// Selector of the kernel's data.
pub(crate) const KERNEL_DATA: u16 = 0x10;

/// Selector of a program's data and stack, with privilege level 3.
pub(crate) const USER_DATA: u16 = 0x18 | 3;

/// Selector of a program's code, with privilege level 3.
pub(crate) const USER_CODE: u16 = 0x20 | 3;

/// One processor's segments.
pub(super) struct Gdt {
    /// null, kernel code, kernel data, user data, user code, TSS: the order that `sysret` wants (Intel SDM vol. 2,
    /// SYSRET: user data is 8, user code 16 above the selector in `IA32_STAR`).
    table: GlobalDescriptorTable,
    /// The first of them.
    kernel_code: SegmentSelector,
    /// The second.
    kernel_data: SegmentSelector,
    /// The last.
    tss: SegmentSelector,
}

const _: () = assert!(
    TaskStateSegment::new().iomap_base as usize >= size_of::<TaskStateSegment>(),
    "a map of permitted ports behind the TSS's end is none: programs have no ports"
);

/// A TSS that names these stacks, by the addresses of their ends.
pub(super) fn task_state_segment(ist_stack_tops: [VirtAddr; IstStackIndexes::ALL.len()]) -> TaskStateSegment {
    let mut tss = TaskStateSegment::new();
    // The table's other three entries are not used. The field is packed, so it is written whole.
    let [double_fault, non_maskable, machine_check, debug] = ist_stack_tops;
    let unused = VirtAddr::zero();
    tss.interrupt_stack_table = [double_fault, non_maskable, machine_check, debug, unused, unused, unused];
    tss
}

impl Gdt {
    /// The segments of the processor whose TSS this is.
    pub(super) fn new(tss: &'static TaskStateSegment) -> Self {
        let mut table = GlobalDescriptorTable::new();
        let kernel_code = table.append(Descriptor::kernel_code_segment());
        let kernel_data = table.append(Descriptor::kernel_data_segment());
        let user_data = table.append(Descriptor::user_data_segment());
        let user_code = table.append(Descriptor::user_code_segment());
        let selectors = [kernel_code, kernel_data, user_data, user_code].map(|selector| selector.0);
        assert!(
            selectors == [KERNEL_CODE, KERNEL_DATA, USER_DATA, USER_CODE],
            "segments lie where their selectors say"
        );
        let tss = table.append(Descriptor::tss_segment(tss));
        Self {
            table,
            kernel_code,
            kernel_data,
            tss,
        }
    }

    /// Makes these the segments of the processor that this runs on.
    pub(super) fn load(&'static self) {
        self.table.load();
        // SAFETY: The selector names a 64-bit code segment of the table that was just loaded.
        unsafe { CS::set_reg(self.kernel_code) };
        // SAFETY: The selector names a writable data segment of that table, as a stack segment must be.
        unsafe { SS::set_reg(self.kernel_data) };
        // SAFETY: A null selector is allowed there in 64-bit mode, and nothing is reached through it.
        unsafe { DS::set_reg(SegmentSelector::NULL) };
        // SAFETY: As for DS.
        unsafe { ES::set_reg(SegmentSelector::NULL) };
        // SAFETY: As for DS. GS is left alone: loading it would clear its base, which points to this processor's data.
        unsafe { FS::set_reg(SegmentSelector::NULL) };
        // SAFETY: No segment is in a local table, so there need be none, and programs find none.
        unsafe { asm!("lldt {:x}", in(reg) 0_u16, options(nomem, nostack, preserves_flags)) };
        // SAFETY: The selector names the TSS in that table; it is not in use by another processor.
        unsafe { load_tss(self.tss) };
    }
}
