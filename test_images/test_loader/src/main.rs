//! The Multiboot2 loader for tests: the same library as the shipped one, but it obeys the words of the kernel's command
//! line that begin with `loader.`.
#![cfg_attr(target_os = "none", no_std, no_main)]

/// Where the 32-bit start leads, with what it found in GRUB's registers and where it found itself.
#[cfg(target_os = "none")]
#[unsafe(no_mangle)]
extern "sysv64" fn loader_main(boot_information: u64, image_base: u64) -> ! {
    let handover = multiboot2_loader::Handover::new(boot_information, image_base);
    // SAFETY: Only the 32-bit start calls this function, and the handover is made of its arguments.
    unsafe { multiboot2_loader::run(&handover, multiboot2_loader::HookPolicy::Obey) }
}

/// Stops the loader after a fault of its own.
#[cfg(target_os = "none")]
#[panic_handler]
fn rust_panic(info: &core::panic::PanicInfo<'_>) -> ! {
    multiboot2_loader::report_panic(info)
}

/// Runs when somebody starts the loader as a program of their own system.
#[cfg(not(target_os = "none"))]
fn main() {
    eprintln!("This is a boot loader: it runs on the bare machine. Type `cargo run` to boot it in QEMU.");
    std::process::exit(1);
}
