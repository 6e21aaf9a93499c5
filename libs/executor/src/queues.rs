//! The run queues: a local one for each processor and one that they share.
//!
//! No lock is taken while another one of this module is held, so an item is in no queue while it moves from one to another.
//! Three rules keep it from being left behind beside a halted processor:
//!
//! 1. A processor announces its halt, then looks once more, then halts. Whoever has pushed an item then looks at the announcements,
//!    takes one back, and kicks its processor. Fences order both sides: one of them sees the other. A processor whose announcement
//!    was taken back does not halt: the next push would not see it.
//! 2. A processor that was kicked may have found another item than the one it was kicked for. So it kicks one more processor
//!    if items are left.
//! 3. A processor that has stolen items does the same: another one may have looked while they were in no queue.
//!
//! A processor whose task has nobody to preempt runs it without a timer. It announces that by the same rule as the
//! first one. The length of each queue is stored beside its lock, so that a look takes no lock.

use crate::{
    cpu_sets::{CpuSets, Set},
    credit::Credit,
    hardware::{Hardware, Lock},
    local_queue::{LocalQueue, Stolen},
    sync::{AtomicBool, AtomicUsize, Ordering, Step, does, fence},
};
use alloc::{boxed::Box, collections::VecDeque};

/// What the queues hold.
pub trait Item: Send {
    /// The credit of the item's task.
    fn credit(&self) -> &Credit;
}

/// Where to push an item that has credit left. One without goes to the end of the shared queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// Before all others of this processor: for one that the running task wakes.
    Next,
    /// Behind all others of this processor: for one that an interrupt wakes, or that was preempted.
    Local,
    /// Behind all others: for one that yields.
    Shared,
}

/// The run queues of all processors.
pub struct Queues<T: Item, H: Hardware> {
    hardware: H,
    cpus: Box<[CpuQueue<T, H>]>,
    /// Innermost lock.
    shared: H::Lock<VecDeque<T>>,
    /// Number of items in `shared`. Changed under its lock only.
    shared_len: AtomicUsize,
    announced: CpuSets,
}

/// One processor's queue, on its own cache lines.
#[repr(align(64))]
struct CpuQueue<T: Item, H: Hardware> {
    /// Innermost lock.
    local: H::Lock<LocalQueue<T>>,
    /// Number of items in `local`. Changed under its lock only.
    len: AtomicUsize,
    /// Whether this processor has halted since it took an item. Only this processor uses it.
    was_halted: AtomicBool,
}

impl<T: Item, H: Hardware> Queues<T, H> {
    /// Creates the queues of `cpus_count` processors for at most `items_max` items. They allocate nothing later.
    pub fn new(hardware: H, cpus_count: usize, items_max: usize) -> Self {
        let cpu_queue = |_| CpuQueue {
            local: H::Lock::new(LocalQueue::new()),
            len: AtomicUsize::new(0),
            was_halted: AtomicBool::new(false),
        };
        Self {
            hardware,
            cpus: (0..cpus_count).map(cpu_queue).collect(),
            shared: H::Lock::new(VecDeque::with_capacity(items_max)),
            shared_len: AtomicUsize::new(0),
            announced: CpuSets::new(cpus_count),
        }
    }

    /// The hardware given to [`Self::new`].
    pub fn hardware(&self) -> &H {
        &self.hardware
    }

    /// Pushes an item, and gets a processor to look for it. Callable from interrupt handlers. At most `items_max` items may be
    /// in the queues.
    #[inline]
    pub fn push(&self, item: T, place: Place) {
        let cpu = self.hardware.current_cpu();
        let has_credit = item.credit().left_ns() > 0;
        self.enqueue(cpu, item, if has_credit { place } else { Place::Shared });
        self.notify(cpu);
    }

    /// Takes the item that this processor runs next, if there is one: from its own queue, else from the shared one, else from
    /// the longest queue of another processor.
    #[inline]
    pub fn take(&self) -> Option<T> {
        let cpu = self.hardware.current_cpu();
        let own = &self.cpus[cpu];
        let (item, is_stolen) = match self.take_without_stealing(cpu) {
            Some(item) => (item, false),
            None => (self.steal(cpu)?, true),
        };
        let was_halted = own.was_halted.load(Ordering::Relaxed);
        own.was_halted.store(false, Ordering::Relaxed);
        let must_kick = was_halted && does(Step::KickAfterHalt) || is_stolen && does(Step::KickAfterSteal);
        if must_kick && self.has_work() {
            self.notify(cpu);
        }
        Some(item)
    }

    /// Halts this processor until an interrupt, unless an item is in the queues. Call it when [`Self::take`] has returned
    /// `None`, with interrupts on, and call that again afterwards.
    pub fn halt(&self) {
        let cpu = self.hardware.current_cpu();
        self.cpus[cpu].was_halted.store(true, Ordering::Relaxed);
        self.announced.insert(Set::Halted, cpu);
        if does(Step::FenceBeforeHalt) {
            fence(Ordering::SeqCst);
        }
        self.hardware.halt_unless(|| {
            let was_kicked = does(Step::CheckAnnouncement) && !self.announced.contains(Set::Halted, cpu);
            was_kicked || does(Step::LookBeforeHalt) && self.has_work()
        });
        self.announced.remove(Set::Halted, cpu);
    }

