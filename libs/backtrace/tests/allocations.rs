//! Nothing allocates: a backtrace may be made because the heap is broken.

mod elf_file;

use backtrace::{FrameLine, FrameWalk, SymbolTable};
use elf_file::{TEXT, elf_file, function};
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
}

// SAFETY: Every piece of memory comes from the system's heap and goes back there.
unsafe impl GlobalAlloc for WatchedHeap {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
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

#[test]
fn reading_symbols_walking_and_printing_take_no_memory() {
    const STACK_START: u64 = 0xffff_9000_0000_0000;
    let file = elf_file(&[function("_RNvCs1234_6kernel8init_bsp", TEXT, 0x10)]);
    // Two frames. Both return to the function.
    let stack = [STACK_START + 16, TEXT + 1, 0, TEXT + 0x10];
    let read = |address: u64| stack.get(usize::try_from(address - STACK_START).ok()? / 8).copied();
    let mut line = Line {
        bytes: [0; 128],
        length: 0,
    };
    with_allocations(0, || {
        let table = SymbolTable::from_elf(&file).unwrap();
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
