//! Symbol tables: what is found in a file.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking, in its helpers too")]

mod elf_file;

use backtrace::{MAX_NAME_LENGTH, Symbol, SymbolTable};
use elf_file::{
    FUNCTION, IN_TEXT, TEXT, TEXT_BYTES, TestSymbol, append_symbol, elf_file, elf_file_of_tables, function,
};
use proptest::{
    prelude::{ProptestConfig, Strategy, prop_assert_eq, prop_oneof},
    proptest,
};

/// The table of a file.
fn table(file: &[u8]) -> SymbolTable<'_> {
    SymbolTable::from_elf(file).unwrap()
}

/// Name and offset of what is found in a file.
fn found(file: &[u8], address: u64) -> Option<(&str, u64)> {
    table(file)
        .lookup(address)
        .map(|Symbol { name, offset }| (name, offset))
}

/// Whether anything is found anywhere in a file with one symbol.
fn is_found(symbol: TestSymbol) -> bool {
    let address = symbol.address;
    let file = elf_file(&[symbol]);
    let places = [
        0,
        TEXT,
        TEXT + TEXT_BYTES - 1,
        address,
        address.saturating_sub(1),
        address.saturating_add(1),
    ];
    places.into_iter().any(|place| found(&file, place).is_some())
}

/// A symbol of a kind and section at the start of the machine code.
fn symbol_in(kind: u8, section: u16) -> TestSymbol {
    TestSymbol {
        kind,
        section,
        ..function("symbol", TEXT, 0x10)
    }
}

#[test]
fn finds_functions_whatever_their_order_in_the_file() {
    let file = elf_file(&[
        function("second", TEXT + 0x20, 0x20),
        function("third", TEXT + 0x40, 0x10),
        function("first", TEXT, 0x20),
    ]);
    assert_eq!(found(&file, TEXT), Some(("first", 0)));
    assert_eq!(found(&file, TEXT + 0x1f), Some(("first", 0x1f)));
    assert_eq!(found(&file, TEXT + 0x20), Some(("second", 0)));
    assert_eq!(found(&file, TEXT + 0x4f), Some(("third", 0xf)));
}

#[test]
fn finds_nothing_in_gaps() {
    let file = elf_file(&[function("low", TEXT + 8, 8), function("high", TEXT + 0x20, 8)]);
    for address in [0, TEXT, TEXT + 7, TEXT + 0x10, TEXT + 0x1f, TEXT + 0x28, u64::MAX] {
        assert_eq!(found(&file, address), None, "{address:#x}");
    }
}

#[test]
fn functions_without_a_size_reach_to_the_next_one() {
    let file = elf_file(&[function("label", TEXT + 8, 0), function("next", TEXT + 0x20, 8)]);
    assert_eq!(found(&file, TEXT + 0x1f), Some(("label", 0x17)));
    assert_eq!(found(&file, TEXT + 0x20), Some(("next", 0)));
}

#[test]
fn no_function_reaches_past_its_section() {
    let last = elf_file(&[function("last", TEXT + 8, 0)]);
    assert_eq!(found(&last, TEXT + TEXT_BYTES - 1), Some(("last", TEXT_BYTES - 9)));
    assert_eq!(found(&last, TEXT + TEXT_BYTES), None);
    let too_long = elf_file(&[function("too_long", TEXT + 8, u64::MAX)]);
    assert_eq!(found(&too_long, TEXT + TEXT_BYTES), None);
}

#[test]
fn functions_beat_labels_at_the_same_address() {
    let label = function("start_of_text", TEXT, 0);
    let real = function("real", TEXT, 0x10);
    for symbols in [[label.clone(), real.clone()], [real, label]] {
        let file = elf_file(&symbols);
        assert_eq!(found(&file, TEXT), Some(("real", 0)));
        assert_eq!(found(&file, TEXT + 0x10), None);
    }
}

#[test]
fn of_aliases_the_first_in_the_file_counts() {
    let symbols = ["zero", "one", "two"].map(|name| function(name, TEXT, 0x10));
    assert_eq!(found(&elf_file(&symbols), TEXT), Some(("zero", 0)));
}

#[test]
fn knows_labels_of_assembly_text() {
    assert_eq!(found(&elf_file(&[symbol_in(0, IN_TEXT)]), TEXT), Some(("symbol", 0)));
}

#[test]
fn leaves_out_what_is_no_function() {
    const OBJECT: u8 = 1;
    const SECTION: u8 = 3;
    const FILE: u8 = 4;
    for kind in [OBJECT, SECTION, FILE] {
        assert!(!is_found(symbol_in(kind, IN_TEXT)), "kind {kind}");
    }
}

#[test]
fn leaves_out_what_lies_in_no_machine_code() {
    const UNDEFINED: u16 = 0;
    const IN_DATA: u16 = 2;
    const NO_SUCH_SECTION: u16 = 5;
    const ABSOLUTE: u16 = 0xfff1;
    for section in [UNDEFINED, IN_DATA, NO_SUCH_SECTION, ABSOLUTE] {
        let address = if section == IN_DATA { TEXT + TEXT_BYTES } else { TEXT };
        let symbol = TestSymbol {
            address,
            ..symbol_in(FUNCTION, section)
        };
        assert!(!is_found(symbol), "section {section:#x}");
    }
}

