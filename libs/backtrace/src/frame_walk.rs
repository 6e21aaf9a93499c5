//! Following the frame pointers of a stack.
//!
//! Code that keeps frame pointers begins a function with `push rbp; mov rbp, rsp`: at `rbp` stands the caller's `rbp`, and
//! above it the address to which the function returns (System V ABI for AMD64, section 3.2.2). A stack grows down, so
//! every frame lies above the one before.
//!
//! What always holds: no memory is read outside the bounds of the stack, and the walk ends, whatever stands there.

use core::{
    iter::FusedIterator,
    ops::{Range, RangeInclusive},
};

/// How many frames a walk goes through at most.
pub const MAX_FRAMES: usize = 64;

/// What a frame pointer points to: the caller's frame pointer and the return address.
const FRAME_BYTES: u64 = 16;

/// Where the return address stands in there.
const RETURN_ADDRESS_OFFSET: u64 = 8;

/// Frame pointers point to whole words.
const ALIGNMENT: u64 = 8;

/// Where the upper half of the address space begins, in which the kernel lies.
const UPPER_HALF_START: u64 = 0xffff_8000_0000_0000;

/// Where the lower half ends.
const LOWER_HALF_END: u64 = 0x0000_8000_0000_0000;

/// The return addresses on a stack, from the innermost frame outwards.
#[derive(Clone, Debug)]
pub struct FrameWalk<Read> {
    /// The frame that comes next, if it passes the checks.
    rbp: u64,
    /// Where that frame may lie: above the last one, in the stack.
    bounds: Range<u64>,
    /// Where code lies.
    code: RangeInclusive<u64>,
    /// How many more frames may come. None, once the walk has ended.
    frames_left: usize,
    /// Gives the word at an address inside the stack.
    read: Read,
}

impl<Read: Fn(u64) -> Option<u64>> FrameWalk<Read> {
    /// A walk of a kernel's stack, that begins at the frame to which `rbp` points. The stack takes the addresses of `stack`. `read` is
    /// asked only for whole, aligned words inside the stack, and says `None` if it cannot read one after all.
    pub fn new(rbp: u64, stack: Range<u64>, read: Read) -> Self {
        Self {
            rbp,
            bounds: stack,
            code: UPPER_HALF_START..=u64::MAX,
            frames_left: MAX_FRAMES,
            read,
        }
    }

    /// The same walk on the stack of a program, whose code lies in the lower half.
    #[must_use]
    pub fn of_program(self) -> Self {
        Self {
            code: 1..=LOWER_HALF_END - 1,
            ..self
        }
    }

    /// The next return address. The walk is over when there is none.
    fn step(&mut self) -> Option<u64> {
        self.frames_left = self.frames_left.checked_sub(1)?;
        let frame = self.checked_frame()?;
        let return_address = (self.read)(frame.start + RETURN_ADDRESS_OFFSET)?;
        if !self.code.contains(&return_address) {
            return None;
        }
        // Without the caller's frame this one still counts: zero ends the walk with the next step.
        self.rbp = (self.read)(frame.start).unwrap_or(0);
        self.bounds.start = frame.end;
        Some(return_address)
    }

    /// The addresses of the next frame, if they are plausible.
    fn checked_frame(&self) -> Option<Range<u64>> {
        let frame = self.rbp..self.rbp.checked_add(FRAME_BYTES)?;
        let present = self.rbp != 0;
        let canonical = self.rbp < LOWER_HALF_END || self.rbp >= UPPER_HALF_START;
        let aligned = self.rbp.is_multiple_of(ALIGNMENT);
        let inside = frame.start >= self.bounds.start && frame.end <= self.bounds.end;
        (present && canonical && aligned && inside).then_some(frame)
    }
}

impl<Read: Fn(u64) -> Option<u64>> Iterator for FrameWalk<Read> {
    type Item = u64;

    fn next(&mut self) -> Option<u64> {
        let return_address = self.step();
        if return_address.is_none() {
            self.frames_left = 0;
        }
        return_address
    }
}

impl<Read: Fn(u64) -> Option<u64>> FusedIterator for FrameWalk<Read> {}
