//! The address space that the kernel starts in: 4-level tables with the direct map and the kernel, nothing else.
//!
//! Pages are mapped in ascending order, so each table is started once and never revisited. The same walk runs twice. First it only
//! counts the tables, so that their memory can be allocated while the memory map can still change; then it writes them. The allocation
//! turns usable ranges into boot loader ranges; both are mapped in the same way, so the count remains valid.
//!
//! Always true: only memory of the listed kinds is mapped, rounded outwards to 4 KiB pages. A large page lies completely inside listed
//! memory of one cache type.

mod tables;

pub use tables::PageTableError;

use crate::address::{
    DIRECT_MAP_LIMIT, Extent, HHDM_OFFSET, PAGE_SIZE_BYTES, PhysAddr, VirtAddr, align_down, align_up,
};
use crate::kernel_elf::Segment;
use crate::memory_map::{Range, RangeKind};
use crate::physical_memory::PhysicalMemory;
use tables::{Counter, Tables, Writer};

/// Entry bit: present.
const PRESENT: u64 = 1 << 0;
/// Entry bit: writable.
const WRITABLE: u64 = 1 << 1;
/// Entry bit: lowest bit of the index into the page attribute table.
const WRITE_THROUGH: u64 = 1 << 3;
/// Entry bit above the lowest level: a large page instead of a table.
const LARGE: u64 = 1 << 7;
/// Entry bit of 4 KiB pages: highest bit of the index into the page attribute table.
const PAT_SMALL: u64 = 1 << 7;
/// The same bit for large pages.
const PAT_LARGE: u64 = 1 << 12;
/// Entry bit: no execution.
const NO_EXECUTE: u64 = 1 << 63;

/// Size of a page by its level: 4 KiB, 2 MiB, 1 GiB.
const fn page_size_bytes(level: usize) -> u64 {
    PAGE_SIZE_BYTES << (9 * level)
}

/// The largest page that the processor has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LargestPage {
    /// Every 64-bit processor has these.
    TwoMib,
    /// If CPUID 0x80000001 reports it (EDX bit 26).
    OneGib,
}

/// Whether page table entries may use the NX bit: only if EFER.NXE is set. Otherwise the bit is reserved and causes a fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoExecute {
    /// Data is not executable.
    Enabled,
    /// The processor does not have NX.
    Absent,
}

/// What to map.
#[derive(Clone, Copy, Debug)]
pub struct AddressSpace<'a> {
    /// The memory map.
    pub ranges: &'a [Range],
    /// The kernel's segments, as [`crate::kernel_elf::KernelElf::segments`] lists them.
    pub segments: &'a [Segment<'a>],
    /// First virtual address of the kernel's image.
    pub image_base: VirtAddr,
    /// Physical address of the image.
    pub image_physical_base: PhysAddr,
    /// The largest page to use.
    pub largest_page: LargestPage,
    /// Whether NX can be used.
    pub no_execute: NoExecute,
}

/// Returns the number of 4 KiB frames that [`build`] will use.
#[must_use]
pub fn count_frames(space: &AddressSpace<'_>) -> u64 {
    let mut counter = Counter::default();
    match map_everything(space, &mut counter) {
        Ok(_) => counter.frames(),
        Err(never) => match never {},
    }
}

/// Writes the tables into `frames`, and returns the address of the top one.
///
/// # Errors
/// The memory is too small, or cannot be written.
pub fn build<M: PhysicalMemory>(
    space: &AddressSpace<'_>,
    memory: &mut M,
    frames: Extent,
) -> Result<PhysAddr, PageTableError> {
    let mut writer = Writer::new(memory, frames);
    map_everything(space, &mut writer)
}

/// Maps the direct map, then the kernel, which lies above it.
fn map_everything<T: Tables>(space: &AddressSpace<'_>, tables: &mut T) -> Result<PhysAddr, T::Error> {
    let root = tables.begin_table()?;
    let mut mapper = Mapper {
        tables,
        root,
        open: [None; 3],
    };
    let mut waiting: Option<Run> = None;
    for range in space.ranges.iter().filter(|range| range.kind.is_mapped()) {
        let behind = waiting.map_or(0, |run| run.end);
        let run = Run::new(range, behind);
        match &mut waiting {
            Some(last) if last.end == run.start && last.cache == run.cache => last.end = run.end,
            _ => {
                if let Some(complete) = waiting.replace(run) {
                    mapper.map_run(complete, space.largest_page)?;
                }
            }
        }
    }
    if let Some(complete) = waiting {
        mapper.map_run(complete, space.largest_page)?;
    }
    for segment in space.segments {
        mapper.map_segment(segment, space)?;
    }
    Ok(root)
}

