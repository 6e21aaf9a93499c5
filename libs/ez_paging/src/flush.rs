//! The rest of a change: the addresses that CPUs must flush from their TLBs.
//!
//! CPUs cache translations, and the tables on the way to them. This library never touches those caches, so that it runs
//! anywhere. Instead it returns a [`Flush`], which names the addresses and holds the tables that a CPU may still walk
//! through.

use x86_64::VirtAddr;

use crate::{
    block::Page, owned_table::OwnedTable, page_size::PageSize, page_table_memory::PageTableMemory,
    table_stack::TableStack,
};

/// Addresses to invalidate on every CPU that uses or has used the table, and tables to free after that. Dropping it frees
/// the tables.
#[derive(Debug)]
#[must_use = "a CPU may still use the old translations, and may still walk through tables that are freed on drop"]
pub struct Flush<M: PageTableMemory> {
    span: Option<Span>,
    tables: TableStack<M>,
}

/// Pages that changed, and everything between them.
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
    /// The span with `page` added, which lies after it.
    fn with(self, page: Page) -> Self {
        Self {
            last: page.start(),
            step: self.step.min(page.size()),
            ..self
        }
    }

    const fn address_count(self) -> u64 {
        (self.last.as_u64() - self.first.as_u64()) / self.step.bytes() + 1
    }
}

impl<M: PageTableMemory> Flush<M> {
    pub(crate) const fn nothing(memory: M) -> Self {
        Self {
            span: None,
            tables: TableStack::new(memory),
        }
    }

    /// Adds `page`, which lies after all pages added before.
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

    /// Keeps an empty table that is no longer linked until the flush is done.
    pub(crate) fn keep(&mut self, table: OwnedTable<M>) {
        self.tables.push(table);
    }

    /// Number of addresses to invalidate. If there are many, invalidating everything is faster.
    pub fn address_count(&self) -> u64 {
        self.span.map_or(0, Span::address_count)
    }

    /// The addresses to invalidate (`invlpg`). There are none after a page was mapped where nothing was mapped.
    pub fn addresses(&self) -> impl Iterator<Item = VirtAddr> + use<M> {
        self.span.into_iter().flat_map(|span| {
            // No overflow: the result is at most the last page's first address.
            (0..span.address_count()).map(move |index| span.first + index * span.step.bytes())
        })
    }

    /// Calls `invalidate` for each address, then frees the tables.
    ///
    /// This is enough only if no other CPU uses the table. Otherwise every CPU must invalidate [`Self::addresses`] before
    /// this value is dropped.
    pub fn flush_by(self, invalidate: impl FnMut(VirtAddr)) {
        self.addresses().for_each(invalidate);
    }

    /// Frees the tables without invalidating anything: correct if no CPU uses the table or has used it.
    pub fn ignore(self) {}
}
