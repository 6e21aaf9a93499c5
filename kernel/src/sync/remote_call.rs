//! Calls of a function on other processors, which the caller waits for.
//!
//! A caller stores its function in its own slot, sets its bit in the slot of each target, and sends each target an
//! interrupt. A target runs the requested functions in the interrupt handler, and also while it waits for a lock or for
//! its own call. So two processors that call each other do not deadlock, nor does one that waits with interrupts off.
//! Only [online](go_online) processors are called.
//!
//! A called function can interrupt any code that runs with interrupts on or waits for a lock. Therefore it takes no
//! lock, logs nothing and makes no remote call.
//!
//! A call whose targets do not answer is reported, and later panics: see [`OverdueCall`].

use super::{InterruptsOff, this_cpu::current_cpu_id};
use alloc::boxed::Box;
use core::{
    fmt, hint, ptr,
    sync::atomic::{AtomicBool, AtomicPtr, AtomicU32, AtomicU64, Ordering},
};
use spin::Once;

type Work<'a> = &'a (dyn Fn() + Sync);

/// Set by [`init`] on the BSP, before any AP starts.
static CALLS: Once<Calls> = Once::new();

const POLLS_PER_CLOCK_READING: u32 = 256;

/// A call is overdue after this time plus [`REPORT_AFTER_MS_PER_CPU`] for each processor. A host may suspend a virtual
/// processor for more than a second.
const REPORT_AFTER_MS: u64 = 1_000;
/// See [`REPORT_AFTER_MS`].
const REPORT_AFTER_MS_PER_CPU: u64 = 50;
/// The caller panics when the call has taken this many times the limit for the report.
const REPORTS_BEFORE_PANIC: u64 = 10;

/// All slots, and the hooks into higher layers.
struct Calls {
    slots: Box<[Slot]>,
    hooks: Hooks,
}

/// Functions of higher layers. The caller may hold any lock, so no hook waits for a lock.
#[derive(Clone, Copy)]
pub struct Hooks {
    /// Sends the processor the interrupt whose handler calls [`run_requested_calls`].
    pub kick: fn(u32),
    /// Nanoseconds since the start of the clock; 0 before.
    pub now_ns: fn() -> u64,
    /// Reports an overdue call to the user.
    pub report: fn(&OverdueCall),
}

/// A call that takes too long: a target has interrupts off, or has stopped.
#[derive(Debug, Clone, Copy)]
pub struct OverdueCall {
    name: &'static str,
    /// Id of the waiting processor.
    caller: u32,
    /// First processor that has not begun to run the function; `None` if all have begun.
    target: Option<u32>,
    waited_ms: u64,
}

impl fmt::Display for OverdueCall {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            name,
            caller,
            target,
            waited_ms,
        } = self;
        write!(formatter, "processor {caller} has waited {waited_ms} ms for ")?;
        match target {
            Some(target) => write!(formatter, "processor {target} to answer the remote call {name:?}"),
            None => write!(formatter, "the others to finish the remote call {name:?}"),
        }
    }
}

/// A processor as a caller and as a target.
#[repr(align(64))]
struct Slot {
    is_online: AtomicBool,
    /// As a caller: the function to call, valid while `pending` is not 0.
    work: AtomicPtr<Work<'static>>,
    /// As a caller: the number of targets that have not run it yet.
    pending: AtomicU32,
    /// As a target: one bit for each caller.
    requests: Box<[AtomicU64]>,
}

/// Makes the slots of `cpus_count` processors.
pub fn init(cpus_count: u32, hooks: Hooks) {
    let words = cpus_count.div_ceil(u64::BITS);
    let slot = |_| Slot {
        is_online: AtomicBool::new(false),
        work: AtomicPtr::new(ptr::null_mut()),
        pending: AtomicU32::new(0),
        requests: (0..words).map(|_| AtomicU64::new(0)).collect(),
    };
    CALLS.call_once(|| Calls {
        slots: (0..cpus_count).map(slot).collect(),
        hooks,
    });
}

/// Makes this processor a target of calls. It missed all calls before, so the caller flushes its TLB afterwards.
pub fn go_online() {
    if let Some(slot) = own_slot() {
        slot.is_online.store(true, Ordering::SeqCst);
    }
}

/// Returns whether a processor may be called.
pub fn is_online(cpu_id: u32) -> bool {
    let slot = CALLS.get().and_then(|calls| calls.slots.get(cpu_id as usize));
    slot.is_some_and(|slot| slot.is_online.load(Ordering::SeqCst))
}

/// Runs `work` on every other online processor, and returns when all have finished. The module's documentation says
/// what `work` may do. Reports contain `name`.
pub fn call_others(name: &'static str, work: &(dyn Fn() + Sync)) {
    let this_cpu = current_cpu_id();
    call_where(name, |cpu_id| cpu_id != this_cpu, work);
}

/// Runs `work` on one processor and waits for it. Returns whether that processor is online; this processor always is.
pub fn call(cpu_id: u32, name: &'static str, work: &(dyn Fn() + Sync)) -> bool {
    if cpu_id == current_cpu_id() {
        let _interrupts = InterruptsOff::new();
        work();
        return true;
    }
    call_where(name, |other| other == cpu_id, work) != 0
}

