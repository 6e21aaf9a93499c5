//! Which functions led to a place: the return addresses on a stack, with their names.
//!
//! The names come from the symbol table in the kernel's own file, which stays in memory. Nothing here allocates: it runs in a
//! panic.

use backtrace::{FrameLine, FrameWalk, SymbolTable, SymbolTableError};
use core::{fmt, ops::Range};
use spin::Once;

/// Set by [`set_kernel_file`].
static SYMBOLS: Once<SymbolTable<'static>> = Once::new();

/// A place in the code, and the stack that led there.
pub(super) struct Backtrace {
    /// The instruction itself, where it is known better than by a return address.
    pub(super) instruction: Option<u64>,
    /// The frame pointer there.
    pub(super) rbp: u64,
    /// The bounds of the stack, all of which can be read; empty if it is not known.
    pub(super) stack: Range<u64>,
}

/// Sets the kernel's file, from which backtraces take the names of functions.
pub fn set_kernel_file(file: &'static [u8]) -> Result<(), SymbolTableError> {
    let symbols = SymbolTable::from_elf(file)?;
    SYMBOLS.call_once(|| symbols);
    Ok(())
}

impl fmt::Display for Backtrace {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let symbols = SYMBOLS.get();
        if let Some(instruction) = self.instruction {
            writeln!(formatter, "{}", FrameLine::of_instruction(0, instruction, symbols))?;
        }
        let first = usize::from(self.instruction.is_some());
        let return_addresses = FrameWalk::new(self.rbp, self.stack.clone(), |address| self.read(address));
        for (number, address) in (first..).zip(return_addresses) {
            writeln!(formatter, "{}", FrameLine::of_return_address(number, address, symbols))?;
        }
        Ok(())
    }
}

impl Backtrace {
    /// A word of the stack.
    fn read(&self, address: u64) -> Option<u64> {
        let last = self.stack.end.checked_sub(size_of::<u64>() as u64)?;
        if address < self.stack.start || address > last {
            return None;
        }
        // SAFETY: The address is on the stack, which can be read; the walk asks for aligned words only. Whoever wrote it
        // is this processor, which is here.
        Some(unsafe { core::ptr::with_exposed_provenance::<u64>(usize::try_from(address).ok()?).read_volatile() })
    }
}
