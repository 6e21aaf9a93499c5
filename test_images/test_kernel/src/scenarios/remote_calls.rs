//! Processors that call each other, and mappings that all of them use.

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

/// Calls of all processors together.
const CALLS: u32 = 2000;

/// Rounds of the storm on mappings, of all processors together.
const ROUNDS: u32 = 20_000;

/// In one half of them all processors map at once. In the other they take turns of so many, while the others only read: so
/// these make no shootdown of their own, by which they would forget everything.
const ROUNDS_OF_A_TURN: u32 = 100;

/// Whose turn it is, counted on and on.
static TURN: AtomicU32 = AtomicU32::new(0);

/// Processors that are ready, and done.
static READY: AtomicU32 = AtomicU32::new(0);
/// See [`READY`].
static DONE: AtomicU32 = AtomicU32::new(0);

/// How often anybody was called.
static CALLED: AtomicU64 = AtomicU64::new(0);

/// A lock that is held during a call.
static LOCK: IrqSpinLock<u32> = IrqSpinLock::new(0);

/// All processors call all others at once; every other processor with interrupts off, and every third call under a lock
/// that the called ones wait for. The last one counts, and ends QEMU.
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
    // Those that are done can be called still.
}

/// Processor 1 answers no call for two seconds, which is reported, and then for ever while it has the log, which ends the kernel.
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

/// What a processor shows to the others: a mapped word, and what it holds.
struct Shown {
    /// Set while the word is mapped.
    is_shown: AtomicBool,
    /// How many look at it.
    readers: AtomicU32,
    /// Where it is.
    address: AtomicU64,
    /// What it holds.
    value: AtomicU64,
}

/// One for each of four processors.
static SHOWN: [Shown; 4] = [const {
    Shown {
        is_shown: AtomicBool::new(false),
        readers: AtomicU32::new(0),
        address: AtomicU64::new(0),
        value: AtomicU64::new(0),
    }
}; 4];

/// Four processors map memory, write a number of their own there, let the others read it, and unmap it again: addresses come
/// back with other memory behind them, and nobody may see what was there before. The last one ends QEMU.
pub(super) fn storm_of_shootdowns() {
    meet();
    for round in 0..ROUNDS / 2 / cpus_count() {
        map_show_and_unmap(round);
    }
    for turn in 0..ROUNDS / 2 / ROUNDS_OF_A_TURN {
        if turn % cpus_count() == current_cpu_id() {
            (0..ROUNDS_OF_A_TURN).for_each(|round| map_show_and_unmap(turn << 16 | round));
            TURN.fetch_add(1, Ordering::SeqCst);
        }
        while TURN.load(Ordering::SeqCst) == turn {
            SHOWN.iter().for_each(read);
        }
    }
    if DONE.fetch_add(1, Ordering::AcqRel) + 1 == cpus_count() {
        log::info!("No stale read in {ROUNDS} rounds");
        exit_qemu(ExitCode::Success);
    }
}

/// Maps memory, writes a number there, shows it to the others, and unmaps it when nobody looks any more.
fn map_show_and_unmap(round: u32) {
    let this_cpu = current_cpu_id();
    let value = u64::from(this_cpu) << 32 | u64::from(round);
    let region = MappedRegion::ram(4096, KernelMemoryUsageType::Stack).expect("there is memory for a page");
    // SAFETY: The region is mapped and nobody else writes there.
    unsafe { region.start().as_mut_ptr::<u64>().write_volatile(value) };
    let own = &SHOWN[this_cpu as usize % SHOWN.len()];
    own.address.store(region.start().as_u64(), Ordering::Relaxed);
    own.value.store(value, Ordering::Relaxed);
    own.is_shown.store(true, Ordering::SeqCst);
    SHOWN.iter().for_each(read);
    own.is_shown.store(false, Ordering::SeqCst);
    while own.readers.load(Ordering::SeqCst) != 0 {
        hint::spin_loop();
    }
}

/// Reads what a processor shows, if it shows anything.
fn read(shown: &Shown) {
    shown.readers.fetch_add(1, Ordering::SeqCst);
    if shown.is_shown.load(Ordering::SeqCst) {
        let (address, expected) = (
            shown.address.load(Ordering::Relaxed),
            shown.value.load(Ordering::Relaxed),
        );
        // SAFETY: It is mapped for as long as `readers` says that somebody looks.
        let value = unsafe { x86_64::VirtAddr::new(address).as_ptr::<u64>().read_volatile() };
        assert!(
            value == expected,
            "a stale read at {address:#x}: {value:#x} instead of {expected:#x}"
        );
    }
    shown.readers.fetch_sub(1, Ordering::SeqCst);
}

/// Waits until all processors are here.
fn meet() {
    READY.fetch_add(1, Ordering::AcqRel);
    while READY.load(Ordering::Acquire) < cpus_count() {
        hint::spin_loop();
    }
}
