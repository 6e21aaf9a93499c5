//! A program that measures system calls and page faults for the benchmark. Its argument names the measurement. Its exit
//! code is the mean cost in ticks of the time stamp counter: on the benchmark's machine, instructions.
#![cfg_attr(target_os = "none", no_std, no_main)]

#[cfg(target_os = "none")]
mod measurements;

#[cfg(target_os = "none")]
program_runtime::entry_point!(measurements::main);

/// Explains itself when a user starts the program on their own system.
#[cfg(not(target_os = "none"))]
fn main() {
    eprintln!("This is a program for Limelight. Type `./dev bench` to let it measure.");
    std::process::exit(1);
}
