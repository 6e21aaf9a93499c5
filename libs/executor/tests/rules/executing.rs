//! Tasks: preemption, timers, limits and kills.

use crate::machine::{
    TestExecutor, advance, compute, interrupt, interrupt_if_due, new_executor, result, run_all, spawn,
};
use executor::{Hardware, KillSwitch, Killed, SLICE_NS, TooManyTasks, WakerSlot};
use std::{
    future,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
};

/// What tasks have done, in order.
type Log = Arc<Mutex<Vec<&'static str>>>;

fn note(log: &Log, text: &'static str) {
    log.lock().expect("no test panics here").push(text);
}

/// Waits until `slot` is woken once.
async fn wait(slot: Arc<WakerSlot<crate::machine::Machine>>) {
    let mut was_registered = false;
    future::poll_fn(|context| {
        slot.register(context.waker());
        if std::mem::replace(&mut was_registered, true) {
            std::task::Poll::Ready(())
        } else {
            std::task::Poll::Pending
        }
    })
    .await;
    slot.clear();
}

fn armed_ns(executor: TestExecutor) -> u64 {
    executor.hardware().armed_ns.load(Relaxed)
}

#[test]
fn interrupt_that_wakes_a_task_preempts_the_running_one() {
    let executor = new_executor(1, 10);
    let slot = Arc::new(WakerSlot::new());
    let log = Log::default();
    let _woken = spawn(executor, {
        let (slot, log) = (Arc::clone(&slot), Arc::clone(&log));
        async move {
            wait(slot).await;
            note(&log, "woken");
        }
    });
    let _running = spawn(executor, {
        let log = Arc::clone(&log);
        async move {
            assert!(executor.may_continue());
            executor.hardware().needs_attention.store(false, Relaxed);
            interrupt(executor, || slot.wake());
            assert!(executor.hardware().needs_attention.load(Relaxed));
            compute(executor, 1_000).await;
            note(&log, "preempted");
        }
    });
    run_all(executor);
    assert_eq!(*log.lock().expect("no task panicked"), ["woken", "preempted"]);
}

#[test]
fn task_alone_has_no_timer_until_another_one_is_pushed() {
    let executor = new_executor(1, 10);
    let _running = spawn(executor, async move {
        compute(executor, 5 * SLICE_NS).await;
        assert_eq!(armed_ns(executor), u64::MAX);
        executor.hardware().needs_attention.store(false, Relaxed);
        interrupt(executor, || spawn(executor, async {}).detach());
        assert!(executor.hardware().needs_attention.load(Relaxed));
        assert!(!executor.may_continue(), "its credit is used up");
        executor.requeue().await;
        spawn(executor, async {}).detach();
        assert!(executor.may_continue());
        assert_eq!(armed_ns(executor), executor.hardware().now_ns() + SLICE_NS);
    });
    run_all(executor);
}

#[test]
fn timer_is_not_set_again_if_it_interrupts_early_enough() {
    let executor = new_executor(1, 10);
    for _ in 0..2 {
        spawn(executor, compute(executor, SLICE_NS / 3)).detach();
    }
    spawn(executor, async {}).detach();
    executor.run_once();
    executor.run_once();
    // The second task's credit ends a third of a slice later.
    assert_eq!(armed_ns(executor), SLICE_NS);
    run_all(executor);
}

#[test]
fn yield_goes_behind_all_and_requeue_only_behind_local_ones() {
    let executor = new_executor(1, 10);
    let log = Log::default();
    for (name, yields) in [("requeues", false), ("yields", true), ("last", false)] {
        let log = Arc::clone(&log);
        let task = spawn(executor, async move {
            match (name, yields) {
                (_, true) => executor.yield_now().await,
                ("requeues", _) => executor.requeue().await,
                _ => {}
            }
            note(&log, name);
        });
        task.detach();
    }
    run_all(executor);
    assert_eq!(*log.lock().expect("no task panicked"), ["requeues", "last", "yields"]);
}

#[test]
fn task_is_charged_for_what_it_uses_and_not_for_the_halt_before() {
    let executor = new_executor(1, 10);
    executor.run_once();
    advance(executor, SECOND_NS);
    executor.run_once();
    let task = spawn(executor, compute(executor, 3_000));
    run_all(executor);
    assert_eq!(task.metadata().used_ns(), 3_000);
    assert_eq!(task.metadata().left_ns(), SLICE_NS - 3_000);
}

const SECOND_NS: u64 = 1_000_000_000;

