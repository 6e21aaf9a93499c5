//! Rules of the kernel file.

use super::support::put;
use multiboot2_loader_core::address::VirtAddr;
use multiboot2_loader_core::kernel_elf::{KernelElf, KernelElfError, LOWEST_ADDRESS};
use proptest::prelude::{Just, Strategy, any, prop_oneof, proptest};
use proptest::{collection, prop_assert, sample};

/// A program header, as the tests need it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ProgramHeader {
    pub(crate) kind: u32,
    pub(crate) flags: u32,
    pub(crate) offset: u64,
    pub(crate) address: u64,
    pub(crate) file_size: u64,
    pub(crate) memory_size: u64,
}

pub(crate) const R: u32 = 4;
pub(crate) const RW: u32 = 6;
pub(crate) const RX: u32 = 5;
pub(crate) const BASE: u64 = LOWEST_ADDRESS;

pub(crate) const fn load(flags: u32, address: u64, offset: u64, file_size: u64, memory_size: u64) -> ProgramHeader {
    ProgramHeader {
        kind: 1,
        flags,
        offset,
        address,
        file_size,
        memory_size,
    }
}

/// An ELF file with these program headers and 0x3000 bytes altogether, each byte the low part of its offset / 16.
pub(crate) fn file(headers: &[ProgramHeader], entry: u64) -> Vec<u8> {
    let mut bytes: Vec<u8> = (0..0x3000_u32).map(|offset| (offset >> 4).to_le_bytes()[0]).collect();
    put(&mut bytes, 0, b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0");
    put(&mut bytes, 16, [2_u16, 62].map(u16::to_le_bytes).concat());
    put(&mut bytes, 20, 1_u32.to_le_bytes());
    put(&mut bytes, 24, [entry, 64, 0].map(u64::to_le_bytes).concat());
    put(&mut bytes, 48, 0_u32.to_le_bytes());
    let count = u16::try_from(headers.len()).expect("few headers");
    put(&mut bytes, 52, [64, 56, count, 64, 0, 0].map(u16::to_le_bytes).concat());
    for (index, header) in headers.iter().enumerate() {
        let at = 64 + index * 56;
        put(
            &mut bytes,
            at,
            [header.kind, header.flags].map(u32::to_le_bytes).concat(),
        );
        let ProgramHeader {
            offset,
            address,
            file_size,
            memory_size,
            ..
        } = *header;
        put(
            &mut bytes,
            at + 8,
            [offset, address, address, file_size, memory_size, 0x1000]
                .map(u64::to_le_bytes)
                .concat(),
        );
    }
    bytes
}

/// Three segments, out of order: text, data with bss, and read-only data.
pub(crate) fn good() -> Vec<u8> {
    file(
        &[
            load(RX, BASE, 0x1000, 0x800, 0x800),
            load(RW, BASE + 0x2010, 0x2010, 0x100, 0x1800),
            load(R, BASE + 0x1000, 0x1800, 0x10, 0x10),
        ],
        BASE + 0x7ff,
    )
}

fn error_of(headers: &[ProgramHeader]) -> KernelElfError {
    KernelElf::check(&file(headers, BASE)).expect_err("the rule is broken")
}

#[test]
fn accepts_a_kernel_and_sorts_its_segments() {
    let file = good();
    let kernel = KernelElf::check(&file).expect("all is well");
    assert_eq!(
        (
            kernel.entry.as_u64(),
            kernel.image_base.as_u64(),
            kernel.image_size_bytes
        ),
        (BASE + 0x7ff, BASE, 0x4000)
    );
    let segments: Vec<_> = kernel
        .segments()
        .iter()
        .map(|segment| {
            (
                segment.virtual_address.as_u64() - BASE,
                segment.writable,
                segment.executable,
            )
        })
        .collect();
    assert_eq!(
        segments,
        [(0, false, true), (0x1000, false, false), (0x2010, true, false)]
    );
    assert_eq!(kernel.initialised_bytes(), 0x2110);
}

#[test]
fn loads_every_byte_to_its_place_and_zeroes_the_rest() {
    let file = good();
    let kernel = KernelElf::check(&file).expect("all is well");
    let mut image = vec![0xaa; 0x4000];
    kernel.load_into(&mut image).expect("the size is right");
    let mut expected = vec![0; 0x4000];
    expected[..0x800].copy_from_slice(&file[0x1000..0x1800]);
    expected[0x1000..0x1010].copy_from_slice(&file[0x1800..0x1810]);
    expected[0x2010..0x2110].copy_from_slice(&file[0x2010..0x2110]);
    assert!(image == expected);
}

#[test]
fn rejects_a_block_of_another_size() {
    let file = good();
    let kernel = KernelElf::check(&file).expect("all is well");
    assert!(kernel.load_into(&mut [0; 0x3fff]).is_err());
    assert!(kernel.load_into(&mut vec![0; 0x5000]).is_err());
}

#[test]
fn only_addresses_in_executable_segments_are_executable() {
    let file = good();
    let kernel = KernelElf::check(&file).expect("all is well");
    for (address, expected) in [
        (BASE, true),
        (BASE + 0x7ff, true),
        (BASE + 0x800, false),
        (BASE - 1, false),
        (BASE + 0x2010, false),
    ] {
        assert_eq!(kernel.is_executable(VirtAddr::new(address)), expected, "{address:#x}");
    }
}

#[test]
fn writable_code_is_noticed() {
    let file = file(
        &[load(RW | RX, BASE, 0x1000, 1, 1), load(RW, BASE + 0x1000, 0x1000, 1, 1)],
        BASE,
    );
    let kernel = KernelElf::check(&file).expect("it is allowed");
    let noticed: Vec<_> = kernel
        .segments()
        .iter()
        .map(|segment| segment.is_writable_and_executable())
        .collect();
    assert_eq!(noticed, [true, false]);
}

#[test]
fn passes_over_what_is_not_to_be_loaded() {
    let other = ProgramHeader {
        kind: 0x6474_e551,
        ..load(RW, 0, 0, 0, 1)
    };
    let empty = load(R, 0, 0, 0, 0);
    let file = file(&[other, empty, load(RX, BASE, 0x1000, 1, 1)], BASE);
    assert_eq!(KernelElf::check(&file).expect("all is well").segments().len(), 1);
}

#[test]
fn rejects_a_file_too_short_for_a_header() {
    for size_bytes in [0, 4, 15, 16, 63] {
        assert_eq!(
            KernelElf::check(&good()[..size_bytes]).err(),
            Some(KernelElfError::TooShort { size_bytes })
        );
    }
}

#[test]
fn rejects_what_is_not_elf_or_not_for_this_machine() {
    let damaged = |offset: usize, bytes: &[u8]| {
        let mut file = good();
        put(&mut file, offset, bytes);
        KernelElf::check(&file).err()
    };
    assert_eq!(
        damaged(0, b"MZ\x90\0"),
        Some(KernelElfError::NotElf { magic: *b"MZ\x90\0" })
    );
    assert_eq!(damaged(4, &[1]), Some(KernelElfError::NotElf64 { class: 1, data: 1 }));
    assert_eq!(damaged(5, &[2]), Some(KernelElfError::NotElf64 { class: 2, data: 2 }));
    assert_eq!(damaged(16, &[3]), Some(KernelElfError::FileType { file_type: 3 }));
    assert_eq!(damaged(18, &[183]), Some(KernelElfError::Machine { machine: 183 }));
}

#[test]
fn rejects_program_headers_outside_the_file() {
    let damaged = |offset: u64, entry_size: u16, count: u16| {
        let mut file = good();
        put(&mut file, 32, offset.to_le_bytes());
        put(&mut file, 54, [entry_size, count].map(u16::to_le_bytes).concat());
        KernelElf::check(&file).err()
    };
    for (offset, entry_size_bytes, count) in [(0x2ff0, 56, 3), (u64::MAX, 56, 3), (64, 56, u16::MAX), (64, 32, 3)] {
        assert_eq!(
            damaged(offset, entry_size_bytes, count),
            Some(KernelElfError::ProgramHeaders {
                offset,
                count,
                entry_size_bytes
            })
        );
    }
}

#[test]
fn rejects_a_kernel_without_segments() {
    assert_eq!(error_of(&[]), KernelElfError::NoSegment);
}

#[test]
fn rejects_a_seventeenth_segment() {
    let headers: Vec<_> = (0..17)
        .map(|index| load(RX, BASE + index * 0x1000, 0x1000, 1, 1))
        .collect();
    assert!(KernelElf::check(&file(&headers[..16], BASE)).is_ok());
    assert_eq!(error_of(&headers), KernelElfError::TooManySegments);
}

#[test]
fn rejects_a_segment_larger_in_the_file_than_in_memory() {
    let error = error_of(&[load(RX, BASE, 0x1000, 0x11, 0x10)]);
    assert_eq!(
        error,
        KernelElfError::LargerInFile {
            address: BASE,
            file_size_bytes: 0x11,
            memory_size_bytes: 0x10
        }
    );
}

#[test]
fn rejects_a_file_cut_short() {
    for (offset, size) in [(0x2ff0, 0x11), (0x3001, 0), (u64::MAX, 1), (1, 0x7fff_0000)] {
        let error = error_of(&[load(RX, BASE, offset, size, size.max(1))]);
        assert!(
            matches!(error, KernelElfError::CutShort { file_bytes: 0x3000, .. }),
            "{error}"
        );
    }
}

#[test]
fn rejects_a_segment_outside_the_top_two_gib() {
    for (address, size) in [
        (0x20_0000, 1),
        (BASE - 0x1000, 0x1000),
        (BASE - 1, 1),
        (0xffff_ffff_ffff_f000, 1),
        (BASE, u64::MAX - 0x100),
    ] {
        let error = error_of(&[load(RX, address, 0x1000, 1, size)]);
        assert_eq!(
            error,
            KernelElfError::OutsideTopTwoGib {
                address,
                memory_size_bytes: size
            }
        );
    }
}

#[test]
fn rejects_segments_that_overlap_or_share_a_page() {
    let first = load(RX, BASE, 0x1000, 0x10, 0x1800);
    for address in [BASE, BASE + 0x17ff, BASE + 0x1800, BASE + 0x1fff] {
        let error = error_of(&[load(RW, address, 0x1000, 1, 1), first]);
        assert!(matches!(error, KernelElfError::Overlap { .. }), "{address:#x}: {error}");
    }
    assert!(KernelElf::check(&file(&[load(RW, BASE + 0x2000, 0x1000, 1, 1), first], BASE)).is_ok());
}

#[test]
fn rejects_an_entry_point_outside_executable_segments() {
    for entry in [0, BASE - 1, BASE + 0x800, BASE + 0x2010] {
        let mut file = good();
        put(&mut file, 24, entry.to_le_bytes());
        assert_eq!(KernelElf::check(&file).err(), Some(KernelElfError::Entry { entry }));
    }
}

fn odd_number() -> impl Strategy<Value = u64> {
    prop_oneof![
        any::<u64>(),
        Just(0),
        Just(u64::MAX),
        (0..0x4000_u64),
        (0..0x8000_u64).prop_map(|offset| BASE.wrapping_add(offset).wrapping_sub(0x2000))
    ]
}

fn program_header() -> impl Strategy<Value = ProgramHeader> {
    (odd_number(), odd_number(), odd_number(), odd_number(), any::<u32>()).prop_map(
        |(address, offset, file_size, memory_size, flags)| load(flags, address, offset, file_size, memory_size),
    )
}

/// Does with the file what the loader would do, if the image is small, and checks what is promised of it.
fn use_kernel(file: &[u8]) {
    let Ok(kernel) = KernelElf::check(file) else { return };
    assert!(kernel.is_executable(kernel.entry));
    for pair in kernel.segments().windows(2) {
        assert!(pair[0].end_page() <= pair[1].first_page());
    }
    if kernel.image_size_bytes < 1 << 20 {
        let mut image = vec![0; usize::try_from(kernel.image_size_bytes).expect("less than 1 MiB")];
        kernel.load_into(&mut image).expect("the size is right");
        assert!(kernel.initialised_bytes() <= image.len());
    }
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(bytes in collection::vec(any::<u8>(), 0..300)) {
        use_kernel(&bytes);
    }

    #[test]
    fn no_program_headers_make_it_panic(headers in collection::vec(program_header(), 0..5), entry in odd_number()) {
        use_kernel(&file(&headers, entry));
    }

    #[test]
    fn no_damage_makes_it_panic(damage in collection::vec((0..240_usize, any::<u8>()), 1..6), cut in any::<sample::Index>()) {
        let mut file = good();
        for (offset, byte) in damage {
            file[offset] = byte;
        }
        use_kernel(&file);
        use_kernel(&file[..cut.index(file.len())]);
        prop_assert!(KernelElf::check(&good()).is_ok());
    }
}
