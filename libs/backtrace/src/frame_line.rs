//! A frame as a line of text, with its function's name as it stands in the source.
//!
//! What always holds: a line is bounded, whatever a symbol is called; names that are longer are cut. The stack that printing
//! takes grows with the nesting of the types in a name. Measured, optimized: 5 KiB for the deepest of a kernel's 940 names,
//! and 88 KiB for the deepest of a few that were made up for it: the demangler stops at 500 levels. So a name that somebody
//! may have made up ([`NameOrigin::Foreign`]) is printed as it stands unless it is simple. It can stand for any characters, so
//! those that a terminal obeys are escaped.

use crate::{Symbol, SymbolTable, shallow_name::is_shallow};
use core::fmt::{self, Write};
use escaped_text::EscapedText;
use rustc_demangle::demangle;

/// How much of a readable name is printed. Names with many type parameters would bury the lines around them.
pub const MAX_NAME_BYTES: usize = 512;

/// What stands for the rest of a name that is cut.
const ELLIPSIS: &str = "...";

/// One line of a backtrace: `  3: 0xffffffff80001234 kernel::init_bsp+0x34`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FrameLine<'file> {
    /// Counts the frames.
    pub number: usize,
    /// Where the processor is in this frame, or returns to.
    pub address: u64,
    /// What lies there, if that is known.
    pub symbol: Option<Symbol<'file>>,
    /// Who named it.
    pub name_origin: NameOrigin,
}

/// Who named a function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NameOrigin {
    /// The compiler of the code that prints it.
    Own,
    /// Anybody.
    Foreign,
}

impl<'file> FrameLine<'file> {
    /// The line of an instruction, such as one that failed. Without a table it has no name.
    #[must_use]
    pub fn of_instruction(number: usize, address: u64, symbols: Option<&SymbolTable<'file>>) -> Self {
        Self {
            number,
            address,
            symbol: symbols.and_then(|table| table.lookup(address)),
            name_origin: NameOrigin::Own,
        }
    }

    /// The line of a frame that returns to `address`. Without a table it has no name.
    #[must_use]
    pub fn of_return_address(number: usize, address: u64, symbols: Option<&SymbolTable<'file>>) -> Self {
        Self {
            number,
            address,
            symbol: symbols.and_then(|table| table.lookup_return_address(address)),
            name_origin: NameOrigin::Own,
        }
    }

    /// The same line, for a name that anybody may have made up.
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

/// Writes the source's name for a function, without the hash that tells equal ones apart.
fn write_readable(output: &mut fmt::Formatter<'_>, mangled_name: &str, origin: NameOrigin) -> fmt::Result {
    let mut cutter = Cutter {
        output,
        room_bytes: MAX_NAME_BYTES,
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

/// Passes text on with the characters escaped that a terminal obeys.
struct Escaper<W>(W);

impl<W: Write> Write for Escaper<W> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        write!(self.0, "{}", EscapedText(text))
    }
}

/// Passes text on until its room is used up, and then fails, which ends the writing.
struct Cutter<'output, 'buffer> {
    /// Where the text goes.
    output: &'output mut fmt::Formatter<'buffer>,
    /// How many more bytes may go there.
    room_bytes: usize,
    /// Whether something is missing.
    state: CutterState,
}

/// Whether text had to be cut.
enum CutterState {
    /// No.
    AllFits,
    /// Yes.
    Cut,
}

impl Write for Cutter<'_, '_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let fitting = &text[..text.floor_char_boundary(self.room_bytes)];
        self.room_bytes -= fitting.len();
        self.output.write_str(fitting)?;
        if fitting.len() == text.len() {
            return Ok(());
        }
        self.state = CutterState::Cut;
        Err(fmt::Error)
    }
}
