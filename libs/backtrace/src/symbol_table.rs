//! A compact copy of a file's function symbols, which outlives the file.
//!
//! What always holds: the functions are sorted by address, and no two begin at the same one. Where one begins, the one
//! before ends, however long it is said to be. The table does not change once made.

use crate::{
    SymbolTableError,
    function_symbols::{FunctionSymbol, FunctionSymbols},
    names::{NamePlace, Names},
};
use alloc::vec::Vec;

/// The functions of a program: which one lies where.
#[derive(Debug)]
pub struct SymbolTable {
    /// One piece of memory; 131,071 functions fit one of just under 2 MiB.
    functions: Vec<Function>,
    /// What [`Function::name`] points into.
    names: Names,
}

/// What lies at an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Symbol<'table> {
    /// The function's name as the linker knows it: mangled, printable ASCII.
    pub name: &'table str,
    /// How far behind the function's first byte the address lies.
    pub offset: u64,
}

/// One function, in 16 bytes.
#[derive(Clone, Copy, Debug)]
struct Function {
    /// Of the first byte.
    address: u64,
    /// How many bytes belong to it at most, up to where the next one begins. Nothing runs longer than 4 GiB.
    length_bytes: u32,
    /// Where its name is.
    name: NamePlace,
}

impl SymbolTable {
    /// Copies the functions out of the `.symtab` and `.strtab` of a 64-bit, little-endian ELF file.
    ///
    /// # Errors
    /// When the file has no such tables, when they cannot be right, or when the heap has no room for the copy.
    pub fn from_elf(file: &[u8]) -> Result<Self, SymbolTableError> {
        Self::from_elf_within(file, usize::MAX)
    }

    /// The same for a file of anybody's: its table may take so much of the heap.
    ///
    /// # Errors
    /// As before, and when the table would take more.
    pub fn from_elf_within(file: &[u8], limit_bytes: usize) -> Result<Self, SymbolTableError> {
        let symbols = FunctionSymbols::of(file)?;
        let mut table = Self::with_room_for(&symbols, limit_bytes)?;
        symbols.try_for_each(|symbol| table.add(&symbol))?;
        table.sort();
        Ok(table)
    }

    /// The function that `address` lies in: the last that begins at or below it, if that reaches so far.
    #[must_use]
    pub fn lookup(&self, address: u64) -> Option<Symbol<'_>> {
        let following = self.functions.partition_point(|function| function.address <= address);
        let function = self.functions.get(following.checked_sub(1)?)?;
        let offset = address.checked_sub(function.address)?;
        if offset >= u64::from(function.length_bytes) {
            return None;
        }
        let name = self.names.get(function.name)?;
        Some(Symbol { name, offset })
    }

    /// The function whose call returns to `address`. The call may be the function's last instruction, so it is the byte
    /// before that counts; the offset is that of `address`, and may be the function's length.
    #[must_use]
    pub fn lookup_return_address(&self, address: u64) -> Option<Symbol<'_>> {
        let Symbol { name, offset } = self.lookup(address.checked_sub(1)?)?;
        Some(Symbol {
            name,
            offset: offset + 1,
        })
    }

    /// How many functions the table knows.
    #[must_use]
    pub fn functions_count(&self) -> usize {
        self.functions.len()
    }

    /// How much of the heap the table takes.
    #[must_use]
    pub fn heap_bytes(&self) -> usize {
        self.functions.capacity() * size_of::<Function>() + self.names.heap_bytes()
    }

    /// An empty table that takes all of `symbols` without growing.
    fn with_room_for(symbols: &FunctionSymbols<'_>, limit_bytes: usize) -> Result<Self, SymbolTableError> {
        let mut count = 0;
        let mut names_bytes = 0;
        symbols.try_for_each(|symbol| {
            count += 1;
            names_bytes += symbol.name.len() + 1;
            Ok(())
        })?;
        let needed_bytes = names_bytes.saturating_add(size_of::<Function>().saturating_mul(count));
        if needed_bytes > limit_bytes {
            return Err(SymbolTableError::TooLarge {
                needed_bytes,
                limit_bytes,
            });
        }
        let mut functions = Vec::new();
        functions
            .try_reserve_exact(count)
            .map_err(|_| SymbolTableError::OutOfMemory {
                size_bytes: count * size_of::<Function>(),
            })?;
        Ok(Self {
            functions,
            names: Names::expecting(names_bytes),
        })
    }

    /// Copies one function to the end, where there is room for it.
    fn add(&mut self, symbol: &FunctionSymbol<'_>) -> Result<(), SymbolTableError> {
        let name = self.names.store(symbol.name)?;
        self.functions.push(Function {
            address: symbol.address,
            length_bytes: saturated(symbol.reach_bytes),
            name,
        });
        Ok(())
    }

    /// Makes what always holds true.
    fn sort(&mut self) {
        // Of symbols at one address the shortest comes first and stays: a function, not a label without a size before it.
        self.functions
            .sort_unstable_by_key(|function| (function.address, function.length_bytes, function.name));
        self.functions.dedup_by_key(|function| function.address);
    }
}

/// A length in 32 bits, or the greatest.
fn saturated(length_bytes: u64) -> u32 {
    u32::try_from(length_bytes).unwrap_or(u32::MAX)
}
