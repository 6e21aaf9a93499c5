//! What a caller chooses about a page. Whose it is (the program's or the kernel's) follows from its half.

use crate::managed_pat::PatMemoryType;

/// What a caller chooses about a page. Every page can be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ConfigurableFlags {
    /// Whether it can be written.
    pub writable: bool,
    /// Whether instructions in it can be executed. On a CPU without NX they always can.
    pub executable: bool,
    /// How the CPU caches it.
    pub pat_memory_type: PatMemoryType,
}
