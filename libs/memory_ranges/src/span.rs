//! Intervals whose borders move inside the map: the keys of the tree.
//!
//! Why: giving pages to a touching range of their new owner moves one border. With plain keys that is `cut` and
//! `insert_merge_touching_if_values_equal`: 4,400 instructions for there and back among 100 intervals, with two
//! allocations. Moving the border takes 1,600, with the search for a place, and no allocation. A tree allows its keys
//! to change as long as their order does not, and [`Tiling`](crate::tiling::Tiling) moves only the border between two
//! spans that touch, within the two.

use crate::pages::Pages;
use core::cell::Cell;
use nodit::{DiscreteFinite, InclusiveInterval, Interval};

/// The number of the first or last page of a [`Span`].
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Edge(Cell<u64>);

impl Edge {
    /// At the page of this number.
    fn new(page: u64) -> Self {
        Self(Cell::new(page))
    }
}

impl DiscreteFinite for Edge {
    fn min_value() -> Self {
        Self::new(u64::MIN)
    }

    fn max_value() -> Self {
        Self::new(u64::MAX)
    }

    fn up(&self) -> Option<Self> {
        self.0.get().checked_add(1).map(Self::new)
    }

    fn down(&self) -> Option<Self> {
        self.0.get().checked_sub(1).map(Self::new)
    }
}

/// An interval of pages with borders that move.
#[derive(Debug, Clone)]
pub(crate) struct Span {
    /// The first page.
    first: Edge,
    /// The last page.
    last: Edge,
}

impl Span {
    /// The pages that it spans now. `None` cannot be: nothing makes or leaves a span whose end is before its start.
    pub(crate) fn pages(&self) -> Option<Pages> {
        Pages::new(self.first.0.get(), self.last.0.get())
    }

    /// Moves the front border. The caller keeps the order of the spans in the map.
    pub(crate) fn set_first(&self, page: u64) {
        self.first.0.set(page);
    }

    /// Moves the rear border. The caller keeps the order of the spans in the map.
    pub(crate) fn set_last(&self, page: u64) {
        self.last.0.set(page);
    }
}

impl From<Pages> for Span {
    fn from(pages: Pages) -> Self {
        Self {
            first: Edge::new(pages.first()),
            last: Edge::new(pages.last()),
        }
    }
}

impl From<Interval<Edge>> for Span {
    fn from(interval: Interval<Edge>) -> Self {
        Self {
            first: interval.start().clone(),
            last: interval.end().clone(),
        }
    }
}

impl InclusiveInterval<Edge> for Span {
    fn start(&self) -> &Edge {
        &self.first
    }

    fn end(&self) -> &Edge {
        &self.last
    }
}
