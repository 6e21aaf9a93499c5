//! Any bytes are the memory in which the tables lie: `cargo fuzz run memory` in `libs/acpi_check`.
#![no_main]

use acpi_check::{AllegedAddress, Rsdp, TableList, check};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|memory: &[u8]| {
    let mut note = |note: acpi_check::AcpiNote| _ = note.to_string();
    let start = AllegedAddress::new(0);
    if let Some(tables) = check(&memory, Some(start), &mut note) {
        let mut room = vec![0; tables.size_bytes()];
        _ = tables.copy_into(&memory, &mut room, &mut note);
    }
    // The fuzzer hardly finds right checksums: start after the first as well.
    for (rsdt, xsdt) in [(Some(start), None), (None, Some(start))] {
        let rsdp = Rsdp {
            address: start,
            length_bytes: 36,
            rsdt,
            xsdt,
        };
        _ = TableList::read(&memory, &rsdp, &mut note);
    }
});
