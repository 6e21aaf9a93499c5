//! Rules of the queue: nobody waits for ever, and whoever closes it waits for nobody that has stopped.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;

use turn_queue::{Closed, MAX_OVERTAKING, TurnQueue};

/// Waits until so many callers wait.
fn wait_for_waiting(queue: &TurnQueue, count: u32) {
    while queue.waiting() != count {
        thread::yield_now();
    }
}

fn take(queue: &TurnQueue, id: u32) -> Result<(), Closed> {
    queue.take(id, thread::yield_now)
}

#[test]
fn callers_get_their_turns_in_the_order_of_their_tickets() {
    let queue = TurnQueue::new();
    let served = Mutex::new(Vec::new());
    take(&queue, 0).expect("it is open");
    thread::scope(|scope| {
        for id in 1..=20 {
            let (queue, served) = (&queue, &served);
            scope.spawn(move || {
                take(queue, id).expect("it is open");
                served.lock().expect("nobody panics").push(id);
                queue.pass_on();
            });
            wait_for_waiting(queue, id);
        }
        queue.pass_on();
    });
    assert_eq!(served.into_inner().expect("nobody panics"), Vec::from_iter(1..=20));
}

#[test]
fn one_that_comes_back_at_once_overtakes_one_that_waits_only_so_often() {
    let queue = TurnQueue::new();
    let turns_of_the_other = AtomicU32::new(0);
    for round in 0..100 {
        take(&queue, 0).expect("it is open");
        thread::scope(|scope| {
            scope.spawn(|| {
                take(&queue, 1).expect("it is open");
                turns_of_the_other.fetch_add(1, Ordering::SeqCst);
                queue.pass_on();
            });
            wait_for_waiting(&queue, 1);
            for _ in 0..=MAX_OVERTAKING {
                queue.pass_on();
                take(&queue, 0).expect("it is open");
            }
            assert_eq!(
                turns_of_the_other.load(Ordering::SeqCst),
                round + 1,
                "overtaken too often"
            );
            queue.pass_on();
        });
    }
}

#[test]
fn one_that_does_not_wait_gets_a_turn_that_nobody_has() {
    let queue = TurnQueue::new();
    assert_eq!(queue.try_take(0), Ok(true));
    assert_eq!(queue.try_take(1), Ok(false));
    queue.pass_on();
    assert_eq!(queue.try_take(1), Ok(true));
    assert!(queue.close(1, 0));
    assert_eq!(queue.try_take(0), Err(Closed));
}

#[test]
fn one_at_a_time_has_the_turn() {
    let queue = TurnQueue::new();
    // Two that add at the same time lose one of their numbers.
    let sum = AtomicU32::new(0);
    thread::scope(|scope| {
        for id in 0..4 {
            let (queue, sum) = (&queue, &sum);
            scope.spawn(move || {
                for _ in 0..2_000 {
                    take(queue, id).expect("it is open");
                    let before = sum.load(Ordering::Relaxed);
                    sum.store(before + 1, Ordering::Relaxed);
                    queue.pass_on();
                }
            });
        }
    });
    assert_eq!(sum.into_inner(), 8_000);
}

#[test]
fn closing_waits_for_the_owner_and_sends_those_away_that_wait() {
    let queue = Arc::new(TurnQueue::new());
    take(&queue, 0).expect("it is open");
    let waiting = thread::spawn({
        let queue = Arc::clone(&queue);
        move || take(&queue, 1)
    });
    wait_for_waiting(&queue, 1);
    assert!(!queue.close(2, 1_000), "the owner has not ended its turn");
    assert_eq!(waiting.join().expect("it does not panic"), Err(Closed));
    queue.pass_on();
    assert!(queue.close(2, 0), "the owner has ended its turn");
    assert_eq!(take(&queue, 3), Err(Closed));
}

#[test]
fn closing_does_not_wait_for_the_caller_itself() {
    let queue = TurnQueue::new();
    take(&queue, 7).expect("it is open");
    assert!(queue.close(7, 0));
}

#[test]
fn closing_does_not_wait_for_an_owner_that_has_stopped() {
    let queue = TurnQueue::new();
    take(&queue, 0).expect("it is open");
    queue.abandon(1);
    assert!(!queue.close(2, 10), "1 did not have the turn");
    queue.abandon(0);
    assert!(queue.close(2, 0));
}

#[test]
fn closing_does_not_wait_for_those_that_stopped_while_they_waited() {
    let queue = TurnQueue::new();
    take(&queue, 0).expect("it is open");
    let tries = AtomicU32::new(0);
    thread::scope(|scope| {
        // Drew a ticket and does nothing more until the end of the test, like a processor that an NMI has stopped.
        let stopped = scope.spawn(|| {
            queue.take(1, || {
                if tries.fetch_add(1, Ordering::SeqCst) == 0 {
                    thread::park();
                }
            })
        });
        wait_for_waiting(&queue, 1);
        queue.abandon(0);
        assert!(queue.close(2, 0));
        while tries.load(Ordering::SeqCst) == 0 {
            thread::yield_now();
        }
        stopped.thread().unpark();
        assert_eq!(stopped.join().expect("it does not panic"), Err(Closed));
    });
}
