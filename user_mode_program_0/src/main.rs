//! The first user program. It lies on the boot medium and is loaded as a module; nothing runs it yet.
#![cfg_attr(target_os = "none", no_std, no_main)]

use core::hint;

/// Where the program begins.
#[cfg(target_os = "none")]
#[unsafe(no_mangle)]
extern "C" fn entry_point() -> ! {
    wait_for_ever()
}

/// Nothing in this program panics, but the language asks for an answer.
#[cfg(target_os = "none")]
#[panic_handler]
fn rust_panic(_info: &core::panic::PanicInfo<'_>) -> ! {
    wait_for_ever()
}

/// Uses up processor time.
#[cfg_attr(
    not(target_os = "none"),
    expect(dead_code, reason = "only the bare-metal program waits")
)]
fn wait_for_ever() -> ! {
    loop {
        hint::spin_loop();
    }
}

/// Runs when somebody starts the program under their own system.
#[cfg(not(target_os = "none"))]
fn main() {
    eprintln!("This is a program for Limelight. Type `cargo run` to boot the kernel with it.");
    std::process::exit(1);
}
