//! Rules of single pages: which are shared, copied and zeroed, and what they hold.

use crate::elf_file::{BASE, R, RW, RX, TestElf, TestSegment, example, load, with_segments};
use crate::invariants::{bytes_of, limits, planned};
use elf_load_plan::{FilePart, FileTooShort, PAGE_SIZE_BYTES, PageSource, PlannedPage};

/// The pages of a program of this segment and one of code behind it, without that, and the file.
fn pages_of(segment: TestSegment) -> (Vec<PlannedPage>, Vec<u8>) {
    let file = with_segments(&[segment]).bytes();
    let plan = planned(&file, &limits()).unwrap();
    let mut pages: Vec<PlannedPage> = plan.pages().collect();
    pages.pop();
    (pages, file)
}

/// A letter for where each page's bytes come from: shared, copied, zeroed.
fn sources(segment: TestSegment) -> String {
    let letter = |planned: &PlannedPage| match planned.source {
        PageSource::Shared(_) => 's',
        PageSource::Copied(_) => 'c',
        PageSource::Zeroed => 'z',
    };
    pages_of(segment).0.iter().map(letter).collect()
}

/// A segment with so many bytes more in memory than in the file.
fn with_zeros(segment: TestSegment, size_bytes: u64) -> TestSegment {
    TestSegment {
        in_memory_bytes: segment.in_memory_bytes + size_bytes,
        ..segment
    }
}

#[test]
fn pages_that_are_not_writable_are_shared() {
    for flags in [R, RX] {
        assert_eq!(sources(load(flags, BASE, 0x1000, 0x2000)), "ss");
        assert_eq!(sources(load(flags, BASE + 0x123, 0x1123, 0x1000)), "ss");
    }
}

#[test]
fn a_shared_page_is_the_frame_at_the_same_place_in_the_file() {
    let (pages, _) = pages_of(load(R, BASE + 0x123, 0x1123, 0x1000));
    let offsets = pages.iter().map(|planned| match planned.source {
        PageSource::Shared(frame) => frame.offset_bytes(),
        other => panic!("{other:?}"),
    });
    assert_eq!(offsets.collect::<Vec<_>>(), [0x1000, 0x2000]);
}

#[test]
fn the_slack_of_a_shared_page_is_the_files() {
    let (pages, file) = pages_of(load(R, BASE + 0x123, 0x1123, 0x10));
    assert_eq!(bytes_of(&pages[0], &file), file[0x1000..0x2000]);
}

#[test]
fn a_page_that_reaches_past_the_end_of_the_file_is_copied() {
    let in_last_frame = |file_bytes| {
        let elf = TestElf {
            entry_point: BASE,
            segments: vec![load(RX, BASE, 0x1000, 0x1800)],
            size_bytes: file_bytes,
        };
        let file = elf.bytes();
        let plan = planned(&file, &limits()).unwrap();
        let last = plan.pages().last().unwrap();
        (last.source, bytes_of(&last, &file))
    };
    for file_bytes in [0x2800, 0x2801, 0x2fff] {
        let (source, bytes) = in_last_frame(file_bytes);
        let PageSource::Copied(part) = source else {
            panic!("{source:?}");
        };
        assert_eq!((part.in_file(), part.in_page()), (0x2000..0x2800, 0..0x800));
        assert!(bytes[0x800..].iter().all(|byte| *byte == 0));
    }
    for file_bytes in [0x3000, 0x3001] {
        let (source, _) = in_last_frame(file_bytes);
        assert!(matches!(source, PageSource::Shared(_)), "{source:?}");
    }
}

#[test]
fn a_page_that_reaches_into_the_segments_zeros_is_copied() {
    for flags in [R, RX] {
        assert_eq!(sources(with_zeros(load(flags, BASE, 0x1000, 0x10), 1)), "c");
        assert_eq!(sources(with_zeros(load(flags, BASE, 0x1000, 0x1ff0), 0x10)), "sc");
        assert_eq!(sources(with_zeros(load(flags, BASE, 0x1000, 0x1ff0), 0x11)), "scz");
    }
}

