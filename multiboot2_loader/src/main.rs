//! The shipped Multiboot2 loader: all code is in the library, and test hooks are ignored.
#![cfg_attr(target_os = "none", no_std, no_main)]

/// Entry from the 32-bit start, with GRUB's registers and the load address.
#[cfg(target_os = "none")]
#[unsafe(no_mangle)]
extern "sysv64" fn loader_main(boot_information: u64, image_base: u64) -> ! {
    let handover = multiboot2_loader::Handover::new(boot_information, image_base);
    // SAFETY: Only the 32-bit start calls this function, and the handover holds its arguments.
    unsafe { multiboot2_loader::run(&handover, multiboot2_loader::HookPolicy::Ignore) }
}

/// Stops the loader after an error of its own.
#[cfg(target_os = "none")]
#[panic_handler]
fn rust_panic(info: &core::panic::PanicInfo<'_>) -> ! {
    multiboot2_loader::report_panic(info)
}

/// Runs if a user starts the loader as a program on the host.
#[cfg(not(target_os = "none"))]
fn main() {
    eprintln!("This is a boot loader: it runs on the bare machine. Type `cargo run` to boot it in QEMU.");
    std::process::exit(1);
}
