//! Lines of a backtrace: what a person reads.

mod elf_file;

use backtrace::{FrameLine, MAX_NAME_BYTES, NameOrigin, Symbol, SymbolTable};
use elf_file::{TEXT, elf_file, function};
use proptest::{prelude::prop_assert, proptest};

/// The line of a symbol with this name.
fn line(name: &str) -> String {
    line_of(name, NameOrigin::Own)
}

/// The line of a symbol with this name, made up by this one.
fn line_of(name: &str, name_origin: NameOrigin) -> String {
    FrameLine {
        number: 3,
        address: 0xffff_ffff_8000_1234,
        symbol: Some(Symbol { name, offset: 0x34 }),
        name_origin,
    }
    .to_string()
}

/// A file with `caller`, which is 16 bytes long, and the function behind it.
fn caller_and_next() -> Vec<u8> {
    elf_file(&[function("caller", TEXT, 0x10), function("next", TEXT + 0x10, 0x10)])
}

#[test]
fn shows_number_address_name_and_offset() {
    assert_eq!(
        line("_RNvCs1234_6kernel8init_bsp"),
        "  3: 0xffffffff80001234 kernel::init_bsp+0x34"
    );
}

#[test]
fn shows_names_of_the_older_mangling_without_their_hash() {
    let mangled = "_ZN6kernel8init_bsp17h0123456789abcdefE";
    assert_eq!(line(mangled), "  3: 0xffffffff80001234 kernel::init_bsp+0x34");
}

#[test]
fn shows_names_that_are_not_mangled_as_they_are() {
    assert_eq!(line("trap_entry"), "  3: 0xffffffff80001234 trap_entry+0x34");
}

#[test]
fn says_so_when_there_is_no_symbol() {
    let unknown = FrameLine {
        number: 12,
        address: 0x1234,
        symbol: None,
        name_origin: NameOrigin::Own,
    };
    assert_eq!(unknown.to_string(), " 12: 0x0000000000001234 (no symbol)");
}

#[test]
fn escapes_what_a_foreign_name_sends_to_a_terminal() {
    for (name, shown) in [
        // Identifiers in Punycode, of the current mangling: "clear the screen", the end of a line, text from right to left.
        ("_RNvC1au6_2J_lca", r"a::\u{9b}2J"),
        ("_RNvC1au2_fa", r"a::\u{85}"),
        // The older one.
        ("_ZN7$u202e$E", r"\u{202e}"),
        // What is not mangled.
        ("a\u{1b}[2J", r"a\u{1b}[2J"),
    ] {
        let text = line_of(name, NameOrigin::Foreign);
        assert_eq!(text, format!("  3: 0xffffffff80001234 {shown}+0x34"), "{name:?}");
    }
}

#[test]
fn cuts_long_names() {
    let fitting = "f".repeat(MAX_NAME_BYTES);
    assert_eq!(line(&fitting), format!("  3: 0xffffffff80001234 {fitting}+0x34"));
    let long = "f".repeat(MAX_NAME_BYTES + 1);
    assert_eq!(line(&long), format!("  3: 0xffffffff80001234 {fitting}...+0x34"));
}

#[test]
fn cuts_between_characters() {
    // An identifier of many "ü", as the compiler mangles it.
    let long = "\u{fc}".repeat(MAX_NAME_BYTES);
    let text = line(&long);
    assert_eq!(text.matches('\u{fc}').count(), MAX_NAME_BYTES / 2);
    assert!(text.ends_with("...+0x34"));
    let odd = format!("x{long}");
    assert_eq!(line(&odd).matches('\u{fc}').count(), MAX_NAME_BYTES / 2 - 1);
}

#[test]
fn ends_with_names_that_contain_themselves() {
    assert!(line("_RMC0RB2_").contains("<&&&&"));
    assert!(line("_RMC0FB2_EB2_").contains("<fn(fn(fn("));
}

#[test]
fn a_foreign_name_that_contains_itself_is_printed_as_it_stands() {
    for name in ["_RMC0RB2_", "_RMC0FB2_EB2_"] {
        assert!(line(name).contains('<'), "it is readable when it is our own");
        let foreign = line_of(name, NameOrigin::Foreign);
        assert_eq!(foreign, format!("  3: 0xffffffff80001234 {name}+0x34"));
    }
}

#[test]
fn a_simple_foreign_name_is_readable() {
    let line = line_of("_RNvCs1234_7program4main", NameOrigin::Foreign);
    assert_eq!(line, "  3: 0xffffffff80001234 program::main+0x34");
}

#[test]
fn foreign_names_take_little_stack() {
    // The demangler by itself takes more for the first name, which kills this process.
    const STACK_BYTES: usize = 64 * 1024;
    let names = ["_RMC0RB2_".to_owned(), format!("_RINvC1a1b{}uE", "R".repeat(50))];
    let printed = std::thread::Builder::new()
        .stack_size(STACK_BYTES)
        .spawn(move || names.map(|name| line_of(&name, NameOrigin::Foreign)));
    let [first, second] = printed.unwrap().join().unwrap();
    assert!(
        first.contains("_RMC0RB2_") && second.contains("&&&&"),
        "{first} {second}"
    );
}

#[test]
fn of_a_return_address_shows_the_caller_and_the_address_itself() {
    let file = caller_and_next();
    let table = SymbolTable::from_elf(&file).unwrap();
    let frame = FrameLine::of_return_address(1, TEXT + 0x10, Some(&table));
    assert_eq!(frame.to_string(), "  1: 0xffffffff80000010 caller+0x10");
}

#[test]
fn of_an_instruction_shows_the_function_it_is_in() {
    let file = caller_and_next();
    let table = SymbolTable::from_elf(&file).unwrap();
    let frame = FrameLine::of_instruction(0, TEXT + 0x10, Some(&table));
    assert_eq!(frame.to_string(), "  0: 0xffffffff80000010 next+0x0");
}

#[test]
fn without_a_table_there_is_no_symbol() {
    for frame in [
        FrameLine::of_instruction(0, TEXT, None),
        FrameLine::of_return_address(0, TEXT, None),
    ] {
        assert_eq!(frame.to_string(), "  0: 0xffffffff80000000 (no symbol)");
    }
}

proptest! {
    #[test]
    fn lines_are_bounded(name in "(_R|_ZN)?[A-Za-z0-9_.$]{0,64}") {
        prop_assert!(line(&name).len() <= MAX_NAME_BYTES + 64);
    }
}
