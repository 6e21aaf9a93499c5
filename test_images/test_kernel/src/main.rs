//! The test kernel: the library of the shipped kernel, with scenarios that misbehave on request.
//!
//! The command-line word `scenario=NAME` chooses one; the names are in `scenarios::ALL`. A panic ends QEMU with the
//! failing exit code.
#![cfg_attr(target_os = "none", no_std, no_main)]

#[cfg(target_os = "none")]
extern crate alloc;

#[cfg(target_os = "none")]
mod bench;
#[cfg(target_os = "none")]
mod scenarios;

/// Entry point of the BSP.
#[cfg(target_os = "none")]
#[unsafe(no_mangle)]
extern "C" fn entry_point_from_limine() -> ! {
    kernel::init_bsp(&scenarios::TEST_HOOKS)
}

/// Explains itself when a user starts the kernel on their own system.
#[cfg(not(target_os = "none"))]
fn main() {
    eprintln!("This is a kernel: it runs on the bare machine. Type `cargo test` to boot it with its scenarios.");
    std::process::exit(1);
}
