//! Processors for loom: each is a thread that says which one it is.

use executor::{Credit, Executor, Hardware, Item, Lock, Place, Queues, Runnable, ScheduleInfo, Task};
use loom::{
    sync::{Arc, Condvar, Mutex},
    thread,
};
use std::{
    cell::Cell,
    future::Future,
    pin::pin,
    task::{Context, Poll, Waker},
};

loom::thread_local! {
    static CURRENT_CPU: Cell<usize> = Cell::new(0);
    static IS_IN_INTERRUPT: Cell<bool> = Cell::new(false);
}

/// Runs a model with at most so many preemptions in each execution.
pub(crate) fn explore(preemption_bound: usize, model: impl Fn() + Send + Sync + 'static) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(preemption_bound);
    builder.check(model);
}

/// Makes this thread a processor.
pub(crate) fn become_cpu(cpu: usize) {
    CURRENT_CPU.with(|current| current.set(cpu));
}

/// Starts a thread that is a processor.
pub(crate) fn spawn_cpu(cpu: usize, run: impl FnOnce() + 'static) -> thread::JoinHandle<()> {
    thread::spawn(move || {
        become_cpu(cpu);
        run();
    })
}

pub(crate) struct Machine {
    cpus: Vec<Cpu>,
}

#[derive(Default)]
struct Cpu {
    /// Held while interrupts are off.
    interrupts_off: Mutex<()>,
    at_next_halt: std::sync::Mutex<Option<Box<dyn FnOnce() + Send>>>,
    signals: Mutex<Signals>,
    changed: Condvar,
}

#[derive(Default)]
struct Signals {
    /// There was an interrupt since the processor last began to halt.
    was_interrupted: bool,
    /// The model ends: the processor halts no more.
    is_stopped: bool,
}

impl Machine {
    pub(crate) fn new(cpus_count: usize) -> Self {
        Self {
            cpus: (0..cpus_count).map(|_| Cpu::default()).collect(),
        }
    }

    /// Calls `run` when this processor has announced its next halt, before it looks for work.
    pub(crate) fn at_next_halt(&self, run: impl FnOnce() + Send + 'static) {
        *self.cpus[self.current_cpu()]
            .at_next_halt
            .lock()
            .expect("no thread panics") = Some(Box::new(run));
    }

    /// Runs an interrupt handler on a processor, which is not interrupted while it has interrupts off.
    pub(crate) fn interrupt(&self, cpu: usize, handler: impl FnOnce()) {
        become_cpu(cpu);
        IS_IN_INTERRUPT.with(|is_in_interrupt| is_in_interrupt.set(true));
        let _interrupts_off = self.cpus[cpu].interrupts_off.lock();
        handler();
        self.kick(cpu);
    }

    /// Computes until there is an interrupt.
    pub(crate) fn run_until_interrupt(&self) {
        let cpu = &self.cpus[self.current_cpu()];
        let mut signals = cpu.signals.lock().expect("no thread panics");
        while !signals.was_interrupted && !signals.is_stopped {
            signals = cpu.changed.wait(signals).expect("no thread panics");
        }
    }

    /// Lets all processors end, which would otherwise halt at the end of the model.
    pub(crate) fn stop(&self) {
        for cpu in &self.cpus {
            cpu.signals.lock().expect("no thread panics").is_stopped = true;
            cpu.changed.notify_one();
        }
    }
}

impl Hardware for Machine {
    type Lock<T: Send> = ModelLock<T>;

    fn current_cpu(&self) -> usize {
        CURRENT_CPU.with(Cell::get)
    }

    fn is_in_interrupt(&self) -> bool {
        IS_IN_INTERRUPT.with(Cell::get)
    }

    fn now_ns(&self) -> u64 {
        0
    }

    fn kick(&self, cpu: usize) {
        let cpu = &self.cpus[cpu];
        cpu.signals.lock().expect("no thread panics").was_interrupted = true;
        cpu.changed.notify_one();
    }

    fn arm_timer(&self, _deadline_ns: u64) {}

    fn request_attention(&self) {}

    fn halt_unless(&self, has_work: impl FnOnce() -> bool) {
        let cpu = &self.cpus[self.current_cpu()];
        let at_next_halt = cpu.at_next_halt.lock().expect("no thread panics").take();
        if let Some(run) = at_next_halt {
            run();
        }
        let interrupts_off = cpu.interrupts_off.lock();
        // An interrupt that came before does not end the halt.
        cpu.signals.lock().expect("no thread panics").was_interrupted = false;
        let has_work = has_work();
        drop(interrupts_off);
        if !has_work {
            self.run_until_interrupt();
        }
    }
}

pub(crate) struct ModelLock<T>(Mutex<T>);

impl<T: Send> Lock<T> for ModelLock<T> {
    fn new(value: T) -> Self {
        Self(Mutex::new(value))
    }

    fn with<R>(&self, run: impl FnOnce(&mut T) -> R) -> R {
        run(&mut self.0.lock().expect("no thread panics"))
    }
}

/// An item with credit.
pub(crate) struct ModelItem {
    credit: Credit,
    /// Counts from 0.
    pub(crate) id: usize,
}

impl Item for ModelItem {
    fn credit(&self) -> &Credit {
        &self.credit
    }
}

pub(crate) type ModelQueues = Queues<ModelItem, Machine>;

/// Empty queues, and items that have credit since they were taken from the shared queue once.
pub(crate) fn queues_and_items(cpus_count: usize, items_count: usize) -> (Arc<ModelQueues>, Vec<ModelItem>) {
    let queues = Queues::new(Machine::new(cpus_count), cpus_count, 8);
    let item = |id| {
        let credit = Credit::new();
        queues.push(ModelItem { credit, id }, Place::Shared);
        queues.take().expect("an item was pushed")
    };
    let items = (0..items_count).map(item).collect();
    (Arc::new(queues), items)
}

/// Takes an item, and halts while there is none.
pub(crate) fn take_or_halt(queues: &ModelQueues) {
    while queues.take().is_none() {
        queues.halt();
    }
}

/// An executor for a few tasks. Loom forgets it at the end of the execution.
pub(crate) fn new_executor(cpus_count: usize) -> &'static Executor<Machine> {
    Box::leak(Box::new(Executor::new(Machine::new(cpus_count), cpus_count, 4)))
}

/// The scheduling function of the executor's tasks.
pub(crate) fn schedule(executor: &'static Executor<Machine>) -> impl Fn(Runnable, ScheduleInfo) {
    move |runnable, info| executor.schedule(runnable, info)
}

/// Runs tasks on this processor until `task` has ended.
pub(crate) fn run_until<T>(executor: &Executor<Machine>, task: Task<T>) -> T {
    while !task.is_finished() {
        executor.run_once();
    }
    let mut task = pin!(task);
    match task.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(result) => result,
        Poll::Pending => panic!("a task that has ended has a result"),
    }
}
