//! Rules of the program headers: where they are, and what they may ask for.

use crate::elf_file::{BASE, RW, RWX, RX, TestElf, error_of, error_with, example, load, other, put, with_segments};
use crate::invariants::{limits, planned};
use elf_load_plan::{LoadPlanError, PROGRAM_HEADER_LIMIT, SEGMENT_LIMIT};

/// Kinds of program headers.
mod kind {
    /// Nothing.
    pub(super) const NULL: u32 = 0;
    /// What a dynamic linker has to do.
    pub(super) const DYNAMIC: u32 = 2;
    /// The path of the program that loads this one.
    pub(super) const INTERPRETER: u32 = 3;
    /// Remarks.
    pub(super) const NOTE: u32 = 4;
    /// The program headers themselves.
    pub(super) const PROGRAM_HEADERS: u32 = 6;
    /// What each thread gets a copy of.
    pub(super) const THREAD_LOCAL_STORAGE: u32 = 7;
    /// Where the tables for unwinding are.
    pub(super) const GNU_UNWINDING: u32 = 0x6474_e550;
    /// How the stack may be used.
    pub(super) const GNU_STACK: u32 = 0x6474_e551;
    /// What is read-only once it is linked.
    pub(super) const GNU_READ_ONLY: u32 = 0x6474_e552;
}

/// The example, with its program headers said to be there and so many.
fn with_place(offset: u64, count: u16) -> Vec<u8> {
    let mut file = example().bytes();
    put(&mut file, 32, offset.to_le_bytes());
    put(&mut file, 56, count.to_le_bytes());
    file
}

#[test]
fn rejects_a_file_without_program_headers() {
    assert_eq!(error_of(&with_place(64, 0)), LoadPlanError::NoProgramHeaders);
    // Then their size says nothing either.
    let mut file = with_place(0, 0);
    put(&mut file, 54, [0; 2]);
    assert_eq!(error_of(&file), LoadPlanError::NoProgramHeaders);
}

#[test]
fn rejects_more_program_headers_than_the_limit() {
    let of_count = |count: u16| with_segments(&vec![other(kind::NULL, 0); usize::from(count) - 1]).bytes();
    assert!(planned(&of_count(PROGRAM_HEADER_LIMIT), &limits()).is_ok());
    let count = PROGRAM_HEADER_LIMIT + 1;
    assert_eq!(
        error_of(&of_count(count)),
        LoadPlanError::TooManyProgramHeaders { count }
    );
}

#[test]
fn rejects_a_count_of_program_headers_that_stands_elsewhere() {
    let error = error_of(&with_place(64, 0xffff));
    assert_eq!(error, LoadPlanError::TooManyProgramHeaders { count: 0xffff });
}

#[test]
fn rejects_program_headers_outside_of_the_file() {
    let file_bytes = example().size_bytes;
    for offset in [file_bytes as u64 - 4 * 56 + 1, file_bytes as u64, 1 << 63, u64::MAX] {
        assert_eq!(
            error_of(&with_place(offset, 4)),
            LoadPlanError::ProgramHeadersMisplaced {
                offset,
                count: 4,
                file_bytes
            }
        );
    }
}

#[test]
fn rejects_program_headers_inside_the_files_header() {
    for offset in [0, 1, 63] {
        let error = error_of(&with_place(offset, 4));
        assert!(
            matches!(error, LoadPlanError::ProgramHeadersMisplaced { .. }),
            "{error}"
        );
    }
}

#[test]
fn accepts_program_headers_at_the_very_end_of_the_file() {
    let mut file = example().bytes();
    let offset = file.len() as u64;
    let program_headers = file[64..64 + 4 * 56].to_vec();
    file.extend(program_headers);
    put(&mut file, 32, offset.to_le_bytes());
    let pages = |file: &[u8]| planned(file, &limits()).unwrap().pages().count();
    assert_eq!(pages(&file), pages(&example().bytes()));
}

#[test]
fn rejects_a_program_with_an_interpreter() {
    let error = error_with(&[other(kind::INTERPRETER, 4)]);
    assert_eq!(error, LoadPlanError::Interpreter);
}

#[test]
fn rejects_a_program_to_be_linked_when_it_is_loaded() {
    let error = error_with(&[other(kind::DYNAMIC, RW)]);
    assert_eq!(error, LoadPlanError::Dynamic);
}

#[test]
fn rejects_a_program_with_thread_local_storage() {
    let error = error_with(&[other(kind::THREAD_LOCAL_STORAGE, 4)]);
    assert_eq!(error, LoadPlanError::ThreadLocalStorage);
}

#[test]
fn rejects_a_program_that_wants_an_executable_stack() {
    for flags in [RWX, RX, 1] {
        let error = error_with(&[other(kind::GNU_STACK, flags)]);
        assert_eq!(error, LoadPlanError::ExecutableStack);
    }
    let stack = other(kind::GNU_STACK, RW);
    assert!(planned(&with_segments(&[stack]).bytes(), &limits()).is_ok());
}

#[test]
fn rejects_what_is_wrong_behind_the_last_segment_too() {
    let mut elf = example();
    elf.segments.push(other(kind::INTERPRETER, 4));
    assert_eq!(error_of(&elf.bytes()), LoadPlanError::Interpreter);
}

#[test]
fn passes_over_kinds_that_say_nothing() {
    let kinds = [
        kind::NULL,
        kind::NOTE,
        kind::PROGRAM_HEADERS,
        kind::GNU_UNWINDING,
        kind::GNU_READ_ONLY,
        0x6123_4567,
        u32::MAX,
    ];
    for kind in kinds {
        // Nothing in it is right for a segment.
        let mut nonsense = load(RWX, u64::MAX, u64::MAX, u64::MAX);
        nonsense.kind = kind;
        assert!(
            planned(&with_segments(&[nonsense]).bytes(), &limits()).is_ok(),
            "{kind:#x}"
        );
    }
}

#[test]
fn passes_over_segments_without_bytes() {
    let mut empty = load(RWX, u64::MAX, u64::MAX, 0);
    empty.alignment_bytes = 3;
    let plan = planned(&with_segments(&[empty]).bytes(), &limits()).unwrap();
    assert_eq!(plan.pages().count(), 1);
}

#[test]
fn rejects_a_program_without_segments() {
    for segments in [vec![other(kind::NULL, 0)], vec![load(RX, BASE, 0, 0)]] {
        let elf = TestElf { segments, ..example() };
        assert_eq!(error_of(&elf.bytes()), LoadPlanError::NoSegment);
    }
}

#[test]
fn rejects_more_segments_than_the_limit() {
    let of_count = |count: usize| {
        let segments = (BASE..).step_by(0x1000).map(|address| load(RX, address, 0, 1));
        with_segments(&segments.take(count - 1).collect::<Vec<_>>()).bytes()
    };
    assert!(planned(&of_count(SEGMENT_LIMIT), &limits()).is_ok());
    let error = error_of(&of_count(SEGMENT_LIMIT + 1));
    assert_eq!(error, LoadPlanError::TooManySegments { limit: SEGMENT_LIMIT });
}
