//! The load plan of the first program's file: whole, and truncated anywhere.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking, in its helpers too")]

#[path = "../../libs/elf_load_plan/tests/rules/invariants.rs"]
mod invariants;
#[path = "../../libs/elf_load_plan/tests/rules/reference.rs"]
mod reference;

use elf::ElfBytes;
use elf::abi::PT_LOAD;
use elf::endian::LittleEndian;
use invariants::{limits, planned};
use runner::built;
use std::fs;

/// Distance of two truncations among the symbols, which no plan reads: no divisor of an entry's size.
const SYMBOL_STEP_BYTES: usize = 997;

/// Reads the program's file, with its debug information.
fn program() -> Vec<u8> {
    fs::read(built::program()).unwrap()
}

/// Returns the size of the shortest truncation that still contains all loaded bytes.
fn loaded_bytes(file: &[u8]) -> usize {
    let elf = ElfBytes::<LittleEndian>::minimal_parse(file).unwrap();
    let segments = elf.segments().unwrap().iter();
    let ends = segments
        .filter(|segment| segment.p_type == PT_LOAD)
        .map(|segment| segment.p_offset + segment.p_filesz);
    usize::try_from(ends.max().unwrap()).unwrap()
}

#[test]
fn the_first_program_gets_a_plan() {
    let file = program();
    let plan = planned(&file, &limits()).unwrap();
    let elf = ElfBytes::<LittleEndian>::minimal_parse(&file).unwrap();
    assert_eq!(plan.entry_point().as_u64(), elf.ehdr.e_entry);
}

#[test]
fn the_first_program_is_refused_wherever_a_loaded_byte_is_cut_off() {
    let file = program();
    for size_bytes in 0..loaded_bytes(&file) {
        assert!(
            planned(&file[..size_bytes], &limits()).is_err(),
            "{size_bytes:#x} bytes"
        );
    }
}

#[test]
fn the_first_program_gets_a_plan_wherever_only_its_symbols_are_cut_off() {
    let file = program();
    for size_bytes in (loaded_bytes(&file)..=file.len()).step_by(SYMBOL_STEP_BYTES) {
        assert!(planned(&file[..size_bytes], &limits()).is_ok(), "{size_bytes:#x} bytes");
    }
}
