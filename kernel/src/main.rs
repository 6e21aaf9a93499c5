//! The kernel as it is shipped: the boot of the library, with nothing added.
//!
//! The boot itself, step by step, is in `lib.rs`. It is a library so that `test_kernel` can boot the very same code
//! with scenarios added, while this binary carries none.
#![cfg_attr(target_os = "none", no_std, no_main)]

/// Where the boot loader enters on the first processor (Limine boot protocol, "Entry machine state").
#[cfg(target_os = "none")]
#[unsafe(no_mangle)]
extern "C" fn entry_point_from_limine() -> ! {
    kernel::init_bsp(&kernel::TestHooks::NONE)
}

/// Runs when somebody starts the kernel as a program of their own system.
#[cfg(not(target_os = "none"))]
fn main() {
    eprintln!("This is a kernel: it runs on the bare machine. Type `cargo run` to boot it in QEMU.");
    std::process::exit(1);
}
