//! The first program: it demonstrates what a program can do.
#![cfg_attr(target_os = "none", no_std, no_main)]

#[cfg(target_os = "none")]
extern crate alloc;

#[cfg(target_os = "none")]
mod tour;

#[cfg(target_os = "none")]
program_runtime::entry_point!(tour::main);

/// Explains itself when a user starts the program on their own system.
#[cfg(not(target_os = "none"))]
fn main() {
    eprintln!("This is a program for Limelight. Type `cargo run` to boot the kernel with it.");
    std::process::exit(1);
}
