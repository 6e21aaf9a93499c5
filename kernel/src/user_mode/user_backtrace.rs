//! Backtraces of programs: the return addresses on the stack, with function names from the program's symbols.

use super::syscalls::let_interrupts_in;
use crate::{
    cpu::trap_frame::TrapFrame,
    memory::{
        user_address_space::UserAddressSpace,
        user_copy::UserSlice,
        user_layout::{USER_STACK_TOP, user_stack_start},
    },
};
use arrayvec::ArrayVec;
use backtrace::{FrameLine, FrameWalk, MAX_FRAMES, SymbolTable, SymbolTableError};
use core::fmt;

/// A backtrace of a program. Symbols are looked up when it is created, not while the log's lock is held.
pub(super) struct UserBacktrace<'program> {
    /// The current instruction, then the frames.
    lines: ArrayVec<FrameLine<'program>, { MAX_FRAMES + 1 }>,
    error: Option<&'program SymbolTableError>,
}

impl<'program> UserBacktrace<'program> {
    /// Follows the frame pointers of a program whose address space is in use.
    pub(super) fn new(
        registers: &TrapFrame,
        space: &UserAddressSpace,
        symbols: Result<&SymbolTable<'program>, &'program SymbolTableError>,
    ) -> Self {
        let names = symbols.ok();
        let stack = user_stack_start().as_u64()..USER_STACK_TOP.as_u64();
        let walk = FrameWalk::new(registers.rbp, stack, |address| read(space, address)).of_program();
        let mut lines = ArrayVec::new();
        lines.push(FrameLine::of_instruction(0, registers.rip, names).with_foreign_name());
        for (number, address) in (1..).zip(walk) {
            // Each lookup reads all symbols.
            let_interrupts_in();
            lines.push(FrameLine::of_return_address(number, address, names).with_foreign_name());
        }
        Self {
            lines,
            error: symbols.err(),
        }
    }
}

impl fmt::Display for UserBacktrace<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for line in &self.lines {
            write!(formatter, "\n{line}")?;
        }
        match self.error {
            Some(error) => write!(formatter, "\nNo function names: {error}"),
            None => Ok(()),
        }
    }
}

fn read(space: &UserAddressSpace, address: u64) -> Option<u64> {
    let mut word = [0; size_of::<u64>()];
    let slice = UserSlice::new(address, word.len() as u64).ok()?;
    space.peek(slice, &mut word).ok()?;
    Some(u64::from_le_bytes(word))
}
