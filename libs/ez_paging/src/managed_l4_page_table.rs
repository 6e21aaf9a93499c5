//! An address space: a level-4 table and all tables below it in the half that it manages.
//!
//! The kernel's table manages the higher half, a program's table the lower one. All of them share the kernel's half: its 256
//! level-3 tables exist from the beginning, and every program's table leads to the same ones. So what the kernel maps
//! later is seen in every address space.
//!
//! What always holds, between two calls:
//! - every entry that leads to a table leads to one that this value owns (a program's: in the lower half), and counts
//!   its used entries rightly;
//! - in the lower half no table is empty: what a program's mappings needed is given back with the last of them;
//! - in the higher half tables stay until the kernel's table is dropped or a larger page takes their place. Every CPU
//!   uses them, and one that still remembered the way through a table given back would go astray at its neighbours too.
//!
//! What it leaves to others: that CR4.LA57 is off (four levels), that EFER.NXE, CR4.PGE and the PAT are set as
//! [`PagingFeatures`](crate::PagingFeatures) says, that process-context identifiers are not used, and all flushing
//! ([`Flush`](crate::Flush)). Page 0 and the last page of a half are pages like any other: whether a program may have them is
//! the kernel's decision.

use x86_64::{
    PhysAddr, VirtAddr,
    registers::control::{Cr3, Cr3Flags},
    structures::paging::{PhysFrame, page_table::PageTableLevel},
};

use crate::{
    configurable_flags::ConfigurableFlags,
    entry::{Content, Entry},
    frame::Frame,
    half::Half,
    owned_4kib_frame::OutOfFrames,
    owned_table::{OwnedTable, table_in},
    page::Page,
    page_table::{PageTable, Slot},
    page_table_memory::PageTableMemory,
    paging_config::PagingConfig,
    table_stack::TableStack,
    walk::Walk,
};

/// An address space. Dropping it gives back its tables, but not the frames that are mapped.
#[derive(Debug)]
pub struct ManagedL4PageTable<M: PageTableMemory> {
    /// How entries look, and where tables come from.
    config: PagingConfig<M>,
    /// The level-4 table.
    level_4_table: OwnedTable<M>,
}

/// What is mapped at an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Translation {
    /// Where in physical memory the address leads.
    pub physical_address: PhysAddr,
    /// The page in which the address lies.
    pub page: Page,
    /// The frame that the page is mapped to.
    pub frame: Frame,
    /// How it is mapped. What the CPU lacks reads as what is done instead.
    pub flags: ConfigurableFlags,
}

impl<M: PageTableMemory> ManagedL4PageTable<M> {
    /// A table for the kernel, with nothing mapped. It takes 257 frames.
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

    /// A table for a program, with nothing mapped in the lower half and the same as in `kernel` in the higher. It takes
    /// one frame.
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

    /// How its entries look.
    pub const fn config(&self) -> &PagingConfig<M> {
        &self.config
    }

    /// The level-4 table.
    pub fn page_table(&self) -> PageTable<'_> {
        self.level_4_table.table()
    }

    /// Where the level-4 table lies: what CR3 is set to.
    pub const fn frame(&self) -> PhysFrame {
        self.level_4_table.frame()
    }

    /// What is mapped at `address`. The half that this table does not manage counts as not mapped.
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
    /// - It runs in ring 0 on a CPU with four levels of tables and set up as the features of the table's configuration say.
    /// - All that the CPU executes, reads and writes from here on is mapped as that needs it; memory that is not mapped any
    ///   more is not used.
    /// - Before this table is dropped, the CPU is made to use another one; likewise before the kernel's table is from
    ///   which it was made by [`Self::new_user`].
    pub unsafe fn switch_to(&self) {
        // SAFETY: The frame holds a level-4 table, and its tables live for as long as the CPU uses them; the caller promises
        // that, and that what is mapped fits what runs.
        unsafe { Cr3::write(self.frame(), Cr3Flags::empty()) };
    }

    /// Goes down towards `address` as far as tables lead, but not below `last_level`. `None` in the wrong half.
    pub(crate) fn walk(&self, address: VirtAddr, last_level: PageTableLevel) -> Option<Walk<'_>> {
        if Half::of(address) != self.config.half() {
            return None;
        }
        let mut walk = Walk::new(self.page_table(), address);
        while walk.level() != last_level
            && let Some(frame) = walk.entry().lower_table()
        {
            // SAFETY: An entry of the managed half leads to the table.
            walk.step_down(unsafe { self.linked_table(frame) });
        }
        Some(walk)
    }

    /// The table in `frame`.
    ///
    /// # Safety
    ///
    /// An entry of this address space, in the half that it manages, leads to the table, and goes on doing so while the
    /// result is in use.
    pub(crate) unsafe fn linked_table(&self, frame: PhysFrame) -> PageTable<'_> {
        // SAFETY: Entries of the managed half lead only to frames taken out of an `OwnedTable` of this memory, which are
        // given back only after their entry was emptied.
        unsafe { table_in(&self.config.memory(), frame) }
    }

    /// Takes a table back into a value.
    ///
    /// # Safety
    ///
    /// The entry of this address space, in the half that it manages, which led to the table has just been emptied.
    pub(crate) unsafe fn unlinked_table(&self, frame: PhysFrame) -> OwnedTable<M> {
        // SAFETY: Entries of the managed half lead only to frames taken out of an `OwnedTable` of this memory, each only one
        // entry, and that entry was the owner.
        unsafe { OwnedTable::from_frame(self.config.memory(), frame) }
    }

    /// Takes the table that `slot` in a table of `level` leads to, and all tables below it, out of the address space, and hands
    /// each to `take`.
    pub(crate) fn unlink(&self, slot: &Slot, level: PageTableLevel, take: &mut impl FnMut(OwnedTable<M>)) {
        let (Content::Table { frame, used }, Some(lower)) = (slot.load().content(level), level.next_lower_level())
        else {
            return;
        };
        slot.store(Entry::EMPTY);
        // SAFETY: `slot`, which led to the table, was emptied.
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
