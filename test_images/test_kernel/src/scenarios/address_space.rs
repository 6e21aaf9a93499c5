//! Audits the address space (`kernel::memory::address_space`): checks every mapped page, on every processor.

use super::page_tables::{MappedPage, visit_pages};
use alloc::vec::Vec;
use core::sync::atomic::{AtomicU32, Ordering};
use kernel::{
    boot::hhdm_offset::OffsetMappedPhysAddr,
    cpu::cpu_local_data::cpus_count,
    memory::{
        address_space::{KERNEL_START, RANGES_START, STACKS_START},
        guarded_stack::StackInfo,
        physical_memory,
    },
    output::{ExitCode, exit_qemu},
};
use memory_ranges::{BootMap, BootMemoryKind, PhysRange};
use x86_64::{
    PhysAddr,
    registers::{
        control::{Cr0, Cr0Flags, Cr4, Cr4Flags, Efer, EferFlags},
        model_specific::Msr,
    },
    structures::paging::PageTableFlags,
};

/// The page attribute table (Intel SDM vol. 3, section 13.12.2).
const PAT_MSR: u32 = 0x277;
/// Index and type of the PAT entry for RAM.
const WRITE_BACK: (u8, u8) = (0, 6);
/// Index and type of the PAT entry for registers.
const UNCACHED: (u8, u8) = (3, 0);
/// Index and type of the PAT entry for pixels.
const WRITE_COMBINING: (u8, u8) = (5, 1);

/// Number of processors that are done.
static DONE: AtomicU32 = AtomicU32::new(0);

unsafe extern "C" {
    /// Start of the code (all symbols: `linker-x86_64.ld`).
    static kernel_text_start: u8;
    /// Start of the constants.
    static kernel_rodata_start: u8;
    /// Start of the data.
    static kernel_data_start: u8;
    /// End of the image.
    static kernel_end: u8;
}

/// The machine's memory, and the findings.
struct Audit {
    /// Kind of each memory range.
    ranges: Vec<(PhysRange, BootMemoryKind)>,
    /// Start addresses of code, constants and data, and the end of the image.
    image: [u64; 4],
    /// Difference between an image address and its physical address.
    image_to_physical: u64,
    /// Largest page size of the processor.
    max_page_bytes: u64,
    /// Bytes found in the direct map and in the image.
    bytes: [u64; 2],
    /// Numbers of pages of pixels, of registers, of stacks, and of 1 GiB.
    counts: [u64; 4],
}

/// Checks all pages and the control registers, on every processor. The last one ends QEMU.
pub(super) fn audit() {
    check_registers();
    let mut audit = Audit::new();
    visit_pages(&mut |page| audit.check(page));
    audit.check_whole();
    if DONE.fetch_add(1, Ordering::AcqRel) + 1 == cpus_count() {
        let [pixels, registers, stacks, largest] = audit.counts;
        log::info!(
            "Audited pages: {pixels} of pixels, {registers} of registers, {stacks} of stacks, {largest} of a GiB"
        );
        exit_qemu(ExitCode::Success);
    }
}

/// Checks the control registers that enable page flags. QEMU's largest processor model has all of these features.
fn check_registers() {
    let cr4 = Cr4Flags::PAGE_GLOBAL
        | Cr4Flags::SUPERVISOR_MODE_EXECUTION_PROTECTION
        | Cr4Flags::SUPERVISOR_MODE_ACCESS_PREVENTION
        | Cr4Flags::USER_MODE_INSTRUCTION_PREVENTION;
    assert!(Cr4::read().contains(cr4), "CR4: {:?}", Cr4::read());
    assert!(Cr0::read().contains(Cr0Flags::WRITE_PROTECT), "CR0: {:?}", Cr0::read());
    assert!(
        Efer::read().contains(EferFlags::NO_EXECUTE_ENABLE),
        "EFER: {:?}",
        Efer::read()
    );
    // SAFETY: Every processor that QEMU's largest model emulates has a PAT.
    let pat = unsafe { Msr::new(PAT_MSR).read() }.to_le_bytes();
    for (place, memory_type) in [WRITE_BACK, UNCACHED, WRITE_COMBINING] {
        assert!(pat[usize::from(place)] == memory_type, "PAT: {pat:x?}");
    }
}

impl Audit {
    /// Starts an audit without findings.
    fn new() -> Self {
        let (physical, virtual_start) = super::executable_address();
        let image = [
            &raw const kernel_text_start,
            &raw const kernel_rodata_start,
            &raw const kernel_data_start,
            &raw const kernel_end,
        ];
        Self {
            ranges: BootMap::from_claims(super::memory_map().claims()).iter().collect(),
            image: image.map(|symbol| symbol.addr() as u64),
            image_to_physical: physical.as_u64().wrapping_sub(virtual_start.as_u64()),
            max_page_bytes: if has_1_gib_pages() { 1 << 30 } else { 2 << 20 },
            bytes: [0; 2],
            counts: [0; 4],
        }
    }

    /// Checks a page according to its region.
    fn check(&mut self, page: MappedPage) {
        let start = page.start.as_u64();
        let flags = page.flags;
        assert!(
            !flags.contains(PageTableFlags::USER_ACCESSIBLE),
            "for programs: {page:x?}"
        );
        assert!(flags.contains(PageTableFlags::GLOBAL), "not global: {page:x?}");
        if start >= KERNEL_START {
            self.check_image(page);
        } else {
            assert!(flags.contains(PageTableFlags::NO_EXECUTE), "executable: {page:x?}");
            if start >= STACKS_START {
                self.check_stack(page);
            } else if start >= RANGES_START {
                self.check_range(page);
            } else {
                self.check_direct_map(page);
            }
        }
    }

