//! Permission to access a program's memory from the kernel. With SMAP on, every other access faults.

use core::{
    arch::asm,
    marker::PhantomData,
    sync::atomic::{AtomicBool, Ordering},
};

/// Whether SMAP is on, so that `stac` and `clac` exist. Set on the BSP before any program starts.
static SMAP_IS_ON: AtomicBool = AtomicBool::new(false);

/// Says that SMAP is on, on all processors.
pub fn announce_access_from_now_on() {
    SMAP_IS_ON.store(true, Ordering::Relaxed);
}

/// While this exists, its processor may access a program's memory. Hold it for as few lines as possible, and call no
/// other code meanwhile.
#[derive(Debug)]
pub struct UserAccess {
    /// The permission is the processor's, so it must stay there.
    _not_send: PhantomData<*mut ()>,
}

impl UserAccess {
    /// Begins the access (Intel SDM vol. 3, section 5.6: EFLAGS.AC lifts SMAP).
    #[inline]
    #[must_use]
    pub fn begin() -> Self {
        if SMAP_IS_ON.load(Ordering::Relaxed) {
            // SAFETY: The processor has SMAP, so the instruction exists; it only sets AC.
            unsafe { asm!("stac", options(nostack)) };
        }
        Self { _not_send: PhantomData }
    }
}

impl Drop for UserAccess {
    #[inline]
    fn drop(&mut self) {
        if SMAP_IS_ON.load(Ordering::Relaxed) {
            // SAFETY: The processor has SMAP, so the instruction exists; it only clears AC.
            unsafe { asm!("clac", options(nostack)) };
        }
    }
}
