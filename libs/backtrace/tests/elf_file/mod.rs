//! Makes small ELF files with the symbols that a test wants.

/// Where the section of machine code begins.
pub(crate) const TEXT: u64 = 0xffff_ffff_8000_0000;

/// How long it is.
pub(crate) const TEXT_BYTES: u64 = 0x1_0000;

/// The number of the section of machine code.
pub(crate) const IN_TEXT: u16 = 1;

/// The kinds of symbols in ELF: functions.
pub(crate) const FUNCTION: u8 = 2;

/// The size of the file's header.
const FILE_HEADER_BYTES: usize = 64;

/// The size of a symbol.
const SYMBOL_BYTES: usize = 24;

/// A symbol to write into a file.
#[derive(Clone, Debug)]
pub(crate) struct TestSymbol {
    /// Its name, of any bytes.
    pub(crate) name: Vec<u8>,
    /// Its address.
    pub(crate) address: u64,
    /// Its size.
    pub(crate) size: u64,
    /// What it is: a function, data …
    pub(crate) kind: u8,
    /// The section that it is said to lie in.
    pub(crate) section: u16,
}

/// A function in the section of machine code.
pub(crate) fn function(name: &str, address: u64, size: u64) -> TestSymbol {
    TestSymbol {
        name: name.into(),
        address,
        size,
        kind: FUNCTION,
        section: IN_TEXT,
    }
}

/// A file with these symbols, laid out as header, symbols, names, section headers.
pub(crate) fn elf_file(symbols: &[TestSymbol]) -> Vec<u8> {
    let mut symbol_table = vec![0; SYMBOL_BYTES];
    let mut names = vec![0];
    for symbol in symbols {
        append_symbol(&mut symbol_table, names.len() as u64, symbol);
        names.extend_from_slice(&symbol.name);
        names.push(0);
    }
    elf_file_of_tables(&symbol_table, &names)
}

/// Appends a symbol, as the file has it, whose name is at an offset of the string table.
pub(crate) fn append_symbol(symbol_table: &mut Vec<u8>, name_offset: u64, symbol: &TestSymbol) {
    append(symbol_table, 4, name_offset);
    append(symbol_table, 1, u64::from(symbol.kind));
    append(symbol_table, 1, 0);
    append(symbol_table, 2, u64::from(symbol.section));
    append(symbol_table, 8, symbol.address);
    append(symbol_table, 8, symbol.size);
}

/// A file with these tables, a section of machine code, and behind that in the address space one of data.
pub(crate) fn elf_file_of_tables(symbol_table: &[u8], names: &[u8]) -> Vec<u8> {
    let names_offset = FILE_HEADER_BYTES + symbol_table.len();
    let section_headers_offset = names_offset + names.len();
    let mut file = file_header(section_headers_offset as u64);
    file.extend_from_slice(symbol_table);
    file.extend_from_slice(names);
    // Type, flags, address, offset, size, link, entry size. Flags: 2 allocated, 4 executable, 1 writable.
    for [kind, flags, address, offset, size, link, entry_size] in [
        [0; 7],
        [8, 6, TEXT, 0, TEXT_BYTES, 0, 0],
        [8, 3, TEXT + TEXT_BYTES, 0, TEXT_BYTES, 0, 0],
        [
            2,
            0,
            0,
            FILE_HEADER_BYTES as u64,
            symbol_table.len() as u64,
            4,
            SYMBOL_BYTES as u64,
        ],
        [3, 0, 0, names_offset as u64, names.len() as u64, 0, 0],
    ] {
        append(&mut file, 4, 0);
        append(&mut file, 4, kind);
        append(&mut file, 8, flags);
        append(&mut file, 8, address);
        append(&mut file, 8, offset);
        append(&mut file, 8, size);
        append(&mut file, 4, link);
        append(&mut file, 4, 0);
        append(&mut file, 8, 1);
        append(&mut file, 8, entry_size);
    }
    file
}

/// The header of a file with five section headers at an offset.
fn file_header(section_headers_offset: u64) -> Vec<u8> {
    let mut header = vec![0x7f, b'E', b'L', b'F', 2, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    append(&mut header, 2, 2);
    append(&mut header, 2, 62);
    append(&mut header, 4, 1);
    append(&mut header, 8, TEXT);
    append(&mut header, 8, 0);
    append(&mut header, 8, section_headers_offset);
    append(&mut header, 4, 0);
    for half_word in [FILE_HEADER_BYTES as u64, 0, 0, 64, 5, 0] {
        append(&mut header, 2, half_word);
    }
    header
}

/// Appends the low `size` bytes of a value.
fn append(bytes: &mut Vec<u8>, size: usize, value: u64) {
    bytes.extend_from_slice(&value.to_le_bytes()[..size]);
}
