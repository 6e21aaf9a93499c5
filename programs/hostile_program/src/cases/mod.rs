//! The cases, by name.

mod exceptions;
mod flags;
mod interrupts;
mod memory;
mod page_faults;
mod pointers;
mod privileged;
mod random;
mod registers;
mod segments;
mod simple;
mod stack_pointers;
mod text;

/// All went as the kernel promises.
pub(crate) const GOOD: u64 = 0;

/// The kernel broke a promise.
pub(crate) const BROKEN: u64 = 1;

/// The program did what should have ended it, and lives.
pub(crate) const SURVIVED: u64 = 2;

/// Code that is run by its name.
struct Case {
    /// The name.
    name: &'static str,
    /// The code: gets a number, returns the exit code.
    run: fn(u64) -> u64,
}

/// Every case.
const ALL: &[&[Case]] = &[
    exceptions::INSTRUCTIONS,
    exceptions::CASES,
    flags::CASES,
    interrupts::CASES,
    memory::CASES,
    page_faults::INSTRUCTIONS,
    page_faults::CASES,
    pointers::CASES,
    privileged::INSTRUCTIONS,
    random::CASES,
    registers::CASES,
    segments::INSTRUCTIONS,
    segments::CASES,
    simple::CASES,
    stack_pointers::CASES,
    text::CASES,
];

/// The code of a case.
pub(crate) fn find(name: &str) -> Option<fn(u64) -> u64> {
    let case = ALL.iter().copied().flatten().find(|case| case.name == name)?;
    Some(case.run)
}

/// The exit code for a promise.
fn kept(promise: bool) -> u64 {
    if promise { GOOD } else { BROKEN }
}

/// Cases of instructions, each of which should end the program.
macro_rules! fatal_instructions {
    ($($name:ident: $($text:literal),+;)*) => {
        [$($crate::cases::Case {
            name: stringify!($name),
            run: |_| {
                // SAFETY: The processor refuses it; where it does not, it changes no register but those that a function may, and
                // no memory.
                unsafe { core::arch::asm!($($text),+, clobber_abi("C")) };
                $crate::cases::SURVIVED
            },
        }),*]
    };
}
use fatal_instructions;
