//! Placeholder of `multiboot2_loader`.
#![cfg_attr(target_os = "none", no_std, no_main)]

#[cfg(not(target_os = "none"))]
fn main() {
    eprintln!("This program runs on the bare machine: type `cargo run` to boot it in QEMU.");
    std::process::exit(1);
}

/// Stops the processor for good.
#[cfg(target_os = "none")]
#[panic_handler]
fn rust_panic(_info: &core::panic::PanicInfo) -> ! {
    loop {}
}
