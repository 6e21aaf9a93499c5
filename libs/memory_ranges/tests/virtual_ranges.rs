//! The pages of a window against a model that has one state for each page.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use memory_ranges::{
    AllocatePagesError, Guards, PageState, PageStateError, Reuse, ShapeError, VirtRange, VirtualAllocation,
    VirtualRanges,
};
use proptest::prelude::{Strategy, any, prop_assert_eq, prop_oneof, proptest};
use proptest::test_runner::TestCaseError;
use x86_64::VirtAddr;

/// How many pages the window of the property tests has.
const PAGES: u64 = 560;

/// The window begins so many pages behind a multiple of 2 MiB.
const MISALIGNMENT: u64 = 500;

/// The multiple of 2 MiB.
const BASE: VirtAddr = VirtAddr::new(0xffff_9000_0000_0000);

/// Pages by their place in the window.
fn pages(first: u64, count: u64) -> VirtRange {
    VirtRange::new(BASE + (MISALIGNMENT + first) * 4096, count * 4096).unwrap()
}

fn window() -> VirtualRanges {
    VirtualRanges::new(pages(0, PAGES)).unwrap()
}

/// The state of each page of the window.
struct Model(Vec<PageState>);

impl Model {
    fn state(&self, page: u64) -> Option<PageState> {
        self.0.get(usize::try_from(page).unwrap()).copied()
    }

    /// The lowest free place for the pages between the guards.
    fn place(&self, count: u64, alignment: u64, guards: Guards) -> Option<u64> {
        let all_free = |first: u64| {
            let mut whole = first - guards.below..first + count + guards.above;
            whole.all(|page| self.state(page) == Some(PageState::Free))
        };
        (guards.below..PAGES).find(|first| (first + MISALIGNMENT).is_multiple_of(alignment) && all_free(*first))
    }

    fn change(&mut self, first: u64, count: u64, from: PageState, to: PageState) -> Result<(), PageStateError> {
        // Quarantined pages are looked for before anything else.
        let quarantined = |page: &u64| self.state(*page) == Some(PageState::Quarantined);
        let wrong = |page: &u64| self.state(*page) != Some(from);
        let page = (first..first + count)
            .find(quarantined)
            .or_else(|| (first..first + count).find(wrong));
        if let Some(page) = page {
            let address = pages(page, 1).start();
            return Err(match self.state(page) {
                None => PageStateError::OutsideWindow { address },
                Some(state) => PageStateError::WrongState { address, state },
            });
        }
        for page in first..first + count {
            self.0[usize::try_from(page).unwrap()] = to;
        }
        Ok(())
    }

    fn bytes_of(&self, state: PageState) -> u64 {
        u64::try_from(self.0.iter().filter(|other| **other == state).count()).unwrap() * 4096
    }
}

#[derive(Debug, Clone, Copy)]
enum Step {
    Allocate { count: u64, large: bool, guards: Guards },
    AllocateAt { first: u64, count: u64 },
    Free { first: u64, count: u64, reuse: Reuse },
    FreeAllocation { index: usize, reuse: Reuse },
    Release,
}

fn step() -> impl Strategy<Value = Step> {
    let reuse = || prop_oneof![Just(Reuse::AtOnce), Just(Reuse::AfterQuarantine)];
    let guards = || (0u64..3, 0u64..3).prop_map(|(below, above)| Guards { below, above });
    use proptest::strategy::Just;
    prop_oneof![
        5 => (1u64..40, guards()).prop_map(|(count, guards)| Step::Allocate { count, large: false, guards }),
        1 => (1u64..3, guards()).prop_map(|(count, guards)| Step::Allocate { count, large: true, guards }),
        1 => (0..PAGES + 10, 1u64..60).prop_map(|(first, count)| Step::AllocateAt { first, count }),
        3 => (0..PAGES + 10, 1u64..20, reuse())
            .prop_map(|(first, count, reuse)| Step::Free { first, count, reuse }),
        4 => (any::<usize>(), reuse()).prop_map(|(index, reuse)| Step::FreeAllocation { index, reuse }),
        1 => Just(Step::Release),
    ]
}

