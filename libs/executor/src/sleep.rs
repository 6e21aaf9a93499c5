//! Sleeping until a deadline.

use crate::{
    executor::{CpuState, Executor},
    hardware::{Hardware, Lock},
    timers::SlotIndex,
};
use core::{
    future::Future,
    pin::Pin,
    task::{Context, Poll, Waker},
};

/// A future that is ready when its deadline has passed. Dropping it takes its timer back.
pub struct Sleep<'a, H: Hardware> {
    executor: &'a Executor<H>,
    deadline_ns: u64,
    timer: Option<Timer>,
}

/// A slot among the timers of a processor.
#[derive(Clone, Copy)]
struct Timer {
    cpu: usize,
    slot: SlotIndex,
}

impl<H: Hardware> Executor<H> {
    /// Sleeps until [`Hardware::now_ns`] is at least `deadline_ns`; for ever if that is `u64::MAX`. Nothing is allocated.
    pub fn sleep_until(&self, deadline_ns: u64) -> Sleep<'_, H> {
        Sleep {
            executor: self,
            deadline_ns,
            timer: None,
        }
    }

    /// Adds a timer to this processor, or to another one whose slots are not all in use. Returns `None` if there is none.
    fn add_timer(&self, deadline_ns: u64, waker: &Waker) -> Option<Timer> {
        let this_cpu = self.hardware().current_cpu();
        let slot = self.this_cpu().timers.with(|timers| {
            let slot = timers.insert(deadline_ns, waker)?;
            self.arm(deadline_ns);
            Some(slot)
        });
        if let Some(slot) = slot {
            return Some(Timer { cpu: this_cpu, slot });
        }
        let insert = |(cpu, state): (usize, &CpuState<H>)| {
            let slot = state.timers.with(|timers| timers.insert(deadline_ns, waker))?;
            Some(Timer { cpu, slot })
        };
        let timer = self.cpus.iter().enumerate().find_map(insert)?;
        // The kick's handler arms that processor's timer.
        self.hardware().kick(timer.cpu);
        Some(timer)
    }
}

impl<H: Hardware> Future for Sleep<'_, H> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        if self.executor.hardware().now_ns() >= self.deadline_ns {
            return Poll::Ready(());
        }
        if let Some(Timer { cpu, slot }) = self.timer {
            let timers = &self.executor.cpus[cpu].timers;
            // The timer's processor has the say: this one's clock may be a little behind.
            let (was_woken, _old_waker) = timers.with(|timers| timers.check(slot, context.waker()));
            return if was_woken { Poll::Ready(()) } else { Poll::Pending };
        }
        self.timer = self.executor.add_timer(self.deadline_ns, context.waker());
        if self.timer.is_none() {
            // More sleeps than tasks: this one polls the clock, behind all other tasks.
            self.executor.mark_as_yielding();
            context.waker().wake_by_ref();
        }
        Poll::Pending
    }
}

impl<H: Hardware> Drop for Sleep<'_, H> {
    fn drop(&mut self) {
        if let Some(Timer { cpu, slot }) = self.timer {
            let _waker = self.executor.cpus[cpu].timers.with(|timers| timers.remove(slot));
        }
    }
}
