//! The kernel's heap: the allocator behind `Box`, `Vec` and the like.
//!
//! It is talc behind a lock, and grows by pieces of 2 MiB from [`super::heap_stock`]. An allocation must be smaller than a
//! piece. Lock order: heap, then stock; never heap, then a map of memory.

use super::heap_stock::{self, PIECE_SIZE};
use crate::sync::IrqSpinLock;
use core::{
    alloc::{GlobalAlloc, Layout},
    fmt, ptr,
    sync::atomic::{AtomicUsize, Ordering},
};
use talc::{
    base::{
        Talc,
        binning::{Binning, linear_extent_then_linearly_divided_exponential_binning},
    },
    source::Source,
};

#[cfg_attr(target_os = "none", global_allocator)]
static HEAP: KernelHeap = KernelHeap(IrqSpinLock::new(Talc::new(StockSource)));

/// The fields of [`HeapUsage`]. Changed only under the heap's lock, and readable without it: a panic may have interrupted the
/// lock's holder.
static USED_BYTES: AtomicUsize = AtomicUsize::new(0);
static ALLOCATIONS: AtomicUsize = AtomicUsize::new(0);
static TOTAL_BYTES: AtomicUsize = AtomicUsize::new(0);

struct KernelHeap(IrqSpinLock<Talc<StockSource, KernelBinning>>);

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
struct StockSource;

/// Bytes at the ends of a piece that the allocator may use for itself.
const PIECE_OVERHEAD: usize = 4096;

/// How much of the heap is in use. While another processor allocates, the numbers may be those before or after it.
pub fn usage() -> HeapUsage {
    HeapUsage {
        used_bytes: USED_BYTES.load(Ordering::Relaxed),
        allocations: ALLOCATIONS.load(Ordering::Relaxed),
        total_bytes: TOTAL_BYTES.load(Ordering::Relaxed),
    }
}

/// Adds to a counter. Cheaper than one atomic addition, and enough: the heap's lock is held.
#[inline]
fn add(counter: &AtomicUsize, number: usize) {
    counter.store(counter.load(Ordering::Relaxed).wrapping_add(number), Ordering::Relaxed);
}

/// Gives the heap its first memory.
///
/// # Safety
///
/// These bytes are mapped and writable, and nothing else ever uses them.
pub unsafe fn claim(start: *mut u8, size_bytes: usize) {
    let mut heap = HEAP.0.lock();
    // SAFETY: The caller's promise.
    if unsafe { heap.claim(start, size_bytes) }.is_some() {
        add(&TOTAL_BYTES, size_bytes);
    }
}

// SAFETY: talc allocates as this trait demands, and the lock admits one caller at a time. A failure is a null pointer;
// nothing here panics.
unsafe impl GlobalAlloc for KernelHeap {
    #[inline]
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let mut heap = self.0.lock();
        // SAFETY: The layout's size is not 0: the compiler's allocations never are.
        let start = unsafe { heap.allocate(layout) };
        if start.is_some() {
            add(&USED_BYTES, layout.size());
            add(&ALLOCATIONS, 1);
        }
        drop(heap);
        heap_stock::refill_if_low();
        start.map_or(ptr::null_mut(), |start| start.as_ptr())
    }

    #[inline]
    unsafe fn dealloc(&self, start: *mut u8, layout: Layout) {
        let mut heap = self.0.lock();
        // SAFETY: The memory was allocated here, with this layout.
        unsafe { heap.deallocate(start, layout) };
        add(&USED_BYTES, layout.size().wrapping_neg());
        add(&ALLOCATIONS, 1_usize.wrapping_neg());
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
        add(&TOTAL_BYTES, PIECE_SIZE);
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
