//! The return addresses on a program's stack, with its own names for the functions.

use crate::{
    cpu::trap_frame::TrapFrame,
    memory::{
        user_address_space::UserAddressSpace,
        user_layout::{USER_STACK_TOP, user_stack_start},
        user_slice::UserSlice,
    },
};
use backtrace::{FrameLine, FrameWalk, SymbolTable};
use core::fmt;

/// A backtrace of a program whose address space is the one in use.
pub(super) struct UserBacktrace<'program> {
    /// Its registers.
    pub(super) registers: &'program TrapFrame,
    /// Its memory.
    pub(super) space: &'program UserAddressSpace,
    /// The names of its functions, if it has any.
    pub(super) symbols: Option<&'program SymbolTable>,
}

impl fmt::Display for UserBacktrace<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let instruction = FrameLine::of_instruction(0, self.registers.rip, self.symbols);
        write!(formatter, "{}", instruction.with_foreign_name())?;
        let stack = user_stack_start().as_u64()..USER_STACK_TOP.as_u64();
        let walk = FrameWalk::new(self.registers.rbp, stack, |address| self.read(address)).of_program();
        for (number, address) in (1..).zip(walk) {
            let line = FrameLine::of_return_address(number, address, self.symbols);
            write!(formatter, "\n{}", line.with_foreign_name())?;
        }
        Ok(())
    }
}

impl UserBacktrace<'_> {
    /// A word of the program's stack, if it is there.
    fn read(&self, address: u64) -> Option<u64> {
        let mut word = [0; size_of::<u64>()];
        let slice = UserSlice::new(address, word.len() as u64).ok()?;
        self.space.peek(slice, &mut word).ok()?;
        Some(u64::from_le_bytes(word))
    }
}
