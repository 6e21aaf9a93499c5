//! A fake physical memory. Each frame is an allocation of its own with arbitrary content, so Miri reports every access to a
//! frame that is not allocated.

use std::{
    alloc::{Layout, alloc, dealloc},
    cell::{Cell, RefCell},
    ptr::NonNull,
};

use ez_paging::PageTableMemory;
use x86_64::{PhysAddr, structures::paging::PhysFrame};

/// The allocated frames.
#[derive(Debug)]
pub(crate) struct FakeMemory {
    /// The host's memory of each allocated frame, by frame number. An array, since Miri runs each call of a `Vec`'s methods.
    frames: Box<[HostMemory; FRAMES]>,
    /// Number of frames that were ever allocated.
    used: Cell<usize>,
    /// Number of allocated frames.
    taken: Cell<usize>,
    /// Number of frames that can still be allocated.
    left: Cell<usize>,
    /// Numbers of freed frames, to be allocated again.
    given_back: RefCell<Vec<usize>>,
}

/// The host's memory of a frame, while the frame is allocated.
type HostMemory = Cell<Option<NonNull<[u64; 512]>>>;

/// More frames than any test needs.
const FRAMES: usize = 1 << 14;

/// A type with the size and the alignment of a frame.
#[repr(align(4096))]
struct Bytes {
    _bytes: [u8; 4096],
}

/// Size and alignment of a frame, for the host's allocator.
const LAYOUT: Layout = Layout::new::<Bytes>();

/// Initial content of a frame: bytes that look like present entries.
const OLD_CONTENT: u8 = 0xa5;

impl FakeMemory {
    /// Creates a memory of [`FRAMES`] frames. The first has the address 0, and is an ordinary frame.
    pub(crate) fn new() -> Self {
        Self {
            frames: Box::new([const { Cell::new(None) }; FRAMES]),
            used: Cell::new(0),
            taken: Cell::new(0),
            left: Cell::new(usize::MAX),
            given_back: RefCell::default(),
        }
    }

    /// Lets only `count` more frames be allocated.
    pub(crate) fn leave(&self, count: usize) {
        self.left.set(count);
    }

    /// Number of allocated frames.
    pub(crate) fn taken(&self) -> usize {
        self.taken.get()
    }

    /// Reads the word at the physical address `address`.
    pub(crate) fn read(&self, address: PhysAddr) -> u64 {
        let frame = self.table_of(PhysFrame::containing_address(address));
        let index = usize::try_from(address.as_u64() % 4096 / 8).expect("it is below 512");
        // SAFETY: The index is below 512, so this stays in the frame's allocation.
        let pointer = unsafe { frame.cast::<u64>().add(index) };
        // SAFETY: A frame that is taken is allocated and was filled, and no other thread uses it.
        unsafe { pointer.read() }
    }

    /// The host's memory of an allocated frame.
    fn table_of(&self, frame: PhysFrame) -> NonNull<[u64; 512]> {
        self.frames[number(frame)]
            .get()
            .expect("a frame that is used was taken")
    }
}

/// A frame's number.
fn number(frame: PhysFrame) -> usize {
    usize::try_from(frame.start_address().as_u64() / 4096).expect("the host has 64 bits")
}

// SAFETY: Each frame is an allocation of its own, with the alignment of a page table, from when it is taken until it is given
// back. An address is taken again only after that.
unsafe impl PageTableMemory for &FakeMemory {
    fn allocate_frame(&self) -> Option<PhysFrame> {
        self.left.set(self.left.get().checked_sub(1)?);
        let number = self.given_back.borrow_mut().pop().unwrap_or_else(|| {
            let number = self.used.get();
            self.used.set(number + 1);
            number
        });
        // SAFETY: The layout's size is not zero.
        let pointer = unsafe { alloc(LAYOUT) };
        let pointer = NonNull::new(pointer).expect("the host has memory");
        // SAFETY: The allocation is as large as the layout.
        unsafe { pointer.write_bytes(OLD_CONTENT, LAYOUT.size()) };
        let before = self.frames[number].replace(Some(pointer.cast()));
        assert!(before.is_none(), "a frame is taken once");
        self.taken.set(self.taken.get() + 1);
        PhysFrame::from_start_address(PhysAddr::new(number as u64 * 4096)).ok()
    }

    unsafe fn free_frame(&self, frame: PhysFrame) {
        let pointer = self.frames[number(frame)].take();
        let pointer = pointer.expect("a frame that is given back was taken");
        self.taken.set(self.taken.get() - 1);
        // SAFETY: `allocate_frame` allocated it by this layout, and it was just taken off the list.
        unsafe { dealloc(pointer.cast().as_ptr(), LAYOUT) };
        self.given_back.borrow_mut().push(number(frame));
        self.left.set(self.left.get().saturating_add(1));
    }

    fn table_pointer(&self, frame: PhysFrame) -> NonNull<[u64; 512]> {
        self.table_of(frame)
    }
}

impl Drop for FakeMemory {
    fn drop(&mut self) {
        // A failed test must not panic twice.
        if !std::thread::panicking() {
            assert_eq!(self.taken(), 0, "every frame was given back");
        }
    }
}