    /// Checks a page of the image: code r-x, constants r--, data rw-.
    fn check_image(&mut self, page: MappedPage) {
        let [text, rodata, data, end] = self.image;
        let (start, last) = (page.start.as_u64(), page.start.as_u64() + (page.size_bytes - 1));
        let allowed = [
            (text, rodata, PageTableFlags::empty()),
            (rodata, data, PageTableFlags::NO_EXECUTE),
            (data, end, PageTableFlags::NO_EXECUTE | PageTableFlags::WRITABLE),
        ];
        let segment = allowed
            .into_iter()
            .find(|(first, end, _)| *first <= start && last < *end);
        let expected = segment.map(|(_, _, flags)| flags | PageTableFlags::GLOBAL);
        assert!(expected == Some(page.flags), "image: {page:x?}");
        assert!(
            page.physical.as_u64() == start.wrapping_add(self.image_to_physical),
            "image: {page:x?}"
        );
        assert!(page.pat_place == WRITE_BACK.0, "image: {page:x?}");
        self.bytes[1] += page.size_bytes;
    }

    /// Checks a page of a stack: no guard page is mapped, and only existing processors have stacks.
    fn check_stack(&mut self, page: MappedPage) {
        let stack = StackInfo::of_slot(page.start);
        let is_stack = stack.is_some_and(|stack| page.start >= stack.start && stack.id.cpu_id < cpus_count());
        assert!(
            is_stack && page.flags.contains(PageTableFlags::WRITABLE),
            "stack: {page:x?}"
        );
        assert!(page.pat_place == WRITE_BACK.0, "stack: {page:x?}");
        self.counts[2] += 1;
    }

    /// Checks a page of a mapped region: RAM is cached, registers are not.
    fn check_range(&mut self, page: MappedPage) {
        let frames = PhysRange::new(page.physical, page.size_bytes).expect("a page is whole frames");
        let is_ram = physical_memory::lock().is_some_and(|memory| memory.has_ram_in(frames));
        let (place, _) = if is_ram { WRITE_BACK } else { UNCACHED };
        assert!(page.pat_place == place, "range: {page:x?}");
        self.counts[1] += u64::from(!is_ram);
    }

    /// Checks a page of the direct map: memory of one kind, the largest page that fits, read-only where required.
    fn check_direct_map(&mut self, page: MappedPage) {
        assert!(page.start == page.physical.offset_mapped(), "direct map: {page:x?}");
        let kind = self.kind_of_block(page.physical, page.size_bytes);
        let (writable, (place, _)) = match kind {
            Some((BootMemoryKind::FrameBuffer, _)) => (true, WRITE_COMBINING),
            Some((_, writable)) => (writable, WRITE_BACK),
            None => panic!("not of one kind: {page:x?}"),
        };
        assert!(
            page.flags.contains(PageTableFlags::WRITABLE) == writable,
            "{kind:?}: {page:x?}"
        );
        assert!(page.pat_place == place, "{kind:?}: {page:x?}");
        let next_size = page.size_bytes << 9;
        let block = page.physical.align_down(next_size);
        let fits = next_size <= self.max_page_bytes && self.kind_of_block(block, next_size).is_some();
        assert!(!fits, "a larger page fits: {page:x?}");
        self.bytes[0] += page.size_bytes;
        self.counts[0] += u64::from(place == WRITE_COMBINING.0);
        self.counts[3] += u64::from(page.size_bytes == 1 << 30);
    }

    /// Returns the kind of a block with uniform mapping, and whether it is writable; `None` if the block is not
    /// uniform.
    fn kind_of_block(&self, start: PhysAddr, size_bytes: u64) -> Option<(BootMemoryKind, bool)> {
        let block = PhysRange::new(start, size_bytes).ok()?;
        let (_, kind) = *self.ranges.iter().find(|(range, _)| range.contains(block))?;
        let [text, _, data, _] = self.image.map(|address| address.wrapping_add(self.image_to_physical));
        let end = start.as_u64() + size_bytes;
        let is_constant = text <= start.as_u64() && end <= data;
        let is_variable = end <= text || data <= start.as_u64();
        match kind {
            BootMemoryKind::Reserved | BootMemoryKind::BadMemory => None,
            BootMemoryKind::AcpiReclaimable | BootMemoryKind::AcpiNonVolatile | BootMemoryKind::ReservedMapped => {
                Some((kind, false))
            }
            _ => (is_constant || is_variable).then_some((kind, is_variable)),
        }
    }

    /// Checks that no page is missing.
    fn check_whole(&self) {
        let is_mapped = |kind| !matches!(kind, BootMemoryKind::Reserved | BootMemoryKind::BadMemory);
        let mapped = self.ranges.iter().filter(|(_, kind)| is_mapped(*kind));
        let expected = mapped.map(|(range, _)| range.size_bytes()).sum::<u64>();
        let [text, _, _, end] = self.image;
        assert!(
            self.bytes == [expected, end - text],
            "bytes of direct map and image: {:?}",
            self.bytes
        );
    }
}

/// Returns whether the processor has pages of 1 GiB (Intel SDM vol. 2, CPUID leaf 80000001).
fn has_1_gib_pages() -> bool {
    core::arch::x86_64::__cpuid(0x8000_0001).edx & (1 << 26) != 0
}
