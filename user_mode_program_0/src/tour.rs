//! A tour of the system calls.

use alloc::{collections::BTreeMap, string::String, vec::Vec};
use program_runtime::{echo, now, println};

/// Exit code of success.
const SUCCESS: u64 = 0;

/// Exit code if a system call returned a wrong result.
const WRONG_ANSWER: u64 = 1;

/// Logs a greeting, then tries the system calls.
pub(crate) fn main(arguments: &str) -> u64 {
    if arguments.is_empty() {
        println!("Hello from user mode!");
    } else {
        println!("Hello from user mode! My arguments are {arguments:?}");
    }
    if echoes() && allocates() && tells_the_time() {
        SUCCESS
    } else {
        println!("A system call returned a wrong result");
        WRONG_ANSWER
    }
}

/// Sends values to the kernel and back, twice.
fn echoes() -> bool {
    let values = [10, 20, 30, 40, 50, 60];
    let once = echo(values);
    let twice = once.and_then(echo);
    println!("Echo of {values:?}: {once:?}, then {twice:?}");
    once == Ok(values.map(|value| value + 1)) && twice == Ok(values.map(|value| value + 2))
}

/// Uses the heap: groups the names of numbers by length.
fn allocates() -> bool {
    let mut by_length = BTreeMap::<usize, Vec<String>>::new();
    for word in [
        "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten",
    ] {
        by_length.entry(word.len()).or_default().push(word.into());
    }
    println!("Words by length, on the heap: {by_length:?}");
    by_length.values().map(Vec::len).sum::<usize>() == 10
}

/// Reads the clock twice.
fn tells_the_time() -> bool {
    let (Ok(first), Ok(second)) = (now(), now()) else {
        return false;
    };
    println!("Time since the kernel's clock was started: {} ms", second / 1_000_000);
    first <= second
}
