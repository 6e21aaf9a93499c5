//! Rules of where segments lie: in the address space, and beside each other; of the entry point; of the size of all.

use crate::elf_file::{BASE, R, RW, RX, TestElf, TestSegment, error_of, error_with, example, load, with_segments};
use crate::invariants::{STACK, limits, pages, planned};
use elf_load_plan::{LOWEST_ADDRESS, Limits, LoadPlanError, PROGRAM_END};

/// A segment of zeros.
fn zeros(address: u64, in_memory_bytes: u64) -> TestSegment {
    TestSegment {
        in_memory_bytes,
        ..load(RW, address, 0, 0)
    }
}

/// A program of code, and another segment behind it.
fn with_last(segment: TestSegment) -> Vec<u8> {
    let elf = TestElf {
        entry_point: 0x1000,
        segments: vec![load(RX, 0x1000, 0x1000, 0x10), segment],
        size_bytes: 0x3000,
    };
    elf.bytes()
}

/// The error of a segment at these addresses, under limits that allow all that may be allowed.
fn outside(address: u64, end: u64) -> LoadPlanError {
    LoadPlanError::OutsideArea {
        address,
        end,
        area_start: LOWEST_ADDRESS,
        area_end: PROGRAM_END,
    }
}

#[test]
fn rejects_a_segment_in_page_0() {
    for (address, size_bytes) in [(0, 1), (0xfff, 1), (0xfff, 2), (0, 0x10_0000)] {
        let error = error_with(&[zeros(address, size_bytes)]);
        assert_eq!(error, outside(address, address + size_bytes));
    }
}

#[test]
fn rejects_a_segment_in_the_last_page_of_the_lower_half() {
    for (address, size_bytes) in [(0x7fff_ffff_f000, 1), (0x7fff_ffff_e000, 0x1001), (0x7fff_ffff_ffff, 1)] {
        let error = error_of(&with_last(zeros(address, size_bytes)));
        assert_eq!(error, outside(address, address + size_bytes));
    }
}

#[test]
fn rejects_a_segment_in_the_upper_half() {
    for address in [0xffff_8000_0000_0000, 0xffff_ffff_8000_0000, u64::MAX - 1] {
        let error = error_of(&with_last(zeros(address, 1)));
        assert_eq!(error, outside(address, address + 1));
    }
}

#[test]
fn rejects_a_segment_at_addresses_that_are_not_canonical() {
    for (address, size_bytes) in [(0x8000_0000_0000, 0x1000), (0x7fff_ffff_e000, 1 << 48), (1 << 63, 1)] {
        let error = error_of(&with_last(zeros(address, size_bytes)));
        assert_eq!(error, outside(address, address + size_bytes));
    }
}

#[test]
fn rejects_a_segment_that_wraps_around() {
    for (address, in_memory_bytes) in [
        (u64::MAX, 1),
        (u64::MAX - 0xfff, 0x2000),
        (0x2000, u64::MAX),
        (BASE, 0_u64.wrapping_sub(BASE)),
    ] {
        let error = error_of(&with_last(zeros(address, in_memory_bytes)));
        let expected = LoadPlanError::WrapsAround {
            address,
            in_memory_bytes,
        };
        assert_eq!(error, expected);
    }
}

#[test]
fn accepts_the_lowest_and_the_highest_page_of_the_area() {
    let plan = planned(&with_last(zeros(0x7fff_ffff_efff, 1)), &limits()).unwrap();
    let addresses: Vec<u64> = plan.pages().map(|page| page.page.start_address().as_u64()).collect();
    assert_eq!(addresses, [LOWEST_ADDRESS, PROGRAM_END - 0x1000]);
}

#[test]
fn the_limits_can_make_the_area_smaller() {
    let limits = Limits {
        area: pages(BASE, 0x7000_1000),
        ..limits()
    };
    assert!(planned(&with_segments(&[zeros(BASE, 1)]).bytes(), &limits).is_ok());
    let too_low = planned(&with_segments(&[zeros(BASE - 1, 1)]).bytes(), &limits).unwrap_err();
    let expected = LoadPlanError::OutsideArea {
        address: BASE - 1,
        end: BASE,
        area_start: BASE,
        area_end: 0x7000_1000,
    };
    assert_eq!(too_low, expected);
    let mut elf = with_segments(&[]);
    elf.segments.push(zeros(0x7000_1000, 1));
    let too_high = planned(&elf.bytes(), &limits).unwrap_err();
    assert!(matches!(too_high, LoadPlanError::OutsideArea { .. }), "{too_high}");
}

#[test]
fn the_limits_cannot_make_the_area_larger() {
    let limits = Limits {
        area: pages(0, 0xffff_ffff_ffff_f000),
        ..limits()
    };
    for address in [0, PROGRAM_END, 0xffff_8000_0000_0000] {
        let mut elf = with_segments(&[zeros(address, 1)]);
        elf.segments.sort_by_key(|segment| segment.address);
        let error = planned(&elf.bytes(), &limits).unwrap_err();
        assert_eq!(error, outside(address, address + 1));
    }
}

