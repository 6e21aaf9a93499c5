//! Setting memory up, once, on the BSP.

use super::{
    create_page_tables::{self, CreatePageTablesError},
    global_allocator, guarded_stack,
    heap_stock::PIECE_SIZE,
    module_memory, physical_memory, virtual_memory,
};
use crate::{
    boot::{boot_info::BootInfo, hhdm_offset::OffsetMappedPhysAddr},
    sync::this_cpu::cpus_count,
};
use core::fmt;
use ez_paging::PagingFeatures;
use memory_ranges::{BootClaim, BootMap, BootMemoryKind, OwnershipError, PhysRange, RangeError, find_first_piece};
use x86_64::PhysAddr;

/// Bytes of the heap's first piece, before its stock can be asked for more: the maps of memory have to fit.
const FIRST_PIECE_BYTES: u64 = PIECE_SIZE as u64;

/// Bytes that page tables, data and lists of a small machine take, generously: more than half of it for the tables of the
/// kernel's half of the address space, which are there from the beginning.
const TABLES_BYTES: u64 = 2 * 1024 * 1024;

/// Why memory cannot be set up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InitMemoryError {
    /// There is not even enough for the first piece of the heap.
    NoFirstPiece {
        /// How much the boot loader calls usable, in bytes.
        usable_bytes: u64,
        /// How much is needed in one piece, in bytes.
        needed_bytes: u64,
    },
    /// There is not enough for so many processors.
    TooLittle {
        /// How much is usable, in bytes.
        usable_bytes: u64,
        /// How much is needed, in bytes.
        needed_bytes: u64,
        /// How many processors there are.
        cpus: u32,
    },
    /// The boot loader's map cannot be kept.
    PhysicalMemory(OwnershipError),
    /// The page tables cannot be built.
    PageTables(CreatePageTablesError),
    /// The kernel cannot be where the boot loader says.
    KernelImage(RangeError<PhysAddr>),
    /// The boot loader's map does not keep the kernel's memory for the kernel.
    KernelImageNotKept(PhysRange),
}

/// Sets up heap, physical memory and the kernel's own page tables, and makes the BSP use these.
///
/// `features` are those of the processor; its NX and PAT are set accordingly.
pub fn init(boot_info: &BootInfo, features: PagingFeatures) -> Result<(), InitMemoryError> {
    let claims = boot_info.memory_map.claims();
    let first_piece = find_first_piece(claims.clone(), FIRST_PIECE_BYTES).ok_or_else(|| {
        let usable_bytes = boot_info.memory_map.usable_bytes();
        InitMemoryError::NoFirstPiece {
            usable_bytes,
            needed_bytes: FIRST_PIECE_BYTES,
        }
    })?;
    let image = create_page_tables::image(boot_info).map_err(InitMemoryError::KernelImage)?;
    // Before anything is written there: else the first piece could be the kernel itself.
    check_image_is_kept(claims.clone(), image)?;
    // SAFETY: The boot loader calls the piece usable, by one entry and against none, and has it in the direct map.
    unsafe { global_allocator::claim(first_piece.start().offset_mapped().as_mut_ptr(), PIECE_SIZE) };

    let map = BootMap::from_claims(claims);
    module_memory::set_kernel_image(image);
    log_map(&map);
    check_enough(&map, cpus_count())?;
    physical_memory::init(&map, first_piece).map_err(InitMemoryError::PhysicalMemory)?;
    let table = create_page_tables::create(boot_info, &map, features).map_err(InitMemoryError::PageTables)?;
    // SAFETY: The table maps the kernel's image, all RAM (the stack that this runs on is RAM) and the frame buffer where
    // the boot loader's had them.
    unsafe { virtual_memory::init(table) };
    Ok(())
}

/// Logs what the map holds, and what was odd in the boot loader's.
fn log_map(map: &BootMap) {
    for note in map.notes() {
        log::warn!("Memory map: {note:?}. The memory in question is not used; newer firmware may report it properly");
    }
    for (range, kind) in map.iter() {
        let (start, size) = (range.start(), range.size_bytes());
        log::trace!("Memory map: {:#x} to {:#x}: {kind:?}", start, start + size);
    }
}

/// Checks that the map says of all of the kernel's image that it is the kernel's.
fn check_image_is_kept(claims: impl Iterator<Item = BootClaim>, image: PhysRange) -> Result<(), InitMemoryError> {
    let (start, end) = (image.start().as_u64(), image.start().as_u64() + image.size_bytes());
    let kept = claims.filter(|claim| claim.kind == BootMemoryKind::ExecutableAndModules);
    let kept_bytes = kept.fold(0_u64, |bytes, claim| {
        let last = claim.base.saturating_add(claim.length_bytes).min(end);
        bytes.saturating_add(last.saturating_sub(claim.base.max(start)))
    });
    if kept_bytes < image.size_bytes() {
        return Err(InitMemoryError::KernelImageNotKept(image));
    }
    Ok(())
}

/// Checks that there is enough memory to come up with so many processors. Without this it would run out somewhere on the way.
fn check_enough(map: &BootMap, cpus: u32) -> Result<(), InitMemoryError> {
    let usable_bytes = map.bytes_of(BootMemoryKind::Usable);
    let needed_bytes = FIRST_PIECE_BYTES + TABLES_BYTES + u64::from(cpus) * guarded_stack::BYTES_PER_CPU;
    if usable_bytes < needed_bytes {
        return Err(InitMemoryError::TooLittle {
            usable_bytes,
            needed_bytes,
            cpus,
        });
    }
    Ok(())
}

impl fmt::Display for InitMemoryError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLittle {
                usable_bytes,
                needed_bytes,
                cpus,
            } => write!(
                formatter,
                "{} KiB of memory are needed to begin with {cpus} processors; there are {} KiB",
                needed_bytes >> 10,
                usable_bytes >> 10
            ),
            Self::NoFirstPiece {
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
            Self::KernelImage(error) => write!(formatter, "the kernel cannot be where the boot loader says: {error:?}"),
            Self::KernelImageNotKept(image) => write!(
                formatter,
                "the kernel lies at {image:?}, which the boot loader's map does not keep for it"
            ),
        }
    }
}
