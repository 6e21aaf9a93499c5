//! Memory set aside for the heap to grow.
//!
//! The heap grows while its own lock is held. The maps of memory lie on the heap, so they must not be used then. So the
//! heap takes a piece from this stock, and the next caller of the allocator refills it, outside of both locks. Lock order:
//! heap, then stock. No lock is taken under the stock's.

use super::physical_memory::{self, HEAP};
use crate::{boot::hhdm_offset::OffsetMappedPhysAddr, sync::IrqSpinLock};
use arrayvec::ArrayVec;
use core::sync::atomic::{AtomicBool, Ordering};
use memory_ranges::PhysRange;
use x86_64::VirtAddr;

/// Size and alignment of a piece in bytes: that of a large page, which keeps the maps short.
pub(super) const PIECE_SIZE: usize = 2 * 1024 * 1024;

const CAPACITY: usize = 3;

/// The stock is refilled when it has this many pieces or fewer.
const LOW_WATER_MARK: usize = 1;

/// Whether the stock is low. Changed with the stock; the allocator reads it without the lock.
static IS_LOW: AtomicBool = AtomicBool::new(true);

/// The pieces. In the map of physical memory they already belong to the heap.
static STOCK: IrqSpinLock<Stock> = IrqSpinLock::new(Stock::new_const());

type Stock = ArrayVec<PhysRange, CAPACITY>;

/// Takes a piece for the heap. Returns its address in the direct map.
pub(super) fn take() -> Option<VirtAddr> {
    let mut stock = STOCK.lock();
    let piece = stock.pop();
    IS_LOW.store(missing(&stock) != 0, Ordering::Relaxed);
    piece.map(|piece| piece.start().offset_mapped())
}

/// Refills the stock if it is low. The caller must not hold the heap's lock. Does nothing while this processor holds the
/// lock of physical memory; whoever releases that lock, and may have made the heap grow, calls this afterwards.
#[inline]
pub(super) fn refill_if_low() {
    if IS_LOW.load(Ordering::Relaxed) {
        refill();
    }
}

#[cold]
fn refill() {
    // Keep separate: in the `for` header the guard would live for the whole loop.
    let count = missing(&STOCK.lock());
    for _ in 0..count {
        let memory = physical_memory::lock_unless_held_here();
        let piece = memory.and_then(|mut memory| memory.allocate_frame_with_type(PIECE_SIZE as u64, HEAP).ok());
        let Some(piece) = piece else { return };
        let mut stock = STOCK.lock();
        let added = stock.try_push(piece);
        IS_LOW.store(missing(&stock) != 0, Ordering::Relaxed);
        drop(stock);
        if added.is_err() {
            give_back(piece);
        }
    }
}

/// Gives back a piece for which the stock has no room, because another processor refilled it meanwhile.
fn give_back(piece: PhysRange) {
    if let Some(mut memory) = physical_memory::lock() {
        // SAFETY: It was just allocated, and never used.
        let freed = unsafe { memory.free(piece, HEAP) };
        debug_assert!(freed.is_ok(), "{freed:?}");
    }
}

/// Number of pieces to add now: none above the low-water mark, otherwise as many as the stock can hold.
fn missing(stock: &Stock) -> usize {
    if stock.len() > LOW_WATER_MARK {
        return 0;
    }
    stock.remaining_capacity()
}
