//! Disjoint runs of pages, each with a value, and touching runs of the same value always one.
//!
//! The interval tree is `nodit`'s; joining, splitting and growing runs is done here, by moving borders where that will
//! do (see [`Span`]). What the tree refuses comes back as an error and leaves the tiling covering what it covered.
//!
//! Nothing is allocated to move a border or to change the value of a whole run, a tree node now and then to add a run,
//! and always a list of what goes when a run disappears into its neighbours.

use crate::{
    pages::Pages,
    span::{Edge, Span},
};
use nodit::NoditMap;

/// Disjoint runs of pages with their values.
#[derive(Debug, Clone)]
pub(crate) struct Tiling<Value> {
    /// No two spans overlap; no two that touch have the same value.
    map: NoditMap<Edge, Span, Value>,
}

/// Why pages could not change their value. Nothing has changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TilingError<Value> {
    /// This page has no value.
    Absent {
        /// The first such page.
        page: u64,
    },
    /// This page has another value than it must have, or has one where it must not.
    Different {
        /// The first such page.
        page: u64,
        /// What it has.
        value: Value,
    },
    /// The tree refused an insertion, which it does only when its own order is broken.
    Refused,
}

/// A run as it stands in the tree.
#[derive(Clone, Copy)]
struct Run<'a, Value> {
    /// Its borders, to be moved.
    span: &'a Span,
    /// Where they are now.
    pages: Pages,
    /// Its value.
    value: Value,
}

/// The runs around some pages.
struct Surroundings<'a, Value> {
    /// The run that ends where the pages begin.
    before: Option<Run<'a, Value>>,
    /// The first run that has pages in common with them.
    holder: Option<Run<'a, Value>>,
    /// The run that begins where the pages end.
    after: Option<Run<'a, Value>>,
}

impl<Value: Copy + Eq> Tiling<Value> {
    /// Without any pages.
    pub(crate) fn new() -> Self {
        Self { map: NoditMap::new() }
    }

    /// How many runs there are.
    pub(crate) fn runs(&self) -> usize {
        self.map.len()
    }

