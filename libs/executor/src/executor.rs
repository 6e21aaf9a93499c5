//! Waking, polling, preempting and charging tasks.

use crate::{
    credit::Credit,
    hardware::{Hardware, Lock},
    queues::{Item, Place, Queues},
    sync::{AtomicBool, AtomicU64, AtomicUsize, Ordering},
    timers::Timers,
};
use alloc::{boxed::Box, sync::Arc};
use async_task::ScheduleInfo;
use core::{
    future::{Future, poll_fn},
    mem,
    task::Poll,
};

/// Maximum number of tasks that one call of [`Executor::on_interrupt`] wakes with interrupts off.
const WAKES_PER_INTERRUPT: usize = 32;

/// A task that waits in a queue, with its credit.
pub type Runnable = async_task::Runnable<Arc<Credit>>;

impl Item for Runnable {
    fn credit(&self) -> &Credit {
        self.metadata()
    }
}

/// Runs tasks on all processors.
pub struct Executor<H: Hardware> {
    queues: Queues<Runnable, H>,
    pub(crate) cpus: Box<[CpuState<H>]>,
    /// Number of tasks and reservations.
    pub(crate) tasks: AtomicUsize,
    pub(crate) tasks_max: usize,
}

/// What the executor knows of one processor. Only this processor uses the atomics.
#[repr(align(64))]
pub(crate) struct CpuState<H: Hardware> {
    /// A queue's lock may be taken inside.
    pub(crate) timers: H::Lock<Timers>,
    /// When the timer interrupts; `u64::MAX` if it may not. Changed with interrupts off.
    armed_ns: AtomicU64,
    /// End of the last poll, or of the last halt. Time is charged from here on.
    switched_ns: AtomicU64,
    /// When the running task's credit ends.
    credit_end_ns: AtomicU64,
    /// Whether an interrupt has woken a task with credit since the last poll began.
    is_preempted: AtomicBool,
    /// Whether the running task has called [`Executor::yield_now`].
    is_yielding: AtomicBool,
}

impl<H: Hardware> Executor<H> {
    /// Creates an executor for at most `tasks_max` tasks on the processors 0 to `cpus_count` - 1.
    ///
    /// It takes about 72 bytes for each task and 2.5 KiB for each processor, and no more later.
    pub fn new(hardware: H, cpus_count: usize, tasks_max: usize) -> Self {
        let timers_per_cpu = tasks_max.div_ceil(cpus_count.max(1));
        let cpu_state = |_| CpuState {
            timers: H::Lock::new(Timers::new(timers_per_cpu)),
            armed_ns: AtomicU64::new(u64::MAX),
            switched_ns: AtomicU64::new(0),
            credit_end_ns: AtomicU64::new(0),
            is_preempted: AtomicBool::new(false),
            is_yielding: AtomicBool::new(false),
        };
        Self {
            queues: Queues::new(hardware, cpus_count, tasks_max),
            cpus: (0..cpus_count).map(cpu_state).collect(),
            tasks: AtomicUsize::new(0),
            tasks_max,
        }
    }

    /// The hardware given to [`Self::new`].
    pub fn hardware(&self) -> &H {
        self.queues.hardware()
    }

    /// Pushes a woken task into a queue. Every task's scheduling function calls it, in the context of whoever wakes the task.
    /// It never allocates, waits or fails.
    #[inline]
    pub fn schedule(&self, runnable: Runnable, info: ScheduleInfo) {
        let cpu = self.this_cpu();
        let place = if info.woken_while_running {
            let is_yielding = cpu.is_yielding.load(Ordering::Relaxed);
            if is_yielding { Place::Shared } else { Place::Local }
        } else if self.hardware().is_in_interrupt() {
            if runnable.credit().left_ns() > 0 {
                cpu.is_preempted.store(true, Ordering::Relaxed);
                self.hardware().request_attention();
            }
            Place::Local
        } else {
            Place::Next
        };
        self.queues.push(runnable, place);
    }

    /// Runs tasks on this processor for ever. Interrupts are on.
    pub fn run_forever(&self) -> ! {
        self.start_accounting();
        loop {
            self.run_once();
        }
    }

