//! Any file is a program: `cargo fuzz run from_elf fuzz/corpus/from_elf tests/corpus` in `libs/elf_load_plan`, best with
//! `user_mode_program_0` in `fuzz/corpus/from_elf`. What the tests check on every plan is checked here.
#![no_main]

#[path = "../../tests/rules/invariants.rs"]
mod invariants;
#[path = "../../tests/rules/reference.rs"]
mod reference;

use invariants::{limits, planned};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|file: &[u8]| {
    let _ = planned(file, &limits());
});
