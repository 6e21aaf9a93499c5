//! Sets up memory, once, on the BSP.

use super::{
    create_page_tables, frame_allocator, global_allocator, guarded_stack, heap_stock::PIECE_SIZE, module_memory,
    physical_memory, virtual_memory,
};
use crate::{
    boot::{boot_info::BootInfo, hhdm_offset::OffsetMappedPhysAddr},
    sync::this_cpu::cpus_count,
};
use ez_paging::{MapRangeError, PagingFeatures};
use memory_ranges::{BootClaim, BootMap, BootMemoryKind, OwnershipError, PhysRange, RangeError, find_first_piece};
use thiserror::Error;
use x86_64::PhysAddr;

/// Size of the heap's first piece. It must hold the maps of memory, which the stock needs before it can deliver more.
const FIRST_PIECE_BYTES: u64 = PIECE_SIZE as u64;

/// Estimate of the bytes for page tables and data of a small machine. More than half of it is for the 256 tables of the
/// kernel's half of the address space, which exist from the beginning.
const TABLES_BYTES: u64 = 2 * 1024 * 1024;

/// Why memory cannot be set up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum InitMemoryError {
    #[error(
        "the heap needs {} KiB of contiguous memory; the boot loader's map has {} KiB of usable memory, but no piece of that size without an overlapping entry",
        needed_bytes >> 10, usable_bytes >> 10
    )]
    NoFirstPiece { usable_bytes: u64, needed_bytes: u64 },
    #[error(
        "{} KiB of memory are needed to begin with {cpus} processors; there are {} KiB",
        needed_bytes >> 10, usable_bytes >> 10
    )]
    TooLittle {
        usable_bytes: u64,
        needed_bytes: u64,
        cpus: u32,
    },
    #[error("the heap's first memory is not usable: {0}")]
    PhysicalMemory(OwnershipError),
    #[error("the page tables cannot be built: {0}")]
    PageTables(#[from] MapRangeError),
    #[error("the kernel's image cannot lie where the boot loader says: {0}")]
    KernelImage(RangeError<PhysAddr>),
    #[error("the kernel lies at {0:?}, which the boot loader's map does not reserve")]
    KernelImageNotReserved(PhysRange),
}

/// Sets up the heap, physical memory and the kernel's own page tables, and switches the BSP to these.
///
/// `features` are those of the processor, whose EFER.NXE and PAT are set accordingly.
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
    // First: otherwise the heap's first piece could lie in the kernel's image.
    check_image_is_reserved(claims.clone(), image)?;
    // SAFETY: One entry of the boot loader's map says that the piece is usable, and no other entry contradicts. The boot
    // loader's direct map contains it.
    unsafe { global_allocator::claim(first_piece.start().offset_mapped().as_mut_ptr(), PIECE_SIZE) };

    let map = BootMap::from_claims(claims);
    module_memory::set_kernel_image(image);
    log_map(&map);
    check_enough(&map, cpus_count())?;
    // Before the page tables, which need hundreds of frames. And before the map: once it is there, an allocation of the heap
    // takes 2 MiB for the heap's stock, which a small machine needs for the page tables.
    frame_allocator::init();
    physical_memory::init(&map, first_piece).map_err(InitMemoryError::PhysicalMemory)?;
    let table = create_page_tables::create(boot_info, &map, features)?;
    // SAFETY: The table maps the kernel's image, all RAM (the current stack included) and the frame buffer at the addresses
    // that the boot loader's tables had.
    unsafe { virtual_memory::init(table) };
    Ok(())
}

fn log_map(map: &BootMap) {
    for note in map.notes() {
        log::warn!("Memory map: {note:?}. The memory in question is not used; newer firmware may report it properly");
    }
    for (range, kind) in map.iter() {
        let (start, size) = (range.start(), range.size_bytes());
        log::trace!("Memory map: {:#x} to {:#x}: {kind:?}", start, start + size);
    }
}

fn check_image_is_reserved(claims: impl Iterator<Item = BootClaim>, image: PhysRange) -> Result<(), InitMemoryError> {
    let (start, end) = (image.start().as_u64(), image.start().as_u64() + image.size_bytes());
    let reserved = claims.filter(|claim| claim.kind == BootMemoryKind::ExecutableAndModules);
    let reserved_bytes = reserved.fold(0_u64, |bytes, claim| {
        let last = claim.base.saturating_add(claim.length_bytes).min(end);
        bytes.saturating_add(last.saturating_sub(claim.base.max(start)))
    });
    if reserved_bytes < image.size_bytes() {
        return Err(InitMemoryError::KernelImageNotReserved(image));
    }
    Ok(())
}

/// Checks that there is enough memory to boot all processors, so that a shortage is reported here and not by a panic later.
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
