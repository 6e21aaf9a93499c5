//! All that decides how a table's entries look: the memory, the CPU, and the half that the table manages.

use x86_64::structures::paging::PageTableFlags;

use crate::{
    configurable_flags::ConfigurableFlags,
    entry::Entry,
    half::Half,
    managed_pat::{ManagedPat, PatMemoryType},
    page_size::PageSize,
    page_table_memory::PageTableMemory,
    paging_features::PagingFeatures,
};

/// All that decides how a table's entries look.
#[derive(Debug, Clone, Copy)]
pub struct PagingConfig<M: PageTableMemory> {
    /// Where tables come from and can be reached.
    memory: M,
    /// What the CPU has.
    features: PagingFeatures,
    /// The half that the table manages: whether pages are the program's or global.
    half: Half,
}

impl<M: PageTableMemory> PagingConfig<M> {
    /// For the kernel's table. [`crate::ManagedL4PageTable::new_user`] makes those of programs from it.
    pub const fn new_kernel(memory: M, features: PagingFeatures) -> Self {
        Self {
            memory,
            features,
            half: Half::Higher,
        }
    }

    /// The same memory and CPU for a program's table.
    pub(crate) const fn to_user(self) -> Self {
        Self {
            half: Half::Lower,
            ..self
        }
    }

    /// What lies where in the PAT, which every CPU is to set before it uses the table.
    pub const fn pat(&self) -> ManagedPat {
        self.features.pat
    }

    /// What the CPU has.
    pub const fn features(&self) -> &PagingFeatures {
        &self.features
    }

    /// Where tables come from and can be reached.
    pub(crate) const fn memory(&self) -> M {
        self.memory
    }

    /// The half that the table manages.
    pub(crate) const fn half(&self) -> Half {
        self.half
    }

    /// The flags of a page's entry.
    pub(crate) fn leaf_flags(&self, flags: ConfigurableFlags, size: PageSize) -> PageTableFlags {
        let mut result = PageTableFlags::PRESENT | self.features.pat.flags_for(flags.pat_memory_type, size);
        result.set(PageTableFlags::WRITABLE, flags.writable);
        result.set(
            PageTableFlags::NO_EXECUTE,
            !flags.executable && self.features.no_execute,
        );
        match self.half {
            Half::Lower => result.insert(PageTableFlags::USER_ACCESSIBLE),
            Half::Higher => result.set(PageTableFlags::GLOBAL, self.features.global_pages),
        }
        result
    }

    /// What was chosen about the page of `size` that `entry` maps, as far as the CPU has it.
    pub(crate) fn configurable_flags(&self, entry: Entry, size: PageSize) -> ConfigurableFlags {
        let flags = entry.flags();
        let pat_memory_type: PatMemoryType = ManagedPat::memory_type_of(entry.bits(), size);
        ConfigurableFlags {
            writable: flags.contains(PageTableFlags::WRITABLE),
            executable: !flags.contains(PageTableFlags::NO_EXECUTE),
            pat_memory_type,
        }
    }
}
