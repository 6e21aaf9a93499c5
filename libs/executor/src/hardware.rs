//! What the executor needs of the machine. The kernel implements it.

/// A lock around a value, held with interrupts off.
///
/// Interrupt handlers take these locks too. They never wait for ever: the holder has interrupts off, so no handler interrupts
/// it on its own processor, and it runs only short code of this library, which neither allocates nor waits.
pub trait Lock<T>: Send + Sync {
    /// Creates a free lock.
    fn new(value: T) -> Self;

    /// Waits until the lock is free, and calls `run` with interrupts off while it holds the lock.
    fn with<R>(&self, run: impl FnOnce(&mut T) -> R) -> R;
}

/// The processors, their interrupts and the clock.
///
/// None of the functions may allocate, use the executor (apart from calling `has_work`), or wait for another processor.
pub trait Hardware: Send + Sync + 'static {
    /// The kernel's lock with interrupts off.
    type Lock<T: Send>: Lock<T>;

    /// Id of this processor, below the count given to [`crate::Queues::new`].
    fn current_cpu(&self) -> usize;

    /// Whether the caller is an interrupt handler.
    fn is_in_interrupt(&self) -> bool;

    /// Nanoseconds on a clock that never goes back on one processor.
    fn now_ns(&self) -> u64;

    /// Sends a processor, which may be this one, an interrupt. Its handler calls [`crate::Executor::on_interrupt`].
    fn kick(&self, cpu: usize);

    /// Sets this processor's timer to interrupt once at `deadline_ns` or soon after, in place of what it was set to before. A
    /// deadline in the past interrupts at once. The handler calls [`crate::Executor::on_interrupt`]. Interrupts are off.
    fn arm_timer(&self, deadline_ns: u64);

    /// Makes this processor call [`crate::Executor::may_continue`] before it returns to user mode.
    fn request_attention(&self);

    /// Switches interrupts off and calls `has_work`. If it returns `false`, switches interrupts on and halts until an interrupt
    /// has been handled, so that none can come between the two (`sti; hlt`). Interrupts are on afterwards.
    fn halt_unless(&self, has_work: impl FnOnce() -> bool);
}
