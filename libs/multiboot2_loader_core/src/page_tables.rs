//! The address space that the kernel starts in: 4-level tables with the direct map and the kernel, nothing else.
//!
//! Pages are mapped in ascending order, so every table is begun once and never revisited. The same walk runs twice:
//! first it only counts the tables, so that their memory can be taken while the memory map may still change, then it
//! writes them. Taking memory turns usable ranges into boot-loader ranges; both are mapped alike, so the count stays.
//!
//! What always holds: only memory of the listed kinds is mapped, rounded outwards to 4 KiB pages; a large page lies
//! wholly inside listed memory of one cache type.

mod tables;

pub use tables::PageTableError;

use crate::address::{
    DIRECT_MAP_LIMIT, Extent, HHDM_OFFSET, PAGE_SIZE_BYTES, PhysAddr, VirtAddr, align_down, align_up,
};
use crate::kernel_elf::Segment;
use crate::memory_map::{Range, RangeKind};
use crate::physical_memory::PhysicalMemory;
use tables::{Counter, Tables, Writer};

/// Entry bit: there is a page or a table.
const PRESENT: u64 = 1 << 0;
/// Entry bit: may be written.
const WRITABLE: u64 = 1 << 1;
/// Entry bit: lowest bit of the index into the page attribute table.
const WRITE_THROUGH: u64 = 1 << 3;
/// Entry bit above the lowest level: a large page instead of a table.
const LARGE: u64 = 1 << 7;
/// Entry bit of 4 KiB pages: highest bit of the index into the page attribute table.
const PAT_SMALL: u64 = 1 << 7;
/// The same of large pages.
const PAT_LARGE: u64 = 1 << 12;
/// Entry bit: no code may run.
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
    /// Where CPUID 0x80000001 says so (EDX bit 26).
    OneGib,
}

/// Whether page-table entries may forbid execution: only when EFER.NXE is on, else the bit is reserved and faults.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoExecute {
    /// Data cannot be run.
    Enabled,
    /// The processor lacks it.
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
    /// Where the image lies in physical memory.
    pub image_physical_base: PhysAddr,
    /// The largest page to use.
    pub largest_page: LargestPage,
    /// Whether data can be kept from running.
    pub no_execute: NoExecute,
}

/// How many 4 KiB frames [`build`] will use.
#[must_use]
pub fn count_frames(space: &AddressSpace<'_>) -> u64 {
    let mut counter = Counter::default();
    match map_everything(space, &mut counter) {
        Ok(_) => counter.frames(),
        Err(never) => match never {},
    }
}

/// Writes the tables into `frames` and returns where the top one is.
///
/// # Errors
/// When the memory is too small or cannot be written.
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

/// How accesses are cached.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Cache {
    /// Entry 0 of the page attribute table.
    WriteBack,
    /// Entry 5, which the protocol makes write-combining.
    WriteCombining,
}

/// Neighbouring memory of one cache type, in whole pages.
#[derive(Clone, Copy)]
struct Run {
    /// First byte.
    start: u64,
    /// First byte behind it.
    end: u64,
    /// How it is cached.
    cache: Cache,
}

impl Run {
    /// The pages of a range, without those below `behind`, which the range before it has taken already.
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

/// The tables begun last, level by level.
struct Mapper<'t, T> {
    /// Where they go.
    tables: &'t mut T,
    /// The top table.
    root: PhysAddr,
    /// By level (0 the lowest): the number of the stretch of addresses that the table covers, and the table.
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

    /// Maps a segment of the kernel with its own permissions.
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
