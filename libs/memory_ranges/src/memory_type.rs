//! Who owns a range of physical memory.

/// Who owns a range of physical memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum MemoryType {
    /// Nobody: free to be given out.
    Usable,
    /// The boot loader left something there (its page tables, stacks, answers) that goes out of use in time.
    UsedByLimine,
    /// The kernel, for this.
    UsedByKernel(KernelMemoryUsageType),
    /// A user program.
    UsedByUserMode,
}

impl MemoryType {
    /// All of them, in the order in which statistics name them.
    pub const ALL: [Self; 3 + KernelMemoryUsageType::ALL.len()] = {
        let mut all = [Self::Usable; 3 + KernelMemoryUsageType::ALL.len()];
        all[1] = Self::UsedByLimine;
        all[2] = Self::UsedByUserMode;
        let mut index = 0;
        while index < KernelMemoryUsageType::ALL.len() {
            all[3 + index] = Self::UsedByKernel(KernelMemoryUsageType::ALL[index]);
            index += 1;
        }
        all
    };
}

/// What the kernel uses memory for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum KernelMemoryUsageType {
    /// The kernel's code and data, and the modules as the boot loader put them there, which its map does not tell
    /// apart.
    KernelImage,
    /// A file that the boot loader loaded beside the kernel.
    Module,
    /// Page tables.
    PageTables,
    /// Pieces of the heap.
    GlobalAllocatorHeap,
    /// Stacks of the kernel.
    Stack,
    /// Data of one processor.
    CpuLocal,
    /// Single frames handed to a processor's cache, whether they lie there or are in use.
    FrameCache,
    /// What devices read and write.
    Dma,
    /// The kernel's copy of the firmware's tables.
    FirmwareTables,
}

impl KernelMemoryUsageType {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::KernelImage,
        Self::Module,
        Self::PageTables,
        Self::GlobalAllocatorHeap,
        Self::Stack,
        Self::CpuLocal,
        Self::FrameCache,
        Self::Dma,
        Self::FirmwareTables,
    ];
}