/// Cache type.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Cache {
    /// Entry 0 of the page attribute table.
    WriteBack,
    /// Entry 5, which the protocol makes write-combining.
    WriteCombining,
}

/// Contiguous memory of one cache type, in whole pages.
#[derive(Clone, Copy)]
struct Run {
    /// First byte.
    start: u64,
    /// End (exclusive).
    end: u64,
    /// Its cache type.
    cache: Cache,
}

impl Run {
    /// Returns the pages of a range, without those below `behind`, which belong to the previous range.
    fn new(range: &Range, behind: u64) -> Self {
        let cache = match range.kind {
            RangeKind::FrameBuffer => Cache::WriteCombining,
            _ => Cache::WriteBack,
        };
        let start = align_down(range.base, PAGE_SIZE_BYTES).max(behind);
        let end = align_up(range.end.min(DIRECT_MAP_LIMIT), PAGE_SIZE_BYTES).max(start);
        Self { start, end, cache }
    }
}

/// The current table of each level.
struct Mapper<'t, T> {
    /// The destination.
    tables: &'t mut T,
    /// The top table.
    root: PhysAddr,
    /// By level (0 is the lowest): the index of the address range that the table covers, and the table.
    open: [Option<(u64, PhysAddr)>; 3],
}

impl<T: Tables> Mapper<'_, T> {
    /// Maps memory in the direct map with the largest pages that fit.
    fn map_run(&mut self, run: Run, largest_page: LargestPage) -> Result<(), T::Error> {
        let largest_level = match largest_page {
            LargestPage::TwoMib => 1,
            LargestPage::OneGib => 2,
        };
        let mut at = run.start;
        while at < run.end {
            let fits =
                |level: &usize| at.is_multiple_of(page_size_bytes(*level)) && run.end - at >= page_size_bytes(*level);
            let level = (1..=largest_level).rev().find(fits).unwrap_or(0);
            let cache = match (run.cache, level) {
                (Cache::WriteBack, _) => 0,
                (Cache::WriteCombining, 0) => WRITE_THROUGH | PAT_SMALL,
                (Cache::WriteCombining, _) => WRITE_THROUGH | PAT_LARGE,
            };
            let large = if level == 0 { 0 } else { LARGE };
            self.map_page(HHDM_OFFSET + at, level, at | PRESENT | WRITABLE | large | cache)?;
            at += page_size_bytes(level);
        }
        Ok(())
    }

    /// Maps a segment of the kernel with its permissions.
    fn map_segment(&mut self, segment: &Segment<'_>, space: &AddressSpace<'_>) -> Result<(), T::Error> {
        let writable = if segment.writable { WRITABLE } else { 0 };
        let no_execute = match space.no_execute {
            NoExecute::Enabled if !segment.executable => NO_EXECUTE,
            _ => 0,
        };
        let mut page = segment.first_page();
        while page < segment.end_page() {
            let frame = space.image_physical_base.as_u64() + (page - space.image_base.as_u64());
            self.map_page(page, 0, frame | PRESENT | writable | no_execute)?;
            page += PAGE_SIZE_BYTES;
        }
        Ok(())
    }

    /// Sets the entry for one page of `level`, which lies above all pages mapped before.
    fn map_page(&mut self, address: u64, level: usize, entry: u64) -> Result<(), T::Error> {
        let mut table = self.root;
        for lower in (level..3).rev() {
            let stretch = address >> (12 + 9 * (lower + 1));
            let Some(open) = self.open.get_mut(lower) else { break };
            table = match *open {
                Some((covered, lower_table)) if covered == stretch => lower_table,
                _ => {
                    let lower_table = self.tables.begin_table()?;
                    self.tables
                        .set_entry(table, stretch % 512, lower_table.as_u64() | PRESENT | WRITABLE)?;
                    *open = Some((stretch, lower_table));
                    lower_table
                }
            };
        }
        self.tables.set_entry(table, (address >> (12 + 9 * level)) % 512, entry)
    }
}
