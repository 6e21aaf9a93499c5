//! How to map a range with as few pages as possible: each as large as it can be without reaching out of the range.

use crate::{
    pages::{PAGE_BYTES, Pages},
    phys_range::PhysRange,
};

/// The sizes of pages, the largest first.
const PAGE_SIZES_BYTES: [u64; 3] = [1 << 30, 2 << 20, PAGE_BYTES];

/// The pages of a range, in ascending order. Each is 4 KiB, 2 MiB or 1 GiB large and lies at a multiple of its size.
///
/// What maps them at an offset needs one that is a multiple of the largest page.
#[derive(Debug, Clone)]
pub struct LargestPages {
    /// What has not been handed out yet.
    rest: Option<Pages>,
    /// No page is larger than this.
    max_page_bytes: u64,
}

impl LargestPages {
    /// The pages of this range, none larger than `max_page_bytes` (or than 4 KiB, if that is still less).
    #[must_use]
    pub const fn new(range: PhysRange, max_page_bytes: u64) -> Self {
        Self {
            rest: Some(range.pages()),
            max_page_bytes,
        }
    }
}

impl Iterator for LargestPages {
    type Item = PhysRange;

    fn next(&mut self) -> Option<PhysRange> {
        let rest = self.rest?;
        let fits = |size_bytes: &u64| {
            let frames = size_bytes / PAGE_BYTES;
            *size_bytes <= self.max_page_bytes
                && rest.first().is_multiple_of(frames)
                && *size_bytes <= rest.size_bytes()
        };
        let size_bytes = PAGE_SIZES_BYTES.into_iter().find(fits).unwrap_or(PAGE_BYTES);
        let page = Pages::from_count(rest.first(), size_bytes / PAGE_BYTES)?;
        self.rest = Pages::new(page.last() + 1, rest.last());
        PhysRange::from_pages(page)
    }
}

#[cfg(test)]
mod tests {
    use super::LargestPages;
    use crate::PhysRange;
    use proptest::prelude::{prop_assert, prop_assert_eq, proptest};
    use std::vec::Vec;
    use x86_64::PhysAddr;

    const GIB: u64 = 1 << 30;
    const MIB: u64 = 1 << 20;

    fn sizes(start: u64, size_bytes: u64, max_page_bytes: u64) -> Vec<u64> {
        let range = PhysRange::new(PhysAddr::new(start), size_bytes).unwrap();
        LargestPages::new(range, max_page_bytes)
            .map(PhysRange::size_bytes)
            .collect()
    }

    #[test]
    fn a_large_page_never_reaches_out_of_the_range() {
        assert_eq!(sizes(0, 2 * MIB - 4096, GIB), [4096; 511]);
        assert_eq!(sizes(2 * MIB - 4096, 2 * MIB + 4096, GIB), [4096, 2 * MIB]);
        assert_eq!(sizes(GIB - 2 * MIB, GIB + 4 * MIB, GIB), [2 * MIB, GIB, 2 * MIB]);
    }

    #[test]
    fn no_page_is_larger_than_allowed() {
        assert_eq!(sizes(GIB, GIB, 2 * MIB), [2 * MIB; 512]);
        assert_eq!(sizes(GIB, 2 * MIB, 4096), [4096; 512]);
    }

    proptest! {
        #[test]
        fn the_pages_are_aligned_and_fill_the_range(start in 0u64..0x80000, count in 1u64..0x90000) {
            let range = PhysRange::new(PhysAddr::new(start * 4096), count * 4096).unwrap();
            let mut next = range.start();
            for page in LargestPages::new(range, GIB) {
                prop_assert_eq!(page.start(), next);
                prop_assert!(page.start().is_aligned(page.size_bytes()));
                next += page.size_bytes();
            }
            prop_assert_eq!(next - range.start(), range.size_bytes());
        }

        #[test]
        fn two_touching_pages_never_fit_one_larger_page(start in 0u64..0x80000, count in 1u64..0x90000) {
            let range = PhysRange::new(PhysAddr::new(start * 4096), count * 4096).unwrap();
            let whole = |larger: u64, page: PhysRange| {
                let first = page.start().align_down(larger);
                PhysRange::new(first, larger).is_ok_and(|larger| range.contains(larger))
            };
            for page in LargestPages::new(range, GIB) {
                if page.size_bytes() < GIB {
                    prop_assert!(!whole(GIB, page));
                }
                if page.size_bytes() < 2 * MIB {
                    prop_assert!(!whole(2 * MIB, page));
                }
            }
        }
    }
}
