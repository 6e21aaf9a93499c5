//! What a person reads about a file that is refused: one line that says which rule and which numbers.

use crate::elf_file::{BASE, RW, RWX, TestElf, error_of, error_with, example, load, other};
use elf_load_plan::LoadPlanError;

#[test]
fn a_message_names_the_segment_and_what_is_wrong_with_it() {
    for (error, expected) in [
        (
            error_with(&[load(RWX, BASE, 0x1000, 0x10)]),
            "the segment at 0x200000 is writable and executable (rwx)",
        ),
        (
            error_with(&[load(3, BASE, 0x1000, 0x10)]),
            "the segment at 0x200000 is writable and executable (-wx)",
        ),
        (
            error_with(&[load(RW, BASE, 0x2000, 0x2000)]),
            "the segment at 0x200000 has the bytes 0x2000+0x2000 of a file of 0x3000",
        ),
        (
            error_with(&[load(RW, 0xffff_ffff_8000_0000, 0x2000, 0x10)]),
            "the segment at 0xffffffff80000000 up to 0xffffffff80000010 is not inside 0x1000 up to 0x7ffffffff000",
        ),
        (
            error_with(&[load(RW, BASE, 0x2000, 1), load(RW, BASE + 1, 0x2001, 1)]),
            "the segments at 0x200000 and 0x200001 overlap or share a page",
        ),
    ] {
        assert_eq!(error.to_string(), expected);
    }
}

#[test]
fn a_message_about_the_file_says_what_would_be_right() {
    for (error, expected) in [
        (error_of(b"MZ"), "the file has only 2 bytes, less than an ELF header"),
        (
            LoadPlanError::FileType { file_type: 3 },
            "its type is 3, not 2 (executable for fixed addresses)",
        ),
        (error_with(&[other(3, 4)]), "it needs an interpreter"),
        (
            LoadPlanError::NotElf { magic: *b"MZ\x90\0" },
            "it is not an ELF file: it starts with [4d, 5a, 90, 00]",
        ),
        (
            LoadPlanError::TooManyProgramHeaders { count: 65 },
            "it has 65 program headers, more than 64",
        ),
    ] {
        assert_eq!(error.to_string(), expected);
    }
}

#[test]
fn a_message_is_one_line() {
    let elf = TestElf {
        entry_point: u64::MAX,
        ..example()
    };
    let line = error_of(&elf.bytes()).to_string();
    assert_eq!(line, "the entry point 0xffffffffffffffff is in no executable segment");
    assert!(!line.contains('\n'));
}
