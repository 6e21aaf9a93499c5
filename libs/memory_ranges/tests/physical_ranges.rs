//! The rules of the map of physical memory, one by one.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod machine;

use machine::{STACK, TABLES, address, frames, machine};
use memory_ranges::{AllocateError, LAST_PHYS_ADDR, MemoryType, OwnershipError};
use x86_64::PhysAddr;

#[test]
fn refuses_what_is_freed_twice_or_by_another_and_changes_nothing() {
    let mut physical = machine();
    let range = physical.allocate(0x4000, 0x1000, LAST_PHYS_ADDR, STACK).unwrap();
    let before: Vec<_> = physical.iter().collect();
    let address = range.start();
    assert_eq!(
        physical.free(range, TABLES),
        Err(OwnershipError::OwnedByOther { address, owner: STACK })
    );
    assert!(physical.iter().eq(before));
    assert_eq!(physical.free(range, STACK), Ok(()));
    let before: Vec<_> = physical.iter().collect();
    assert_eq!(physical.free(range, STACK), Err(OwnershipError::NotInUse { address }));
    assert_eq!(
        physical.free(range, MemoryType::Usable),
        Err(OwnershipError::NotInUse { address })
    );
    assert!(physical.iter().eq(before));
}

#[test]
fn refuses_a_range_that_is_not_owned_to_its_end() {
    let mut physical = machine();
    let before: Vec<_> = physical.iter().collect();
    assert_eq!(
        physical.free(frames(24, 4), MemoryType::UsedByLimine),
        Err(OwnershipError::NotManaged { address: address(26) })
    );
    assert_eq!(
        physical.allocate_at(frames(18, 4), STACK),
        Err(OwnershipError::OwnedByOther {
            address: address(20),
            owner: MemoryType::UsedByLimine
        })
    );
    assert!(physical.iter().eq(before));
}

#[test]
fn gives_out_nothing_above_the_limit() {
    let mut physical = machine();
    let limit = PhysAddr::new(5 * 4096 + 4094);
    assert_eq!(physical.allocate(0x1000, 0x1000, limit, STACK), Ok(frames(4, 1)));
    let limit = PhysAddr::new(5 * 4096 + 4095);
    assert_eq!(physical.allocate(0x1000, 0x1000, limit, STACK), Ok(frames(5, 1)));
    assert!(physical.allocate(0x1000, 0x1000, PhysAddr::new(4095), STACK).is_err());
}

#[test]
fn refuses_sizes_and_alignments_that_no_range_can_have() {
    let mut physical = machine();
    for size_bytes in [0, 0x1001] {
        assert_eq!(
            physical.allocate(size_bytes, 0x1000, LAST_PHYS_ADDR, STACK),
            Err(AllocateError::Size { size_bytes })
        );
    }
    for alignment_bytes in [0, 0x800, 0x3000] {
        assert_eq!(
            physical.allocate(0x1000, alignment_bytes, LAST_PHYS_ADDR, STACK),
            Err(AllocateError::Alignment { alignment_bytes })
        );
    }
    let huge = 0u64.wrapping_sub(0x1000);
    assert!(matches!(
        physical.allocate(huge, 1 << 63, LAST_PHYS_ADDR, STACK),
        Err(AllocateError::OutOfMemory { .. })
    ));
}

#[test]
fn reclaimed_memory_joins_the_usable_memory_beside_it() {
    let mut physical = machine();
    let mut told = Vec::new();
    let reclaimed = physical.reclaim(MemoryType::UsedByLimine, |range| told.push(range));
    assert_eq!(reclaimed, 6 * 4096);
    assert_eq!(told.iter().map(|range| range.size_bytes()).sum::<u64>(), 6 * 4096);
    let expected = [
        (frames(1, 25), MemoryType::Usable),
        (frames(28, 20), MemoryType::Usable),
    ];
    assert!(physical.iter().eq(expected));
}