    /// Returns whether items wait that this processor would take without stealing. If not, this processor may run its task
    /// without a timer: whoever pushes an item for it kicks it, or requests its attention.
    pub fn are_others_waiting(&self) -> bool {
        let cpu = self.hardware.current_cpu();
        let are_waiting = || self.cpus[cpu].len.load(Ordering::Relaxed) + self.shared_len.load(Ordering::Relaxed) > 0;
        if are_waiting() {
            return true;
        }
        self.announced.insert(Set::Tickless, cpu);
        if does(Step::FenceBeforeTickless) {
            fence(Ordering::SeqCst);
        }
        are_waiting()
    }

    /// Gets a processor to look at the queues, after a change of them.
    #[inline]
    fn notify(&self, cpu: usize) {
        if does(Step::FenceAfterPush) {
            fence(Ordering::SeqCst);
        }
        if !self.announced.are_empty() {
            self.kick_one(cpu);
        }
    }

    #[inline(never)]
    fn kick_one(&self, cpu: usize) {
        if self.announced.remove(Set::Tickless, cpu) {
            self.hardware.request_attention();
        }
        // This is an interrupt handler of a processor that halts: it looks when the handler returns.
        if self.announced.remove(Set::Halted, cpu) {
            return;
        }
        if let Some(halted) = self.announced.remove_any(Set::Halted) {
            self.hardware.kick(halted);
        } else if self.shared_len.load(Ordering::Relaxed) > 0
            && let Some(busy) = self.announced.remove_any(Set::Tickless)
        {
            self.hardware.kick(busy);
        }
    }

    /// Whether an item is in any queue. One that moves from one to another may be missed.
    fn has_work(&self) -> bool {
        let mut local_lens = self.cpus.iter().map(|cpu| cpu.len.load(Ordering::Relaxed));
        self.shared_len.load(Ordering::Relaxed) > 0 || local_lens.any(|len| len > 0)
    }

    #[inline]
    fn enqueue(&self, cpu: usize, item: T, place: Place) {
        let for_shared = match place {
            Place::Next => self.with_local(cpu, |local| local.push_next(item)),
            Place::Local => self.with_local(cpu, |local| local.push_back(item)),
            Place::Shared => Some(item),
        };
        if let Some(item) = for_shared {
            self.with_shared(|shared| {
                debug_assert!(shared.len() < shared.capacity(), "more items than were announced");
                shared.push_back(item);
            });
        }
    }

    #[inline]
    fn take_without_stealing(&self, cpu: usize) -> Option<T> {
        let is_empty = self.cpus[cpu].len.load(Ordering::Relaxed) == 0;
        let local = if is_empty {
            None
        } else {
            self.with_local(cpu, LocalQueue::pop)
        };
        local.or_else(|| self.take_shared())
    }

    /// Takes the first item of the shared queue and fills its credit. No look begins here, not even now and then: the first item
    /// would get a new credit each time, while one with credit waits in a local queue behind two that wake each other.
    #[inline]
    fn take_shared(&self) -> Option<T> {
        if self.shared_len.load(Ordering::Relaxed) == 0 {
            return None;
        }
        let item = self.with_shared(VecDeque::pop_front)?;
        item.credit().fill();
        Some(item)
    }

    /// Moves half of the longest queue of another processor to this one, whose queue is empty, and takes the first item.
    #[inline(never)]
    fn steal(&self, thief: usize) -> Option<T> {
        let others = (0..self.cpus.len()).filter(|cpu| *cpu != thief);
        let lens = others.map(|cpu| (self.cpus[cpu].len.load(Ordering::Relaxed), cpu));
        let (_, victim) = lens.max().filter(|(len, _)| *len > 0)?;
        let mut stolen = Stolen::new();
        self.with_local(victim, |local| local.steal(&mut stolen));
        let mut stolen = stolen.into_iter();
        let first = stolen.next();
        stolen.for_each(|item| self.enqueue(thief, item, Place::Local));
        first
    }

    #[inline]
    fn with_local<R>(&self, cpu: usize, change: impl FnOnce(&mut LocalQueue<T>) -> R) -> R {
        let queue = &self.cpus[cpu];
        queue.local.with(|local| {
            let result = change(local);
            queue.len.store(local.len(), Ordering::Relaxed);
            result
        })
    }

    #[inline]
    fn with_shared<R>(&self, change: impl FnOnce(&mut VecDeque<T>) -> R) -> R {
        self.shared.with(|shared| {
            let result = change(shared);
            self.shared_len.store(shared.len(), Ordering::Relaxed);
            result
        })
    }
}
