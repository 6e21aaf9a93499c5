//! The owners that a range of physical memory can have.

/// The owner of a range of physical memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum MemoryType {
    /// None: the memory is free.
    Usable,
    /// The boot loader: its page tables, stacks and answers, which the kernel reclaims once nothing uses them.
    UsedByLimine,
    /// The kernel, for this purpose.
    UsedByKernel(KernelMemoryUsageType),
    /// A user program.
    UsedByUserMode,
}

impl MemoryType {
    /// All owners, in the order of statistics.
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

/// The kernel's purposes of memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum KernelMemoryUsageType {
    /// The kernel's code and data, and the modules as loaded: the boot loader's map does not distinguish them.
    KernelImage,
    /// A file that the boot loader loaded beside the kernel.
    Module,
    /// Page tables.
    PageTables,
    /// The heap.
    GlobalAllocatorHeap,
    /// Kernel stacks.
    Stack,
    /// Data of one processor.
    CpuLocal,
    /// Blocks of which single frames are allocated, whether the frames are free, cached or in use.
    SingleFrames,
    /// Buffers that devices read and write.
    Dma,
    /// The kernel's copy of the firmware's tables.
    FirmwareTables,
}

impl KernelMemoryUsageType {
    /// All purposes.
    pub const ALL: [Self; 9] = [
        Self::KernelImage,
        Self::Module,
        Self::PageTables,
        Self::GlobalAllocatorHeap,
        Self::Stack,
        Self::CpuLocal,
        Self::SingleFrames,
        Self::Dma,
        Self::FirmwareTables,
    ];
}
