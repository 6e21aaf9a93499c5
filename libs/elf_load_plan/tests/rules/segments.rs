//! Rules of a segment by itself: permissions, sizes, alignment, the bytes in the file.

use crate::elf_file::{BASE, R, RW, RWX, RX, TestSegment, error_with, load, with_segments};
use crate::invariants::{limits, planned};
use elf_load_plan::{ElfSegmentFlags, LoadPlanError, PagePermissions};

/// The permissions of the first page of a program that begins with a segment of these flags.
fn permissions(flags: u32) -> PagePermissions {
    let file = with_segments(&[load(flags, BASE, 0x1000, 0x10)]).bytes();
    let plan = planned(&file, &limits()).unwrap();
    plan.pages().next().unwrap().permissions
}

#[test]
fn grants_what_a_segment_asks_for_and_reading() {
    for (flags, expected) in [
        (R, PagePermissions::ReadOnly),
        (RW, PagePermissions::ReadWrite),
        (2, PagePermissions::ReadWrite),
        (RX, PagePermissions::ReadExecute),
        (1, PagePermissions::ReadExecute),
    ] {
        assert_eq!(permissions(flags), expected, "{flags}");
    }
}

#[test]
fn flags_without_a_meaning_change_nothing() {
    for meaningless in [8, 0x0010_0000, 0xffff_fff8] {
        assert_eq!(permissions(R | meaningless), PagePermissions::ReadOnly);
        assert_eq!(permissions(RW | meaningless), PagePermissions::ReadWrite);
    }
}

#[test]
fn rejects_a_segment_that_is_writable_and_executable() {
    for flags in [RWX, 3, RWX | 0x0ff0_0000] {
        let error = error_with(&[load(flags, BASE, 0x1000, 0x10)]);
        let expected = LoadPlanError::WritableAndExecutable {
            address: BASE,
            flags: ElfSegmentFlags::new(flags),
        };
        assert_eq!(error, expected);
    }
}

#[test]
fn rejects_a_segment_without_permissions() {
    for flags in [0, 8, 0xffff_fff8] {
        let error = error_with(&[load(flags, BASE, 0x1000, 0x10)]);
        assert_eq!(error, LoadPlanError::NoPermissions { address: BASE });
    }
}

#[test]
fn rejects_a_segment_larger_in_the_file_than_in_memory() {
    for (in_file_bytes, in_memory_bytes) in [(0x11, 0x10), (1, 0), (u64::MAX, u64::MAX - 1)] {
        let segment = TestSegment {
            in_memory_bytes,
            ..load(R, BASE, 0x1000, in_file_bytes)
        };
        let expected = LoadPlanError::LargerInFile {
            address: BASE,
            in_file_bytes,
            in_memory_bytes,
        };
        assert_eq!(error_with(&[segment]), expected);
    }
}

/// A segment of 16 bytes in the file's second frame, and 16 zeros behind them.
fn aligned(address: u64, alignment_bytes: u64) -> TestSegment {
    TestSegment {
        in_memory_bytes: 0x20,
        alignment_bytes,
        ..load(RW, address, 0x1230, 0x10)
    }
}

#[test]
fn accepts_no_alignment_and_powers_of_two() {
    for alignment_bytes in [0, 1, 2, 8, 0x1000] {
        let file = with_segments(&[aligned(BASE + 0x230, alignment_bytes)]).bytes();
        assert!(planned(&file, &limits()).is_ok(), "{alignment_bytes:#x}");
    }
    for shift in 13..=47 {
        // The least address with the file's offset in it that is so aligned and may be used.
        let address = if shift < 47 { (1 << shift) + 0x1230 } else { 0x1230 };
        let mut file = with_segments(&[aligned(address, 1 << shift)]);
        file.segments[1].address = 0x7ff0_0000_0000;
        file.entry_point = 0x7ff0_0000_0000;
        assert!(planned(&file.bytes(), &limits()).is_ok(), "{shift}");
    }
}

#[test]
fn rejects_alignments_that_are_no_power_of_two() {
    for alignment_bytes in [3, 0x1001, 0x1800, u64::MAX] {
        let address = BASE + 0x230;
        let error = error_with(&[aligned(address, alignment_bytes)]);
        let expected = LoadPlanError::Alignment {
            address,
            alignment_bytes,
        };
        assert_eq!(error, expected);
    }
}

#[test]
fn rejects_bytes_that_lie_in_the_file_at_another_place_of_a_page() {
    for address in [BASE, BASE + 0x22f, BASE + 0x231, BASE + 0xa30] {
        for alignment_bytes in [0, 1, 0x10, 0x1000] {
            let error = error_with(&[aligned(address, alignment_bytes)]);
            let expected = LoadPlanError::Misaligned {
                address,
                offset: 0x1230,
                alignment_bytes: 0x1000,
            };
            assert_eq!(error, expected);
        }
    }
}

#[test]
fn rejects_bytes_that_lie_in_the_file_at_another_place_of_a_larger_alignment() {
    for (address, alignment_bytes) in [(BASE + 0x230, 0x2000), (BASE + 0x1230, 1 << 22), (0x3230, 1 << 63)] {
        let error = error_with(&[aligned(address, alignment_bytes)]);
        let expected = LoadPlanError::Misaligned {
            address,
            offset: 0x1230,
            alignment_bytes,
        };
        assert_eq!(error, expected);
    }
}

#[test]
fn the_offset_of_a_segment_without_bytes_in_the_file_does_not_matter() {
    for offset in [0, 1, 0x3000, u64::MAX] {
        let zeros = TestSegment {
            in_file_bytes: 0,
            ..load(RW, BASE + 0x123, offset, 0x2000)
        };
        let plan = planned(&with_segments(&[zeros]).bytes(), &limits()).unwrap();
        assert_eq!(plan.pages().count(), 4);
    }
}

#[test]
fn rejects_a_segment_outside_of_the_file() {
    for (offset, in_file_bytes) in [
        (0x2ff0, 0x11),
        (0x3000, 1),
        (0x1000, 0x2001),
        (0x1000, 0x0100_0000_0000),
        (u64::MAX - 0xfff, 1),
        (u64::MAX - 0xfff, 0x1000),
        (u64::MAX - 0xfff, 0x2000),
    ] {
        let address = 0x0100_0000_0000 + offset % 0x1000;
        let error = error_with(&[load(R, address, offset, in_file_bytes)]);
        let expected = LoadPlanError::OutsideFile {
            address,
            offset,
            in_file_bytes,
            file_bytes: 0x3000,
        };
        assert_eq!(error, expected);
    }
}

#[test]
fn accepts_a_segment_up_to_the_end_of_the_file() {
    let file = with_segments(&[load(R, BASE + 0xff0, 0x2ff0, 0x10)]).bytes();
    assert!(planned(&file, &limits()).is_ok());
}
