//! Pages, frames, halves and memory types.

use ez_paging::{Frame, Half, MisalignedFrame, MisalignedPage, Page, PageSize, PatMemoryType};
use x86_64::{PhysAddr, VirtAddr, structures::paging::PageTableFlags};

use crate::features::{POOR, RICH, features_of};

#[test]
fn rejects_a_page_that_is_not_aligned_to_its_size() {
    let start = VirtAddr::new(0x20_1000);
    assert!(Page::new(start, PageSize::_4KiB).is_ok());
    let size = PageSize::_2MiB;
    assert_eq!(Page::new(start, size), Err(MisalignedPage { start, size }));
    let size = PageSize::_1GiB;
    assert_eq!(
        Page::new(VirtAddr::new(0x20_0000), size).map_err(|error| error.size),
        Err(size)
    );
}

#[test]
fn rejects_a_frame_that_is_not_aligned_to_its_size() {
    let start = PhysAddr::new(0x20_1000);
    assert!(Frame::new(start, PageSize::_4KiB).is_ok());
    let size = PageSize::_2MiB;
    assert_eq!(Frame::new(start, size), Err(MisalignedFrame { start, size }));
}

#[test]
fn a_page_at_the_top_ends_at_the_last_address() {
    for size in PageSize::DESCENDING {
        let page = Page::containing(VirtAddr::new(u64::MAX), size);
        assert_eq!(page.last(), VirtAddr::new(u64::MAX));
        assert_eq!(page.start().as_u64(), 0_u64.wrapping_sub(size.bytes()));
    }
}

#[test]
fn a_page_at_the_end_of_the_lower_half_ends_there() {
    for size in PageSize::DESCENDING {
        let page = Page::containing(Half::Lower.last(), size);
        assert_eq!(page.last().as_u64(), 0x7fff_ffff_ffff);
        assert_eq!(Half::of(page.start()), Half::Lower);
    }
}

#[test]
fn the_highest_frame_ends_at_the_architectures_limit() {
    let frame = Frame::containing(PhysAddr::new((1 << 52) - 1), PageSize::_1GiB);
    assert_eq!(frame.last().as_u64(), (1 << 52) - 1);
}

#[test]
fn halves_meet_nowhere() {
    assert_eq!(Half::of(VirtAddr::new(0)), Half::Lower);
    assert_eq!(Half::of(VirtAddr::new(0x7fff_ffff_ffff)), Half::Lower);
    assert_eq!(Half::of(VirtAddr::new(0xffff_8000_0000_0000)), Half::Higher);
    assert_eq!(Half::of(VirtAddr::new(u64::MAX)), Half::Higher);
}

#[test]
fn the_pat_keeps_its_first_four_places_as_at_power_on() {
    let value = features_of(RICH).pat.msr_value().unwrap();
    assert_eq!(value & 0xffff_ffff, 0x0007_0406);
    assert_eq!(value >> 40 & 0xff, 1, "place 5 is write-combining");
}

#[test]
fn a_memory_types_bits_name_its_place_in_the_pat() {
    let pat = features_of(RICH).pat;
    let bits = |memory_type, size| pat.flags_for(memory_type, size).bits();
    for size in PageSize::DESCENDING {
        assert_eq!(bits(PatMemoryType::WriteBack, size), 0);
        assert_eq!(bits(PatMemoryType::WriteThrough, size), 1 << 3);
        assert_eq!(bits(PatMemoryType::UncachedMinus, size), 1 << 4);
        assert_eq!(bits(PatMemoryType::StrongUncacheable, size), 1 << 3 | 1 << 4);
    }
    assert_eq!(bits(PatMemoryType::WriteCombining, PageSize::_4KiB), 1 << 3 | 1 << 7);
    assert_eq!(bits(PatMemoryType::WriteCombining, PageSize::_2MiB), 1 << 3 | 1 << 12);
    assert_eq!(bits(PatMemoryType::WriteCombining, PageSize::_1GiB), 1 << 3 | 1 << 12);
}

#[test]
fn without_a_pat_write_combining_is_left_to_the_mtrrs() {
    let pat = features_of(POOR).pat;
    for size in PageSize::DESCENDING {
        assert_eq!(
            pat.flags_for(PatMemoryType::WriteCombining, size),
            PageTableFlags::NO_CACHE
        );
    }
}
