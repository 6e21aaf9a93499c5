//! The pages of a window, compared with a model that has one state for each page.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use memory_ranges::{AllocatePagesError, PageState, PageStateError, VirtRange, VirtualAllocation, VirtualRanges};
use proptest::prelude::{Strategy, any, prop_assert_eq, prop_oneof, proptest};
use proptest::test_runner::TestCaseError;
use x86_64::VirtAddr;

/// Number of pages in the window.
const PAGES: u64 = 160;

/// The first page of the window.
const START: VirtAddr = VirtAddr::new(0xffff_9000_001f_4000);

/// Pages by their index in the window.
fn pages(first: u64, count: u64) -> VirtRange {
    VirtRange::new(START + first * 4096, count * 4096).unwrap()
}

fn window() -> VirtualRanges {
    VirtualRanges::new(pages(0, PAGES))
}

fn bytes_in_use(ranges: &VirtualRanges) -> u64 {
    let in_use = |page: &u64| ranges.state_at(pages(*page, 1).start()) == Some(PageState::Used);
    u64::try_from((0..PAGES).filter(in_use).count()).unwrap() * 4096
}

/// The state of each page of the window.
struct Model(Vec<PageState>);

impl Model {
    fn state(&self, page: u64) -> Option<PageState> {
        self.0.get(usize::try_from(page).unwrap()).copied()
    }

    /// The lowest free run of `count` pages.
    fn place(&self, count: u64) -> Option<u64> {
        let is_free = |page| self.state(page) == Some(PageState::Free);
        (0..PAGES).find(|first| (*first..first + count).all(is_free))
    }

    fn set(&mut self, first: u64, count: u64, state: PageState) {
        for page in first..first + count {
            self.0[usize::try_from(page).unwrap()] = state;
        }
    }

    fn free(&mut self, first: u64, count: u64) -> Result<(), PageStateError> {
        let wrong = (first..first + count).find(|page| self.state(*page) != Some(PageState::Used));
        if let Some(page) = wrong {
            let address = pages(page, 1).start();
            return Err(match self.state(page) {
                None => PageStateError::OutsideWindow { address },
                Some(_) => PageStateError::NotInUse { address },
            });
        }
        self.set(first, count, PageState::Free);
        Ok(())
    }

    /// Number of runs of pages in one state.
    fn runs(&self) -> usize {
        self.0.chunk_by(|page, next| page == next).count()
    }

    /// Whether freeing pages that are in use would split a run in use into two.
    fn is_within_used(&self, first: u64, count: u64) -> bool {
        let is_used = |page| self.state(page) == Some(PageState::Used);
        first > 0 && (first - 1..=first + count).all(is_used)
    }
}

#[derive(Debug, Clone, Copy)]
enum Step {
    Allocate { count: u64, guard_pages: u64 },
    Free { first: u64, count: u64 },
    FreeAllocation { index: usize },
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        5 => (1u64..40, 0u64..3).prop_map(|(count, guard_pages)| Step::Allocate { count, guard_pages }),
        4 => (0..PAGES + 10, 1u64..20).prop_map(|(first, count)| Step::Free { first, count }),
        4 => any::<usize>().prop_map(|index| Step::FreeAllocation { index }),
    ]
}

/// Runs the step on map and model, and compares the results.
fn carry_out(
    step: Step,
    ranges: &mut VirtualRanges,
    model: &mut Model,
    allocations: &mut Vec<VirtualAllocation>,
) -> Result<(), TestCaseError> {
    match step {
        Step::Allocate { count, guard_pages } => {
            let allocated = ranges.allocate_contiguous_pages(count, guard_pages);
            let whole_count = count + 2 * guard_pages;
            let expected = match model.place(whole_count) {
                None => Err(AllocatePagesError::NoFreeRange { count, guard_pages }),
                Some(first) => {
                    model.set(first, whole_count, PageState::Used);
                    Ok(VirtualAllocation {
                        whole: pages(first, whole_count),
                        pages: pages(first + guard_pages, count),
                    })
                }
            };
            prop_assert_eq!(allocated, expected);
            allocations.extend(allocated.ok());
        }
        Step::Free { first, count } => {
            prop_assert_eq!(ranges.free(pages(first, count)), model.free(first, count));
        }
        Step::FreeAllocation { index } => {
            if !allocations.is_empty() {
                let whole = allocations.swap_remove(index % allocations.len()).whole;
                let first = (whole.start() - START) / 4096;
                prop_assert_eq!(ranges.free(whole), model.free(first, whole.size_bytes() / 4096));
            }
        }
    }
    Ok(())
}