#[test]
fn pages_of_zeros_are_zeroed_whatever_their_permissions() {
    for flags in [R, RX, RW] {
        assert_eq!(sources(with_zeros(load(flags, BASE + 0x10, 0, 0), 0x1000)), "zz");
    }
    assert_eq!(sources(with_zeros(load(R, BASE, 0x1000, 0x1000), 0x1001)), "szz");
}

#[test]
fn writable_pages_are_copied_where_the_file_has_bytes_for_them() {
    assert_eq!(sources(load(RW, BASE, 0x1000, 0x2000)), "cc");
    assert_eq!(sources(with_zeros(load(RW, BASE, 0x1000, 0x1000), 0x1000)), "cz");
    assert_eq!(sources(with_zeros(load(RW, BASE, 0x1000, 0x1001), 0x1000)), "ccz");
    assert_eq!(sources(with_zeros(load(RW, BASE + 0xfff, 0x1fff, 1), 0x1000)), "cz");
}

#[test]
fn the_slack_of_a_copied_page_is_zero() {
    let (pages, file) = pages_of(with_zeros(load(RW, BASE + 0x123, 0x1123, 0x10), 0x20));
    let bytes = bytes_of(&pages[0], &file);
    let mut expected = [0; PAGE_SIZE_BYTES];
    expected[0x123..0x133].copy_from_slice(&file[0x1123..0x1133]);
    assert_eq!(bytes, expected);
}

#[test]
fn a_copied_page_knows_its_place_in_the_file_and_in_the_page() {
    let (pages, _) = pages_of(load(RW, BASE + 0xf00, 0xf00, 0x1200));
    let parts = pages.iter().map(|planned| match planned.source {
        PageSource::Copied(part) => (part.in_file(), part.in_page()),
        other => panic!("{other:?}"),
    });
    let expected = [
        (0xf00..0x1000, 0xf00..0x1000),
        (0x1000..0x2000, 0..0x1000),
        (0x2000..0x2100, 0..0x100),
    ];
    assert_eq!(parts.collect::<Vec<_>>(), expected);
}

#[test]
fn segments_may_have_the_same_bytes_of_the_file() {
    let file = with_segments(&[
        load(R, BASE, 0x1000, 0x1000),
        load(RW, BASE + 0x1000, 0x1000, 0x1000),
        load(R, BASE + 0x2000, 0x1000, 0x1000),
    ])
    .bytes();
    let plan = planned(&file, &limits()).unwrap();
    let all: Vec<_> = plan.pages().map(|page| bytes_of(&page, &file)).collect();
    assert!(all.iter().all(|bytes| *bytes == file[0x1000..0x2000]));
}

#[test]
fn the_example_is_planned_page_by_page() {
    let plan = planned(&example().bytes(), &limits()).unwrap();
    let pages = plan.pages().map(|planned| {
        let letter = match planned.source {
            PageSource::Shared(_) => 's',
            PageSource::Copied(_) => 'c',
            PageSource::Zeroed => 'z',
        };
        (planned.page.start_address().as_u64() - BASE, letter)
    });
    // The code's two frames lie in the file whole. The data reaches from the second to the third, which does not.
    let expected = [
        (0, 's'),
        (0x1000, 's'),
        (0x2000, 's'),
        (0x3000, 'c'),
        (0x4000, 'c'),
        (0x5000, 'z'),
        (0x6000, 'z'),
    ];
    assert_eq!(pages.collect::<Vec<_>>(), expected);
    assert_eq!(plan.pages_to_allocate(), 4);
}

/// A part of the file to copy.
fn part() -> FilePart {
    let (pages, _) = pages_of(load(RW, BASE + 0x123, 0x1123, 0x10));
    match pages[0].source {
        PageSource::Copied(part) => part,
        other => panic!("{other:?}"),
    }
}

#[test]
fn copying_from_another_file_fails_and_changes_nothing() {
    for file_bytes in [0, 0x1123, 0x1132] {
        let mut page = [0; PAGE_SIZE_BYTES];
        let error = part().copy_into(&mut page, &vec![0xff; file_bytes]);
        assert_eq!(error, Err(FileTooShort { end_bytes: 0x1133 }));
        assert_eq!(page, [0; PAGE_SIZE_BYTES]);
    }
    assert_eq!(part().copy_into(&mut [0; PAGE_SIZE_BYTES], &[0xff; 0x1133]), Ok(()));
}
