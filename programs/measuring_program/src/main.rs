//! A program that measures what the kernel costs it, for the benchmark. Its argument names what; its exit code is the number of
//! ticks of the time stamp counter that one of it takes: instructions, on the machine of the benchmark.
#![cfg_attr(target_os = "none", no_std, no_main)]

#[cfg(target_os = "none")]
mod measurements;

#[cfg(target_os = "none")]
program_runtime::entry_point!(measurements::main);

/// Runs when somebody starts the program under their own system.
#[cfg(not(target_os = "none"))]
fn main() {
    eprintln!("This is a program for Limelight. Type `./dev bench` to let it measure.");
    std::process::exit(1);
}
