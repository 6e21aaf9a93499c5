//! A kernel that checks what a boot loader hands over by the Limine boot protocol, base revision 6.
//!
//! It is booted by the tests only. Its entry stores the processor's whole state before any compiled code runs, then
//! every response is checked and one line a check goes to COM1:
//!
//! - `ok   NAME` and `FAIL NAME: expected …, found …`: what the protocol promises;
//! - `fact NAME = VALUE`: not promised, but the same on one machine whichever boot loader started it;
//! - `info NAME = VALUE`: differs between machines, boot loaders or runs.
//!
//! The names do not depend on the boot loader, so two runs can be compared line by line. The last line is
//! `conformance: N ok, M failed`; then QEMU leaves through isa-debug-exit with 0x10 (all ok) or 0x11.
#![cfg_attr(target_os = "none", no_std, no_main)]

#[cfg(target_os = "none")]
mod bare_metal;

#[cfg(not(target_os = "none"))]
fn main() {
    eprintln!("This program runs on the bare machine: `cargo test` boots it in QEMU.");
    std::process::exit(1);
}
