//! The crate `acpi`, let loose on a copy of the tables. Whatever it asks for outside of the copy is a panic.

mod handler;
pub(crate) mod walk;
