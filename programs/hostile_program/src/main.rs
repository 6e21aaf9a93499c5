//! A program that attacks the kernel. Its arguments name a case, and optionally a number: `int 128`.
//!
//! A case either exits with 0, if the kernel kept its promise, or the kernel kills it. A broken promise gives
//! [`cases::BROKEN`]. The booted tests list the expected end of each case.
#![cfg_attr(target_os = "none", no_std, no_main)]

#[cfg(target_os = "none")]
extern crate alloc;

#[cfg(target_os = "none")]
mod cases;
#[cfg(target_os = "none")]
mod first_state;

#[cfg(target_os = "none")]
use program_runtime::println;

/// Exit code if the arguments name no case.
#[cfg(target_os = "none")]
const UNKNOWN_CASE: u64 = 98;

/// Runs the case that the arguments name.
#[cfg(target_os = "none")]
fn main(arguments: &str) -> u64 {
    let (name, number) = arguments.split_once(' ').unwrap_or((arguments, "0"));
    match (cases::find(name), number.parse()) {
        (Some(run), Ok(number)) => run(number),
        _ => {
            println!("There is no case {arguments:?}");
            UNKNOWN_CASE
        }
    }
}

/// Explains itself when a user starts the program on their own system.
#[cfg(not(target_os = "none"))]
fn main() {
    eprintln!(
        "This is a program for Limelight, which it attacks. Type `cargo test --test boot -- hostile` to see it fail."
    );
    std::process::exit(1);
}
