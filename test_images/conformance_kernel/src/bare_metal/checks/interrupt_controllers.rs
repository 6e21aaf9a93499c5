//! No interrupt may arrive unasked: the 8259 pair, every I/O APIC and the local APIC of the bootstrap processor.

use super::{
    super::{
        facts::Facts,
        local_apic::{LocalApicState, Mode},
        mmio_window::MmioWindow,
        report::Report,
    },
    firmware_tables::AcpiTables,
    processor_state::has_x2apic,
};
use x86_64::instructions::port::Port;

/// Entry of an I/O APIC is masked.
const MASKED: u32 = 1 << 16;
/// Delivery modes that the protocol wants masked: fixed, lowest priority, NMI, external.
const MASKED_DELIVERY_MODES: [u32; 4] = [0, 1, 4, 7];

/// Checks all of them.
pub(crate) fn check(report: &mut Report, facts: &Facts, window: &MmioWindow) {
    report.section("pic");
    for (field, port) in [("master_masked", 0x21), ("slave_masked", 0xa1)] {
        // SAFETY: reading a mask register of the 8259 has no effect.
        let mask = unsafe { Port::<u8>::new(port).read() };
        report.equal(field, 0xff, u64::from(mask));
    }
    check_io_apics(report, facts, window);
    report.section("bsp_local_apic");
    check_local_apic(report, &LocalApicState::read(window));
}

/// Every I/O APIC that the MADT lists.
fn check_io_apics(report: &mut Report, facts: &Facts, window: &MmioWindow) {
    let madt = AcpiTables::of(facts).find(b"APIC").unwrap_or(&[]);
    let mut entries = madt.get(44..).unwrap_or(&[]);
    let mut count = 0;
    while let [kind, length, ..] = entries {
        let Some((entry, rest)) = entries.split_at_checked(usize::from(*length).max(2)) else {
            break;
        };
        if *kind == 1
            && let Some(address) = entry
                .get(4..8)
                .and_then(|bytes| bytes.try_into().ok())
                .map(u32::from_le_bytes)
        {
            report.numbered_section("io_apic", count);
            check_io_apic(report, window, u64::from(address));
            count += 1;
        }
        entries = rest;
    }
    report.section("io_apics");
    report.fact("count", count);
}

/// Every redirection entry of one I/O APIC.
fn check_io_apic(report: &mut Report, window: &MmioWindow, address: u64) {
    let read = |index: u32| {
        // SAFETY: the index register only chooses what the data register shows.
        unsafe { window.write(address, index) }?;
        window.read(address + 0x10)
    };
    let Some(version) = read(1) else {
        report.info("reachable", false);
        return;
    };
    let last_entry = version >> 16 & 0xff;
    report.fact("last_entry", last_entry);
    let unmasked = (0..=last_entry).find(|index| {
        let entry = read(0x10 + index * 2).unwrap_or(0);
        MASKED_DELIVERY_MODES.contains(&(entry >> 8 & 0b111)) && entry & MASKED == 0
    });
    report.holds(
        "masked",
        unmasked.is_none(),
        "every entry",
        format_args!("{unmasked:?} is not"),
    );
}

/// The local APIC of any processor.
pub(crate) fn check_local_apic(report: &mut Report, state: &LocalApicState) {
    let expected = if has_x2apic() { Mode::X2Apic } else { Mode::XApic };
    report.holds(
        "mode",
        state.mode == expected,
        "x2APIC where the processor has it",
        mode_name(state.mode),
    );
    report.fact("mode_name", mode_name(state.mode));
    report.info("base_register", format_args!("{:#x}", state.base_register));
    if state.mode == Mode::Disabled {
        return;
    }
    report.equal("task_priority", 0, u64::from(state.task_priority));
    report.equal("spurious_vector", 0x1ff, u64::from(state.spurious_vector));
    report.equal("in_service", 0, u64::from(state.in_service));
    report.info("requested", format_args!("{:#x}", state.requested));
    report.info("timer_initial_count", format_args!("{:#x}", state.timer_initial_count));
    for (name, value) in state.local_vectors.into_iter().flatten() {
        let has_such_mode = MASKED_DELIVERY_MODES.contains(&(value >> 8 & 0b111));
        report.holds(
            name,
            !has_such_mode || value & MASKED != 0,
            "masked",
            format_args!("{value:#x}"),
        );
    }
}

/// For the report.
fn mode_name(mode: Mode) -> &'static str {
    match mode {
        Mode::Disabled => "disabled",
        Mode::XApic => "xAPIC",
        Mode::X2Apic => "x2APIC",
    }
}
