//! Pieces of memory that wait to become heap.
//!
//! The heap takes a piece when it runs out, under its own lock, where nothing may be looked up in the maps of memory
//! (they are on the heap themselves). So the stock is filled beforehand, by whoever allocates next, outside of both
//! locks. Lock order: heap, then stock. Under the stock's lock no other is taken.

use super::physical_memory;
use crate::{boot::hhdm_offset::OffsetMappedPhysAddr, sync::IrqSpinLock};
use arrayvec::ArrayVec;
use core::sync::atomic::{AtomicBool, Ordering};
use x86_64::{
    VirtAddr,
    structures::paging::{PhysFrame, Size2MiB},
};

/// Size and alignment of a piece: as a large page, so that the maps stay short.
pub(super) const PIECE_SIZE: usize = 2 * 1024 * 1024;

/// How many pieces the stock can hold.
const CAPACITY: usize = 3;

/// With this many or fewer, the stock is filled up.
const LOW_WATER_MARK: usize = 1;

/// Set by a change of the stock, as long as it is low: whoever allocates looks here, without the lock.
static IS_LOW: AtomicBool = AtomicBool::new(true);

/// The pieces. They belong to the heap already, as far as the map of memory knows.
static STOCK: IrqSpinLock<Stock> = IrqSpinLock::new(Stock::new_const());

type Stock = ArrayVec<PhysFrame<Size2MiB>, CAPACITY>;

/// Takes a piece, for the heap: its address in the direct map.
pub(super) fn take() -> Option<VirtAddr> {
    let mut stock = STOCK.lock();
    let piece = stock.pop();
    IS_LOW.store(missing(&stock) != 0, Ordering::Relaxed);
    piece.map(|piece| piece.start_address().offset_mapped())
}

/// Fills the stock up when it is low. Must be called without the heap's lock; does nothing while this processor has the
/// map of memory locked: whoever uses that, and so may let it grow, calls this afterwards.
#[inline]
pub(super) fn refill_if_low() {
    if IS_LOW.load(Ordering::Relaxed) {
        refill();
    }
}

/// Fills the stock up.
#[cold]
fn refill() {
    // A statement of its own: as the head of the loop it would hold the lock throughout.
    let count = missing(&STOCK.lock());
    for _ in 0..count {
        let Some(piece) = physical_memory::allocate_heap_piece() else {
            return;
        };
        let mut stock = STOCK.lock();
        let added = stock.try_push(piece);
        IS_LOW.store(missing(&stock) != 0, Ordering::Relaxed);
        drop(stock);
        if added.is_err() {
            physical_memory::free_heap_piece(piece);
        }
    }
}

/// Number of pieces to add now: none above the low-water mark, otherwise as many as the stock can hold.
fn missing(stock: &Stock) -> usize {
    if stock.len() > LOW_WATER_MARK {
        return 0;
    }
    stock.remaining_capacity()
}
