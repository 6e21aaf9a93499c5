//! Killing a task: it is told, woken or interrupted, and ends by its own code. It is never dropped at an await.

use crate::{
    hardware::Hardware,
    sync::{AtomicBool, AtomicUsize, Ordering, Step, does, fence},
    waker_slot::WakerSlot,
};
use core::{
    future::Future,
    pin::Pin,
    task::{Context, Poll},
};
use pin_project_lite::pin_project;

/// Value of `running_on` while the task runs no user code.
const NOWHERE: usize = usize::MAX;

/// The task was killed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Killed;

/// What a task shares with those that may kill it.
///
/// The task looks at it in three ways: it awaits everything by [`Self::until_killed`], goes to user mode by [`Self::start_running`],
/// and long work in the kernel calls [`Self::is_killed`] now and then.
pub struct KillSwitch<H: Hardware> {
    is_killed: AtomicBool,
    /// Processor on which the task runs user code, or [`NOWHERE`].
    running_on: AtomicUsize,
    waker: WakerSlot<H>,
}

/// Shows that the task runs user code. Dropping it shows that it no longer does.
pub struct Running<'a> {
    running_on: &'a AtomicUsize,
}

impl<H: Hardware> KillSwitch<H> {
    /// Creates the switch of a task that is not killed.
    #[must_use]
    pub fn new() -> Self {
        Self {
            is_killed: AtomicBool::new(false),
            running_on: AtomicUsize::new(NOWHERE),
            waker: WakerSlot::new(),
        }
    }

    /// Whether [`Self::kill`] was called.
    #[must_use]
    pub fn is_killed(&self) -> bool {
        self.is_killed.load(Ordering::Acquire)
    }

    /// Kills the task, and returns at once: wakes it if it waits, and kicks the processor on which it runs user code. May be
    /// repeated, and called from interrupt handlers.
    pub fn kill(&self, hardware: &H) {
        self.is_killed.store(true, Ordering::Release);
        self.waker.wake();
        if does(Step::FenceAfterKill) {
            fence(Ordering::SeqCst);
        }
        let cpu = self.running_on.load(Ordering::Relaxed);
        if cpu != NOWHERE {
            hardware.kick(cpu);
        }
    }

    /// Shows that the task is about to run user code on processor `cpu`. Interrupts are off until user mode, so that a kick
    /// interrupts user mode.
    ///
    /// # Errors
    ///
    /// [`Killed`].
    pub fn start_running(&self, cpu: usize) -> Result<Running<'_>, Killed> {
        self.running_on.store(cpu, Ordering::Relaxed);
        let running = Running {
            running_on: &self.running_on,
        };
        if does(Step::FenceBeforeRun) {
            fence(Ordering::SeqCst);
        }
        if self.is_killed() { Err(Killed) } else { Ok(running) }
    }

    /// Awaits `future`, which is dropped when the task is killed. So it must be one that may be dropped at any await.
    ///
    /// # Errors
    ///
    /// The output is [`Killed`] if the task is killed before, even if the future is ready.
    pub fn until_killed<F: Future>(&self, future: F) -> UntilKilled<'_, F, H> {
        UntilKilled {
            future,
            registration: Registration {
                switch: self,
                is_registered: false,
            },
        }
    }
}

impl<H: Hardware> Default for KillSwitch<H> {
    fn default() -> Self {
        Self::new()
    }
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        self.running_on.store(NOWHERE, Ordering::Relaxed);
    }
}

pin_project! {
    /// The future of [`KillSwitch::until_killed`].
    pub struct UntilKilled<'a, F, H: Hardware> {
        #[pin]
        future: F,
        registration: Registration<'a, H>,
    }
}

/// Whether the task's waker is in the switch. Dropping it takes the waker out.
struct Registration<'a, H: Hardware> {
    switch: &'a KillSwitch<H>,
    is_registered: bool,
}

impl<F: Future, H: Hardware> Future for UntilKilled<'_, F, H> {
    type Output = Result<F::Output, Killed>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let switch = this.registration.switch;
        if switch.is_killed() {
            return Poll::Ready(Err(Killed));
        }
        if let Poll::Ready(output) = this.future.poll(context) {
            return Poll::Ready(Ok(output));
        }
        switch.waker.register(context.waker());
        this.registration.is_registered = true;
        if does(Step::LookAfterRegister) && switch.is_killed() {
            return Poll::Ready(Err(Killed));
        }
        Poll::Pending
    }
}

impl<H: Hardware> Drop for Registration<'_, H> {
    fn drop(&mut self) {
        if self.is_registered {
            self.switch.waker.clear();
        }
    }
}
