//! The rules of reading and checking ACPI's tables, one test each, named after the rule.

mod check;
mod copy;
mod damage;
mod fadt;
mod hpet;
mod isa_routes;
mod machine;
mod madt_entries;
mod rsdp;
mod sleep_type;
mod spcr;
mod support;
mod table_list;