    /// Polls one task. If none is queued, halts until an interrupt instead.
    #[inline]
    pub fn run_once(&self) {
        let cpu = self.this_cpu();
        // Cleared before the take: an interrupt after it preempts the taken task.
        cpu.is_preempted.store(false, Ordering::Relaxed);
        let Some(runnable) = self.queues.take() else {
            self.queues.halt();
            self.start_accounting();
            return;
        };
        let switched_ns = cpu.switched_ns.load(Ordering::Relaxed);
        let credit_end_ns = switched_ns.saturating_add(runnable.credit().left_ns());
        cpu.credit_end_ns.store(credit_end_ns, Ordering::Relaxed);
        cpu.is_yielding.store(false, Ordering::Relaxed);
        // Afterwards the task may run elsewhere, or be gone. So the poll itself charges it.
        runnable.run();
    }

    /// Returns whether the running task may continue. If not, it awaits [`Self::requeue`].
    ///
    /// The task of a program calls this before each return to user mode for which this processor's attention was requested, and
    /// before its first one after an await; long work in the kernel calls it now and then. Interrupts are off, and stay off until
    /// user mode. The timer is armed for the end of the task's credit only if others wait.
    pub fn may_continue(&self) -> bool {
        let cpu = self.this_cpu();
        if cpu.is_preempted.load(Ordering::Relaxed) {
            return false;
        }
        if !self.queues.are_others_waiting() {
            return true;
        }
        let credit_end_ns = cpu.credit_end_ns.load(Ordering::Relaxed);
        let has_credit = self.hardware().now_ns() < credit_end_ns;
        if has_credit {
            self.arm(credit_end_ns);
        }
        has_credit
    }

    /// Handles a kick or a timer interrupt: wakes the tasks whose deadlines have passed, arms the timer for the next deadline, and
    /// requests attention. Interrupts are off.
    pub fn on_interrupt(&self) {
        let now_ns = self.hardware().now_ns();
        let cpu = self.this_cpu();
        let earliest_ns = cpu.timers.with(|timers| {
            timers.wake_due(now_ns, WAKES_PER_INTERRUPT);
            timers.earliest_ns()
        });
        cpu.armed_ns.store(u64::MAX, Ordering::Relaxed);
        self.arm(earliest_ns);
        self.hardware().request_attention();
    }

    /// Lets all others have their turns, whatever credit is left: the task goes to the end of the shared queue.
    pub fn yield_now(&self) -> impl Future<Output = ()> + use<'_, H> {
        pend_once(|| self.mark_as_yielding())
    }

    /// Lets those run that wait on this processor, after [`Self::may_continue`] has returned `false`. The task keeps the credit it
    /// has left.
    pub fn requeue(&self) -> impl Future<Output = ()> + use<H> {
        pend_once(|| ())
    }

    #[inline]
    pub(crate) fn this_cpu(&self) -> &CpuState<H> {
        &self.cpus[self.hardware().current_cpu()]
    }

    /// Arms this processor's timer, unless it interrupts early enough anyway. Interrupts are off.
    pub(crate) fn arm(&self, deadline_ns: u64) {
        let armed_ns = &self.this_cpu().armed_ns;
        if deadline_ns < armed_ns.load(Ordering::Relaxed) {
            armed_ns.store(deadline_ns, Ordering::Relaxed);
            self.hardware().arm_timer(deadline_ns);
        }
    }

    /// Sends the running task to the shared queue if it wakes itself in this poll.
    pub(crate) fn mark_as_yielding(&self) {
        self.this_cpu().is_yielding.store(true, Ordering::Relaxed);
    }

    /// Charges the time before now to nobody.
    fn start_accounting(&self) {
        let now_ns = self.hardware().now_ns();
        self.this_cpu().switched_ns.store(now_ns, Ordering::Relaxed);
    }

    /// Charges the time since the last switch on this processor.
    #[inline]
    pub(crate) fn charge(&self, credit: &Credit) {
        let cpu = self.this_cpu();
        let now_ns = self.hardware().now_ns();
        credit.charge(now_ns.saturating_sub(cpu.switched_ns.load(Ordering::Relaxed)));
        cpu.switched_ns.store(now_ns, Ordering::Relaxed);
    }
}

/// Wakes itself and is pending once, after a call of `prepare`.
fn pend_once(prepare: impl Fn()) -> impl Future<Output = ()> {
    let mut was_pending = false;
    poll_fn(move |context| {
        if mem::replace(&mut was_pending, true) {
            return Poll::Ready(());
        }
        prepare();
        context.waker().wake_by_ref();
        Poll::Pending
    })
}
