//! A page table as it lies in memory: 512 entries.
//!
//! A CPU that uses a table reads it at any time and sets the accessed and dirty bits in it. So an entry is an atomic, and is
//! always written whole.

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

/// How many entries a table has.
pub(crate) const ENTRY_COUNT: usize = 512;

/// A look at a page table. To the outside it can only be read; [`crate::ManagedL4PageTable`] changes it.
///
/// It never makes a reference to the table as a whole, only to single entries.
#[derive(Debug, Clone, Copy)]
pub struct PageTable<'table> {
    /// The place of its first entry; the others follow.
    first: NonNull<Slot>,
    /// Stands for the references to the places that are made from it.
    slots: PhantomData<&'table Slot>,
}

impl<'table> PageTable<'table> {
    /// The table at `pointer`.
    ///
    /// # Safety
    ///
    /// For as long as `'table`, 512 initialised entries lie there, aligned, which are accessed as atomics only (but for the
    /// CPU's own accesses).
    pub(crate) const unsafe fn new(pointer: NonNull<[u64; ENTRY_COUNT]>) -> Self {
        Self {
            first: pointer.cast(),
            slots: PhantomData,
        }
    }

    /// The entry at `index` as it is now. Bits 52 to 61 of one that leads to a table count the table's used entries.
    pub fn entry(self, index: PageTableIndex) -> PageTableEntry {
        let value = self.slot(index).load();
        let flags = value.flags();
        let mut entry = PageTableEntry::new();
        entry.set_addr(PhysAddr::new_truncate(value.bits() & !flags.bits()), flags);
        entry
    }

    /// The place of the entry at `index`.
    #[inline]
    pub(crate) fn slot(self, index: PageTableIndex) -> &'table Slot {
        // SAFETY: A table has 512 entries, and an index is less than that.
        let slot = unsafe { self.first.add(usize::from(index)) };
        // SAFETY: `new` was promised an initialised entry there, accessed as an atomic, for as long as `'table`.
        unsafe { slot.as_ref() }
    }

    /// The places of the entries in `range`.
    #[inline]
    pub(crate) fn slots(self, range: Range<u16>) -> impl Iterator<Item = &'table Slot> {
        range.map(move |index| self.slot(PageTableIndex::new_truncate(index)))
    }

    /// The places of all entries that are in use, of which there are `count`.
    #[inline]
    pub(crate) fn used_slots(self, count: u16) -> impl Iterator<Item = &'table Slot> {
        self.slots(0..512)
            .filter(|slot| slot.load() != Entry::EMPTY)
            .take(usize::from(count))
    }
}

/// The place of one entry.
///
/// Stores release what was written before, so that a table is seen filled by whoever sees it linked.
#[derive(Debug)]
#[repr(transparent)]
pub(crate) struct Slot(AtomicU64);

impl Slot {
    /// The entry as it is now.
    #[inline]
    pub(crate) fn load(&self) -> Entry {
        Entry::from_bits(self.0.load(Ordering::Relaxed))
    }

    /// Replaces the entry.
    #[inline]
    pub(crate) fn store(&self, entry: Entry) {
        self.0.store(entry.bits(), Ordering::Release);
    }

    /// Notes that the table that the entry leads to has one used entry more.
    #[inline]
    pub(crate) fn count_one_more(&self) {
        // Not a load and a store: between the two the CPU may set the accessed bit.
        self.0.fetch_add(ONE_USED, Ordering::Relaxed);
    }

    /// Notes that the table that the entry leads to has one used entry fewer.
    #[inline]
    pub(crate) fn count_one_fewer(&self) {
        self.0.fetch_sub(ONE_USED, Ordering::Relaxed);
    }
}
