//! The flags of a page, and what they become in an entry on this CPU.

use x86_64::structures::paging::PageTableFlags;

use crate::{
    entry::Entry,
    half::Half,
    managed_pat::{ManagedPat, PatMemoryType},
    page_size::PageSize,
    page_table_memory::PageTableMemory,
    paging_features::PagingFeatures,
};

/// The caller's choices for a page. Every page is readable. Programs can access it if it lies in the lower half.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ConfigurableFlags {
    /// Whether it can be written.
    pub writable: bool,
    /// Whether instructions in it can be executed. On a CPU without NX they always can.
    pub executable: bool,
    /// How the CPU caches it.
    pub pat_memory_type: PatMemoryType,
}

/// The configuration of a table and its entries: memory, CPU, and the half that the table manages.
#[derive(Debug, Clone, Copy)]
pub struct PagingConfig<M: PageTableMemory> {
    memory: M,
    features: PagingFeatures,
    half: Half,
}

impl<M: PageTableMemory> PagingConfig<M> {
    /// The configuration of the kernel's table. [`crate::ManagedL4PageTable::new_user`] derives those of programs from it.
    pub const fn new_kernel(memory: M, features: PagingFeatures) -> Self {
        Self {
            memory,
            features,
            half: Half::Higher,
        }
    }

    /// The configuration of a program's table with the same memory and CPU.
    pub(crate) const fn to_user(self) -> Self {
        Self {
            half: Half::Lower,
            ..self
        }
    }

    /// The layout of the PAT, which every CPU must set before it uses the table.
    pub const fn pat(&self) -> ManagedPat {
        self.features.pat
    }

    /// The features of the CPU.
    pub const fn features(&self) -> &PagingFeatures {
        &self.features
    }

    pub(crate) const fn memory(&self) -> M {
        self.memory
    }

    pub(crate) const fn half(&self) -> Half {
        self.half
    }

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

    /// The choices that `entry`, which maps a page of `size`, stands for on this CPU.
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