#[test]
fn sleeps_end_in_the_order_of_their_deadlines() {
    let executor = new_executor(1, 100);
    let ends = Arc::new(Mutex::new(Vec::new()));
    let mut deadlines: Vec<u64> = (0..50).map(|index| index * 7_919 % 1_000 + 10).collect();
    for deadline_ns in deadlines.clone() {
        let ends = Arc::clone(&ends);
        let task = spawn(executor, async move {
            executor.sleep_until(deadline_ns).await;
            ends.lock().expect("no task panics").push(executor.hardware().now_ns());
        });
        task.detach();
    }
    run_all(executor);
    deadlines.sort_unstable();
    assert_eq!(*ends.lock().expect("no task panicked"), deadlines);
}

#[test]
fn dropped_sleep_is_not_waited_for() {
    let executor = new_executor(1, 10);
    let task = spawn(executor, executor.sleep_until(1_000));
    executor.run_once();
    assert_eq!(armed_ns(executor), 1_000);
    drop(task);
    executor.run_once();
    advance(executor, 1_000);
    interrupt_if_due(executor);
    assert_eq!((armed_ns(executor), executor.tasks_count()), (u64::MAX, 0));
}

#[test]
fn sleep_for_ever_arms_nothing() {
    let executor = new_executor(1, 10);
    let _task = spawn(executor, executor.sleep_until(u64::MAX));
    executor.run_once();
    assert_eq!(armed_ns(executor), u64::MAX);
}

#[test]
fn more_sleeps_than_one_processor_has_room_for_go_to_another_one() {
    // Each of the two has room for two.
    let executor = new_executor(2, 4);
    let ended = Arc::new(AtomicU64::new(0));
    let _task = spawn(executor, {
        let ended = Arc::clone(&ended);
        async move {
            let mut sleeps: Vec<_> = (1..=6).map(|ns| Box::pin(executor.sleep_until(ns * 100))).collect();
            future::poll_fn(|context| {
                sleeps.retain_mut(|sleep| sleep.as_mut().poll(context).is_pending());
                ended.store(6 - sleeps.len() as u64, Relaxed);
                if sleeps.is_empty() {
                    std::task::Poll::Ready(())
                } else {
                    std::task::Poll::Pending
                }
            })
            .await;
        }
    });
    executor.run_once();
    assert_eq!(*executor.hardware().kicks.lock().expect("no task panicked"), [1, 1]);
    for ended_by_now in 1..=6 {
        advance(executor, 100);
        for cpu in [1, 0] {
            executor.hardware().run_as(cpu);
            interrupt(executor, || executor.on_interrupt());
        }
        // While sleeps have no timer, their task runs on and looks at the clock.
        (0..3).for_each(|_| executor.run_once());
        assert_eq!(ended.load(Relaxed), ended_by_now);
    }
}

#[test]
fn reservations_are_limited_and_end_with_their_tasks() {
    let executor = new_executor(1, 2);
    let reservation = executor.reserve().expect("there is room for two");
    let task = spawn(executor, async { 5 });
    assert_eq!(executor.reserve().err(), Some(TooManyTasks));
    drop(reservation);
    assert!(executor.reserve().is_ok());
    let mut task = task;
    run_all(executor);
    assert_eq!((result(&mut task), executor.tasks_count()), (Some(5), 0));
}

#[test]
fn kill_ends_a_wait_even_if_its_future_is_ready() {
    let executor = new_executor(1, 10);
    let switch = Arc::new(KillSwitch::new());
    let mut tasks = [false, true].map(|waits_first| {
        let switch = Arc::clone(&switch);
        spawn(executor, async move {
            if waits_first {
                assert_eq!(switch.until_killed(async { 1 }).await, Ok(1));
                return switch.until_killed(future::pending::<i32>()).await;
            }
            executor.yield_now().await;
            switch.until_killed(future::ready(2)).await
        })
    });
    (0..2).for_each(|_| executor.run_once());
    switch.kill(executor.hardware());
    switch.kill(executor.hardware());
    run_all(executor);
    assert_eq!(tasks.each_mut().map(result), [Some(Err(Killed)); 2]);
    // The waker is out of the slot, or the switch would keep the task's memory.
    assert_eq!(Arc::strong_count(&switch), 1);
}

#[test]
fn kill_kicks_the_processor_that_runs_the_task() {
    let executor = new_executor(4, 10);
    let switch = KillSwitch::new();
    drop(switch.start_running(2));
    let running = switch.start_running(3);
    switch.kill(executor.hardware());
    assert_eq!(*executor.hardware().kicks.lock().expect("nobody panicked"), [3]);
    drop(running);
    assert!(switch.start_running(1).is_err());
    switch.kill(executor.hardware());
    assert_eq!(executor.hardware().kicks.lock().expect("nobody panicked").len(), 1);
}
