//! The rules of programs, one test each, named after the rule; and what holds for every plan, on generated, damaged and
//! meaningless files.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking, in its helpers too")]

mod broken_files;
mod corpus;
mod elf_file;
mod file_header;
mod generated;
mod invariants;
mod messages;
mod pages;
mod placement;
mod program_headers;
mod reference;
mod segments;
mod truncations;
