//! Rules of the inputs to which interrupts of the ISA bus are wired.

use super::machine::madt;
use acpi_check::{GlobalSystemInterrupt, InterruptLine, IsaRoute, IsaRoutes, MadtEntries, Polarity, Trigger};

fn routes(entries: &[&[u8]]) -> IsaRoutes {
    IsaRoutes::read(MadtEntries::in_bytes(&madt(entries)))
}

const fn route(interrupt: u32, polarity: Polarity, trigger: Trigger) -> Option<IsaRoute> {
    Some(IsaRoute {
        interrupt: GlobalSystemInterrupt(interrupt),
        line: InterruptLine { polarity, trigger },
    })
}

/// The timer is wired to input 2, and interrupt 9 is level-triggered and active low.
const PC: &[&[u8]] = &[&[2, 10, 0, 0, 2, 0, 0, 0, 0, 0], &[2, 10, 0, 9, 9, 0, 0, 0, 15, 0]];

#[test]
fn without_an_override_the_input_has_the_same_number_edge_triggered_and_active_high() {
    for irq in 0..16 {
        let expected = route(u32::from(irq), Polarity::ActiveHigh, Trigger::Edge);
        assert_eq!(routes(&[]).route(irq), expected);
    }
}

#[test]
fn an_override_says_input_polarity_and_trigger_mode() {
    assert_eq!(routes(PC).route(0), route(2, Polarity::ActiveHigh, Trigger::Edge));
    assert_eq!(routes(PC).route(9), route(9, Polarity::ActiveLow, Trigger::Level));
    let high_level = [2, 10, 0, 10, 10, 1, 0, 0, 13, 0];
    assert_eq!(
        routes(&[&high_level]).route(10),
        route(266, Polarity::ActiveHigh, Trigger::Level)
    );
}

#[test]
fn an_interrupt_whose_input_another_one_uses_has_no_route() {
    assert_eq!(routes(PC).route(2), None);
}

#[test]
fn there_is_no_interrupt_16() {
    assert_eq!(routes(&[&[2, 10, 0, 16, 2, 0, 0, 0, 0, 0]]).route(16), None);
    assert_eq!(routes(&[]).route(255), None);
}

#[test]
fn of_two_overrides_for_one_interrupt_the_later_one_applies() {
    let two: [&[u8]; 2] = [&[2, 10, 0, 4, 20, 0, 0, 0, 0, 0], &[2, 10, 0, 4, 21, 0, 0, 0, 0, 0]];
    assert_eq!(routes(&two).route(4), route(21, Polarity::ActiveHigh, Trigger::Edge));
}

#[test]
fn overrides_of_other_buses_or_with_reserved_flags_are_skipped() {
    let odd: [&[u8]; 3] = [
        &[2, 10, 1, 4, 20, 0, 0, 0, 0, 0],
        &[2, 10, 0, 4, 20, 0, 0, 0, 2, 0],
        &[2, 10, 0, 4, 20, 0, 0, 0, 8, 0],
    ];
    assert_eq!(routes(&odd).route(4), route(4, Polarity::ActiveHigh, Trigger::Edge));
}
