//! Symbol tables: what is copied from a file, and what is found in it.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking, in its helpers too")]

mod elf_file;

use backtrace::{Symbol, SymbolTable};
use elf_file::{FUNCTION, IN_TEXT, TEXT, TEXT_BYTES, TestSymbol, elf_file, function};
use proptest::{
    prelude::{ProptestConfig, Strategy, prop_assert_eq, prop_oneof},
    proptest,
};

/// The table of a file with these symbols.
fn table(symbols: &[TestSymbol]) -> SymbolTable {
    SymbolTable::from_elf(&elf_file(symbols)).unwrap()
}

/// Name and offset of what a table finds.
fn found(table: &SymbolTable, address: u64) -> Option<(&str, u64)> {
    table.lookup(address).map(|Symbol { name, offset }| (name, offset))
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
    let table = table(&[
        function("second", TEXT + 0x20, 0x20),
        function("third", TEXT + 0x40, 0x10),
        function("first", TEXT, 0x20),
    ]);
    assert_eq!(table.functions_count(), 3);
    assert_eq!(found(&table, TEXT), Some(("first", 0)));
    assert_eq!(found(&table, TEXT + 0x1f), Some(("first", 0x1f)));
    assert_eq!(found(&table, TEXT + 0x20), Some(("second", 0)));
    assert_eq!(found(&table, TEXT + 0x4f), Some(("third", 0xf)));
}

#[test]
fn finds_nothing_in_gaps() {
    let table = table(&[function("low", TEXT + 8, 8), function("high", TEXT + 0x20, 8)]);
    for address in [0, TEXT, TEXT + 7, TEXT + 0x10, TEXT + 0x1f, TEXT + 0x28, u64::MAX] {
        assert_eq!(found(&table, address), None, "{address:#x}");
    }
}

#[test]
fn functions_without_a_size_reach_to_the_next_one() {
    let table = table(&[function("label", TEXT + 8, 0), function("next", TEXT + 0x20, 8)]);
    assert_eq!(found(&table, TEXT + 0x1f), Some(("label", 0x17)));
    assert_eq!(found(&table, TEXT + 0x20), Some(("next", 0)));
}

#[test]
fn no_function_reaches_past_its_section() {
    let last = table(&[function("last", TEXT + 8, 0)]);
    assert_eq!(found(&last, TEXT + TEXT_BYTES - 1), Some(("last", TEXT_BYTES - 9)));
    assert_eq!(found(&last, TEXT + TEXT_BYTES), None);
    let too_long = table(&[function("too_long", TEXT + 8, u64::MAX)]);
    assert_eq!(found(&too_long, TEXT + TEXT_BYTES), None);
}

#[test]
fn functions_beat_labels_at_the_same_address() {
    let label = function("start_of_text", TEXT, 0);
    let real = function("real", TEXT, 0x10);
    for symbols in [[label.clone(), real.clone()], [real, label]] {
        let table = table(&symbols);
        assert_eq!(table.functions_count(), 1);
        assert_eq!(found(&table, TEXT), Some(("real", 0)));
        assert_eq!(found(&table, TEXT + 0x10), None);
    }
}

#[test]
fn of_aliases_the_first_in_the_file_counts() {
    let symbols = ["zero", "one", "two"].map(|name| function(name, TEXT, 0x10));
    assert_eq!(found(&table(&symbols), TEXT), Some(("zero", 0)));
}

#[test]
fn knows_labels_of_assembly_text() {
    assert_eq!(found(&table(&[symbol_in(0, IN_TEXT)]), TEXT), Some(("symbol", 0)));
}

#[test]
fn leaves_out_what_is_no_function() {
    const OBJECT: u8 = 1;
    const SECTION: u8 = 3;
    const FILE: u8 = 4;
    for kind in [OBJECT, SECTION, FILE] {
        assert_eq!(table(&[symbol_in(kind, IN_TEXT)]).functions_count(), 0, "kind {kind}");
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
        assert_eq!(table(&[symbol]).functions_count(), 0, "section {section:#x}");
    }
}

#[test]
fn leaves_out_addresses_outside_of_the_section() {
    for address in [0, TEXT - 1, TEXT + TEXT_BYTES, u64::MAX] {
        assert_eq!(
            table(&[function("lost", address, 1)]).functions_count(),
            0,
            "{address:#x}"
        );
    }
}

#[test]
fn leaves_out_names_that_cannot_be_printed() {
    let long = "x".repeat(1 << 16);
    for name in ["", "with space", "escape\u{1b}[2J", "gr\u{fc}n", &long] {
        assert_eq!(table(&[function(name, TEXT, 1)]).functions_count(), 0, "{name:?}");
    }
    let mut not_text = function("", TEXT, 1);
    not_text.name = vec![b'x', 0xff];
    assert_eq!(table(&[not_text]).functions_count(), 0);
}

#[test]
fn a_return_address_behind_the_last_instruction_belongs_to_the_caller() {
    let table = table(&[function("caller", TEXT, 0x10), function("next", TEXT + 0x10, 0x10)]);
    let caller = |offset| Some(Symbol { name: "caller", offset });
    assert_eq!(table.lookup_return_address(TEXT + 0x10), caller(0x10));
    assert_eq!(table.lookup_return_address(TEXT + 1), caller(1));
    assert_eq!(table.lookup_return_address(TEXT), None);
    assert_eq!(table.lookup_return_address(0), None);
}

#[test]
fn keeps_names_of_every_length() {
    let names: Vec<String> = (1..600).map(|length| "n".repeat(length)).collect();
    let longest = "l".repeat((1 << 16) - 1);
    let all = names.iter().chain([&longest]);
    let symbols: Vec<TestSymbol> = all
        .zip(TEXT..)
        .map(|(name, address)| function(name, address, 1))
        .collect();
    let table = table(&symbols);
    for (symbol, address) in symbols.iter().zip(TEXT..) {
        assert_eq!(table.lookup(address).unwrap().name.as_bytes(), symbol.name);
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
        let table = table(&symbols);
        for offset in (0..96).chain(TEXT_BYTES - 96..TEXT_BYTES + 32) {
            let address = TEXT - 16 + offset;
            prop_assert_eq!(found(&table, address), expected(&symbols, address));
        }
    }
}

#[test]
fn a_table_larger_than_allowed_is_refused() {
    let file = elf_file(&[function("first", TEXT, 0x20), function("second", TEXT + 0x20, 0x20)]);
    let needed = "first".len() + "second".len() + 2 + 2 * 16;
    assert!(SymbolTable::from_elf_within(&file, needed).is_ok());
    let error = SymbolTable::from_elf_within(&file, needed - 1).unwrap_err();
    assert!(error.to_string().contains(&format!("take {needed} bytes")), "{error}");
}
