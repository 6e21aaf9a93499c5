//! The calls of the kernel, one after the other.

use alloc::{collections::BTreeMap, string::String, vec::Vec};
use program_runtime::{echo, now, println};

/// All is well.
const SUCCESS: u64 = 0;

/// The kernel's answer was not the one that a program can rely on.
const WRONG_ANSWER: u64 = 1;

/// Greets, and tries the kernel's calls.
pub(crate) fn main(arguments: &str) -> u64 {
    if arguments.is_empty() {
        println!("Hello from user mode!");
    } else {
        println!("Hello from user mode! My arguments are {arguments:?}");
    }
    if echoes() && allocates() && tells_the_time() {
        SUCCESS
    } else {
        println!("The kernel's answer was wrong");
        WRONG_ANSWER
    }
}

/// Sends values to the kernel and back, twice.
fn echoes() -> bool {
    let values = [10, 20, 30, 40, 50, 60];
    let once = echo(values);
    let twice = once.and_then(echo);
    println!("The kernel makes {values:?} {once:?}, and then {twice:?}");
    once == Ok(values.map(|value| value + 1)) && twice == Ok(values.map(|value| value + 2))
}

/// Uses the heap: numbers in words, by their lengths.
fn allocates() -> bool {
    let mut by_length = BTreeMap::<usize, Vec<String>>::new();
    for word in [
        "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten",
    ] {
        by_length.entry(word.len()).or_default().push(word.into());
    }
    println!("The heap holds {by_length:?}");
    by_length.values().map(Vec::len).sum::<usize>() == 10
}

/// Reads the clock twice.
fn tells_the_time() -> bool {
    let (Ok(first), Ok(second)) = (now(), now()) else {
        return false;
    };
    println!("The kernel's clock was started {} ms ago", second / 1_000_000);
    first <= second
}
