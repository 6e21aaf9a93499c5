//! Two sets of processors that all processors change at the same time.

use crate::sync::{AtomicU64, Ordering};
use alloc::boxed::Box;

/// One of the two sets.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Set {
    /// Processors that halt or are about to.
    Halted = 0,
    /// Processors that run a task without a timer.
    Tickless = 1,
}

/// One bit for each processor in each set. Those of the same 64 processors lie side by side.
#[derive(Debug)]
pub(crate) struct CpuSets {
    words: Box<[[AtomicU64; 2]]>,
}

impl CpuSets {
    pub(crate) fn new(cpus_count: usize) -> Self {
        let words = cpus_count.div_ceil(64);
        Self {
            words: (0..words).map(|_| [AtomicU64::new(0), AtomicU64::new(0)]).collect(),
        }
    }

    #[inline]
    pub(crate) fn are_empty(&self) -> bool {
        let bits =
            |[halted, tickless]: &[AtomicU64; 2]| halted.load(Ordering::Relaxed) | tickless.load(Ordering::Relaxed);
        self.words.iter().all(|words| bits(words) == 0)
    }

    pub(crate) fn insert(&self, set: Set, cpu: usize) {
        self.words[cpu / 64][set as usize].fetch_or(1 << (cpu % 64), Ordering::AcqRel);
    }

    /// Whether the processor is in the set. If another one has removed it, this one sees what that one has pushed before.
    #[inline]
    pub(crate) fn contains(&self, set: Set, cpu: usize) -> bool {
        self.words[cpu / 64][set as usize].load(Ordering::Acquire) & 1 << (cpu % 64) != 0
    }

    /// Removes the processor. Returns whether this call did.
    pub(crate) fn remove(&self, set: Set, cpu: usize) -> bool {
        let bit = 1 << (cpu % 64);
        // The look saves a write to a cache line that all processors share.
        self.contains(set, cpu) && self.words[cpu / 64][set as usize].fetch_and(!bit, Ordering::AcqRel) & bit != 0
    }

    /// Removes some processor, and returns its id.
    pub(crate) fn remove_any(&self, set: Set) -> Option<usize> {
        self.words.iter().enumerate().find_map(|(index, words)| {
            let mut bits = words[set as usize].load(Ordering::Relaxed);
            while bits != 0 {
                let cpu = index * 64 + bits.trailing_zeros() as usize;
                if self.remove(set, cpu) {
                    return Some(cpu);
                }
                bits &= bits - 1;
            }
            None
        })
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::{CpuSets, Set};

    #[test]
    fn removes_each_processor_once() {
        let sets = CpuSets::new(130);
        sets.insert(Set::Tickless, 5);
        for cpu in [3, 64, 129] {
            sets.insert(Set::Halted, cpu);
            sets.insert(Set::Halted, cpu);
        }
        assert!(sets.remove(Set::Halted, 64));
        assert!(!sets.remove(Set::Halted, 64));
        assert_eq!(
            [(); 3].map(|()| sets.remove_any(Set::Halted)),
            [Some(3), Some(129), None]
        );
        assert!(!sets.are_empty());
        assert!(sets.remove(Set::Tickless, 5) && sets.are_empty());
    }
}
