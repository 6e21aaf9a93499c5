//! Backtraces of the kernel: the return addresses on a stack, with function names.
//!
//! The names come from the symbol table of the kernel's ELF file, which stays in memory. Nothing here allocates, because
//! the panic handler uses it.

use backtrace::{FrameLine, FrameWalk, SymbolTable, SymbolTableError};
use core::{fmt, ops::Range};
use spin::Once;

/// Set by [`set_kernel_file`].
static SYMBOLS: Once<SymbolTable<'static>> = Once::new();

/// Registers and stack from which a backtrace is printed.
pub(super) struct Backtrace {
    /// Address of the faulting instruction; `None` for a panic, whose first line is a return address.
    pub(super) instruction: Option<u64>,
    pub(super) rbp: u64,
    /// Bounds of the stack, which is readable throughout; empty if the stack is unknown.
    pub(super) stack: Range<u64>,
}

/// Sets the kernel's ELF file, from which backtraces take function names.
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
    fn read(&self, address: u64) -> Option<u64> {
        let last = self.stack.end.checked_sub(size_of::<u64>() as u64)?;
        if address < self.stack.start || address > last {
            return None;
        }
        // SAFETY: The word is on the stack, which is readable, and the walk asks for aligned words only. The stack is this
        // processor's own, so nobody writes to it meanwhile.
        Some(unsafe { core::ptr::with_exposed_provenance::<u64>(usize::try_from(address).ok()?).read_volatile() })
    }
}
