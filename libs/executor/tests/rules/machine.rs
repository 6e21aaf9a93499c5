//! Simulated processors in one thread: the test says which of them runs, and what the time is.

use executor::{Executor, Hardware, Lock, Runnable, ScheduleInfo, Task};
use std::{
    pin::pin,
    sync::{
        Mutex,
        atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering::Relaxed},
    },
    task::{Context, Poll, Waker},
};

pub(crate) struct TestLock<T>(Mutex<T>);

impl<T: Send> Lock<T> for TestLock<T> {
    fn new(value: T) -> Self {
        Self(Mutex::new(value))
    }

    fn with<R>(&self, run: impl FnOnce(&mut T) -> R) -> R {
        // In one thread, a lock that is taken already is a deadlock.
        run(&mut self.0.try_lock().expect("the lock is free"))
    }
}

#[derive(Default)]
pub(crate) struct Machine {
    pub(crate) cpu: AtomicUsize,
    pub(crate) is_in_interrupt: AtomicBool,
    pub(crate) now_ns: AtomicU64,
    /// Of all processors together: the last deadline; `u64::MAX` if there is none.
    pub(crate) armed_ns: AtomicU64,
    pub(crate) needs_attention: AtomicBool,
    pub(crate) kicks: Mutex<Vec<usize>>,
    pub(crate) halts: AtomicUsize,
}

impl Machine {
    pub(crate) fn new() -> Self {
        Self {
            armed_ns: AtomicU64::new(u64::MAX),
            ..Self::default()
        }
    }

    pub(crate) fn run_as(&self, cpu: usize) {
        self.cpu.store(cpu, Relaxed);
    }
}

impl Hardware for Machine {
    type Lock<T: Send> = TestLock<T>;

    fn current_cpu(&self) -> usize {
        self.cpu.load(Relaxed)
    }

    fn is_in_interrupt(&self) -> bool {
        self.is_in_interrupt.load(Relaxed)
    }

    fn now_ns(&self) -> u64 {
        self.now_ns.load(Relaxed)
    }

    fn kick(&self, cpu: usize) {
        self.kicks.lock().expect("no test panics here").push(cpu);
    }

    fn arm_timer(&self, deadline_ns: u64) {
        self.armed_ns.store(deadline_ns, Relaxed);
    }

    fn request_attention(&self) {
        self.needs_attention.store(true, Relaxed);
    }

    fn halt_unless(&self, has_work: impl FnOnce() -> bool) {
        if !has_work() {
            self.halts.fetch_add(1, Relaxed);
        }
    }
}

pub(crate) type TestExecutor = &'static Executor<Machine>;

pub(crate) fn new_executor(cpus_count: usize, tasks_max: usize) -> TestExecutor {
    Box::leak(Box::new(Executor::new(Machine::new(), cpus_count, tasks_max)))
}

pub(crate) fn spawn<F>(executor: TestExecutor, future: F) -> Task<F::Output>
where
    F: Future<Output: Send> + Send + 'static,
{
    let schedule = move |runnable: Runnable, info: ScheduleInfo| executor.schedule(runnable, info);
    executor.reserve().expect("there is room").spawn(future, schedule)
}

/// Lets time pass.
pub(crate) fn advance(executor: TestExecutor, ns: u64) {
    executor.hardware().now_ns.fetch_add(ns, Relaxed);
}

/// Lets the timer interrupt the current processor if its deadline has passed.
pub(crate) fn interrupt_if_due(executor: TestExecutor) {
    let armed_ns = &executor.hardware().armed_ns;
    if armed_ns.load(Relaxed) <= executor.hardware().now_ns() {
        armed_ns.store(u64::MAX, Relaxed);
        interrupt(executor, || executor.on_interrupt());
    }
}

/// Uses the processor for a time in user mode, where it is preempted.
pub(crate) async fn compute(executor: TestExecutor, mut ns: u64) {
    while ns > 0 {
        if !executor.may_continue() {
            executor.requeue().await;
            continue;
        }
        let armed_ns = executor.hardware().armed_ns.load(Relaxed);
        let until_interrupt = armed_ns.saturating_sub(executor.hardware().now_ns());
        let step = ns.min(until_interrupt);
        advance(executor, step);
        ns -= step;
        interrupt_if_due(executor);
    }
}

/// Runs an interrupt handler on the current processor.
pub(crate) fn interrupt(executor: TestExecutor, handler: impl FnOnce()) {
    executor.hardware().is_in_interrupt.store(true, Relaxed);
    handler();
    executor.hardware().is_in_interrupt.store(false, Relaxed);
}

/// The result of a task, if it has ended.
pub(crate) fn result<T>(task: &mut Task<T>) -> Option<T> {
    match pin!(task).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(result) => Some(result),
        Poll::Pending => None,
    }
}

/// Runs tasks until this processor has nothing to do and no timer is armed.
pub(crate) fn run_all(executor: TestExecutor) {
    loop {
        let halts_before = executor.hardware().halts.load(Relaxed);
        executor.run_once();
        if executor.hardware().halts.load(Relaxed) == halts_before {
            continue;
        }
        let armed_ns = executor.hardware().armed_ns.load(Relaxed);
        if armed_ns == u64::MAX {
            return;
        }
        advance(executor, armed_ns.saturating_sub(executor.hardware().now_ns()));
        interrupt_if_due(executor);
    }
}