proptest! {
    #[test]
    fn behaves_like_an_array_of_pages(
        steps in proptest::collection::vec(step(), 1..50),
        (first, count) in (0..PAGES, 1u64..5),
    ) {
        let (mut ranges, mut allocations) = (window(), Vec::new());
        let mut model = Model((0..PAGES).map(|_| PageState::Free).collect());
        for step in steps {
            carry_out(step, &mut ranges, &mut model, &mut allocations)?;
            for page in 0..PAGES + 2 {
                prop_assert_eq!(ranges.state_at(pages(page, 1).start()), model.state(page), "page {}", page);
            }
            prop_assert_eq!(ranges.runs(), model.runs());
            prop_assert_eq!(ranges.is_within_used(pages(first, count)), model.is_within_used(first, count));
        }
    }
}

#[test]
fn refuses_what_is_freed_twice_and_changes_nothing() {
    let mut ranges = window();
    let taken = ranges.allocate_contiguous_pages(3, 1).unwrap();
    let other = ranges.allocate_contiguous_pages(2, 0).unwrap();
    assert_eq!(ranges.free(taken.whole), Ok(()));
    let address = taken.whole.start();
    assert_eq!(ranges.free(taken.whole), Err(PageStateError::NotInUse { address }));
    assert_eq!(bytes_in_use(&ranges), other.pages.size_bytes());
}

#[test]
fn guard_pages_belong_to_one_allocation() {
    let mut ranges = window();
    let first = ranges.allocate_contiguous_pages(2, 3).unwrap();
    assert_eq!((first.whole, first.pages), (pages(0, 8), pages(3, 2)));
    let second = ranges.allocate_contiguous_pages(1, 1).unwrap();
    assert_eq!((second.whole, second.pages), (pages(8, 3), pages(9, 1)));
}

#[test]
fn refuses_counts_that_no_window_has() {
    let mut ranges = window();
    for (count, guard_pages) in [(u64::MAX, 0), (1, u64::MAX), (1, 1 << 63), (1 << 52, 0)] {
        assert_eq!(
            ranges.allocate_contiguous_pages(count, guard_pages),
            Err(AllocatePagesError::NoFreeRange { count, guard_pages })
        );
    }
    assert_eq!(ranges.allocate_contiguous_pages(0, 1), Err(AllocatePagesError::NoPages));
    assert_eq!(bytes_in_use(&ranges), 0);
}

#[test]
fn the_last_page_of_the_address_space_can_be_allocated() {
    let last = VirtRange::new(VirtAddr::new(0xffff_ffff_ffff_f000), 0x1000).unwrap();
    let mut ranges = VirtualRanges::new(last);
    let taken = ranges.allocate_contiguous_pages(1, 0).unwrap();
    assert_eq!(taken.pages, last);
    assert_eq!(ranges.free(taken.whole), Ok(()));
    assert_eq!(ranges.state_at(last.start()), Some(PageState::Free));
}

#[test]
fn freeing_within_what_is_in_use_makes_two_more_runs() {
    let mut ranges = window();
    assert!(ranges.allocate_contiguous_pages(8, 0).is_ok());
    assert_eq!(ranges.runs(), 2);
    for range in [pages(0, 3), pages(5, 3), pages(7, 2), pages(9, 1)] {
        assert!(!ranges.is_within_used(range), "{range:?}");
    }
    assert!(ranges.is_within_used(pages(1, 6)));
    assert_eq!((ranges.free(pages(3, 2)), ranges.runs()), (Ok(()), 4));
    // The end of the lower run, the start of the upper run, and all of the upper run.
    for range in [pages(2, 1), pages(5, 1), pages(5, 3)] {
        assert!(!ranges.is_within_used(range), "{range:?}");
    }
    assert_eq!((ranges.free(pages(5, 3)), ranges.runs()), (Ok(()), 2));
}
