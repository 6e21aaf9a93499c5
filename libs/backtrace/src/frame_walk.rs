//! Follows the frame pointers of a stack.
//!
//! Code with frame pointers starts each function with `push rbp; mov rbp, rsp`. So the word at `rbp` is the caller's `rbp`, and
//! the next word is the return address (System V ABI for AMD64, section 3.2.2). A stack grows down, so the caller's frame is at
//! a higher address.
//!
//! What always holds: no memory outside of the stack's bounds is read, and the walk ends, whatever the stack contains.

use core::{
    iter::FusedIterator,
    ops::{Range, RangeInclusive},
};

/// Maximum number of frames of a walk.
pub const MAX_FRAMES: usize = 64;

/// Size of a frame: the caller's frame pointer and the return address.
const FRAME_BYTES: u64 = 16;

const RETURN_ADDRESS_OFFSET: u64 = 8;
const ALIGNMENT: u64 = 8;
const UPPER_HALF_START: u64 = 0xffff_8000_0000_0000;
const LOWER_HALF_END: u64 = 0x0000_8000_0000_0000;

/// The return addresses on a stack, from the innermost frame outwards.
#[derive(Clone, Debug)]
pub struct FrameWalk<Read> {
    /// Address of the next frame, not validated.
    rbp: u64,
    /// Valid addresses of the next frame: on the stack, above the last frame.
    bounds: Range<u64>,
    /// Valid return addresses.
    code: RangeInclusive<u64>,
    /// Maximum number of further frames; 0 after the end of the walk.
    frames_left: usize,
    read: Read,
}

impl<Read: Fn(u64) -> Option<u64>> FrameWalk<Read> {
    /// Creates a walk of a kernel's stack with the bounds `stack`, starting at the frame that `rbp` points to.
    ///
    /// `read` is called only with addresses of aligned words on the stack, and returns `None` if it cannot read the word.
    pub fn new(rbp: u64, stack: Range<u64>, read: Read) -> Self {
        Self {
            rbp,
            bounds: stack,
            code: UPPER_HALF_START..=u64::MAX,
            frames_left: MAX_FRAMES,
            read,
        }
    }

    /// Changes the walk to that of a program's stack: return addresses are in the lower half.
    #[must_use]
    pub fn of_program(self) -> Self {
        Self {
            code: 1..=LOWER_HALF_END - 1,
            ..self
        }
    }

    /// Returns the next return address. `None` ends the walk.
    fn step(&mut self) -> Option<u64> {
        self.frames_left = self.frames_left.checked_sub(1)?;
        let frame = self.checked_frame()?;
        let return_address = (self.read)(frame.start + RETURN_ADDRESS_OFFSET)?;
        if !self.code.contains(&return_address) {
            return None;
        }
        // If the caller's frame pointer cannot be read, 0 ends the walk at the next step.
        self.rbp = (self.read)(frame.start).unwrap_or(0);
        self.bounds.start = frame.end;
        Some(return_address)
    }

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
