//! Making other processors call a function, and waiting until they have.
//!
//! A caller notes its work in its own slot, sets a bit in the slot of each target, and kicks it by an interrupt. A target
//! runs what its bits ask for in the interrupt's handler, and also while it waits for a lock or for a call of its own: so
//! two processors that call each other, or one that waits with interrupts off, come to no deadlock. Processors that are not
//! [online](go_online) are not called.
//!
//! A called function runs at any point between two instructions at which interrupts are on, and wherever a lock is
//! waited for: it takes no lock, logs nothing and calls nobody.

use super::{InterruptsOff, this_cpu::current_cpu_id};
use alloc::boxed::Box;
use core::{
    hint, ptr,
    sync::atomic::{AtomicBool, AtomicPtr, AtomicU32, AtomicU64, Ordering},
};
use spin::Once;

/// What a target calls.
type Work<'a> = &'a (dyn Fn() + Sync);

/// Set by [`init`] on the BSP, before any AP starts.
static CALLS: Once<Calls> = Once::new();

/// The slots, and how to disturb a processor.
struct Calls {
    /// By the processors' ids.
    slots: Box<[Slot]>,
    /// Sends a processor the interrupt whose handler calls [`run_requested_calls`].
    kick: fn(u32),
}

/// A processor as a caller and as a target.
#[repr(align(64))]
struct Slot {
    /// Set when the processor may be called.
    is_online: AtomicBool,
    /// As a caller: what is to be called. It stays as long as `pending` is not 0.
    work: AtomicPtr<Work<'static>>,
    /// As a caller: how many targets have not done it yet.
    pending: AtomicU32,
    /// As a target: a bit for each caller.
    requests: Box<[AtomicU64]>,
}

/// Gives each of so many processors a slot.
pub fn init(cpus_count: u32, kick: fn(u32)) {
    let words = cpus_count.div_ceil(u64::BITS);
    let slot = |_| Slot {
        is_online: AtomicBool::new(false),
        work: AtomicPtr::new(ptr::null_mut()),
        pending: AtomicU32::new(0),
        requests: (0..words).map(|_| AtomicU64::new(0)).collect(),
    };
    CALLS.call_once(|| Calls {
        slots: (0..cpus_count).map(slot).collect(),
        kick,
    });
}

/// This processor may be called from now on. It has forgotten nothing that it was not told before: the caller sees to that.
pub fn go_online() {
    if let Some(slot) = own_slot() {
        slot.is_online.store(true, Ordering::SeqCst);
    }
}

/// Whether a processor may be called.
pub fn is_online(cpu_id: u32) -> bool {
    let slot = CALLS.get().and_then(|calls| calls.slots.get(cpu_id as usize));
    slot.is_some_and(|slot| slot.is_online.load(Ordering::SeqCst))
}

/// Lets every other processor that is online call `work`, and returns when all have. See the head of this file for what
/// `work` may do.
pub fn call_others(work: &(dyn Fn() + Sync)) {
    let this_cpu = current_cpu_id();
    call_where(|cpu_id| cpu_id != this_cpu, work);
}

/// Lets one processor call `work`, and returns when it has; returns whether it is online. This one is called directly.
pub fn call(cpu_id: u32, work: &(dyn Fn() + Sync)) -> bool {
    if cpu_id == current_cpu_id() {
        let _interrupts = InterruptsOff::new();
        work();
        return true;
    }
    call_where(|other| other == cpu_id, work) != 0
}

/// Lets all processors that are online and chosen call `work`, and returns how many have.
///
/// # Panics
///
/// When a called function calls others.
fn call_where(is_chosen: impl Fn(u32) -> bool, work: Work<'_>) -> u32 {
    let _interrupts = InterruptsOff::new();
    let (Some(calls), Some(own)) = (CALLS.get(), own_slot()) else {
        return 0;
    };
    assert!(
        own.work.load(Ordering::Relaxed).is_null(),
        "a called function calls others"
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
            (calls.kick)(cpu_id);
            called += 1;
        }
    }
    while own.pending.load(Ordering::Acquire) != 0 {
        run_requested_calls();
        hint::spin_loop();
    }
    own.work.store(ptr::null_mut(), Ordering::Relaxed);
    called
}

/// Does what other processors have asked this one for; returns whether there was anything. With interrupts off.
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

/// Does a caller's work, and says so.
fn run(caller: &Slot) {
    let work = caller.work.load(Ordering::Acquire);
    // SAFETY: The caller has put a pointer to its work there before it asked, and keeps the work until `pending` is 0; this
    // processor is one that it still counts.
    if let Some(work) = unsafe { work.as_ref() } {
        work();
    }
    caller.pending.fetch_sub(1, Ordering::Release);
}

/// The slot of the processor that this runs on.
fn own_slot() -> Option<&'static Slot> {
    CALLS.get()?.slots.get(current_cpu_id() as usize)
}

/// Where a caller's bit is.
fn place_of(cpu_id: u32) -> (usize, u64) {
    ((cpu_id / u64::BITS) as usize, 1 << (cpu_id % u64::BITS))
}
