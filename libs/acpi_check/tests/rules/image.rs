//! Rules of the copy: it is a sound set of tables by itself, and the crate `acpi` gets on with it.

use super::acpi_crate::walk::{Found, walk};
use super::machine::{
    ALL, BASE, DSDT, FACS, FADT, HPET, MADT, RSDP, WAET, copied, fadt, lines, machine, madt, madt_entries,
};
use super::support::{FakeMemory, at, fix_checksum, put, table};
use acpi_check::{ImageError, IoPort, Signature, TableList, check};
use x86_64::PhysAddr;

/// Fails unless the copy is, to whoever checks it, a sound set of tables.
pub(crate) fn assert_sound(image: &[u8], base: PhysAddr) {
    let memory = FakeMemory::default().with(base.as_u64(), image);
    let mut notes = Vec::new();
    let tables = check(&memory, Some(base.into()), &mut |note| notes.push(note));
    let mut second = vec![0; tables.as_ref().expect("it has a list").image_size_bytes()];
    let copied = tables.map(|tables| tables.copy_into(&memory, base, &mut second, &mut |note| notes.push(note)));
    assert!(matches!(copied, Some(Ok(_))));
    for note in notes {
        let line = note.to_string();
        assert!(line.starts_with("no sound table"), "{line}");
    }
}

/// A FADT of the first version.
fn first_fadt() -> Vec<u8> {
    let mut old = fadt()[..116].to_vec();
    put(&mut old, 4, 116_u32.to_le_bytes());
    put(&mut old, 8, [1]);
    fix_checksum(&mut old, 9);
    old
}

#[test]
fn the_copy_of_a_sound_machine_is_sound() {
    let mut image = Vec::new();
    _ = copied(&machine(), &mut image);
    assert_sound(&image, BASE);
}

#[test]
fn the_copy_is_made_again_the_same() {
    let (mut first, mut second) = (Vec::new(), vec![0xff; 100_000]);
    _ = copied(&machine(), &mut first);
    second.truncate(first.len());
    _ = copied(&machine(), &mut second);
    assert_eq!(first, second);
}

#[test]
fn the_crate_finds_every_table_but_srat_and_slit() {
    let mut image = Vec::new();
    _ = copied(&machine(), &mut image);
    let expected = Found {
        listed: 8,
        has_dsdt: true,
    };
    assert_eq!(walk(&image, BASE), expected);
}

#[test]
fn every_table_has_64_bytes_of_its_own_and_the_list_s_pointers_are_aligned() {
    let mut image = Vec::new();
    _ = copied(&machine(), &mut image);
    let memory = FakeMemory::default().with(BASE.as_u64(), image.clone());
    let root = acpi_check::Rsdp::check(&memory, BASE.into()).expect("sound");
    let list = TableList::read(&memory, &root, &mut |_| ()).expect("sound");
    let [xsdt, tables @ ..] = list.tables() else { panic!() };
    assert_eq!((xsdt.address.as_u64() + 36) % 8, 0);
    for table in tables {
        assert_eq!(table.address.as_u64() % 64, 0, "{}", table.signature);
        assert!(table.address.as_u64() + 276 <= BASE.as_u64() + image.len() as u64);
    }
}

#[test]
fn a_copy_above_4_gib_names_the_dsdt_by_the_newer_pointer_only_and_be_the_fadt_old() {
    let base = PhysAddr::new(0x12_3456_7000);
    for bytes in [fadt(), first_fadt()] {
        let mut memory = machine();
        *memory.island(FADT) = bytes;
        let tables = check(&memory, Some(at(RSDP)), &mut |_| ()).expect("sound");
        let mut image = vec![0; tables.image_size_bytes()];
        let copied = tables.copy_into(&memory, base, &mut image, &mut |_| ());
        let copied = copied.expect("the size is right");
        let fadt = copied.find(Signature::FADT).expect("sound");
        assert_eq!(fadt[40..44], [0; 4]);
        assert_ne!(fadt[140..148], [0; 8]);
        assert_sound(&image, base);
        assert!(walk(&image, base).has_dsdt);
    }
}

#[test]
fn the_copied_fadt_names_the_copied_dsdt_and_no_facs() {
    let mut image = Vec::new();
    let (tables, _) = copied(&machine(), &mut image);
    let tables = tables.expect("sound");
    let fadt = tables.find(Signature::FADT).expect("sound");
    assert_eq!(fadt[36..40], [0; 4]);
    assert_eq!(fadt[132..140], [0; 8]);
    let dsdt = u64::from_le_bytes(fadt[140..148].try_into().expect("eight bytes"));
    assert_eq!(
        u64::from(u32::from_le_bytes(fadt[40..44].try_into().expect("four bytes"))),
        dsdt
    );
    let offset = usize::try_from(dsdt - BASE.as_u64()).expect("near");
    assert_eq!(image[offset..][..4], *b"DSDT");
}

