//! The kernel's heap: the allocator behind `Box`, `Vec` and the like.
//!
//! It is talc behind a lock, and grows by pieces of 2 MiB from [`super::heap_stock`]. An allocation must be smaller than a
//! piece. Lock order: heap, then stock; never heap, then a map of memory.

use super::heap_stock::{self, PIECE_SIZE};
use crate::sync::IrqSpinLock;
use core::{
    alloc::{GlobalAlloc, Layout},
    fmt, ptr,
};
use talc::{
    base::{
        Talc,
        binning::{Binning, linear_extent_then_linearly_divided_exponential_binning},
    },
    source::Source,
};

#[cfg_attr(target_os = "none", global_allocator)]
static HEAP: KernelHeap = KernelHeap(IrqSpinLock::new(Heap {
    talc: Talc::new(StockSource { claimed_bytes: 0 }),
    used_bytes: 0,
    allocations: 0,
}));

struct KernelHeap(IrqSpinLock<Heap>);

struct Heap {
    talc: Talc<StockSource, KernelBinning>,
    used_bytes: usize,
    allocations: usize,
}

/// How much of the heap is in use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HeapUsage {
    /// Bytes of all allocations.
    pub used_bytes: usize,
    pub allocations: usize,
    /// Bytes of all pieces of the heap.
    pub total_bytes: usize,
}

/// Lists of free memory by size: one for each multiple of 32 bytes up to 512, then four for each power of two, up to the
/// size of a piece. There are at most as many as bits in a word, so that one instruction finds a list that is not empty.
#[derive(Debug)]
struct KernelBinning;

impl Binning for KernelBinning {
    type AvailabilityBitField = u64;

    const BIN_COUNT: u32 = u64::BITS - 1;

    #[inline]
    fn size_to_bin(size: usize) -> u32 {
        linear_extent_then_linearly_divided_exponential_binning::<4, 4>(size)
    }
}

/// Grows the heap from the stock.
#[derive(Debug)]
struct StockSource {
    claimed_bytes: usize,
}

/// Bytes at the ends of a piece that the allocator may use for itself.
const PIECE_OVERHEAD: usize = 4096;

/// How much of the heap is in use; `None` while the heap is locked.
pub fn usage() -> Option<HeapUsage> {
    HEAP.0.try_lock().map(|heap| HeapUsage {
        used_bytes: heap.used_bytes,
        allocations: heap.allocations,
        total_bytes: heap.talc.source.claimed_bytes,
    })
}

/// Gives the heap its first memory.
///
/// # Safety
///
/// These bytes are mapped and writable, and nothing else ever uses them.
pub unsafe fn claim(start: *mut u8, size_bytes: usize) {
    let mut heap = HEAP.0.lock();
    // SAFETY: The caller's promise.
    if unsafe { heap.talc.claim(start, size_bytes) }.is_some() {
        heap.talc.source.claimed_bytes += size_bytes;
    }
}

// SAFETY: talc allocates as this trait demands, and the lock admits one caller at a time. A failure is a null pointer;
// nothing here panics.
unsafe impl GlobalAlloc for KernelHeap {
    #[inline]
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let start = self.0.lock().allocate(layout);
        heap_stock::refill_if_low();
        start
    }

    #[inline]
    unsafe fn dealloc(&self, start: *mut u8, layout: Layout) {
        let mut heap = self.0.lock();
        // SAFETY: The memory was allocated here, with this layout.
        unsafe { heap.talc.deallocate(start, layout) };
        heap.used_bytes -= layout.size();
        heap.allocations -= 1;
    }
}

impl Heap {
    #[inline]
    fn allocate(&mut self, layout: Layout) -> *mut u8 {
        // SAFETY: The layout's size is not 0: the compiler's allocations never are.
        let start = unsafe { self.talc.allocate(layout) };
        if start.is_some() {
            self.used_bytes += layout.size();
            self.allocations += 1;
        }
        start.map_or(ptr::null_mut(), |start| start.as_ptr())
    }
}

// SAFETY: `acquire` allocates nothing and takes only the stock's lock.
unsafe impl Source for StockSource {
    fn acquire<B: Binning>(talc: &mut Talc<Self, B>, layout: Layout) -> Result<(), ()> {
        // Pieces are not joined, so a larger allocation can never succeed.
        if layout.size().saturating_add(layout.align()) > PIECE_SIZE - PIECE_OVERHEAD {
            return Err(());
        }
        let piece = heap_stock::take().ok_or(())?;
        talc.source.claimed_bytes += PIECE_SIZE;
        // SAFETY: The stock's pieces are mapped and writable, and nobody else uses them.
        unsafe { talc.claim(piece.as_mut_ptr(), PIECE_SIZE) }
            .map(|_end| ())
            .ok_or(())
    }
}

impl fmt::Display for HeapUsage {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            used_bytes,
            allocations,
            total_bytes,
        } = self;
        write!(
            formatter,
            "heap: {used_bytes} of {total_bytes} bytes in {allocations} allocations"
        )
    }
}
