//! A program that tries what no program may do. Its arguments name a case, and perhaps a number: `int 128`.
//!
//! A case that ends as the kernel promises returns 0, or is killed by the kernel; one in which the kernel broke a promise returns
//! [`cases::BROKEN`]. What is expected of each stands with the booted tests.
#![cfg_attr(target_os = "none", no_std, no_main)]

#[cfg(target_os = "none")]
extern crate alloc;

#[cfg(target_os = "none")]
mod cases;
#[cfg(target_os = "none")]
mod first_state;

#[cfg(target_os = "none")]
use program_runtime::println;

/// The exit code for arguments that name no case.
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

/// Runs when somebody starts the program under their own system.
#[cfg(not(target_os = "none"))]
fn main() {
    eprintln!(
        "This is a program for Limelight, which it attacks. Type `cargo test --test boot -- hostile` to see it fail."
    );
    std::process::exit(1);
}
