//! Rules of the SMBIOS entry points.

use super::memory_map::extent;
use super::support::{FakeMemory, fix_checksum, put};
use multiboot2_loader_core::address::PhysAddr;
use multiboot2_loader_core::smbios::{check, find_in_low_memory};
use proptest::prelude::{any, proptest};
use proptest::{collection, prop_assert};

/// A 32-bit entry point: 31 bytes, table of 0x123 bytes at 0xf6000.
fn entry_32() -> Vec<u8> {
    let mut entry = vec![0; 0x1f];
    put(&mut entry, 0, b"_SM_");
    put(&mut entry, 5, [0x1f]);
    put(&mut entry, 0x16, 0x123_u16.to_le_bytes());
    put(&mut entry, 0x18, 0xf_6000_u32.to_le_bytes());
    fix_checksum(&mut entry, 4);
    entry
}

/// A 64-bit entry point: 24 bytes, table of 0x456 bytes at 4 GiB.
fn entry_64() -> Vec<u8> {
    let mut entry = vec![0; 0x18];
    put(&mut entry, 0, b"_SM3_");
    put(&mut entry, 6, [0x18]);
    put(&mut entry, 0x0c, 0x456_u32.to_le_bytes());
    put(&mut entry, 0x10, (1_u64 << 32).to_le_bytes());
    fix_checksum(&mut entry, 5);
    entry
}

fn low_memory(entries: &[(usize, Vec<u8>)]) -> FakeMemory {
    let mut bytes = vec![0; 0x1_0000];
    for (offset, entry) in entries {
        put(&mut bytes, *offset, entry);
    }
    FakeMemory::default().with(0xf_0000, bytes)
}

#[test]
fn finds_both_entry_points_and_their_tables() {
    let found = find_in_low_memory(&low_memory(&[(0x5a10, entry_32()), (0xffe0, entry_64())]));
    assert_eq!(
        (found.entry_32, found.entry_64),
        (Some(PhysAddr::new(0xf_5a10)), Some(PhysAddr::new(0xf_ffe0)))
    );
    let expected = [
        extent(0xf_5a10, 0xf_5a2f),
        extent(0xf_6000, 0xf_6123),
        extent(0xf_ffe0, 0xf_fff8),
        extent(1 << 32, (1 << 32) + 0x456),
    ];
    assert_eq!(found.extents[..], expected);
}

#[test]
fn rejects_entry_points_that_do_not_add_up_or_lie_askew() {
    let mut broken = entry_32();
    broken[0x18] ^= 1;
    let found = find_in_low_memory(&low_memory(&[(0x5a10, broken), (0x6008, entry_32())]));
    assert_eq!((found.entry_32, found.extents.len()), (None, 0));
}

#[test]
fn of_two_entry_points_of_a_kind_the_first_counts() {
    let found = find_in_low_memory(&low_memory(&[(0x100, entry_32()), (0x200, entry_32())]));
    assert_eq!(
        (found.entry_32, found.extents.len()),
        (Some(PhysAddr::new(0xf_0100)), 2)
    );
}

#[test]
fn checks_what_efi_names() {
    let memory = FakeMemory::default().with(0x7e0_0000, entry_64());
    let found = check(&memory, [Some(PhysAddr::new(0x1000)), Some(PhysAddr::new(0x7e0_0000))]);
    assert_eq!(
        (found.entry_32, found.entry_64),
        (None, Some(PhysAddr::new(0x7e0_0000)))
    );
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(mut bytes in collection::vec(any::<u8>(), 8..80), is_64 in any::<bool>()) {
        put(&mut bytes, 0, if is_64 { &b"_SM3_"[..] } else { b"_SM_" });
        let memory = FakeMemory::default().with(0x1000, bytes);
        let found = check(&memory, [Some(PhysAddr::new(0x1000)), None]);
        prop_assert!(found.extents.len() <= 2);
    }
}
