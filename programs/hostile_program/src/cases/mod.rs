//! The test cases, by name.

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

/// Exit code: the kernel did what it promises.
pub(crate) const GOOD: u64 = 0;

/// Exit code: the kernel broke a promise.
pub(crate) const BROKEN: u64 = 1;

/// Exit code: the program survived an action that should have killed it.
pub(crate) const SURVIVED: u64 = 2;

/// A test case.
struct Case {
    name: &'static str,
    /// Takes the number from the arguments, returns the exit code.
    run: fn(u64) -> u64,
}

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

/// Looks up the code of a case.
pub(crate) fn find(name: &str) -> Option<fn(u64) -> u64> {
    let case = ALL.iter().copied().flatten().find(|case| case.name == name)?;
    Some(case.run)
}

/// Returns the exit code for a kept or broken promise.
fn kept(promise: bool) -> u64 {
    if promise { GOOD } else { BROKEN }
}

/// Makes cases of instructions, each of which should end the program.
macro_rules! fatal_instructions {
    ($($name:ident: $($text:literal),+;)*) => {
        [$($crate::cases::Case {
            name: stringify!($name),
            run: |_| {
                // SAFETY: The processor refuses the instruction. Where it does not, the instruction changes no memory,
                // and no register but those that a function may change.
                unsafe { core::arch::asm!($($text),+, clobber_abi("C")) };
                $crate::cases::SURVIVED
            },
        }),*]
    };
}
use fatal_instructions;