#[test]
fn leaves_out_addresses_outside_of_the_section() {
    for address in [0, TEXT - 1, TEXT + TEXT_BYTES, u64::MAX] {
        assert!(!is_found(function("lost", address, 1)), "{address:#x}");
    }
}

#[test]
fn leaves_out_names_that_cannot_be_printed() {
    assert!(is_found(function("plain", TEXT, 1)));
    let long = "x".repeat(MAX_NAME_LENGTH + 1);
    for name in ["", "with space", "escape\u{1b}[2J", "gr\u{fc}n", &long] {
        assert!(!is_found(function(name, TEXT, 1)), "{name:?}");
    }
    let mut not_text = function("", TEXT, 1);
    not_text.name = vec![b'x', 0xff];
    assert!(!is_found(not_text));
}

#[test]
fn a_return_address_behind_the_last_instruction_belongs_to_the_caller() {
    let file = elf_file(&[function("caller", TEXT, 0x10), function("next", TEXT + 0x10, 0x10)]);
    let caller = |offset| Some(Symbol { name: "caller", offset });
    assert_eq!(table(&file).lookup_return_address(TEXT + 0x10), caller(0x10));
    assert_eq!(table(&file).lookup_return_address(TEXT + 1), caller(1));
    assert_eq!(table(&file).lookup_return_address(TEXT), None);
    assert_eq!(table(&file).lookup_return_address(0), None);
}

#[test]
fn finds_names_of_every_length() {
    let names: Vec<String> = (1..600).map(|length| "n".repeat(length)).collect();
    let longest = "l".repeat(MAX_NAME_LENGTH);
    let all = names.iter().chain([&longest]);
    let symbols: Vec<TestSymbol> = all
        .zip(TEXT..)
        .map(|(name, address)| function(name, address, 1))
        .collect();
    let file = elf_file(&symbols);
    for (symbol, address) in symbols.iter().zip(TEXT..) {
        assert_eq!(table(&file).lookup(address).unwrap().name.as_bytes(), symbol.name);
    }
}

/// The function at an address by the rules alone, searching all symbols.
fn expected(symbols: &[TestSymbol], address: u64) -> Option<(&str, u64)> {
    let reach = |symbol: &TestSymbol| match symbol.size {
        0 => TEXT + TEXT_BYTES - symbol.address,
        size => size.min(TEXT + TEXT_BYTES - symbol.address),
    };
    let nearest = symbols
        .iter()
        .map(|symbol| symbol.address)
        .filter(|start| *start <= address)
        .max()?;
    let at_nearest = symbols.iter().filter(|symbol| symbol.address == nearest);
    let symbol = at_nearest.min_by_key(|symbol| reach(symbol))?;
    let name = str::from_utf8(&symbol.name).unwrap();
    (address - nearest < reach(symbol)).then_some((name, address - nearest))
}

/// Functions that often touch, overlap and lack a size, close to the ends of the section too.
fn functions() -> impl Strategy<Value = Vec<TestSymbol>> {
    let offset = prop_oneof![0..64_u64, TEXT_BYTES - 64..TEXT_BYTES];
    let function = (offset, 0..24_u64, "[a-zA-Z0-9_.$]{1,12}")
        .prop_map(|(offset, size, name)| function(&name, TEXT + offset, size));
    proptest::collection::vec(function, 0..24)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1024))]

    #[test]
    fn lookup_follows_the_rules(symbols in functions()) {
        let file = elf_file(&symbols);
        for offset in (0..96).chain(TEXT_BYTES - 96..TEXT_BYTES + 32) {
            let address = TEXT - 16 + offset;
            prop_assert_eq!(found(&file, address), expected(&symbols, address));
        }
    }
}

#[test]
fn a_symbol_without_a_name_hides_no_function() {
    let mut symbols = Vec::new();
    append_symbol(&mut symbols, 1, &function("", TEXT, 0x10));
    append_symbol(&mut symbols, 0, &function("", TEXT, 8));
    append_symbol(&mut symbols, 0, &function("", TEXT + 8, 8));
    assert_eq!(
        found(&elf_file_of_tables(&symbols, b"\0real\0"), TEXT + 9),
        Some(("real", 9))
    );
}

#[test]
fn a_table_with_more_symbols_than_allowed_is_refused() {
    // With the one that stands for none at the beginning of every table.
    let file = elf_file(&[function("first", TEXT, 0x20), function("second", TEXT + 0x20, 0x20)]);
    assert!(SymbolTable::from_elf_within(&file, 3).is_ok());
    let error = SymbolTable::from_elf_within(&file, 2).unwrap_err();
    assert_eq!(error.to_string(), "the ELF file has 3 symbols; the maximum is 2");
}
