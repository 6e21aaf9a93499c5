//! Rules of the file's header.

use crate::elf_file::{error_of, example, put};
use crate::invariants::{limits, planned};
use elf_load_plan::LoadPlanError;

/// The example with these bytes at an offset.
fn with(offset: usize, bytes: impl AsRef<[u8]>) -> Vec<u8> {
    let mut file = example().bytes();
    put(&mut file, offset, bytes);
    file
}

/// What is wrong with it then.
fn error_with(offset: usize, bytes: impl AsRef<[u8]>) -> LoadPlanError {
    error_of(&with(offset, bytes))
}

#[test]
fn accepts_a_program_as_a_linker_makes_it() {
    let plan = planned(&example().bytes(), &limits()).unwrap();
    assert_eq!(plan.entry_point().as_u64(), example().entry_point);
}

#[test]
fn rejects_a_file_that_ends_before_its_header() {
    for file_bytes in [0, 1, 15, 16, 63] {
        let error = error_of(&example().bytes()[..file_bytes]);
        assert_eq!(error, LoadPlanError::TooShort { file_bytes });
    }
}

#[test]
fn rejects_what_is_no_elf_file() {
    assert_eq!(
        error_with(0, b"MZ\x90\0"),
        LoadPlanError::NotElf { magic: *b"MZ\x90\0" }
    );
    assert_eq!(error_with(3, b"f"), LoadPlanError::NotElf { magic: *b"\x7fELf" });
}

#[test]
fn rejects_another_class_than_64_bits() {
    for class in [0, 1, 3, 0xff] {
        assert_eq!(error_with(4, [class]), LoadPlanError::Class { class });
    }
}

#[test]
fn rejects_another_byte_order_than_the_machines() {
    for byte_order in [0, 2, 3, 0xff] {
        assert_eq!(error_with(5, [byte_order]), LoadPlanError::ByteOrder { byte_order });
    }
}

#[test]
fn rejects_other_versions_of_elf_in_the_identification() {
    for version in [0, 2, 0xff] {
        let error = error_with(6, [version]);
        assert_eq!(
            error,
            LoadPlanError::Version {
                version: version.into()
            }
        );
    }
}

#[test]
fn rejects_other_versions_of_elf_in_the_header() {
    for version in [0, 2, 0x0100_0000, u32::MAX] {
        let error = error_with(20, version.to_le_bytes());
        assert_eq!(error, LoadPlanError::Version { version });
    }
}

#[test]
fn accepts_system_v_with_and_without_gnus_additions() {
    for os_abi in [0, 3] {
        assert!(planned(&with(7, [os_abi]), &limits()).is_ok(), "{os_abi}");
    }
}

#[test]
fn rejects_programs_for_other_systems() {
    for [os_abi, abi_version] in [[1, 0], [2, 0], [9, 0], [0xff, 0], [0, 1], [3, 1]] {
        let error = error_with(7, [os_abi, abi_version]);
        assert_eq!(error, LoadPlanError::OtherSystem { os_abi, abi_version });
    }
}

#[test]
fn rejects_other_types_than_programs_at_fixed_addresses() {
    for file_type in [0_u16, 1, 3, 4, 0xff00, 0x0200] {
        let error = error_with(16, file_type.to_le_bytes());
        assert_eq!(error, LoadPlanError::FileType { file_type });
    }
}

#[test]
fn rejects_programs_for_other_processors() {
    for machine in [0_u16, 3, 183, 243, 62 << 8] {
        let error = error_with(18, machine.to_le_bytes());
        assert_eq!(error, LoadPlanError::Machine { machine });
    }
}

#[test]
fn rejects_another_size_of_the_header() {
    for size_bytes in [0_u16, 52, 63, 65, u16::MAX] {
        let error = error_with(52, size_bytes.to_le_bytes());
        assert_eq!(error, LoadPlanError::HeaderSize { size_bytes });
    }
}

#[test]
fn rejects_another_size_of_program_headers() {
    for size_bytes in [0_u16, 32, 55, 57, u16::MAX] {
        let error = error_with(54, size_bytes.to_le_bytes());
        assert_eq!(error, LoadPlanError::ProgramHeaderSize { size_bytes });
    }
}

#[test]
fn what_it_says_about_sections_does_not_matter() {
    let mut file = with(40, u64::MAX.to_le_bytes());
    put(&mut file, 58, [0xff; 6]);
    assert_eq!(planned(&file, &limits()), planned(&example().bytes(), &limits()));
}
