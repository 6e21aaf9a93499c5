//! TLB shootdown: makes all processors forget their translations of the kernel's half.
//!
//! Each processor caches translations in a TLB of its own, and keeps them until it flushes the TLB itself (Intel SDM vol. 3,
//! section 4.10.5). So a changed mapping is safe to reuse only after every processor has flushed.

use crate::sync::{InterruptsOff, remote_call};
use x86_64::registers::control::{Cr3, Cr4, Cr4Flags};

/// Flushes the TLBs of all processors, and returns when all have done so. A processor that is not online yet flushes when
/// it goes online.
pub(super) fn flush_everywhere() {
    flush_here();
    remote_call::call_others("flush the TLB", &flush_here);
}

/// Flushes this processor's TLB, global pages included (Intel SDM vol. 3, section 4.10.4.1: a change of CR4.PGE).
pub fn flush_here() {
    let _interrupts = InterruptsOff::new();
    let cr4 = Cr4::read();
    if !cr4.contains(Cr4Flags::PAGE_GLOBAL) {
        // Not every processor has global pages. Without them, writing CR3 is enough.
        let (table, flags) = Cr3::read_raw();
        // SAFETY: The tables stay as they are.
        return unsafe { Cr3::write_raw(table, flags) };
    }
    // SAFETY: Any change of the flag flushes the TLB; the page tables stay as they are.
    unsafe { Cr4::write(cr4 ^ Cr4Flags::PAGE_GLOBAL) };
    // SAFETY: This restores the flag.
    unsafe { Cr4::write(cr4) };
}
