//! Spawning tasks: a place is reserved for each before anything is allocated.

use crate::{
    credit::Credit,
    executor::{Executor, Runnable},
    hardware::Hardware,
    sync::Ordering,
};
use alloc::sync::Arc;
use async_task::{Builder, ScheduleInfo, WithInfo};
use core::{
    future::Future,
    pin::Pin,
    task::{Context, Poll},
};
use pin_project_lite::pin_project;

/// The handle of a spawned task: awaiting it gives the task's result, and its metadata is the task's credit.
///
/// Dropping it drops the future at its next turn, wherever it waits. So keep it for as long as the task may run, and detach only
/// tasks that never end.
pub type Task<T> = async_task::Task<T, Arc<Credit>>;

/// There are as many tasks as the executor has room for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TooManyTasks;

/// Room for one task in all queues.
pub struct Reservation<H: Hardware> {
    executor: &'static Executor<H>,
}

impl<H: Hardware> Executor<H> {
    /// Number of tasks and reservations.
    pub fn tasks_count(&self) -> usize {
        self.tasks.load(Ordering::Relaxed)
    }

    /// Reserves room for a task.
    ///
    /// # Errors
    ///
    /// [`TooManyTasks`].
    pub fn reserve(&'static self) -> Result<Reservation<H>, TooManyTasks> {
        let before = self.tasks.fetch_add(1, Ordering::Relaxed);
        let reservation = Reservation { executor: self };
        if before < self.tasks_max {
            Ok(reservation)
        } else {
            Err(TooManyTasks)
        }
    }
}

impl<H: Hardware> Reservation<H> {
    /// Spawns a task, at the end of the shared queue.
    ///
    /// `schedule` calls [`Executor::schedule`] of this executor. A function or closure that captures nothing makes waking cheaper.
    ///
    /// This allocates twice: 32 bytes, and the future with at most 128 bytes more; a future of about 2,000 bytes and more takes
    /// an allocation of its own. When one of them fails, the kernel panics: the caller makes sure of the memory before.
    pub fn spawn<F, S>(self, future: F, schedule: S) -> Task<F::Output>
    where
        F: Future<Output: Send> + Send + 'static,
        S: Fn(Runnable, ScheduleInfo) + Send + Sync + 'static,
    {
        let credit = Arc::new(Credit::new());
        let charged = Charged {
            future,
            credit: Arc::clone(&credit),
            reservation: self,
        };
        let builder = Builder::new().metadata(credit);
        let (runnable, task) = builder.spawn(|_credit| charged, WithInfo(schedule));
        runnable.schedule();
        task
    }
}

impl<H: Hardware> Drop for Reservation<H> {
    fn drop(&mut self) {
        self.executor.tasks.fetch_sub(1, Ordering::Relaxed);
    }
}

pin_project! {
    // A future that charges its credit at the end of each poll. An `async` block would hold the inner future twice.
    struct Charged<F, H: Hardware> {
        #[pin]
        future: F,
        credit: Arc<Credit>,
        reservation: Reservation<H>,
    }
}

impl<F: Future, H: Hardware> Future for Charged<F, H> {
    type Output = F::Output;

    #[inline]
    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        let result = this.future.poll(context);
        this.reservation.executor.charge(this.credit);
        result
    }
}