#[test]
fn what_the_firmware_s_fadt_said_is_kept() {
    let mut memory = machine();
    *memory.island(FADT) = first_fadt();
    let mut image = Vec::new();
    let (tables, _) = copied(&memory, &mut image);
    let tables = tables.expect("sound");
    let fadt = tables.fadt().expect("sound");
    assert_eq!(fadt.dsdt(), [at(0), at(DSDT)]);
    assert_eq!(fadt.facs(), [at(0), at(FACS)]);
    let control = fadt.pm1_control().ok().flatten();
    assert_eq!(control.map(|control| control.a), Some(IoPort(0x604)));
    assert_eq!(tables.find(Signature::FADT).map(<[u8]>::len), Some(276));
}

#[test]
fn the_crate_survives_lengths_of_32_bytes_and_registers_in_memory() {
    let mut memory = machine();
    let bytes = memory.island(FADT);
    put(bytes, 88, [32, 255, 32, 4, 32, 64]);
    for (old, newer) in [(56, 148), (64, 172), (72, 196), (80, 220), (84, 232)] {
        put(bytes, old, 0x700_u32.to_le_bytes());
        put(bytes, newer, [0; 12]);
    }
    fix_checksum(bytes, 9);
    let mut image = Vec::new();
    _ = copied(&memory, &mut image);
    walk(&image, BASE);

    let bytes = memory.island(FADT);
    for newer in [148, 160, 172, 184] {
        put(bytes, newer, [0, 32, 0, 3, 0, 0, 0, 0xfe, 0, 0, 0, 0]);
    }
    put(bytes, 56, [0; 16]);
    fix_checksum(bytes, 9);
    let mut image = Vec::new();
    _ = copied(&memory, &mut image);
    walk(&image, BASE);
}

#[test]
fn a_name_of_the_spcr_s_device_stays_inside() {
    let mut memory = machine();
    let spcr = memory.island(super::machine::SPCR);
    put(spcr, 84, [0xff; 4]);
    fix_checksum(spcr, 9);
    let mut image = Vec::new();
    _ = copied(&memory, &mut image);
    walk(&image, BASE);
}

#[test]
fn a_list_without_tables_is_still_a_copy() {
    let mut memory = machine();
    *memory.island(super::machine::XSDT) = table(b"XSDT", &[]);
    let mut image = Vec::new();
    let (tables, _) = copied(&memory, &mut image);
    assert_eq!(tables.map(|tables| tables.signatures().count()), Some(0));
    assert_sound(&image, BASE);
    let expected = Found {
        listed: 0,
        has_dsdt: false,
    };
    assert_eq!(walk(&image, BASE), expected);
}

#[test]
fn of_tables_of_one_name_the_first_is_found() {
    let mut memory = machine();
    *memory.island(WAET) = madt(&madt_entries()[..1]);
    let mut image = Vec::new();
    let (tables, _) = copied(&memory, &mut image);
    let found = tables.and_then(|tables| tables.find(Signature::MADT));
    assert_eq!(found, Some(&*madt(&madt_entries())));
    walk(&image, BASE);
    memory.island(MADT)[40] ^= 1;
    let mut image = Vec::new();
    let (tables, _) = copied(&memory, &mut image);
    let found = tables.and_then(|tables| tables.find(Signature::MADT));
    assert_eq!(found, Some(&*madt(&madt_entries()[..1])));
}

#[test]
fn refuses_a_place_that_is_no_page_too_small_or_past_the_end() {
    let memory = machine();
    let tables = check(&memory, Some(at(RSDP)), &mut |_| ()).expect("sound");
    let size = tables.image_size_bytes();
    let error = |base: u64, size: usize| {
        let mut image = vec![0; size];
        tables
            .copy_into(&memory, PhysAddr::new(base), &mut image, &mut |_| ())
            .err()
    };
    let base = PhysAddr::new(0x1040);
    assert_eq!(error(0x1040, size), Some(ImageError::NotAPage { base }));
    let too_small = ImageError::TooSmall {
        needed_bytes: size,
        given_bytes: size - 1,
    };
    assert_eq!(error(0x1000, size - 1), Some(too_small));
    let base = PhysAddr::new((1 << 52) - 4096);
    assert_eq!(
        error(base.as_u64(), size.max(8192)),
        Some(ImageError::PastTheEnd { base })
    );
    assert_eq!(error(0x1000, size + 1), None);
}

#[test]
fn tables_may_lie_anywhere_and_be_of_any_length() {
    for shift in 0..8 {
        let mut memory = machine();
        for (base, _) in &mut memory.islands {
            if *base == HPET {
                *base += shift;
            }
        }
        let pointers = ALL.map(|address| if address == HPET { address + shift } else { address });
        *memory.island(super::machine::XSDT) = table(b"XSDT", &pointers[5].to_le_bytes());
        assert_eq!(lines(&memory).len(), 3, "FADT, DSDT and MADT are missing");
    }
}
