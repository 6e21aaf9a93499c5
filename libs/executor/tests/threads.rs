//! Many tasks that wake each other, yield and sleep, on processors that are threads of the host.

#![cfg(not(loom))]

use executor::{Executor, Hardware, Lock, Runnable, ScheduleInfo, Task, WakerSlot};
use std::{
    cell::Cell,
    future::poll_fn,
    sync::{
        Arc, Condvar, Mutex,
        atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering::SeqCst},
    },
    task::Poll,
    thread,
    time::{Duration, Instant},
};

const CPUS: usize = 4;
const PAIRS: usize = 100;
const ROUNDS: usize = 1_000;

thread_local! {
    static CURRENT_CPU: Cell<usize> = const { Cell::new(0) };
}

struct HostLock<T>(Mutex<T>);

impl<T: Send> Lock<T> for HostLock<T> {
    fn new(value: T) -> Self {
        Self(Mutex::new(value))
    }

    fn with<R>(&self, run: impl FnOnce(&mut T) -> R) -> R {
        run(&mut self.0.lock().expect("no thread panics"))
    }
}

struct Host {
    started: Instant,
    cpus: [Cpu; CPUS],
}

#[derive(Default)]
struct Cpu {
    was_kicked: Mutex<bool>,
    kick: Condvar,
    armed_ns: AtomicU64,
}

impl Hardware for Host {
    type Lock<T: Send> = HostLock<T>;

    fn current_cpu(&self) -> usize {
        CURRENT_CPU.get()
    }

    fn is_in_interrupt(&self) -> bool {
        false
    }

    fn now_ns(&self) -> u64 {
        self.started
            .elapsed()
            .as_nanos()
            .try_into()
            .expect("the test is shorter than 500 years")
    }

    fn kick(&self, cpu: usize) {
        *self.cpus[cpu].was_kicked.lock().expect("no thread panics") = true;
        self.cpus[cpu].kick.notify_one();
    }

    fn arm_timer(&self, deadline_ns: u64) {
        self.cpus[self.current_cpu()].armed_ns.store(deadline_ns, SeqCst);
    }

    fn request_attention(&self) {}

    fn halt_unless(&self, has_work: impl FnOnce() -> bool) {
        let cpu = &self.cpus[self.current_cpu()];
        if has_work() {
            return;
        }
        let until_timer = Duration::from_nanos(cpu.armed_ns.load(SeqCst).saturating_sub(self.now_ns()));
        let was_kicked = cpu.was_kicked.lock().expect("no thread panics");
        // Long enough for a lost wake-up to end the test.
        let timeout = until_timer.min(Duration::from_secs(30));
        let waited = cpu
            .kick
            .wait_timeout_while(was_kicked, timeout, |was_kicked| !*was_kicked);
        drop(waited.expect("no thread panics"));
    }
}

impl Host {
    /// Takes back what interrupts this processor, if something does.
    fn take_interrupt(&self) -> bool {
        let cpu = &self.cpus[self.current_cpu()];
        let is_due = cpu.armed_ns.load(SeqCst) <= self.now_ns();
        if is_due {
            cpu.armed_ns.store(u64::MAX, SeqCst);
        }
        std::mem::take(&mut *cpu.was_kicked.lock().expect("no thread panics")) || is_due
    }
}

#[derive(Default)]
struct Turn {
    has_come: AtomicBool,
    waiting: WakerSlot<Host>,
}

impl Turn {
    fn give(&self) {
        self.has_come.store(true, SeqCst);
        self.waiting.wake();
    }

    async fn wait(&self) {
        poll_fn(|context| {
            self.waiting.register(context.waker());
            if self.has_come.swap(false, SeqCst) {
                Poll::Ready(())
            } else {
                Poll::Pending
            }
        })
        .await;
    }
}

/// Takes turns with another task.
async fn take_turns(executor: &'static Executor<Host>, own: Arc<Turn>, other: Arc<Turn>, ended: Arc<AtomicUsize>) {
    for round in 0..ROUNDS {
        own.wait().await;
        match round % 10 {
            0 => executor.yield_now().await,
            1 => executor.requeue().await,
            2 => executor.sleep_until(executor.hardware().now_ns() + 20_000).await,
            _ => {}
        }
        other.give();
    }
    own.waiting.clear();
    ended.fetch_add(1, SeqCst);
}

fn spawn(executor: &'static Executor<Host>, future: impl Future<Output = ()> + Send + 'static) -> Task<()> {
    let schedule = move |runnable: Runnable, info: ScheduleInfo| executor.schedule(runnable, info);
    executor.reserve().expect("there is room").spawn(future, schedule)
}

#[test]
fn all_tasks_end_on_four_processors() {
    let host = Host {
        started: Instant::now(),
        cpus: Default::default(),
    };
    host.cpus.iter().for_each(|cpu| cpu.armed_ns.store(u64::MAX, SeqCst));
    let executor: &'static Executor<Host> = Box::leak(Box::new(Executor::new(host, CPUS, 2 * PAIRS)));
    let ended = Arc::new(AtomicUsize::new(0));
    let mut tasks = Vec::new();
    for _ in 0..PAIRS {
        let turns = [Arc::new(Turn::default()), Arc::new(Turn::default())];
        turns[0].give();
        for (own, other) in [(0, 1), (1, 0)] {
            let (own, other) = (Arc::clone(&turns[own]), Arc::clone(&turns[other]));
            tasks.push(spawn(executor, take_turns(executor, own, other, Arc::clone(&ended))));
        }
    }
    thread::scope(|scope| {
        for cpu in 0..CPUS {
            let ended = &ended;
            scope.spawn(move || {
                CURRENT_CPU.set(cpu);
                while ended.load(SeqCst) < 2 * PAIRS {
                    executor.run_once();
                    if executor.hardware().take_interrupt() {
                        executor.on_interrupt();
                    }
                }
                (0..CPUS).for_each(|other| executor.hardware().kick(other));
            });
        }
    });
    let elapsed = executor.hardware().started.elapsed();
    assert!(
        elapsed < Duration::from_secs(25),
        "a processor waited in vain: {elapsed:?}"
    );
    assert!(tasks.iter().all(Task::is_finished));
    assert_eq!(executor.tasks_count(), 0);
}
