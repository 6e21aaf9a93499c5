//! The door for ELF files: what a file says about its functions, checked.
//!
//! A function is a named symbol of the kind `FUNC`, or of no kind at all as labels in assembly text are, that lies in a
//! section of machine code. Symbols that are none, whose address lies outside of their section, or whose name is not
//! printable ASCII, are left out; what makes the tables as a whole unreadable is an error.
//!
//! What always holds: the work is bounded by the file's size, since the names may not be longer in total than the file.

use crate::{SymbolTableError, names};
use core::str;
use elf::{
    ElfBytes, abi,
    endian::LittleEndian,
    file::Class,
    section::SectionHeaderTable,
    string_table::StringTable,
    symbol::{Symbol, SymbolTable},
};

/// The tables of a file that together describe its functions.
pub(crate) struct FunctionSymbols<'file> {
    /// Says which symbols lie in machine code.
    sections: SectionHeaderTable<'file, LittleEndian>,
    /// All symbols, of whatever kind.
    symbols: SymbolTable<'file, LittleEndian>,
    /// The symbols' names.
    strings: StringTable<'file>,
    /// How long all names together may be.
    names_limit_bytes: usize,
}

/// One function.
pub(crate) struct FunctionSymbol<'file> {
    /// Where it begins.
    pub(crate) address: u64,
    /// How far it reaches at most: its size, or where the file gives none, all that follows in its section.
    pub(crate) reach_bytes: u64,
    /// Printable ASCII, at most [`names::MAX_LENGTH_BYTES`] long.
    pub(crate) name: &'file str,
}

impl<'file> FunctionSymbols<'file> {
    /// Finds the tables.
    pub(crate) fn of(file: &'file [u8]) -> Result<Self, SymbolTableError> {
        let elf = ElfBytes::<LittleEndian>::minimal_parse(file)?;
        if elf.ehdr.class != Class::ELF64 {
            return Err(SymbolTableError::Not64Bit);
        }
        let sections = elf.section_headers().ok_or(SymbolTableError::NoSymbols)?;
        let (symbols, strings) = elf.symbol_table()?.ok_or(SymbolTableError::NoSymbols)?;
        Ok(Self {
            sections,
            symbols,
            strings,
            names_limit_bytes: file.len(),
        })
    }

    /// Hands over every function, in the file's order. Two calls hand over the same.
    pub(crate) fn try_for_each(
        &self,
        mut visit: impl FnMut(FunctionSymbol<'file>) -> Result<(), SymbolTableError>,
    ) -> Result<(), SymbolTableError> {
        let mut names_left_bytes = self.names_limit_bytes;
        for symbol in self.symbols.iter() {
            let Some(reach_bytes) = self.reach_in_machine_code(&symbol) else {
                continue;
            };
            let raw_name = self.raw_name(symbol.st_name)?;
            names_left_bytes = names_left_bytes
                .checked_sub(raw_name.len())
                .ok_or(SymbolTableError::NamesTooLong {
                    limit_bytes: self.names_limit_bytes,
                })?;
            if let Some(name) = printable(raw_name) {
                visit(FunctionSymbol {
                    address: symbol.st_value,
                    reach_bytes,
                    name,
                })?;
            }
        }
        Ok(())
    }

    /// How far a symbol reaches at most, if it lies in machine code.
    fn reach_in_machine_code(&self, symbol: &Symbol) -> Option<u64> {
        if !matches!(symbol.st_symtype(), abi::STT_FUNC | abi::STT_NOTYPE) {
            return None;
        }
        // The reserved numbers, for symbols in no section, stand for none in the table or for one without machine code.
        let section = self.sections.get(usize::from(symbol.st_shndx)).ok()?;
        if section.sh_flags & u64::from(abi::SHF_EXECINSTR) == 0 {
            return None;
        }
        let offset_in_section = symbol.st_value.checked_sub(section.sh_addr)?;
        let section_rest = section
            .sh_size
            .checked_sub(offset_in_section)
            .filter(|rest| *rest > 0)?;
        match symbol.st_size {
            0 => Some(section_rest),
            size => Some(size.min(section_rest)),
        }
    }

    /// The bytes of a name. An error at once if it has no end: to go on would be to search the rest of the string table
    /// again for every such symbol.
    fn raw_name(&self, offset_bytes: u32) -> Result<&'file [u8], SymbolTableError> {
        self.strings
            .get_raw(offset_bytes as usize)
            .map_err(|_| SymbolTableError::NameOutsideTable { offset_bytes })
    }
}

/// A name as text, if it can be printed safely.
fn printable(raw_name: &[u8]) -> Option<&str> {
    let length_is_fine = (1..=names::MAX_LENGTH_BYTES).contains(&raw_name.len());
    let printable = length_is_fine && raw_name.iter().all(u8::is_ascii_graphic);
    printable.then(|| str::from_utf8(raw_name).ok()).flatten()
}
