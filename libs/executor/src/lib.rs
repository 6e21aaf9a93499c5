//! An executor for a kernel: it runs futures as tasks on all processors, in fair shares.
//!
//! It knows no hardware and no programs. The kernel implements [`Hardware`]: which processor this is, the clock, a timer, a kick
//! and a halt for each processor, and a lock. In return its interrupt handlers call [`Executor::on_interrupt`].
//!
//! # Words
//!
//! - A *task* is a future that the executor polls. `async-task` allocates it and makes its wakers.
//! - A task's *credit* is the processor time that it may use before others have their turn: at most [`SLICE_NS`].
//! - A *kick* is an interrupt that one processor sends to another to make it look at the queues.
//! - A *tickless* processor runs a task that has nobody to preempt, without a timer.
//!
//! # Order
//!
//! A processor runs the task that its last one has woken, then those of its local queue, then those of the queue that all
//! processors share, then those that it steals from the longest local queue; else it halts.
//!
//! Credit is filled when a task is taken from the shared queue, and by nothing else. A woken task with credit goes to the local
//! queue, one without to the shared one, as do new tasks and those that yield. So while a task waits for its turn on one processor,
//! each other task uses at most one credit, however often it sleeps, yields or wakes others. Of n tasks, each one that always has
//! work gets at least 1/n of the time.
//!
//! # What always holds
//!
//! - No wake-up is lost: no task stays queued while a processor halts, nor while one runs a task without credit. The module
//!   `queues` tells how.
//! - Waking never allocates, frees, waits or fails, so interrupt handlers may do it. All queues have their memory from the start.
//! - Locks nest in one order: timers or waker slot → queue. Each is held for a bounded time with interrupts off: [`Lock`].
//!
//! # Example
//!
//! One processor, simulated: an interrupt wakes a sleeping task.
//!
//! ```
//! use executor::{Executor, Hardware, Lock, Task};
//! use std::sync::{
//!     LazyLock, Mutex,
//!     atomic::{AtomicU64, Ordering},
//! };
//!
//! struct Simulated {
//!     now_ns: AtomicU64,
//!     timer_ns: AtomicU64,
//! }
//!
//! struct SimulatedLock<T>(Mutex<T>);
//!
//! impl<T: Send> Lock<T> for SimulatedLock<T> {
//!     fn new(value: T) -> Self {
//!         Self(Mutex::new(value))
//!     }
//!     fn with<R>(&self, run: impl FnOnce(&mut T) -> R) -> R {
//!         run(&mut self.0.lock().unwrap())
//!     }
//! }
//!
//! impl Hardware for Simulated {
//!     type Lock<T: Send> = SimulatedLock<T>;
//!     fn current_cpu(&self) -> usize {
//!         0
//!     }
//!     fn is_in_interrupt(&self) -> bool {
//!         false
//!     }
//!     fn now_ns(&self) -> u64 {
//!         self.now_ns.load(Ordering::Relaxed)
//!     }
//!     fn kick(&self, _cpu: usize) {}
//!     fn arm_timer(&self, deadline_ns: u64) {
//!         self.timer_ns.store(deadline_ns, Ordering::Relaxed);
//!     }
//!     fn request_attention(&self) {}
//!     fn halt_unless(&self, has_work: impl FnOnce() -> bool) {
//!         if !has_work() {
//!             // The timer interrupts the halt.
//!             self.now_ns.store(self.timer_ns.load(Ordering::Relaxed), Ordering::Relaxed);
//!             executor().on_interrupt();
//!         }
//!     }
//! }
//!
//! fn executor() -> &'static Executor<Simulated> {
//!     static EXECUTOR: LazyLock<Executor<Simulated>> = LazyLock::new(|| {
//!         let hardware = Simulated { now_ns: AtomicU64::new(0), timer_ns: AtomicU64::new(0) };
//!         Executor::new(hardware, 1, 100)
//!     });
//!     &EXECUTOR
//! }
//!
//! fn spawn(future: impl Future<Output = u64> + Send + 'static) -> Task<u64> {
//!     let reservation = executor().reserve().expect("there is room for 100 tasks");
//!     reservation.spawn(future, |runnable, info| executor().schedule(runnable, info))
//! }
//!
//! let sleeping = spawn(async {
//!     executor().sleep_until(5_000).await;
//!     executor().hardware().now_ns()
//! });
//! let waiting = spawn(async move { sleeping.await + 1 });
//! while !waiting.is_finished() {
//!     executor().run_once();
//! }
//! assert_eq!(executor().hardware().now_ns(), 5_000);
//! ```
#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

mod cpu_sets;
mod credit;
mod executor;
mod hardware;
mod kill;
mod local_queue;
mod queues;
mod sleep;
mod sync;
mod task;
mod timers;
mod waker_slot;

pub use async_task::{FallibleTask, ScheduleInfo};
pub use credit::{Credit, SLICE_NS};
pub use executor::{Executor, Runnable};
pub use hardware::{Hardware, Lock};
pub use kill::{KillSwitch, Killed, Running, UntilKilled};
pub use queues::{Item, Place, Queues};
pub use sleep::Sleep;
pub use task::{Reservation, Task, TooManyTasks};
pub use waker_slot::WakerSlot;
