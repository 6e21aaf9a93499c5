//! Looks up function symbols in an ELF file. Nothing is copied or sorted, because only backtraces need the symbols.
//!
//! A function is a named symbol of type `FUNC`, or of no type (as labels in assembly are), in a section of machine code. A
//! function ends where the next one starts, even if the size of its symbol is larger.
//!
//! What always holds, whatever the file: a lookup reads each symbol once and at most one name of [`MAX_NAME_LENGTH`] bytes.

use crate::SymbolTableError;
use core::{cmp::Reverse, str};
use elf::{
    ElfBytes, ParseError, abi,
    endian::LittleEndian,
    file::Class,
    section::SectionHeaderTable,
    symbol::{self, Symbol as ElfSymbol},
};

/// Maximum length in bytes of a mangled name. A function with a longer name is found by no lookup.
pub const MAX_NAME_LENGTH: usize = (1 << 16) - 1;

/// Maximum number of sections: for more, ELF stores the number outside of its header.
const MAX_SECTIONS: usize = abi::SHN_LORESERVE as usize;

/// Size in bytes of a symbol in the file (ELF-64 Object File Format, section 7).
const SYMBOL_BYTES: u64 = 24;

/// The functions of an ELF file that stays in memory.
#[derive(Clone, Debug)]
pub struct SymbolTable<'file> {
    /// For checking that a symbol is in machine code.
    sections: SectionHeaderTable<'file, LittleEndian>,
    /// Symbols of every type.
    symbols: symbol::SymbolTable<'file, LittleEndian>,
    /// The string table: names that end with NUL.
    names: &'file [u8],
}

/// A function, and an offset in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Symbol<'file> {
    /// The mangled name, in printable ASCII.
    pub name: &'file str,
    /// Offset in bytes from the start of the function.
    pub offset: u64,
}

impl<'file> SymbolTable<'file> {
    /// Finds the `.symtab` of a 64-bit little-endian ELF file, and its string table.
    ///
    /// # Errors
    /// The file has no such tables, or its headers contradict each other or the file's size.
    pub fn from_elf(file: &'file [u8]) -> Result<Self, SymbolTableError> {
        Self::from_elf_within(file, usize::MAX)
    }

    /// Like [`Self::from_elf`], for an untrusted file: limits the symbols, because each lookup reads all of them.
    ///
    /// # Errors
    /// As [`Self::from_elf`], and when there are more than `max_symbols`.
    pub fn from_elf_within(file: &'file [u8], max_symbols: usize) -> Result<Self, SymbolTableError> {
        let elf = ElfBytes::<LittleEndian>::minimal_parse(file)?;
        if elf.ehdr.class != Class::ELF64 {
            return Err(SymbolTableError::Not64Bit);
        }
        let sections = elf.section_headers().ok_or(SymbolTableError::NoSymbols)?;
        check_count("sections", sections.len(), MAX_SECTIONS)?;
        let header = sections.iter().find(|section| section.sh_type == abi::SHT_SYMTAB);
        let header = header.ok_or(SymbolTableError::NoSymbols)?;
        if header.sh_entsize != SYMBOL_BYTES {
            return Err(ParseError::BadEntsize((header.sh_entsize, SYMBOL_BYTES)).into());
        }
        let (symbols, _) = elf.section_data(&header)?;
        let (names, _) = elf.section_data(&sections.get(header.sh_link as usize)?)?;
        let symbols = symbol::SymbolTable::new(LittleEndian, Class::ELF64, symbols);
        check_count("symbols", symbols.len(), max_symbols)?;
        Ok(Self {
            sections,
            symbols,
            names,
        })
    }

    /// Returns the function that contains `address`: the last one that starts at or below it, unless that ends before.
    #[must_use]
    pub fn lookup(&self, address: u64) -> Option<Symbol<'file>> {
        let candidates = self.symbols.iter().filter(|symbol| symbol.st_value <= address);
        let functions = candidates.filter_map(|symbol| Some((self.reach_bytes(&symbol)?, symbol)));
        // Of several symbols at one address, the shortest is used: a function rather than a label without a size. Of aliases
        // of the same length, the first.
        let (reach_bytes, symbol) = functions.min_by_key(|(reach, symbol)| (Reverse(symbol.st_value), *reach))?;
        let offset = address.checked_sub(symbol.st_value)?;
        if offset >= reach_bytes {
            return None;
        }
        let name = self.name(symbol.st_name)?;
        Some(Symbol { name, offset })
    }

    /// Returns the function whose call returns to `address`. The call may be the function's last instruction, so the byte before
    /// `address` is looked up. The offset is that of `address`, and may equal the function's length.
    #[must_use]
    pub fn lookup_return_address(&self, address: u64) -> Option<Symbol<'file>> {
        let Symbol { name, offset } = self.lookup(address.checked_sub(1)?)?;
        Some(Symbol {
            name,
            offset: offset + 1,
        })
    }

    /// Maximum length of a function in bytes: its size, or the rest of its section if the size is 0. `None` if the symbol is not
    /// a function.
    fn reach_bytes(&self, symbol: &ElfSymbol) -> Option<u64> {
        let has_name = symbol.st_name != 0;
        if !has_name || !matches!(symbol.st_symtype(), abi::STT_FUNC | abi::STT_NOTYPE) {
            return None;
        }
        // The reserved section numbers are outside of the table, or mean the section 0, which has no machine code.
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

    /// Returns the name at an offset of the string table, if it is complete and printable.
    fn name(&self, offset_bytes: u32) -> Option<&'file str> {
        let rest = self.names.get(usize::try_from(offset_bytes).ok()?..)?;
        let length = rest.iter().take(MAX_NAME_LENGTH + 1).position(|byte| *byte == 0)?;
        let name = rest.get(..length).filter(|name| !name.is_empty())?;
        let printable = name.iter().all(u8::is_ascii_graphic);
        printable.then(|| str::from_utf8(name).ok()).flatten()
    }
}

fn check_count(of: &'static str, count: usize, limit: usize) -> Result<(), SymbolTableError> {
    if count > limit {
        return Err(SymbolTableError::TooMany { of, count, limit });
    }
    Ok(())
}