fn state_after(reuse: Reuse) -> PageState {
    match reuse {
        Reuse::AtOnce => PageState::Free,
        Reuse::AfterQuarantine => PageState::Quarantined,
    }
}

/// Does the step in both, and compares what they say.
fn carry_out(
    step: Step,
    ranges: &mut VirtualRanges,
    model: &mut Model,
    allocations: &mut Vec<VirtualAllocation>,
) -> Result<(), TestCaseError> {
    match step {
        Step::Allocate { count, large, guards } => {
            let page_pages = if large { 512 } else { 1 };
            let count_small = count * page_pages;
            let allocated = ranges.allocate_contiguous_pages(count, page_pages * 4096, guards);
            let size_bytes = (count_small + guards.below + guards.above) * 4096;
            let expected = match model.place(count_small, page_pages, guards) {
                None => Err(AllocatePagesError::NoFreeRange {
                    size_bytes,
                    quarantined_bytes: model.bytes_of(PageState::Quarantined),
                }),
                Some(first) => {
                    let (start, whole) = (first - guards.below, size_bytes / 4096);
                    prop_assert_eq!(model.change(start, whole, PageState::Free, PageState::Used), Ok(()));
                    Ok(VirtualAllocation {
                        whole: pages(start, whole),
                        pages: pages(first, count_small),
                    })
                }
            };
            prop_assert_eq!(allocated, expected);
            allocations.extend(allocated.ok());
        }
        Step::AllocateAt { first, count } => {
            let expected = model.change(first, count, PageState::Free, PageState::Used);
            prop_assert_eq!(ranges.allocate_at(pages(first, count)), expected);
        }
        Step::Free { first, count, reuse } => {
            let expected = model.change(first, count, PageState::Used, state_after(reuse));
            prop_assert_eq!(ranges.free(pages(first, count), reuse), expected);
        }
        Step::FreeAllocation { index, reuse } => {
            if !allocations.is_empty() {
                let whole = allocations.swap_remove(index % allocations.len()).whole;
                let first = (whole.start() - pages(0, 1).start()) / 4096;
                let expected = model.change(first, whole.size_bytes() / 4096, PageState::Used, state_after(reuse));
                prop_assert_eq!(ranges.free(whole, reuse), expected);
            }
        }
        Step::Release => {
            let expected = model.bytes_of(PageState::Quarantined);
            prop_assert_eq!(ranges.release_quarantine(), Ok(expected));
            for state in model.0.iter_mut().filter(|state| **state == PageState::Quarantined) {
                *state = PageState::Free;
            }
        }
    }
    Ok(())
}

proptest! {
    #[test]
    fn behaves_like_an_array_of_pages(steps in proptest::collection::vec(step(), 1..50)) {
        let (mut ranges, mut allocations) = (window(), Vec::new());
        let mut model = Model((0..PAGES).map(|_| PageState::Free).collect());
        for step in steps {
            carry_out(step, &mut ranges, &mut model, &mut allocations)?;
            for page in 0..PAGES + 2 {
                prop_assert_eq!(ranges.state_at(pages(page, 1).start()), model.state(page), "page {}", page);
            }
            for state in [PageState::Free, PageState::Used, PageState::Quarantined] {
                prop_assert_eq!(ranges.bytes_of(state), model.bytes_of(state));
            }
        }
    }
}

#[test]
fn quarantined_pages_are_not_given_out_before_their_release() {
    let mut ranges = VirtualRanges::new(pages(0, 4)).unwrap();
    let all = ranges.allocate_contiguous_pages(4, 0x1000, Guards::NONE).unwrap();
    assert_eq!(ranges.free(all.whole, Reuse::AfterQuarantine), Ok(()));
    let refused = ranges.allocate_contiguous_pages(1, 0x1000, Guards::NONE);
    let (size_bytes, quarantined_bytes) = (0x1000, 0x4000);
    assert_eq!(
        refused,
        Err(AllocatePagesError::NoFreeRange {
            size_bytes,
            quarantined_bytes
        })
    );
    assert_eq!(ranges.release_quarantine(), Ok(0x4000));
    assert_eq!(ranges.allocate_contiguous_pages(4, 0x1000, Guards::NONE), Ok(all));
}

