//! An address space: a level-4 table, and all tables below it in the half that it manages.
//!
//! The kernel's table manages the higher half, a program's table the lower half. All of them share the kernel's half: its
//! 256 level-3 tables exist from the beginning, and every program's table leads to the same ones. So every address space
//! sees what the kernel maps later.
//!
//! What always holds, between two calls:
//! - Every entry that leads to a table leads to one that this value owns (for a program: in the lower half), and holds the
//!   number of the table's entries in use.
//! - In the lower half no table is empty: unmapping the last page of a table frees the table.
//! - In the higher half tables stay until the kernel's table is dropped or a larger page replaces them. All CPUs use them,
//!   and a freed table in a CPU's caches would break the neighbouring pages too.
//!
//! The caller ensures that CR4.LA57 is off (four levels); that EFER.NXE, CR4.PGE and the PAT are set as
//! [`PagingFeatures`](crate::PagingFeatures) says; that process-context identifiers are not used; and all flushing
//! ([`Flush`](crate::Flush)). Page 0 and the last page of a half are ordinary pages here. Whether a program may have them is
//! the kernel's decision.

use x86_64::{
    PhysAddr, VirtAddr,
    registers::control::{Cr3, Cr3Flags},
    structures::paging::{PhysFrame, page_table::PageTableLevel},
};

use crate::{
    block::{Frame, Page},
    entry::{Content, Entry},
    errors::OutOfFrames,
    half::Half,
    owned_table::{OwnedTable, table_in},
    page_table::{PageTable, Slot},
    page_table_memory::PageTableMemory,
    paging_config::{ConfigurableFlags, PagingConfig},
    table_stack::TableStack,
    walk::Walk,
};

/// An address space. Dropping it frees its tables, but not the frames that are mapped.
#[derive(Debug)]
pub struct ManagedL4PageTable<M: PageTableMemory> {
    config: PagingConfig<M>,
    level_4_table: OwnedTable<M>,
}

/// The mapping of an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Translation {
    /// The physical address.
    pub physical_address: PhysAddr,
    /// The page that contains the address.
    pub page: Page,
    /// The frame to which the page is mapped.
    pub frame: Frame,
    /// The page's flags. A feature that the CPU lacks reads as its replacement.
    pub flags: ConfigurableFlags,
}

impl<M: PageTableMemory> ManagedL4PageTable<M> {
    /// Makes an empty table for the kernel. It takes 257 frames.
    pub fn new_kernel(config: PagingConfig<M>) -> Result<Self, OutOfFrames> {
        let level_4_table = OwnedTable::allocate(config.memory())?;
        let indexes = Half::Higher.level_4_indexes();
        let mut level_3_tables = TableStack::allocate(config.memory(), indexes.len())?;
        for slot in level_4_table.table().slots(indexes) {
            if let Some(level_3_table) = level_3_tables.pop() {
                slot.store(Entry::table(level_3_table.into_frame(), Half::Higher));
            }
        }
        Ok(Self { config, level_4_table })
    }

    /// Makes a table for a program: empty in the lower half, and the same as `kernel` in the higher. It takes one frame.
    pub fn new_user(kernel: &Self) -> Result<Self, OutOfFrames> {
        let config = kernel.config.to_user();
        let level_4_table = OwnedTable::allocate(config.memory())?;
        let indexes = Half::Higher.level_4_indexes();
        let kernel_slots = kernel.page_table().slots(indexes.clone());
        for (slot, kernel_slot) in level_4_table.table().slots(indexes).zip(kernel_slots) {
            slot.store(kernel_slot.load().without_count());
        }
        Ok(Self { config, level_4_table })
    }

    /// The configuration of the entries.
    pub const fn config(&self) -> &PagingConfig<M> {
        &self.config
    }

