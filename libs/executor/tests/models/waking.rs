//! A task that waits for a flag sees it, whether it is being polled, queued or waiting when the flag is set.

use crate::{
    deadlocks_without, leaves_out,
    machine::{Machine, explore, new_executor, run_until, schedule, spawn_cpu},
};
use executor::{Executor, WakerSlot};
use loom::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread::JoinHandle,
};
use std::{
    future::{Future, poll_fn},
    task::Poll,
};

struct Event {
    has_happened: AtomicBool,
    waiting: WakerSlot<Machine>,
}

impl Event {
    fn new() -> Arc<Self> {
        Arc::new(Self {
            has_happened: AtomicBool::new(false),
            waiting: WakerSlot::new(),
        })
    }

    fn happen(&self) {
        self.has_happened.store(true, Ordering::Release);
        self.waiting.wake();
    }

    /// Waits for the event: puts the waker into the slot, then looks. The weakened variant looks before.
    fn wait(event: Arc<Self>) -> impl Future<Output = ()> {
        poll_fn(move |context| {
            let looks_before = leaves_out("LookAfterWakerSlot");
            let has_happened_before = looks_before && event.has_happened.load(Ordering::Acquire);
            event.waiting.register(context.waker());
            if has_happened_before || !looks_before && event.has_happened.load(Ordering::Acquire) {
                event.waiting.clear();
                return Poll::Ready(());
            }
            Poll::Pending
        })
    }
}

/// Runs a task that waits for the event on processor 0, until the task has seen it.
fn wait_on_cpu_0(executor: &'static Executor<Machine>, event: &Arc<Event>) -> JoinHandle<()> {
    let event = Arc::clone(event);
    spawn_cpu(0, move || {
        let reservation = executor.reserve().expect("it has room");
        let task = reservation.spawn(Event::wait(event), schedule(executor));
        run_until(executor, task);
    })
}

#[test]
fn wake_by_an_interrupt_against_poll() {
    explore(3, || {
        let executor = new_executor(1);
        let event = Event::new();
        let waiting = wait_on_cpu_0(executor, &event);
        executor.hardware().interrupt(0, || event.happen());
        waiting.join().expect("the task sees the event");
    });
}

#[test]
fn wake_by_another_processor_against_poll() {
    explore(2, || {
        let executor = new_executor(2);
        let event = Event::new();
        let waiting = wait_on_cpu_0(executor, &event);
        crate::machine::become_cpu(1);
        event.happen();
        waiting.join().expect("the task sees the event");
    });
}

#[test]
fn wake_against_poll_loses_wake_ups_when_weakened() {
    deadlocks_without("LookAfterWakerSlot", "waking::wake_by_an_interrupt_against_poll");
    deadlocks_without("LookAfterWakerSlot", "waking::wake_by_another_processor_against_poll");
    for step in ["FenceAfterPush", "FenceBeforeHalt", "LookBeforeHalt"] {
        deadlocks_without(step, "waking::wake_by_another_processor_against_poll");
    }
}
