//! Making processors forget translations of the kernel's half: a *TLB shootdown*.
//!
//! Page tables may be changed only if no processor goes on by what it remembers of them. Each remembers for itself, and
//! forgets only when it is told to (Intel SDM vol. 3, section 4.10.5).

use crate::sync::{InterruptsOff, remote_call};
use x86_64::registers::control::{Cr3, Cr4, Cr4Flags};

/// Makes every processor forget everything, and returns when all have.
///
/// One that is not online yet does it when it goes online.
pub(super) fn flush_everywhere() {
    flush_here();
    remote_call::call_others("flush the TLB", &flush_here);
}

/// Makes this processor forget everything, global pages too (Intel SDM vol. 3, section 4.10.4.1: a change of CR4.PGE).
pub fn flush_here() {
    let _interrupts = InterruptsOff::new();
    let cr4 = Cr4::read();
    if !cr4.contains(Cr4Flags::PAGE_GLOBAL) {
        // Without global pages, which not every processor has, the tables' address is enough.
        let (table, flags) = Cr3::read_raw();
        // SAFETY: The tables stay as they are.
        return unsafe { Cr3::write_raw(table, flags) };
    }
    // SAFETY: What the processor remembers is a copy of what the tables say. Any change of the flag, in either direction,
    // empties all caches of translations.
    unsafe { Cr4::write(cr4 ^ Cr4Flags::PAGE_GLOBAL) };
    // SAFETY: The flag is as it was.
    unsafe { Cr4::write(cr4) };
}
