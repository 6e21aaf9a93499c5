//! The rules of reading and checking ACPI's tables, one test each, named after the rule.

mod acpi_crate;
mod check;
mod damage;
mod fadt;
mod hpet;
mod image;
mod isa_routes;
mod machine;
mod madt_entries;
mod madt_sanitize;
mod rsdp;
mod sleep_type;
mod spcr;
mod support;
mod table_list;
