//! Setting memory up, once, on the BSP.

use super::{
    create_page_tables::{self, CreatePageTablesError},
    global_allocator,
    heap_stock::PIECE_SIZE,
    physical_memory, virtual_memory,
};
use crate::boot::{boot_info::BootInfo, hhdm_offset::OffsetMappedPhysAddr};
use core::fmt;
use ez_paging::PagingFeatures;
use memory_ranges::{BootMap, OwnershipError, PAGE_BYTES, PageStateError, find_first_piece};

/// Bytes of the heap's first piece, before its stock can be asked for more: the maps of memory have to fit.
const FIRST_PIECE_BYTES: u64 = PIECE_SIZE as u64;

/// Why memory cannot be set up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InitMemoryError {
    /// There is not even enough for the first piece of the heap.
    TooLittle {
        /// How much the boot loader calls usable, in bytes.
        usable_bytes: u64,
        /// How much is needed in one piece, in bytes.
        needed_bytes: u64,
    },
    /// The boot loader's map cannot be kept.
    PhysicalMemory(OwnershipError),
    /// The page tables cannot be built.
    PageTables(CreatePageTablesError),
    /// The address space cannot be kept.
    VirtualMemory(PageStateError),
}

/// Sets up heap, physical memory and the kernel's own page tables, and makes the BSP use these.
///
/// `features` are those of the processor; its NX and PAT are set accordingly.
pub fn init(boot_info: &BootInfo, features: PagingFeatures) -> Result<(), InitMemoryError> {
    let claims = boot_info.memory_map.claims();
    let first_piece = find_first_piece(claims.clone(), FIRST_PIECE_BYTES, PAGE_BYTES).ok_or_else(|| {
        let usable_bytes = boot_info.memory_map.usable_bytes();
        InitMemoryError::TooLittle {
            usable_bytes,
            needed_bytes: FIRST_PIECE_BYTES,
        }
    })?;
    // SAFETY: The boot loader calls the piece usable, by one entry and against none, and has it in the direct map.
    unsafe { global_allocator::claim(first_piece.start().offset_mapped().as_mut_ptr(), PIECE_SIZE) };

    let map = BootMap::from_claims(claims);
    for note in map.notes() {
        log::warn!("Memory map: {note:?}");
    }
    physical_memory::init(&map, first_piece).map_err(InitMemoryError::PhysicalMemory)?;
    let table = create_page_tables::create(boot_info, &map, features).map_err(InitMemoryError::PageTables)?;
    // SAFETY: The table maps the kernel's image, all RAM (the stack that this runs on is RAM) and the frame buffer where
    // the boot loader's had them.
    unsafe { virtual_memory::init(table) }.map_err(InitMemoryError::VirtualMemory)
}

impl fmt::Display for InitMemoryError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLittle {
                usable_bytes,
                needed_bytes,
            } => write!(
                formatter,
                "{} KiB of memory in one piece are needed to begin; the boot loader calls {} KiB usable, but not so much in one piece that no other entry of its map claims",
                needed_bytes >> 10,
                usable_bytes >> 10
            ),
            Self::PhysicalMemory(error) => write!(formatter, "the memory map cannot be kept: {error:?}"),
            Self::PageTables(error) => write!(formatter, "the page tables cannot be built: {error:?}"),
            Self::VirtualMemory(error) => write!(formatter, "the address space cannot be kept: {error:?}"),
        }
    }
}
