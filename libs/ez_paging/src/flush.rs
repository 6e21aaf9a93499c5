//! What is left to do after a change: make the CPUs forget what they remember of the old state.
//!
//! CPUs keep translations, and the ways that lead to them, in caches of their own. This library never touches those, so
//! that it runs anywhere; it returns a [`Flush`] that says which addresses they concern and that holds the tables which a
//! CPU may still walk through.

use x86_64::VirtAddr;

use crate::{
    owned_table::OwnedTable, page::Page, page_size::PageSize, page_table_memory::PageTableMemory,
    table_stack::TableStack,
};

/// Addresses that are to be invalidated on every CPU on which the table is, or was, in use; and tables that are in use no
/// longer once that is done. Dropping it gives those back.
#[derive(Debug)]
#[must_use = "a CPU may still use the old translations, and may still walk through tables that are given back on drop"]
pub struct Flush<M: PageTableMemory> {
    /// What is to be invalidated, if anything.
    span: Option<Span>,
    /// The tables that are not linked any more.
    tables: TableStack<M>,
}

/// Pages that changed, and what lies between them.
#[derive(Debug, Clone, Copy)]
struct Span {
    /// The first page's first address.
    first: VirtAddr,
    /// The last page's first address.
    last: VirtAddr,
    /// The smallest page that changed. Invalidating any address of a page invalidates the page.
    step: PageSize,
}

impl Span {
    /// The same with `page`, which lies behind it.
    fn with(self, page: Page) -> Self {
        Self {
            last: page.start(),
            step: self.step.min(page.size()),
            ..self
        }
    }

    /// How many steps there are.
    const fn address_count(self) -> u64 {
        (self.last.as_u64() - self.first.as_u64()) / self.step.bytes() + 1
    }
}

impl<M: PageTableMemory> Flush<M> {
    /// Nothing is to be invalidated.
    pub(crate) const fn nothing(memory: M) -> Self {
        Self {
            span: None,
            tables: TableStack::new(memory),
        }
    }

    /// Adds `page`, which lies behind those that are there.
    pub(crate) fn include(&mut self, page: Page) {
        self.span = Some(match self.span {
            Some(span) => span.with(page),
            None => Span {
                first: page.start(),
                last: page.start(),
                step: page.size(),
            },
        });
    }

    /// Keeps an empty table that is not linked any more until the flush is done.
    pub(crate) fn keep(&mut self, table: OwnedTable<M>) {
        self.tables.push(table);
    }

    /// Whether no CPU remembers anything of the old state: so after a page was mapped where nothing was.
    pub const fn is_needless(&self) -> bool {
        self.span.is_none()
    }

    /// How many addresses are to be invalidated. If there are many, invalidating everything is faster.
    pub fn address_count(&self) -> u64 {
        self.span.map_or(0, Span::address_count)
    }

    /// The addresses to be invalidated (`invlpg`).
    pub fn addresses(&self) -> impl Iterator<Item = VirtAddr> + use<M> {
        self.span.into_iter().flat_map(|span| {
            // At most the last page's first address: no overflow.
            (0..span.address_count()).map(move |index| span.first + index * span.step.bytes())
        })
    }

    /// Invalidates each address by `invalidate`, then gives back the tables that were waiting for it.
    ///
    /// Enough only if no other CPU uses the table; else every CPU invalidates [`Self::addresses`], and then this is dropped.
    pub fn flush_by(self, invalidate: impl FnMut(VirtAddr)) {
        self.addresses().for_each(invalidate);
    }

    /// Does nothing but give back tables: right where no CPU uses the table, or has used it.
    pub fn ignore(self) {}
}