#[test]
fn rejects_a_segment_that_overlaps_the_stack() {
    let (stack_start, stack_end) = (STACK.start, STACK.end);
    for (address, end) in [
        (stack_start - 1, stack_start + 1),
        (stack_start, stack_end),
        (stack_start + 0x1_0000, stack_start + 0x1_0001),
        (stack_end - 1, stack_end + 1),
        (stack_start - 0x1000, stack_end + 0x1000),
    ] {
        let error = error_of(&with_last(zeros(address, end - address)));
        let expected = LoadPlanError::OverlapsStack {
            address,
            end,
            stack_start,
            stack_end,
        };
        assert_eq!(error, expected);
    }
}

#[test]
fn accepts_segments_beside_the_stack() {
    for (address, size_bytes) in [(STACK.start - 0x1000, 0x1000), (STACK.end, 1)] {
        assert!(planned(&with_last(zeros(address, size_bytes)), &limits()).is_ok());
    }
}

#[test]
fn a_stack_of_no_pages_is_in_nobodys_way() {
    let no_stack = pages(STACK.start, STACK.start);
    let limits = Limits {
        stack: no_stack,
        ..limits()
    };
    assert!(planned(&with_last(zeros(STACK.start - 1, 2)), &limits).is_ok());
}

#[test]
fn rejects_segments_that_overlap() {
    for (address, size_bytes) in [
        (BASE, 1),
        (BASE + 0x1000, 0x10),
        (BASE - 0x1000, 0x1001),
        (BASE - 0x1000, 0x8000),
    ] {
        let error = error_with(&[zeros(BASE, 0x2000), zeros(address, size_bytes)]);
        let expected = LoadPlanError::SharesPage {
            address,
            previous: BASE,
        };
        assert_eq!(error, expected);
    }
}

#[test]
fn rejects_segments_that_share_a_page_without_overlapping() {
    let error = error_with(&[zeros(BASE, 0x10), zeros(BASE + 0xff0, 0x10)]);
    let expected = LoadPlanError::SharesPage {
        address: BASE + 0xff0,
        previous: BASE,
    };
    assert_eq!(error, expected);
    assert!(
        planned(
            &with_segments(&[zeros(BASE, 0x1000), zeros(BASE + 0x1000, 1)]).bytes(),
            &limits()
        )
        .is_ok()
    );
}

#[test]
fn rejects_segments_that_do_not_ascend() {
    let error = error_with(&[zeros(BASE, 1), zeros(BASE - 0x1000, 0x1000)]);
    let expected = LoadPlanError::OutOfOrder {
        address: BASE - 0x1000,
        previous: BASE,
    };
    assert_eq!(error, expected);
    // Also when the two that overlap are not beside each other.
    let error = error_with(&[zeros(BASE, 1), zeros(BASE + 0x1000, 1), zeros(BASE, 1)]);
    assert!(matches!(error, LoadPlanError::OutOfOrder { .. }), "{error}");
}

#[test]
fn rejects_an_entry_point_outside_of_executable_segments() {
    let code = example().segments[1];
    for entry_point in [
        0,
        BASE,
        code.address - 1,
        code.address + code.in_file_bytes,
        BASE + 0x3824,
        u64::MAX,
    ] {
        let elf = TestElf {
            entry_point,
            ..example()
        };
        assert_eq!(error_of(&elf.bytes()), LoadPlanError::EntryPoint { entry_point });
    }
}

#[test]
fn accepts_the_first_and_the_last_byte_of_the_code_as_entry_point() {
    let code = example().segments[1];
    for entry_point in [code.address, code.address + code.in_file_bytes - 1] {
        let elf = TestElf {
            entry_point,
            ..example()
        };
        let plan = planned(&elf.bytes(), &limits()).unwrap();
        assert_eq!(plan.entry_point().as_u64(), entry_point);
    }
}

#[test]
fn rejects_what_takes_more_memory_than_is_free() {
    // The code takes none: its frame lies in the file and is shared.
    let file = |pages: u64| with_segments(&[zeros(BASE, pages * 0x1000)]).bytes();
    assert!(planned(&file(limits().free_frames), &limits()).is_ok());
    let pages = limits().free_frames + 1;
    let expected = LoadPlanError::TooLarge {
        pages,
        free_frames: limits().free_frames,
    };
    assert_eq!(error_of(&file(pages)), expected);
}

#[test]
fn rejects_absurd_sizes_without_an_overflow() {
    let free_frames = u64::MAX;
    let everything = Limits {
        stack: pages(0x1000, 0x1000),
        ..limits()
    };
    let size_bytes = PROGRAM_END - 0x2000;
    let file = with_last(zeros(0x2000, size_bytes));
    let error = elf_load_plan::LoadPlan::from_elf(&file, &everything).unwrap_err();
    let expected = LoadPlanError::TooLarge {
        pages: size_bytes / 0x1000,
        free_frames: everything.free_frames,
    };
    assert_eq!(error, expected);
    let with_all = Limits {
        free_frames,
        ..everything
    };
    let plan = elf_load_plan::LoadPlan::from_elf(&file, &with_all).unwrap();
    assert_eq!(plan.pages_to_allocate(), size_bytes / 0x1000);
}

#[test]
fn shared_pages_take_no_memory() {
    let none = Limits {
        free_frames: 0,
        ..limits()
    };
    let file = with_segments(&[load(R, BASE, 0x1000, 0x2000)]).bytes();
    assert_eq!(planned(&file, &none).unwrap().pages_to_allocate(), 0);
}
