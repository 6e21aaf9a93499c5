//! Fair shares on one processor: a simple rule for tasks of any behaviour. Of n tasks, one that always computes gets 1/n of the
//! time, but for one slice.

use crate::machine::{TestExecutor, advance, compute, interrupt_if_due, new_executor, spawn};
use executor::{Hardware, SLICE_NS, Task, WakerSlot};
use proptest::prelude::*;
use std::{
    future::poll_fn,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    task::Poll,
};

#[derive(Debug, Clone, Copy)]
enum Behaviour {
    /// Computes for ever.
    Endless,
    /// Computes, then sleeps.
    Napper { compute_ns: u64, sleep_ns: u64 },
    /// Computes, then yields.
    Yielder { compute_ns: u64 },
    /// Two tasks: each computes, wakes the other one, and waits.
    Pair { compute_ns: u64 },
}

struct Event {
    has_happened: AtomicBool,
    waiting: WakerSlot<crate::machine::Machine>,
}

impl Event {
    fn new() -> Arc<Self> {
        Arc::new(Self {
            has_happened: AtomicBool::new(false),
            waiting: WakerSlot::new(),
        })
    }

    fn happen(&self) {
        self.has_happened.store(true, Relaxed);
        self.waiting.wake();
    }

    async fn wait(&self) {
        poll_fn(|context| {
            self.waiting.register(context.waker());
            if self.has_happened.swap(false, Relaxed) {
                Poll::Ready(())
            } else {
                Poll::Pending
            }
        })
        .await;
    }
}

fn start(executor: TestExecutor, behaviour: Behaviour) -> Vec<Task<()>> {
    match behaviour {
        Behaviour::Endless => vec![spawn(executor, compute(executor, u64::MAX))],
        Behaviour::Napper { compute_ns, sleep_ns } => vec![spawn(executor, async move {
            loop {
                compute(executor, compute_ns).await;
                executor.sleep_until(executor.hardware().now_ns() + sleep_ns).await;
            }
        })],
        Behaviour::Yielder { compute_ns } => vec![spawn(executor, async move {
            loop {
                compute(executor, compute_ns).await;
                executor.yield_now().await;
            }
        })],
        Behaviour::Pair { compute_ns } => {
            let events = [Event::new(), Event::new()];
            events[0].happen();
            let half = |own: usize| {
                let (own, other) = (Arc::clone(&events[own]), Arc::clone(&events[1 - own]));
                spawn(executor, async move {
                    loop {
                        own.wait().await;
                        compute(executor, compute_ns).await;
                        other.happen();
                    }
                })
            };
            vec![half(0), half(1)]
        }
    }
}

/// Runs tasks for a time, and returns the processor time that each one has used.
fn used_ns(behaviours: &[Behaviour], total_ns: u64) -> Vec<Vec<u64>> {
    let executor = new_executor(1, 100);
    let tasks: Vec<_> = behaviours.iter().map(|behaviour| start(executor, *behaviour)).collect();
    while executor.hardware().now_ns() < total_ns {
        let halts_before = executor.hardware().halts.load(Relaxed);
        executor.run_once();
        if executor.hardware().halts.load(Relaxed) != halts_before {
            let armed_ns = executor.hardware().armed_ns.load(Relaxed);
            advance(
                executor,
                armed_ns.saturating_sub(executor.hardware().now_ns()).min(total_ns),
            );
        }
        interrupt_if_due(executor);
    }
    let used_of = |tasks: &Vec<Task<()>>| tasks.iter().map(|task| task.metadata().used_ns()).collect();
    tasks.iter().map(used_of).collect()
}

fn behaviours() -> impl Strategy<Value = Vec<Behaviour>> {
    // From a microsecond to two slices, as often short as long.
    let ns = || (10_u32..25).prop_flat_map(|bits| (1_u64 << bits)..(2 << bits));
    let behaviour = prop_oneof![
        Just(Behaviour::Endless),
        (ns(), 1_u64..20_000_000).prop_map(|(compute_ns, sleep_ns)| Behaviour::Napper { compute_ns, sleep_ns }),
        (9_900_000_u64..10_000_000).prop_map(|compute_ns| Behaviour::Napper {
            compute_ns,
            sleep_ns: 1
        }),
        ns().prop_map(|compute_ns| Behaviour::Yielder { compute_ns }),
        ns().prop_map(|compute_ns| Behaviour::Pair { compute_ns }),
    ];
    prop::collection::vec(behaviour, 0..8)
}

const SECOND_NS: u64 = 1_000_000_000;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn endless_tasks_get_their_share_beside_any_others(others in behaviours()) {
        let behaviours: Vec<_> = [Behaviour::Endless].into_iter().chain(others).collect();
        let used = used_ns(&behaviours, SECOND_NS);
        let tasks_count = used.iter().map(|tasks| tasks.len() as u64).sum::<u64>();
        for (behaviour, used_ns) in behaviours.iter().zip(&used) {
            if matches!(behaviour, Behaviour::Endless) {
                let share_ns = SECOND_NS / tasks_count - SLICE_NS;
                prop_assert!(used_ns[0] >= share_ns, "{} of {share_ns} ns: {used:?}", used_ns[0]);
            }
        }
    }

    /// Beside an endless task, nothing that a task does gives it more than a share.
    #[test]
    fn no_task_gets_more_than_its_share(compute_ns in 1_000_u64..20_000_000, sleep_ns in 1_u64..20_000_000) {
        for greedy in [
            Behaviour::Napper { compute_ns, sleep_ns },
            Behaviour::Yielder { compute_ns },
            Behaviour::Pair { compute_ns },
        ] {
            let used = used_ns(&[Behaviour::Endless, Behaviour::Endless, greedy], SECOND_NS);
            let shares = used[2].len() as u64;
            let used_ns = used[2].iter().sum::<u64>();
            let share_ns = SECOND_NS * shares / (2 + shares) + 2 * SLICE_NS;
            prop_assert!(used_ns <= share_ns, "{greedy:?} {used_ns} of {share_ns} ns");
        }
    }
}
