//! The global descriptor table (GDT). In 64-bit mode segments only carry privilege levels, but the processor requires them.
//!
//! Each processor has its own GDT, since each has its own task state segment (TSS), which names the stacks of exceptions.

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

/// Index into the interrupt stack table (IST). It starts at 0, as in the TSS type; a gate counts from 1, and 0 there means the
/// current stack.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum IstStackIndexes {
    /// Double faults: a kernel stack overflow arrives as one.
    DoubleFault,
    /// NMIs: they can arrive anywhere, also between the entry of a system call and its switch of stacks.
    NonMaskable,
    /// Machine checks: likewise.
    MachineCheck,
    /// Debug exceptions: likewise.
    Debug,
}

impl IstStackIndexes {
    pub(super) const ALL: [Self; 4] = [Self::DoubleFault, Self::NonMaskable, Self::MachineCheck, Self::Debug];
}

pub(crate) const KERNEL_CODE: u16 = 0x08;
pub(crate) const KERNEL_DATA: u16 = 0x10;
pub(crate) const USER_DATA: u16 = 0x18 | 3;
pub(crate) const USER_CODE: u16 = 0x20 | 3;

pub(super) struct Gdt {
    /// Null, kernel code, kernel data, user data, user code, TSS. `sysret` requires this order: user data 8 and user code 16 above
    /// the selector in `IA32_STAR` (Intel SDM vol. 2, SYSRET).
    table: GlobalDescriptorTable,
    kernel_code: SegmentSelector,
    kernel_data: SegmentSelector,
    tss: SegmentSelector,
}

const _: () = assert!(
    TaskStateSegment::new().iomap_base as usize >= size_of::<TaskStateSegment>(),
    "the I/O permission map lies beyond the end of the TSS, so programs have no access to ports"
);

pub(super) fn task_state_segment(ist_stack_tops: [VirtAddr; IstStackIndexes::ALL.len()]) -> TaskStateSegment {
    let mut tss = TaskStateSegment::new();
    // The other three entries are unused. The field is packed, so it is written as a whole.
    let [double_fault, non_maskable, machine_check, debug] = ist_stack_tops;
    let unused = VirtAddr::zero();
    tss.interrupt_stack_table = [double_fault, non_maskable, machine_check, debug, unused, unused, unused];
    tss
}

impl Gdt {
    pub(super) fn new(tss: &'static TaskStateSegment) -> Self {
        let mut table = GlobalDescriptorTable::new();
        let kernel_code = table.append(Descriptor::kernel_code_segment());
        let kernel_data = table.append(Descriptor::kernel_data_segment());
        let user_data = table.append(Descriptor::user_data_segment());
        let user_code = table.append(Descriptor::user_code_segment());
        let selectors = [kernel_code, kernel_data, user_data, user_code].map(|selector| selector.0);
        assert!(
            selectors == [KERNEL_CODE, KERNEL_DATA, USER_DATA, USER_CODE],
            "the selectors match the order of the segments"
        );
        let tss = table.append(Descriptor::tss_segment(tss));
        Self {
            table,
            kernel_code,
            kernel_data,
            tss,
        }
    }

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
        // SAFETY: No selector refers to a local descriptor table, so the processor needs none, and programs cannot use one.
        unsafe { asm!("lldt {:x}", in(reg) 0_u16, options(nomem, nostack, preserves_flags)) };
        // SAFETY: The selector names the TSS in that table, and no other processor uses this TSS.
        unsafe { load_tss(self.tss) };
    }
}
