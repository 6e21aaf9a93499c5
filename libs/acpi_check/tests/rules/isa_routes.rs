//! Rules of where interrupts of the ISA bus arrive.

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

/// The timer arrives at input 2, and interrupt 9 is signalled by level, when low.
const PC: &[&[u8]] = &[&[2, 10, 0, 0, 2, 0, 0, 0, 0, 0], &[2, 10, 0, 9, 9, 0, 0, 0, 15, 0]];

#[test]
fn without_an_override_an_interrupt_arrives_at_its_number_by_edge_when_high() {
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
fn an_interrupt_whose_input_another_one_took_arrives_nowhere() {
    assert_eq!(routes(PC).route(2), None);
}

#[test]
fn there_is_no_interrupt_16() {
    assert_eq!(routes(&[&[2, 10, 0, 16, 2, 0, 0, 0, 0, 0]]).route(16), None);
    assert_eq!(routes(&[]).route(255), None);
}

#[test]
fn of_two_overrides_for_one_interrupt_the_later_one_holds() {
    let two: [&[u8]; 2] = [&[2, 10, 0, 4, 20, 0, 0, 0, 0, 0], &[2, 10, 0, 4, 21, 0, 0, 0, 0, 0]];
    assert_eq!(routes(&two).route(4), route(21, Polarity::ActiveHigh, Trigger::Edge));
}

#[test]
fn overrides_of_other_buses_or_with_flags_that_mean_nothing_are_passed_over() {
    let odd: [&[u8]; 3] = [
        &[2, 10, 1, 4, 20, 0, 0, 0, 0, 0],
        &[2, 10, 0, 4, 20, 0, 0, 0, 2, 0],
        &[2, 10, 0, 4, 20, 0, 0, 0, 8, 0],
    ];
    assert_eq!(routes(&odd).route(4), route(4, Polarity::ActiveHigh, Trigger::Edge));
}
