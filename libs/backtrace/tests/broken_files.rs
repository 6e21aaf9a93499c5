//! Files that are no kernel's: each is an error, or gives a table that can be used, but never a panic.

mod elf_file;

use backtrace::{SymbolTable, SymbolTableError};
use elf_file::{TEXT, append_symbol, elf_file, elf_file_of_tables, function};
use proptest::{
    prelude::{ProptestConfig, Strategy, any, prop_assert, prop_oneof},
    proptest,
};

#[test]
fn a_name_outside_of_the_string_table_is_none() {
    for (name_offset, names) in [
        (1, &b"\0name"[..]),
        (6, b"\0name\0"),
        (7, b"\0name\0"),
        (0, b""),
        (1, b""),
    ] {
        let mut symbols = Vec::new();
        append_symbol(&mut symbols, name_offset, &function("", TEXT, 1));
        let file = elf_file_of_tables(&symbols, names);
        assert_eq!(
            SymbolTable::from_elf(&file).unwrap().lookup(TEXT),
            None,
            "{name_offset}"
        );
    }
}

#[test]
fn rejects_symbols_of_another_size() {
    let mut file = elf_file(&[function("first", TEXT, 1)]);
    let entry_size = file.len() - 64 - 8;
    file[entry_size] = 16;
    let error = SymbolTable::from_elf(&file).unwrap_err();
    assert!(matches!(error, SymbolTableError::Malformed { .. }), "{error}");
}

#[test]
fn rejects_sections_that_are_counted_outside_of_the_header() {
    const COUNT: usize = 0xff01;
    let mut file = elf_file(&[]);
    let section_headers_offset = file.len() - 5 * 64;
    // ELF counts many sections in the size of the first, and 0 in its header.
    file[section_headers_offset + 32..][..8].copy_from_slice(&(COUNT as u64).to_le_bytes());
    file[60..62].fill(0);
    file.resize(section_headers_offset + COUNT * 64, 0);
    let error = SymbolTable::from_elf(&file).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the ELF file has 65281 sections; the maximum is 65280"
    );
}

#[test]
fn rejects_a_file_without_symbols() {
    let mut file = elf_file(&[]);
    let section_headers_offset = file.len() - 5 * 64;
    // The symbol table becomes a section of another type.
    file[section_headers_offset + 3 * 64 + 4] = 1;
    let error = SymbolTable::from_elf(&file).unwrap_err();
    assert!(matches!(error, SymbolTableError::NoSymbols), "{error}");
    // No section headers at all.
    file[40..48].fill(0);
    let error = SymbolTable::from_elf(&file).unwrap_err();
    assert!(matches!(error, SymbolTableError::NoSymbols), "{error}");
}

#[test]
fn rejects_a_file_for_32_bit_machines() {
    // A whole header of that class, without tables.
    let mut file = vec![0x7f, b'E', b'L', b'F', 1, 1, 1];
    file.resize(52, 0);
    file[20] = 1;
    let error = SymbolTable::from_elf(&file).unwrap_err();
    assert!(matches!(error, SymbolTableError::Not64Bit), "{error}");
}

#[test]
fn rejects_what_is_no_elf_file() {
    for file in [&b""[..], b"MZ", &[0; 4096]] {
        let error = SymbolTable::from_elf(file).unwrap_err();
        assert!(matches!(error, SymbolTableError::Malformed { .. }), "{error}");
    }
}

#[test]
fn rejects_a_file_cut_anywhere() {
    let file = elf_file(&[function("first", TEXT, 1), function("second", TEXT + 1, 1)]);
    for length in 0..file.len() {
        assert!(SymbolTable::from_elf(&file[..length]).is_err(), "{length} bytes");
    }
}

/// A good file with a few bytes overwritten, and then perhaps cut.
fn damaged_file() -> impl Strategy<Value = Vec<u8>> {
    let byte = prop_oneof![any::<u8>(), 0..4_u8, 0xfe..=0xff_u8];
    let damage = proptest::collection::vec((any::<proptest::sample::Index>(), byte), 1..12);
    (damage, any::<proptest::sample::Index>(), any::<bool>()).prop_map(|(damage, end, cut)| {
        let mut file = elf_file(&[
            function("label", TEXT + 8, 0),
            function("first", TEXT + 0x10, 0x10),
            function("second", TEXT + 0x28, 0x18),
        ]);
        for (place, byte) in damage {
            let place = place.index(file.len());
            file[place] = byte;
        }
        if cut {
            file.truncate(end.index(file.len()));
        }
        file
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1024))]

    #[test]
    fn damaged_files_never_panic(file in damaged_file()) {
        if let Ok(table) = SymbolTable::from_elf(&file) {
            for address in TEXT..TEXT + 96 {
                if let Some(symbol) = table.lookup(address) {
                    prop_assert!(!symbol.name.is_empty() && symbol.name.bytes().all(|byte| byte.is_ascii_graphic()));
                    prop_assert!(symbol.offset <= address);
                }
            }
        }
    }

    #[test]
    fn garbage_never_panics(mut file in proptest::collection::vec(any::<u8>(), 0..512)) {
        let garbage_only = SymbolTable::from_elf(&file);
        prop_assert!(garbage_only.is_err());
        let header = elf_file(&[]);
        let kept = file.len().min(64);
        file[..kept].copy_from_slice(&header[..kept]);
        if let Ok(table) = SymbolTable::from_elf(&file) {
            let _ = table.lookup(TEXT);
        }
    }
}
