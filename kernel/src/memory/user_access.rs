//! The one way to touch programs' memory from the kernel: with SMAP on, every other access faults.

use core::{
    arch::asm,
    marker::PhantomData,
    sync::atomic::{AtomicBool, Ordering},
};

/// Set on the BSP before there is a program: whether the processors forbid unannounced access (SMAP), so that announcing
/// it is possible.
static SMAP_IS_ON: AtomicBool = AtomicBool::new(false);

/// Says that SMAP is on, on all processors.
pub fn announce_access_from_now_on() {
    SMAP_IS_ON.store(true, Ordering::Relaxed);
}

/// While it exists, this processor may touch programs' memory. Hold it for as few lines as possible, and call nothing of
/// anybody else's meanwhile.
#[derive(Debug)]
pub struct UserAccess {
    /// It is this processor's, so it stays here.
    _not_send: PhantomData<*mut ()>,
}

impl UserAccess {
    /// Begins the access (Intel SDM vol. 3, section 5.6: EFLAGS.AC lifts SMAP).
    #[inline]
    #[must_use]
    pub fn begin() -> Self {
        if SMAP_IS_ON.load(Ordering::Relaxed) {
            // SAFETY: The processor has SMAP, so the instruction exists; all it does is set AC.
            unsafe { asm!("stac", options(nostack)) };
        }
        Self { _not_send: PhantomData }
    }
}

impl Drop for UserAccess {
    #[inline]
    fn drop(&mut self) {
        if SMAP_IS_ON.load(Ordering::Relaxed) {
            // SAFETY: The processor has SMAP, so the instruction exists; all it does is clear AC.
            unsafe { asm!("clac", options(nostack)) };
        }
    }
}
