//! The kernel's heap: what `Box`, `Vec` and their like allocate from.
//!
//! It is talc behind a lock, and grows by pieces of the stock ([`super::heap_stock`]). An allocation must be smaller
//! than a piece. Lock order: heap, then stock; never heap, then a map of memory.

use super::heap_stock::{self, PIECE_SIZE};
use crate::sync::InterruptLock;
use core::{
    alloc::{GlobalAlloc, Layout},
    fmt, ptr,
};
use talc::{
    DefaultBinning,
    base::{Talc, binning::Binning},
    source::Source,
};

/// The heap.
#[cfg_attr(target_os = "none", global_allocator)]
static HEAP: KernelHeap = KernelHeap(InterruptLock::new(Heap {
    talc: Talc::new(StockSource { pieces_taken: 0 }),
    usage: HeapUsage {
        used_bytes: 0,
        allocations: 0,
        total_bytes: 0,
    },
}));

/// What the compiler's allocations reach.
struct KernelHeap(InterruptLock<Heap>);

/// The allocator and its count.
struct Heap {
    /// The allocator.
    talc: Talc<StockSource, DefaultBinning>,
    /// How much of it is in use.
    usage: HeapUsage,
}

/// How much of the heap is in use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HeapUsage {
    /// Bytes that were asked for and not given back.
    pub used_bytes: usize,
    /// Allocations that were not given back.
    pub allocations: usize,
    /// Bytes that the heap was given.
    pub total_bytes: usize,
}

/// Hands the heap the pieces of the stock.
#[derive(Debug)]
struct StockSource {
    /// How many pieces the heap has got.
    pieces_taken: usize,
}

/// Bytes at the ends of a piece that the allocator may need for itself.
const PIECE_OVERHEAD: usize = 4096;

/// How much of the heap is in use; `None` while somebody uses it.
pub fn usage() -> Option<HeapUsage> {
    HEAP.0.try_lock().map(|heap| heap.usage)
}

/// Gives the heap its first memory.
///
/// # Safety
///
/// Nothing else may use these bytes, for good, and they must be mapped and writable.
pub unsafe fn claim(start: *mut u8, size_bytes: usize) {
    let mut heap = HEAP.0.lock();
    // SAFETY: The caller's promise.
    if unsafe { heap.talc.claim(start, size_bytes) }.is_some() {
        heap.usage.total_bytes += size_bytes;
    }
}

// SAFETY: talc hands out memory as this trait asks for, and the lock makes it one caller at a time. A failure is a null
// pointer; nothing here panics.
unsafe impl GlobalAlloc for KernelHeap {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let start = self.0.lock().allocate(layout);
        heap_stock::refill_if_low();
        start
    }

    unsafe fn dealloc(&self, start: *mut u8, layout: Layout) {
        let mut heap = self.0.lock();
        // SAFETY: The caller got the memory here, with this layout.
        unsafe { heap.talc.deallocate(start, layout) };
        heap.usage.used_bytes -= layout.size();
        heap.usage.allocations -= 1;
    }
}

impl Heap {
    /// Allocates memory, or returns null.
    fn allocate(&mut self, layout: Layout) -> *mut u8 {
        let pieces_before = self.talc.source.pieces_taken;
        // SAFETY: The layout's size is not 0: the compiler's allocations never are.
        let start = unsafe { self.talc.allocate(layout) };
        self.usage.total_bytes += (self.talc.source.pieces_taken - pieces_before) * PIECE_SIZE;
        if start.is_some() {
            self.usage.used_bytes += layout.size();
            self.usage.allocations += 1;
        }
        start.map_or(ptr::null_mut(), |start| start.as_ptr())
    }
}

// SAFETY: `acquire` allocates nothing and takes only the stock's lock.
unsafe impl Source for StockSource {
    fn acquire<B: Binning>(talc: &mut Talc<Self, B>, layout: Layout) -> Result<(), ()> {
        // What does not fit into a piece never will, however many there are.
        if layout.size().saturating_add(layout.align()) > PIECE_SIZE - PIECE_OVERHEAD {
            return Err(());
        }
        let piece = heap_stock::take().ok_or(())?;
        talc.source.pieces_taken += 1;
        // SAFETY: The stock's pieces are mapped, writable and used by nobody.
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
