//! Nothing stays in a queue while a processor halts, or while one runs a task that should be preempted.

use crate::{
    deadlocks_without,
    machine::{ModelItem, ModelQueues, become_cpu, explore, queues_and_items, spawn_cpu, take_or_halt},
};
use executor::Place;
use loom::{
    sync::{Arc, Condvar, Mutex},
    thread::JoinHandle,
};

/// Processor 1 pushes an item and does not look; processor 0 looks and halts.
fn push_against_halt(place: Place) {
    explore(3, move || {
        let (queues, items) = queues_and_items(2, 1);
        let halting = spawn_cpu(0, {
            let queues = Arc::clone(&queues);
            move || take_or_halt(&queues)
        });
        become_cpu(1);
        items.into_iter().for_each(|item| queues.push(item, place));
        halting.join().expect("it takes the item");
    });
}

#[test]
fn push_to_the_shared_queue_against_halt() {
    push_against_halt(Place::Shared);
}

#[test]
fn push_next_against_halt() {
    push_against_halt(Place::Next);
}

#[test]
fn push_by_an_interrupt_against_halt() {
    explore(3, || {
        let (queues, items) = queues_and_items(1, 1);
        let halting = spawn_cpu(0, {
            let queues = Arc::clone(&queues);
            move || take_or_halt(&queues)
        });
        let push = || items.into_iter().for_each(|item| queues.push(item, Place::Local));
        queues.hardware().interrupt(0, push);
        halting.join().expect("it takes the item");
    });
}

#[test]
fn push_against_halt_loses_wake_ups_when_weakened() {
    for step in ["FenceAfterPush", "FenceBeforeHalt", "LookBeforeHalt"] {
        deadlocks_without(step, "halting::push_to_the_shared_queue_against_halt");
        deadlocks_without(step, "halting::push_next_against_halt");
    }
    deadlocks_without("LookBeforeHalt", "halting::push_by_an_interrupt_against_halt");
}

/// Counts the items that were taken. The first item keeps its processor until all have been taken.
#[derive(Default)]
struct Taken {
    count: Mutex<usize>,
    changed: Condvar,
}

impl Taken {
    fn run(&self, item: &ModelItem, items_count: usize) {
        let mut count = self.count.lock().expect("no thread panics");
        *count += 1;
        self.changed.notify_one();
        while item.id == 0 && *count < items_count {
            count = self.changed.wait(count).expect("no thread panics");
        }
    }

    fn is_all(&self, items_count: usize) -> bool {
        *self.count.lock().expect("no thread panics") == items_count
    }
}

/// Starts two processors that take items, and halt while there are none, until all have been taken.
fn spawn_takers(queues: &Arc<ModelQueues>, items_count: usize) -> Vec<JoinHandle<()>> {
    let taken = Arc::new(Taken::default());
    let spawn = |cpu| {
        let (queues, taken) = (Arc::clone(queues), Arc::clone(&taken));
        spawn_cpu(cpu, move || {
            while !taken.is_all(items_count) {
                match queues.take() {
                    Some(item) => taken.run(&item, items_count),
                    None => queues.halt(),
                }
            }
            queues.hardware().stop();
        })
    };
    [1, 2].map(spawn).into()
}

fn join(threads: Vec<JoinHandle<()>>) {
    for thread in threads {
        thread.join().expect("all items are taken");
    }
}

#[test]
fn steal_against_halt() {
    explore(2, || {
        let (queues, items) = queues_and_items(3, 3);
        become_cpu(0);
        items.into_iter().for_each(|item| queues.push(item, Place::Local));
        join(spawn_takers(&queues, 3));
    });
}

#[test]
fn overflow_against_halt() {
    explore(3, || {
        let (queues, mut items) = queues_and_items(2, 4);
        become_cpu(1);
        let last = items.pop().expect("there are four");
        items.into_iter().for_each(|item| queues.push(item, Place::Local));
        let halting = spawn_cpu(0, {
            let queues = Arc::clone(&queues);
            move || (0..4).for_each(|_| take_or_halt(&queues))
        });
        // The ring has room for three.
        queues.push(last, Place::Local);
        halting.join().expect("it takes all items");
    });
}

/// A kick may arrive when the item for which it was sent has been taken.
#[test]
fn kick_against_halt() {
    explore(2, || {
        let (queues, items) = queues_and_items(4, 2);
        let takers = spawn_takers(&queues, 2);
        for (cpu, item) in [3, 0].into_iter().zip(items) {
            become_cpu(cpu);
            queues.push(item, Place::Local);
        }
        join(takers);
    });
}

/// A kicked processor may find another item than the one for which it was kicked: processor 0 pushes the second item and kicks
/// processor 1, which takes the first one.
#[test]
fn push_against_two_halts() {
    explore(3, || {
        let (queues, mut items) = queues_and_items(4, 2);
        let second = items.pop().expect("there are two");
        become_cpu(3);
        items.into_iter().for_each(|item| queues.push(item, Place::Shared));
        let halting = spawn_cpu(2, {
            let queues = Arc::clone(&queues);
            move || {
                queues.halt();
                take_or_halt(&queues);
            }
        });
        become_cpu(1);
        queues.hardware().at_next_halt({
            let queues = Arc::clone(&queues);
            move || {
                become_cpu(0);
                queues.push(second, Place::Local);
                become_cpu(1);
            }
        });
        queues.halt();
        take_or_halt(&queues);
        halting.join().expect("it takes the other item");
    });
}

#[test]
fn steal_and_overflow_leave_items_behind_when_weakened() {
    deadlocks_without("KickAfterSteal", "halting::steal_against_halt");
    deadlocks_without("FenceAfterPush", "halting::overflow_against_halt");
    deadlocks_without("CheckAnnouncement", "halting::kick_against_halt");
    deadlocks_without("KickAfterHalt", "halting::push_against_two_halts");
}

#[test]
fn push_against_running_without_a_timer() {
    explore(3, || {
        let (queues, items) = queues_and_items(2, 1);
        let running = spawn_cpu(0, {
            let queues = Arc::clone(&queues);
            move || {
                if !queues.are_others_waiting() {
                    queues.hardware().run_until_interrupt();
                }
                assert!(queues.are_others_waiting(), "it was interrupted for nothing");
            }
        });
        become_cpu(1);
        items.into_iter().for_each(|item| queues.push(item, Place::Shared));
        running.join().expect("it is interrupted");
    });
}

#[test]
fn push_against_running_without_a_timer_is_missed_when_weakened() {
    for step in ["FenceAfterPush", "FenceBeforeTickless"] {
        deadlocks_without(step, "halting::push_against_running_without_a_timer");
    }
}
