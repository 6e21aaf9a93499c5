//! Remote calls between all processors, and TLB shootdowns.

use core::{
    hint,
    sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering},
    time::Duration,
};
use kernel::{
    cpu::cpu_local_data::{cpus_count, current_cpu_id},
    memory::{KernelMemoryUsageType, mapped_region::MappedRegion},
    output::{ExitCode, exit_qemu, logger},
    platform::clock::Instant,
    sync::{IrqSpinLock, remote_call},
};
use x86_64::instructions::interrupts;

/// Number of calls of all processors together.
const CALLS: u32 = 2000;

/// Number of shootdown rounds of all processors together.
const ROUNDS: u32 = 20_000;

/// Number of rounds in a turn. In the first half of all rounds, all processors map at once. In the second half they
/// take turns, while the others only read: those make no shootdown themselves, which would flush their own TLB.
const ROUNDS_OF_A_TURN: u32 = 100;

/// Number of turns that have ended.
static TURN: AtomicU32 = AtomicU32::new(0);

/// Number of processors that are ready.
static READY: AtomicU32 = AtomicU32::new(0);
/// Number of processors that are done.
static DONE: AtomicU32 = AtomicU32::new(0);

/// Number of executed calls.
static CALLED: AtomicU64 = AtomicU64::new(0);

/// A lock that is held during a call.
static LOCK: IrqSpinLock<u32> = IrqSpinLock::new(0);

/// All processors call all others at once: every second processor with interrupts off, and every third call under a
/// lock that the targets wait for. The last processor checks the count, and ends QEMU.
pub(super) fn call_each_other() {
    meet();
    let work = || _ = CALLED.fetch_add(1, Ordering::Relaxed);
    let calls = CALLS / cpus_count();
    for number in 0..calls {
        let call = || {
            let guard = number.is_multiple_of(3).then(|| LOCK.lock());
            remote_call::call_others("count", &work);
            drop(guard);
        };
        if current_cpu_id().is_multiple_of(2) {
            interrupts::without_interrupts(call);
        } else {
            call();
        }
    }
    let neighbour = (current_cpu_id() + 1) % cpus_count();
    assert!(
        remote_call::call(neighbour, "count", &work),
        "the neighbour is not online"
    );
    if DONE.fetch_add(1, Ordering::AcqRel) + 1 == cpus_count() {
        let cpus = u64::from(cpus_count());
        let expected = cpus * (cpus - 1) * u64::from(calls) + cpus;
        log::info!("{} calls, expected {expected}", CALLED.load(Ordering::Relaxed));
        exit_qemu(if CALLED.load(Ordering::Relaxed) == expected {
            ExitCode::Success
        } else {
            ExitCode::Failure
        });
    }
    // Processors that are done can still be called.
}

/// Processor 1 does not answer for two seconds, which is reported; then it holds the log and never answers, which ends
/// the kernel.
pub(super) fn call_one_that_does_not_answer() {
    let wait_for = |count| {
        while READY.load(Ordering::SeqCst) < count {
            hint::spin_loop();
        }
    };
    match current_cpu_id() {
        0 => {
            wait_for(1);
            remote_call::call(1, "answer late", &|| {});
            log::info!("Answered");
            READY.fetch_add(1, Ordering::SeqCst);
            wait_for(3);
            remote_call::call_others("answer never", &|| {});
        }
        1 => {
            interrupts::without_interrupts(|| {
                READY.fetch_add(1, Ordering::SeqCst);
                let end = Instant::now() + Duration::from_secs(2);
                while Instant::now() < end {
                    hint::spin_loop();
                }
            });
            wait_for(2);
            interrupts::without_interrupts(|| {
                logger::with_screen(|_screen| {
                    READY.fetch_add(1, Ordering::SeqCst);
                    loop {
                        hint::spin_loop();
                    }
                });
            });
        }
        _ => {}
    }
}

/// A mapped word that a processor publishes, and its value.
struct Published {
    /// Set while the word is mapped.
    is_published: AtomicBool,
    /// Number of processors that read it.
    readers: AtomicU32,
    /// Address of the word.
    address: AtomicU64,
    /// Expected value.
    value: AtomicU64,
}

/// One for each of four processors.
static PUBLISHED: [Published; 4] = [const {
    Published {
        is_published: AtomicBool::new(false),
        readers: AtomicU32::new(0),
        address: AtomicU64::new(0),
        value: AtomicU64::new(0),
    }
}; 4];

/// Each of four processors maps memory, writes a distinct number, lets the others read it, and unmaps it. Addresses are
/// reused with other frames; a stale TLB entry would show an old number. The last processor ends QEMU.
pub(super) fn storm_of_shootdowns() {
    meet();
    for round in 0..ROUNDS / 2 / cpus_count() {
        map_publish_and_unmap(round);
    }
    for turn in 0..ROUNDS / 2 / ROUNDS_OF_A_TURN {
        if turn % cpus_count() == current_cpu_id() {
            (0..ROUNDS_OF_A_TURN).for_each(|round| map_publish_and_unmap(turn << 16 | round));
            TURN.fetch_add(1, Ordering::SeqCst);
        }
        while TURN.load(Ordering::SeqCst) == turn {
            PUBLISHED.iter().for_each(read);
        }
    }
    if DONE.fetch_add(1, Ordering::AcqRel) + 1 == cpus_count() {
        log::info!("No stale read in {ROUNDS} rounds");
        exit_qemu(ExitCode::Success);
    }
}

/// Maps memory, publishes a number there, and unmaps it when no processor reads it any more.
fn map_publish_and_unmap(round: u32) {
    let this_cpu = current_cpu_id();
    let value = u64::from(this_cpu) << 32 | u64::from(round);
    let region = MappedRegion::ram(4096, KernelMemoryUsageType::Stack).expect("there is memory for a page");
    // SAFETY: The region is mapped, and no other code writes there.
    unsafe { region.start().as_mut_ptr::<u64>().write_volatile(value) };
    let own = &PUBLISHED[this_cpu as usize % PUBLISHED.len()];
    own.address.store(region.start().as_u64(), Ordering::Relaxed);
    own.value.store(value, Ordering::Relaxed);
    own.is_published.store(true, Ordering::SeqCst);
    PUBLISHED.iter().for_each(read);
    own.is_published.store(false, Ordering::SeqCst);
    while own.readers.load(Ordering::SeqCst) != 0 {
        hint::spin_loop();
    }
}

/// Reads and checks the word of a processor, if it is published.
fn read(word: &Published) {
    word.readers.fetch_add(1, Ordering::SeqCst);
    if word.is_published.load(Ordering::SeqCst) {
        let (address, expected) = (word.address.load(Ordering::Relaxed), word.value.load(Ordering::Relaxed));
        // SAFETY: The word stays mapped while `readers` is not 0.
        let value = unsafe { x86_64::VirtAddr::new(address).as_ptr::<u64>().read_volatile() };
        assert!(
            value == expected,
            "a stale read at {address:#x}: {value:#x} instead of {expected:#x}"
        );
    }
    word.readers.fetch_sub(1, Ordering::SeqCst);
}

/// Waits until all processors are ready.
fn meet() {
    READY.fetch_add(1, Ordering::AcqRel);
    while READY.load(Ordering::Acquire) < cpus_count() {
        hint::spin_loop();
    }
}