    /// All runs in ascending order.
    pub(crate) fn iter(&self) -> impl DoubleEndedIterator<Item = (Pages, Value)> + '_ {
        self.map
            .iter()
            .filter_map(|(span, value)| Some((span.pages()?, *value)))
    }

    /// The runs that have pages in common with these, whole, in ascending order.
    pub(crate) fn overlapping(&self, pages: Pages) -> impl DoubleEndedIterator<Item = (Pages, Value)> + '_ {
        let runs = self.map.overlapping(&Span::from(pages));
        runs.filter_map(|(span, value)| Some((span.pages()?, *value)))
    }

    /// An error unless all these pages have this value.
    pub(crate) fn check(&self, pages: Pages, value: Value) -> Result<(), TilingError<Value>> {
        let holder = self.overlapping(pages).next();
        self.check_holder(pages, value, holder)
    }

    /// Takes the value of these pages away.
    pub(crate) fn clear(&mut self, pages: Pages) {
        drop(self.map.cut(&Span::from(pages)));
    }

    /// Gives a value to pages that have none.
    pub(crate) fn add(&mut self, pages: Pages, value: Value) -> Result<(), TilingError<Value>> {
        let around = self.surroundings(pages);
        if let Some(holder) = around.holder {
            let page = holder.pages.first().max(pages.first());
            let value = holder.value;
            return Err(TilingError::Different { page, value });
        }
        let before = around.before.filter(|run| run.value == value);
        let after = around.after.filter(|run| run.value == value);
        match (before, after) {
            (Some(before), Some(after)) => {
                let (before, after) = (before.pages, after.pages);
                self.absorb(before, after);
            }
            (Some(before), None) => before.span.set_last(pages.last()),
            (None, Some(after)) => after.span.set_first(pages.first()),
            (None, None) => self.insert(pages, value)?,
        }
        Ok(())
    }

    /// Changes the value of pages that all have the value `from`.
    pub(crate) fn transfer(&mut self, pages: Pages, from: Value, to: Value) -> Result<(), TilingError<Value>> {
        let around = self.surroundings(pages);
        let holder = around.holder;
        self.check_holder(pages, from, holder.map(|run| (run.pages, run.value)))?;
        let Some(holder) = holder.filter(|_| from != to) else {
            return Ok(());
        };
        let before = around.before.filter(|run| run.value == to);
        let after = around.after.filter(|run| run.value == to);
        let whole = holder.pages == pages;
        match (before, after) {
            (Some(before), Some(after)) => {
                let (before, after) = (before.pages, Pages::new(pages.first(), after.pages.last()));
                self.absorb(before, after.unwrap_or(pages));
            }
            (Some(before), None) if whole => {
                let before = before.pages;
                self.absorb(before, pages);
            }
            (None, Some(after)) if whole => {
                let after = after.pages;
                self.absorb(after, pages);
            }
            (None, None) if whole => self.set_value_of_run(pages, to)?,
            (Some(before), None) => {
                before.span.set_last(pages.last());
                holder.span.set_first(pages.last() + 1);
            }
            (None, Some(after)) => {
                holder.span.set_last(pages.first() - 1);
                after.span.set_first(pages.first());
            }
            (None, None) if holder.pages.first() == pages.first() => {
                let held = holder.pages;
                holder.span.set_first(pages.last() + 1);
                self.insert(pages, to)
                    .inspect_err(|_| self.reshape(held.last(), held))?;
            }
            (None, None) => {
                let held = holder.pages;
                holder.span.set_last(pages.first() - 1);
                self.insert_behind(pages, held, from, to)?;
            }
        }
        Ok(())
    }

    /// Adds `pages`, and what remains of `held` behind them, where the run that held them now ends before them.
    fn insert_behind(&mut self, pages: Pages, held: Pages, from: Value, to: Value) -> Result<(), TilingError<Value>> {
        let mut restored = held;
        if let Some(tail) = Pages::new(pages.last() + 1, held.last()) {
            self.insert(tail, from)
                .inspect_err(|_| self.reshape(held.first(), held))?;
            restored = Pages::new(held.first(), pages.last()).unwrap_or(held);
        }
        self.insert(pages, to)
            .inspect_err(|_| self.reshape(held.first(), restored))
    }

    /// Removes the runs that make up `gone`, and lets the run `keeper`, which touches them, have their pages.
    fn absorb(&mut self, keeper: Pages, gone: Pages) {
        drop(self.map.remove_overlapping(&Span::from(gone)));
        let joined = Pages::new(keeper.first().min(gone.first()), keeper.last().max(gone.last()));
        self.reshape(keeper.first(), joined.unwrap_or(keeper));
    }

    /// The runs around these pages.
    fn surroundings(&self, pages: Pages) -> Surroundings<'_, Value> {
        let widened = Pages::new(pages.first().saturating_sub(1), pages.last().saturating_add(1)).unwrap_or(pages);
        let (mut before, mut holder, mut after) = (None, None, None);
        for (span, value) in self.map.overlapping(&Span::from(widened)) {
            let Some(run) = span.pages() else { continue };
            let place = if run.last() < pages.first() {
                &mut before
            } else if run.first() > pages.last() {
                &mut after
            } else {
                &mut holder
            };
            place.get_or_insert(Run {
                span,
                pages: run,
                value: *value,
            });
        }
        Surroundings { before, holder, after }
    }

    /// An error unless the first run that has pages in common with these holds them all with this value.
    fn check_holder(
        &self,
        pages: Pages,
        expected: Value,
        holder: Option<(Pages, Value)>,
    ) -> Result<(), TilingError<Value>> {
        let Some((held, value)) = holder.filter(|(held, _)| held.first() <= pages.first()) else {
            return Err(TilingError::Absent { page: pages.first() });
        };
        if value != expected {
            let page = pages.first();
            return Err(TilingError::Different { page, value });
        }
        if held.last() >= pages.last() {
            return Ok(());
        }
        let page = held.last() + 1;
        match Pages::new(page, page).and_then(|single| self.overlapping(single).next()) {
            Some((_, value)) => Err(TilingError::Different { page, value }),
            None => Err(TilingError::Absent { page }),
        }
    }

    /// Changes the value of one whole run that touches none of the new value.
    fn set_value_of_run(&mut self, run: Pages, to: Value) -> Result<(), TilingError<Value>> {
        let absent = TilingError::Absent { page: run.first() };
        let (_, value) = self.map.overlapping_mut(Span::from(run)).next().ok_or(absent)?;
        *value = to;
        Ok(())
    }

    /// Moves the borders of the run that has this page, within pages that no other run has.
    fn reshape(&self, page: u64, wanted: Pages) {
        let single = Pages::new(page, page).map(Span::from);
        if let Some((span, _)) = single.and_then(|single| self.map.overlapping(&single).next()) {
            span.set_first(wanted.first());
            span.set_last(wanted.last());
        }
    }

    /// Adds a run where there is none, next to none of the same value.
    fn insert(&mut self, pages: Pages, value: Value) -> Result<(), TilingError<Value>> {
        let inserted = self.map.insert_strict(Span::from(pages), value);
        inserted.map_err(|_| TilingError::Refused)
    }
}
