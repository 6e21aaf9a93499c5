//! The id of the current processor, and the number of processors, for every layer.
//!
//! The base of the GS segment points to the processor's own data (`cpu::cpu_local_data`), which begins with its id. The
//! first lines of each entry function set it; nothing here may be called before that.

use core::{
    arch::asm,
    sync::atomic::{AtomicU32, Ordering},
};

pub const BSP_ID: u32 = 0;

/// Set on the BSP before any AP starts.
static CPUS_COUNT: AtomicU32 = AtomicU32::new(1);

/// Offset of the id in a processor's own data: 4 bytes that never change.
pub(crate) const ID_OFFSET: usize = 0;

/// Offset of the flag of [`set_is_logging`] in a processor's own data: 1 byte.
pub(crate) const IS_LOGGING_OFFSET: usize = 8;

#[inline]
pub fn current_cpu_id() -> u32 {
    let id: u32;
    // SAFETY: The GS base points to this processor's own data, as the head of this file says; its id is there.
    unsafe {
        asm!(
            "mov {id:e}, gs:[{offset}]",
            id = lateout(reg) id,
            offset = const ID_OFFSET,
            options(pure, readonly, nostack, preserves_flags)
        );
    }
    id
}

/// Sets the flag "this processor writes to the log, or waits to", and returns its old value. A single instruction does
/// both, so code that interrupts the processor sees the flag either before or after.
#[inline]
pub(crate) fn set_is_logging(is_logging: bool) -> bool {
    let mut flag = u8::from(is_logging);
    // SAFETY: The GS base points to this processor's own data, as the head of this file says; the flag is there, and only
    // this function uses it.
    unsafe {
        asm!(
            "xchg gs:[{offset}], {flag}",
            flag = inout(reg_byte) flag,
            offset = const IS_LOGGING_OFFSET,
            options(nostack, preserves_flags)
        );
    }
    flag != 0
}

/// Returns the number of processors, including the BSP.
pub fn cpus_count() -> u32 {
    CPUS_COUNT.load(Ordering::Relaxed)
}

/// Sets the number of processors. Only on the BSP, before it starts any other.
pub(crate) fn set_cpus_count(count: u32) {
    CPUS_COUNT.store(count, Ordering::Relaxed);
}
