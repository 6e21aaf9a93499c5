//! Wrong uses of locks.

use kernel::sync::IrqSpinLock;

static LOCK: IrqSpinLock<u32> = IrqSpinLock::new(0);

/// Takes a lock that this processor already holds.
pub(super) fn take_twice() {
    let first = LOCK.lock();
    log::info!("Holding a lock: {}", *first);
    let second = LOCK.lock();
    log::error!("Took a lock twice: {}", *second);
}