/// Runs `work` on the chosen online processors, waits for them, and returns their number.
///
/// # Panics
///
/// If a called function makes a remote call, or a target does not answer.
fn call_where(name: &'static str, is_chosen: impl Fn(u32) -> bool, work: Work<'_>) -> u32 {
    let _interrupts = InterruptsOff::new();
    let (Some(calls), Some(own)) = (CALLS.get(), own_slot()) else {
        return 0;
    };
    assert!(
        own.work.load(Ordering::Relaxed).is_null(),
        "a remotely called function made a remote call"
    );
    own.work.store((&raw const work).cast_mut().cast(), Ordering::Release);
    let mut called = 0;
    let (word, bit) = place_of(current_cpu_id());
    for (cpu_id, slot) in (0..).zip(&calls.slots) {
        if is_chosen(cpu_id)
            && slot.is_online.load(Ordering::SeqCst)
            && let Some(requests) = slot.requests.get(word)
        {
            own.pending.fetch_add(1, Ordering::Relaxed);
            requests.fetch_or(bit, Ordering::SeqCst);
            (calls.hooks.kick)(cpu_id);
            called += 1;
        }
    }
    calls.wait_for_answers(name, own);
    own.work.store(ptr::null_mut(), Ordering::Relaxed);
    called
}

impl Calls {
    /// Waits until all targets have finished this processor's call. Reports a call that takes long.
    fn wait_for_answers(&self, name: &'static str, own: &Slot) {
        let mut polls = 0_u32;
        let mut deadline: Option<Deadline> = None;
        while own.pending.load(Ordering::Acquire) != 0 {
            run_requested_calls();
            hint::spin_loop();
            polls = polls.wrapping_add(1);
            if polls.is_multiple_of(POLLS_PER_CLOCK_READING) {
                self.check_deadline(deadline.get_or_insert_with(|| self.deadline()), name);
            }
        }
    }

    fn deadline(&self) -> Deadline {
        let limit_ms = REPORT_AFTER_MS + REPORT_AFTER_MS_PER_CPU * self.slots.len() as u64;
        Deadline {
            began_ns: (self.hooks.now_ns)(),
            limit_ms,
            is_reported: false,
        }
    }

    /// Reports an overdue call once, and panics if it stays overdue. Does nothing before the clock is started.
    #[cold]
    fn check_deadline(&self, deadline: &mut Deadline, name: &'static str) {
        let waited_ms = (self.hooks.now_ns)().saturating_sub(deadline.began_ns) / 1_000_000;
        if waited_ms < deadline.limit_ms || deadline.began_ns == 0 {
            return;
        }
        let caller = current_cpu_id();
        let (word, bit) = place_of(caller);
        let has_not_begun = |slot: &Slot| {
            let requests = slot.requests.get(word);
            requests.is_some_and(|requests| requests.load(Ordering::Relaxed) & bit != 0)
        };
        let mut targets = (0..).zip(&self.slots);
        let overdue = OverdueCall {
            name,
            caller,
            target: targets.find(|(_, slot)| has_not_begun(slot)).map(|(cpu_id, _)| cpu_id),
            waited_ms,
        };
        assert!(waited_ms < deadline.limit_ms * REPORTS_BEFORE_PANIC, "{overdue}");
        if !deadline.is_reported {
            deadline.is_reported = true;
            (self.hooks.report)(&overdue);
        }
    }
}

struct Deadline {
    began_ns: u64,
    /// Wait until the report.
    limit_ms: u64,
    is_reported: bool,
}

/// Runs the functions that other processors request of this one. Returns whether there were any. The caller has
/// interrupts off.
pub fn run_requested_calls() -> bool {
    let (Some(calls), Some(own)) = (CALLS.get(), own_slot()) else {
        return false;
    };
    let mut was_asked = false;
    for (word, requests) in own.requests.iter().enumerate() {
        if requests.load(Ordering::Relaxed) == 0 {
            continue;
        }
        was_asked = true;
        let mut callers = requests.swap(0, Ordering::Acquire);
        while callers != 0 {
            let caller = word * u64::BITS as usize + callers.trailing_zeros() as usize;
            callers &= callers - 1;
            if let Some(caller) = calls.slots.get(caller) {
                run(caller);
            }
        }
    }
    was_asked
}

/// Runs a caller's function, and counts it as run.
fn run(caller: &Slot) {
    let work = caller.work.load(Ordering::Acquire);
    // SAFETY: The caller stored a pointer to the function before it set the bit, and keeps the function until `pending` is 0,
    // which still counts this processor.
    if let Some(work) = unsafe { work.as_ref() } {
        work();
    }
    caller.pending.fetch_sub(1, Ordering::Release);
}

fn own_slot() -> Option<&'static Slot> {
    CALLS.get()?.slots.get(current_cpu_id() as usize)
}

/// Returns the word and the bit of a caller in the requests of a target.
fn place_of(cpu_id: u32) -> (usize, u64) {
    ((cpu_id / u64::BITS) as usize, 1 << (cpu_id % u64::BITS))
}
