//! A map from pages to values: disjoint runs of pages, where touching runs with equal values are always one run.
//!
//! The tree is `nodit`'s, which allocates on the heap whenever a run comes, goes or changes. `nodit` panics only on an
//! interval whose end lies before its start, which [`Pages`] rules out.

use crate::pages::Pages;
use nodit::NoditMap;

/// Runs of pages with their values.
#[derive(Debug, Clone)]
pub(crate) struct IntervalMap<Value> {
    runs: NoditMap<u64, Pages, Value>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct WrongValue<Value> {
    pub(crate) page: u64,
    pub(crate) value: Option<Value>,
}

impl<Value: Copy + Eq> IntervalMap<Value> {
    pub(crate) fn new() -> Self {
        Self { runs: NoditMap::new() }
    }

    pub(crate) fn len(&self) -> usize {
        self.runs.len()
    }

    pub(crate) fn iter(&self) -> impl DoubleEndedIterator<Item = (Pages, Value)> + '_ {
        self.runs.iter().map(|(run, value)| (*run, *value))
    }

    /// The runs that overlap these pages, uncut, in ascending order.
    pub(crate) fn overlapping(&self, pages: Pages) -> impl DoubleEndedIterator<Item = (Pages, Value)> + '_ {
        self.runs.overlapping(&pages).map(|(run, value)| (*run, *value))
    }

    pub(crate) fn set(&mut self, pages: Pages, value: Value) {
        self.clear(pages);
        let inserted = self.runs.insert_merge_touching_if_values_equal(pages, value);
        debug_assert!(inserted.is_ok(), "no run overlaps pages that were just cleared");
    }

    pub(crate) fn clear(&mut self, pages: Pages) {
        drop(self.runs.cut(&pages));
    }

    /// Changes the value of pages that all have the value `from`. On an error nothing changes.
    pub(crate) fn change(&mut self, pages: Pages, from: Value, to: Value) -> Result<(), WrongValue<Value>> {
        self.check(pages, from)?;
        self.set(pages, to);
        Ok(())
    }

    fn check(&self, pages: Pages, expected: Value) -> Result<(), WrongValue<Value>> {
        let mut page = pages.first();
        for (run, value) in self.overlapping(pages) {
            if run.first() > page {
                return Err(WrongValue { page, value: None });
            }
            if value != expected {
                let value = Some(value);
                return Err(WrongValue { page, value });
            }
            page = run.last() + 1;
        }
        if page <= pages.last() {
            return Err(WrongValue { page, value: None });
        }
        Ok(())
    }
}
