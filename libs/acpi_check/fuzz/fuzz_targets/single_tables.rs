//! Any bytes are each of the tables that are looked into: `cargo fuzz run single_tables` in `libs/acpi_check`.
#![no_main]

use acpi_check::{Hpet, IsaRoutes, MadtEntries, SerialConsole, SleepType};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|table: &[u8]| {
    _ = Hpet::from_table(table);
    _ = SerialConsole::from_table(table);
    assert!(MadtEntries::in_bytes(table).count() <= table.len());
    let routes = IsaRoutes::read(MadtEntries::in_bytes(table));
    (0..=255).for_each(|irq| _ = routes.route(irq));
    if let Some(soft_off) = SleepType::find_soft_off(table) {
        assert!(soft_off.a < 8 && soft_off.b < 8);
    }
});