#[test]
fn refuses_what_is_freed_twice_and_changes_nothing() {
    for reuse in [Reuse::AtOnce, Reuse::AfterQuarantine] {
        let mut ranges = window();
        let taken = ranges.allocate_contiguous_pages(3, 0x1000, Guards::around(1)).unwrap();
        assert_eq!(ranges.free(taken.whole, reuse), Ok(()));
        let (address, state) = (taken.whole.start(), state_after(reuse));
        for again in [Reuse::AtOnce, Reuse::AfterQuarantine] {
            assert_eq!(
                ranges.free(taken.whole, again),
                Err(PageStateError::WrongState { address, state })
            );
        }
        assert_eq!(ranges.bytes_of(PageState::Used), 0);
        assert_eq!(
            ranges.bytes_of(state),
            if state == PageState::Free { PAGES } else { 5 } * 4096
        );
    }
}

#[test]
fn guards_lie_beside_the_pages_and_belong_to_nobody_else() {
    let mut ranges = window();
    let first = ranges.allocate_contiguous_pages(2, 0x1000, Guards::below(3)).unwrap();
    assert_eq!((first.whole, first.pages), (pages(0, 5), pages(3, 2)));
    let second = ranges.allocate_contiguous_pages(1, 0x1000, Guards::around(1)).unwrap();
    assert_eq!((second.whole, second.pages), (pages(5, 3), pages(6, 1)));
}

#[test]
fn refuses_counts_and_guards_beyond_any_address_space() {
    let mut ranges = window();
    for (count, guards) in [
        (u64::MAX, Guards::NONE),
        (1, Guards::around(u64::MAX)),
        (1, Guards::below(1 << 52)),
    ] {
        let page_bytes = 0x1000;
        assert_eq!(
            ranges.allocate_contiguous_pages(count, page_bytes, guards),
            Err(AllocatePagesError::TooMany {
                count,
                page_bytes,
                guards
            })
        );
    }
    for (count, page_bytes, error) in [
        (0, 0x1000, ShapeError::Size { size_bytes: 0 }),
        (
            1,
            0x3000,
            ShapeError::Alignment {
                alignment_bytes: 0x3000,
            },
        ),
    ] {
        let refused = ranges.allocate_contiguous_pages(count, page_bytes, Guards::NONE);
        assert_eq!(refused, Err(AllocatePagesError::Shape(error)));
    }
    assert_eq!(ranges.bytes_of(PageState::Free), PAGES * 4096);
}

#[test]
fn the_last_page_of_the_address_space_can_be_given_out() {
    let last = VirtRange::new(VirtAddr::new(0xffff_ffff_ffff_f000), 0x1000).unwrap();
    let mut ranges = VirtualRanges::new(last).unwrap();
    let taken = ranges.allocate_contiguous_pages(1, 0x1000, Guards::NONE).unwrap();
    assert_eq!(taken.pages, last);
    assert_eq!(ranges.free(taken.whole, Reuse::AtOnce), Ok(()));
    assert_eq!(ranges.state_at(last.start()), Some(PageState::Free));
}

#[test]
fn freeing_within_what_is_in_use_makes_two_more_runs() {
    let mut ranges = window();
    assert_eq!(ranges.allocate_at(pages(0, 8)), Ok(()));
    assert_eq!(ranges.runs(), 2);
    for range in [pages(0, 3), pages(5, 3), pages(7, 2), pages(9, 1)] {
        assert!(!ranges.is_within_used(range), "{range:?}");
    }
    assert!(ranges.is_within_used(pages(1, 6)));
    assert_eq!((ranges.free(pages(3, 2), Reuse::AtOnce), ranges.runs()), (Ok(()), 4));
    // The end of the lower piece, the beginning of the upper one, and all of it.
    for range in [pages(2, 1), pages(5, 1), pages(5, 3)] {
        assert!(!ranges.is_within_used(range), "{range:?}");
    }
    assert_eq!((ranges.free(pages(5, 3), Reuse::AtOnce), ranges.runs()), (Ok(()), 2));
}
