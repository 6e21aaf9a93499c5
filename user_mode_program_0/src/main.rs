//! The first program: it demonstrates what a program can do.
#![cfg_attr(target_os = "none", no_std, no_main)]

#[cfg(target_os = "none")]
extern crate alloc;

#[cfg(target_os = "none")]
mod tour;

#[cfg(target_os = "none")]
program_runtime::entry_point!(tour::main);

/// Prints how to run the program if it is started on the host's operating system.
#[cfg(not(target_os = "none"))]
fn main() {
    eprintln!("This is a program for Limelight. Type `cargo run` to boot the kernel with it.");
    std::process::exit(1);
}
