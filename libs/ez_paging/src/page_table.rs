//! A page table in memory: 512 entries.
//!
//! A CPU that uses a table can read it at any time, and sets the accessed and dirty bits. So an entry is an atomic, and is
//! always written as a whole.

use core::{
    marker::PhantomData,
    ops::Range,
    ptr::NonNull,
    sync::atomic::{AtomicU64, Ordering},
};

use x86_64::{
    PhysAddr,
    structures::paging::{PageTableIndex, page_table::PageTableEntry},
};

use crate::entry::{Entry, ONE_USED};

pub(crate) const ENTRY_COUNT: usize = 512;

/// A reference to a page table. Users can only read it; [`crate::ManagedL4PageTable`] changes it.
///
/// There is never a Rust reference to the table as a whole, only to single entries.
#[derive(Debug, Clone, Copy)]
pub struct PageTable<'table> {
    /// The first slot; the others follow.
    first: NonNull<Slot>,
    /// Stands for the references to slots that are made from it.
    slots: PhantomData<&'table Slot>,
}

impl<'table> PageTable<'table> {
    /// The table at `pointer`.
    ///
    /// # Safety
    ///
    /// For as long as `'table`, 512 initialised entries lie there, aligned. They are accessed only as atomics, except by the
    /// CPU itself.
    pub(crate) const unsafe fn new(pointer: NonNull<[u64; ENTRY_COUNT]>) -> Self {
        Self {
            first: pointer.cast(),
            slots: PhantomData,
        }
    }

    /// The current entry at `index`. If it leads to a table, bits 52 to 61 count that table's entries in use.
    pub fn entry(self, index: PageTableIndex) -> PageTableEntry {
        let value = self.slot(index).load();
        let flags = value.flags();
        let mut entry = PageTableEntry::new();
        entry.set_addr(PhysAddr::new_truncate(value.bits() & !flags.bits()), flags);
        entry
    }

    #[inline]
    pub(crate) fn slot(self, index: PageTableIndex) -> &'table Slot {
        // SAFETY: A table has 512 entries, and an index is less than that.
        let slot = unsafe { self.first.add(usize::from(index)) };
        // SAFETY: The caller of `new` promised an initialised entry there, accessed as an atomic, for as long as `'table`.
        unsafe { slot.as_ref() }
    }

    #[inline]
    pub(crate) fn slots(self, range: Range<u16>) -> impl Iterator<Item = &'table Slot> {
        range.map(move |index| self.slot(PageTableIndex::new_truncate(index)))
    }

    /// The slots in use, of which there are `count`.
    #[inline]
    pub(crate) fn used_slots(self, count: u16) -> impl Iterator<Item = &'table Slot> {
        self.slots(0..512)
            .filter(|slot| slot.load() != Entry::EMPTY)
            .take(usize::from(count))
    }
}

/// A slot: the memory of one entry.
///
/// A store releases all earlier writes, so that a CPU that sees the link to a table sees the table's content too.
#[derive(Debug)]
#[repr(transparent)]
pub(crate) struct Slot(AtomicU64);

impl Slot {
    #[inline]
    pub(crate) fn load(&self) -> Entry {
        Entry::from_bits(self.0.load(Ordering::Relaxed))
    }

    #[inline]
    pub(crate) fn store(&self, entry: Entry) {
        self.0.store(entry.bits(), Ordering::Release);
    }

    /// Counts one more entry in use in the table to which the entry leads.
    #[inline]
    pub(crate) fn count_one_more(&self) {
        // Not a load and a store: the CPU may set the accessed bit between the two.
        self.0.fetch_add(ONE_USED, Ordering::Relaxed);
    }

    #[inline]
    pub(crate) fn count_one_fewer(&self) {
        self.0.fetch_sub(ONE_USED, Ordering::Relaxed);
    }
}