    /// The level-4 table.
    pub fn page_table(&self) -> PageTable<'_> {
        self.level_4_table.table()
    }

    /// The frame of the level-4 table: the value of CR3.
    pub const fn frame(&self) -> PhysFrame {
        self.level_4_table.frame()
    }

    /// Translates `address`. `None` if it is not mapped, or not in the half that this table manages.
    pub fn translate(&self, address: VirtAddr) -> Option<Translation> {
        let walk = self.walk(address, PageTableLevel::One)?;
        let Content::Leaf(frame) = walk.content() else {
            return None;
        };
        let page = walk.page(frame.size());
        Some(Translation {
            physical_address: frame.start() + (address - page.start()),
            page,
            frame,
            flags: self.config.configurable_flags(walk.entry(), frame.size()),
        })
    }

    /// Makes this CPU use the table.
    ///
    /// # Safety
    ///
    /// - This code runs in ring 0. The CPU uses four levels of tables, and is set up as the features of the table's
    ///   configuration say.
    /// - The table maps everything that the CPU executes, reads and writes from here on, with the access that it needs. Memory
    ///   that is no longer mapped is not used.
    /// - Before this table is dropped, the CPU switches to another one; the same holds for the kernel's table from which
    ///   [`Self::new_user`] made this one.
    pub unsafe fn switch_to(&self) {
        // SAFETY: The frame holds a level-4 table. The caller promises that its tables live for as long as the CPU uses them,
        // and that they map what runs.
        unsafe { Cr3::write(self.frame(), Cr3Flags::empty()) };
    }

    /// Walks towards `address` as far as tables lead, but not below `last_level`. `None` in the wrong half.
    #[inline]
    pub(crate) fn walk(&self, address: VirtAddr, last_level: PageTableLevel) -> Option<Walk<'_>> {
        if Half::of(address) != self.config.half() {
            return None;
        }
        let mut walk = Walk::new(self.page_table(), address);
        self.descend(&mut walk, last_level);
        Some(walk)
    }

    /// Continues a walk towards another address in the same half. Many pages of a range share a table, so this is faster than a
    /// new walk.
    #[inline]
    pub(crate) fn walk_on<'tables>(
        &'tables self,
        walk: &mut Walk<'tables>,
        address: VirtAddr,
        last_level: PageTableLevel,
    ) {
        walk.go_to(address);
        self.descend(walk, last_level);
    }

    /// Goes down as far as tables lead, but not below `last_level`.
    #[inline]
    fn descend<'tables>(&'tables self, walk: &mut Walk<'tables>, last_level: PageTableLevel) {
        while walk.level() > last_level
            && let Some(frame) = walk.entry().lower_table()
        {
            // SAFETY: An entry of the managed half leads to the table.
            walk.step_down(unsafe { self.linked_table(frame) });
        }
    }

    /// The table in `frame`.
    ///
    /// # Safety
    ///
    /// An entry of this address space, in the half that it manages, leads to the table, and does so while the result is in
    /// use.
    pub(crate) unsafe fn linked_table(&self, frame: PhysFrame) -> PageTable<'_> {
        // SAFETY: Entries of the managed half lead only to frames that were taken out of an `OwnedTable` of this memory. They
        // are freed only after their entry was cleared.
        unsafe { table_in(&self.config.memory(), frame) }
    }

    /// Takes back the ownership of a table.
    ///
    /// # Safety
    ///
    /// The entry of this address space, in the half that it manages, which led to the table has just been cleared.
    pub(crate) unsafe fn unlinked_table(&self, frame: PhysFrame) -> OwnedTable<M> {
        // SAFETY: Entries of the managed half lead only to frames that were taken out of an `OwnedTable` of this memory, one
        // entry to each. The entry was the owner.
        unsafe { OwnedTable::from_frame(self.config.memory(), frame) }
    }

    /// Unlinks the table to which `slot` in a table of `level` leads, and all tables below it. Calls `take` for each.
    pub(crate) fn unlink(&self, slot: &Slot, level: PageTableLevel, take: &mut impl FnMut(OwnedTable<M>)) {
        let (Content::Table { frame, used }, Some(lower)) = (slot.load().content(level), level.next_lower_level())
        else {
            return;
        };
        slot.store(Entry::EMPTY);
        // SAFETY: `slot`, which led to the table, was cleared.
        let table = unsafe { self.unlinked_table(frame) };
        // A level-1 table leads to no other.
        if lower != PageTableLevel::One {
            for slot in table.table().used_slots(used) {
                self.unlink(slot, lower, take);
            }
        }
        take(table);
    }
}

impl<M: PageTableMemory> Drop for ManagedL4PageTable<M> {
    fn drop(&mut self) {
        for slot in self.page_table().slots(self.config.half().level_4_indexes()) {
            self.unlink(slot, PageTableLevel::Four, &mut drop);
        }
    }
}
