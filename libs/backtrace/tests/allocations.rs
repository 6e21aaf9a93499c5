//! Who allocates: only the copying of the symbols, in pieces that a small heap can give, and it reports when it gets none.

mod elf_file;

use backtrace::{FrameLine, FrameWalk, SymbolTable, SymbolTableError};
use elf_file::{TEXT, TestSymbol, elf_file, function};
use std::{
    alloc::{GlobalAlloc, Layout, System},
    cell::Cell,
    fmt::{self, Write},
    ptr,
};

/// The system's heap, watched for each thread.
struct WatchedHeap;

#[global_allocator]
static HEAP: WatchedHeap = WatchedHeap;

thread_local! {
    /// How many more allocations succeed.
    static ALLOCATIONS_LEFT: Cell<usize> = const { Cell::new(usize::MAX) };
    /// The size of the largest one so far.
    static LARGEST_BYTES: Cell<usize> = const { Cell::new(0) };
}

// SAFETY: Every piece of memory comes from the system's heap and goes back there.
unsafe impl GlobalAlloc for WatchedHeap {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        LARGEST_BYTES.set(LARGEST_BYTES.get().max(layout.size()));
        let Some(left) = ALLOCATIONS_LEFT.get().checked_sub(1) else {
            return ptr::null_mut();
        };
        ALLOCATIONS_LEFT.set(left);
        // SAFETY: The caller keeps the rules for `layout`.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        // SAFETY: The caller got `memory` from `alloc` with this layout, which got it from there.
        unsafe { System.dealloc(memory, layout) }
    }
}

/// Does something while only `allowed` allocations succeed.
fn with_allocations<Output>(allowed: usize, work: impl FnOnce() -> Output) -> Output {
    ALLOCATIONS_LEFT.set(allowed);
    let output = work();
    ALLOCATIONS_LEFT.set(usize::MAX);
    output
}

/// A line of text in memory that was there before.
struct Line {
    /// The text, then zeros.
    bytes: [u8; 128],
    /// How long the text is.
    length: usize,
}

impl Write for Line {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let place = self
            .bytes
            .get_mut(self.length..self.length + text.len())
            .ok_or(fmt::Error)?;
        place.copy_from_slice(text.as_bytes());
        self.length += text.len();
        Ok(())
    }
}

/// Functions with names of 150 bytes, two bytes long each.
fn many_functions(count: u64) -> Vec<TestSymbol> {
    (0..count)
        .map(|index| function(&format!("{index:0150}"), TEXT + index * 2, 2))
        .collect()
}

#[test]
fn says_so_when_memory_runs_out() {
    let file = elf_file(&many_functions(2000));
    let mut failures = 0;
    while let Err(error) = with_allocations(failures, || SymbolTable::from_elf(&file)) {
        assert!(matches!(error, SymbolTableError::OutOfMemory { .. }), "{error}");
        failures += 1;
    }
    // The functions, and names of 2000 * 151 bytes in five chunks.
    assert!(failures >= 6, "{failures}");
}

#[test]
fn takes_memory_in_pieces_of_less_than_two_mib() {
    let file = elf_file(&many_functions(20_000));
    LARGEST_BYTES.set(0);
    let table = SymbolTable::from_elf(&file).unwrap();
    assert_eq!(LARGEST_BYTES.get(), 20_000 * 16);
    assert_eq!(table.functions_count(), 20_000);
    assert!(table.heap_bytes() > 20_000 * (16 + 151));
}

#[test]
fn looking_up_walking_and_printing_take_no_memory() {
    const STACK_START: u64 = 0xffff_9000_0000_0000;
    let table = SymbolTable::from_elf(&elf_file(&[function("_RNvCs1234_6kernel8init_bsp", TEXT, 0x10)])).unwrap();
    // Two frames. Both return to the function.
    let stack = [STACK_START + 16, TEXT + 1, 0, TEXT + 0x10];
    let read = |address: u64| stack.get(usize::try_from(address - STACK_START).ok()? / 8).copied();
    let mut line = Line {
        bytes: [0; 128],
        length: 0,
    };
    with_allocations(0, || {
        for (number, address) in FrameWalk::new(STACK_START, STACK_START..STACK_START + 32, read).enumerate() {
            writeln!(line, "{}", FrameLine::of_return_address(number, address, Some(&table))).unwrap();
        }
    });
    let text = str::from_utf8(&line.bytes[..line.length]).unwrap();
    assert_eq!(
        text,
        "  0: 0xffffffff80000001 kernel::init_bsp+0x1\n  1: 0xffffffff80000010 kernel::init_bsp+0x10\n"
    );
}
