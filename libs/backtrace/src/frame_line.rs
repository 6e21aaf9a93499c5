//! Prints a frame as a line of text, with its function's name as in the source.
//!
//! What always holds: a line has a bounded length, and longer names are cut. Demangling a name takes more stack the deeper the
//! types in the name nest; the demangler stops at 500 levels. Measured in an optimized build: 5 KiB for the deepest of a
//! kernel's 940 names, 88 KiB for the deepest of some crafted names. So an untrusted name ([`NameOrigin::Foreign`]) is demangled
//! only if it is simple, and otherwise printed mangled. Its control characters are escaped.

use crate::{Symbol, SymbolTable, shallow_name::is_shallow};
use core::fmt::{self, Write};
use escaped_text::EscapedText;
use rustc_demangle::demangle;

/// Maximum number of bytes of a name that are printed. A name with many type parameters would hide the other lines.
pub const MAX_NAME_BYTES: usize = 512;

const ELLIPSIS: &str = "...";

/// One line of a backtrace: `  3: 0xffffffff80001234 kernel::init_bsp+0x34`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FrameLine<'file> {
    /// Number of the frame, from the innermost.
    pub number: usize,
    /// Address of the current instruction in this frame, or the return address.
    pub address: u64,
    /// The function at the address, if known.
    pub symbol: Option<Symbol<'file>>,
    /// Whether the name is trusted.
    pub name_origin: NameOrigin,
}

/// Source of a function's name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NameOrigin {
    /// The kernel's own file: trusted.
    Own,
    /// Any other file: untrusted.
    Foreign,
}

impl<'file> FrameLine<'file> {
    /// Creates the line of an instruction, such as a faulting one. Without a table it has no name.
    #[must_use]
    pub fn of_instruction(number: usize, address: u64, symbols: Option<&SymbolTable<'file>>) -> Self {
        Self {
            number,
            address,
            symbol: symbols.and_then(|table| table.lookup(address)),
            name_origin: NameOrigin::Own,
        }
    }

    /// Creates the line of a frame that returns to `address`. Without a table it has no name.
    #[must_use]
    pub fn of_return_address(number: usize, address: u64, symbols: Option<&SymbolTable<'file>>) -> Self {
        Self {
            number,
            address,
            symbol: symbols.and_then(|table| table.lookup_return_address(address)),
            name_origin: NameOrigin::Own,
        }
    }

    /// Marks the name as untrusted.
    #[must_use]
    pub fn with_foreign_name(self) -> Self {
        Self {
            name_origin: NameOrigin::Foreign,
            ..self
        }
    }
}

impl fmt::Display for FrameLine<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:3}: {:#018x} ", self.number, self.address)?;
        let Some(symbol) = self.symbol else {
            return formatter.write_str("(no symbol)");
        };
        write_readable(formatter, symbol.name, self.name_origin)?;
        write!(formatter, "+{:#x}", symbol.offset)
    }
}

/// Writes a function's name as in the source, without the hash at its end.
fn write_readable(output: &mut fmt::Formatter<'_>, mangled_name: &str, origin: NameOrigin) -> fmt::Result {
    let mut cutter = Cutter {
        output,
        remaining_bytes: MAX_NAME_BYTES,
        state: CutterState::AllFits,
    };
    let result = match origin {
        NameOrigin::Own => write!(cutter, "{:#}", demangle(mangled_name)),
        NameOrigin::Foreign if is_shallow(mangled_name) => write!(Escaper(&mut cutter), "{:#}", demangle(mangled_name)),
        NameOrigin::Foreign => Escaper(&mut cutter).write_str(mangled_name),
    };
    match cutter.state {
        CutterState::AllFits => result,
        CutterState::Cut => output.write_str(ELLIPSIS),
    }
}

/// Writes text with its control characters escaped.
struct Escaper<W>(W);

impl<W: Write> Write for Escaper<W> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        write!(self.0, "{}", EscapedText(text))
    }
}

/// Writes text up to a number of bytes, then fails, which ends the formatting.
struct Cutter<'output, 'buffer> {
    output: &'output mut fmt::Formatter<'buffer>,
    remaining_bytes: usize,
    state: CutterState,
}

enum CutterState {
    AllFits,
    Cut,
}

impl Write for Cutter<'_, '_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let fitting = &text[..text.floor_char_boundary(self.remaining_bytes)];
        self.remaining_bytes -= fitting.len();
        self.output.write_str(fitting)?;
        if fitting.len() == text.len() {
            return Ok(());
        }
        self.state = CutterState::Cut;
        Err(fmt::Error)
    }
}
