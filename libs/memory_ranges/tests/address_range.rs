//! The ranges that physical and virtual addresses can have.

use memory_ranges::{Address, AddressRange, LAST_PHYS_ADDR, PhysRange, RangeError, VirtRange};
use std::fmt::Debug;
use x86_64::{PhysAddr, VirtAddr};

fn assert_too_long<A: Address + Debug + PartialEq>(start: A, size_bytes: u64) {
    let refused = AddressRange::new(start, size_bytes);
    assert_eq!(refused, Err(RangeError::TooLong { start, size_bytes }));
}

#[test]
fn refuses_what_is_not_whole_pages() {
    let start = PhysAddr::new(0x1000);
    assert_eq!(PhysRange::new(start, 0), Err(RangeError::Empty));
    for (start, size_bytes) in [(start, 0x1800), (PhysAddr::new(0x1010), 0x1000)] {
        assert_eq!(
            PhysRange::new(start, size_bytes),
            Err(RangeError::Unaligned { start, size_bytes })
        );
    }
    let (start, size_bytes) = (VirtAddr::new(0x1000), 0x10);
    assert_eq!(
        VirtRange::new(start, size_bytes),
        Err(RangeError::Unaligned { start, size_bytes })
    );
}

#[test]
fn refuses_physical_ranges_beyond_52_bits() {
    for size_bytes in [1 << 52, 0_u64.wrapping_sub(0x1000)] {
        assert_too_long(PhysAddr::new(0x1000), size_bytes);
    }
}

#[test]
fn refuses_virtual_ranges_that_leave_their_half() {
    let start = VirtAddr::new(0x7fff_ffff_f000);
    assert!(VirtRange::new(start, 0x1000).is_ok());
    for size_bytes in [0x2000, 0xffff_0000_0000_2000] {
        assert_too_long(start, size_bytes);
    }
    assert_too_long(VirtAddr::new(0xffff_ffff_ffff_f000), 0x2000);
}

#[test]
fn the_last_frame_and_the_last_page_have_ranges() {
    let start = PhysAddr::new((1 << 52) - 0x1000);
    let range = PhysRange::new(start, 0x1000).unwrap();
    assert_eq!((range.start(), range.last()), (start, LAST_PHYS_ADDR));
    assert_eq!(format!("{range:?}"), "0xffffffffff000..=0xfffffffffffff");
    let start = VirtAddr::new(0xffff_ffff_ffff_f000);
    let range = VirtRange::new(start, 0x1000).unwrap();
    assert_eq!((range.start(), range.last().as_u64()), (start, u64::MAX));
}
