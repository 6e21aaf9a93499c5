//! Starts all APs at once, and lets them wait for the kernel.
//!
//! All APs get INIT, and 10 milliseconds later all get the start command, so 300 APs take as long as one. (One after the other, they
//! would also compete with those that wait already.) Every wait has a bound.

pub(crate) mod application_processor;
pub(crate) mod trampoline;

use acpi_check::Processor;
use arrayvec::ArrayVec;
use multiboot2_loader_core::acpi::madt::PROCESSOR_LIMIT;
use multiboot2_loader_core::address::VirtAddr;

use crate::console;
use crate::hand_off::LastStep;
use crate::interrupts::local_apic::{Command, LocalApic};
use crate::timer;
use application_processor::{INSTRUCTIONS, Instructions};
use trampoline::Trampoline;

/// Between INIT and the start command (Intel SDM volume 3, section "MP Initialization Protocol").
const INIT_MICROSECONDS: u16 = 10_000;
/// Number of the timer's longest waits (0.2 seconds) after which missing APs get a second start command.
const WAITS_TO_SECOND_START: u32 = 4;
/// Number of further waits (20 seconds) after which missing APs are given up.
const WAITS_TO_GIVING_UP: u32 = 400;

/// Starts all expected APs. Returns for each, in order, whether it waits for the kernel now.
pub(crate) fn start(
    local_apic: &LocalApic,
    trampoline: Trampoline,
    stack_tops: VirtAddr,
    instructions: Instructions,
) -> ArrayVec<bool, PROCESSOR_LIMIT> {
    let expected = &INSTRUCTIONS.call_once(|| instructions).expected;
    if expected.is_empty() {
        return ArrayVec::new();
    }
    let count = u32::try_from(expected.len()).expect("the MADT's list has a limit");
    trampoline.open(stack_tops, count);
    send(local_apic, Command::Init, expected);
    timer::wait_microseconds(INIT_MICROSECONDS);
    let start = Command::Start {
        page: trampoline.page_number(),
    };
    send(local_apic, start, expected);
    if !wait(expected, WAITS_TO_SECOND_START) {
        send(local_apic, start, expected);
        wait(expected, WAITS_TO_GIVING_UP);
    }
    trampoline.close();
    let parked = expected.iter().map(|(_, last_step)| last_step.is_parked());
    let parked: ArrayVec<bool, PROCESSOR_LIMIT> = parked.collect();
    for ((processor, _), _) in expected.iter().zip(&parked).filter(|(_, parked)| !**parked) {
        give_up(local_apic, processor);
    }
    parked
}

/// Reports an AP as missing, and prevents a late start: it would run in memory of the kernel.
fn give_up(local_apic: &LocalApic, processor: &Processor) {
    let Processor {
        processor_id,
        local_apic_id,
    } = processor;
    local_apic.send(Command::Init, *local_apic_id);
    console::warn(format_args!(
        "processor {processor_id} (local APIC id {local_apic_id}) did not start"
    ));
}

/// Sends a command to all APs that do not wait yet.
fn send(local_apic: &LocalApic, command: Command, expected: &[(Processor, LastStep)]) {
    for (processor, last_step) in expected {
        if !last_step.is_parked() {
            local_apic.send(command, processor.local_apic_id);
        }
    }
}

/// Waits for all APs. Returns `false` if some are missing after this number of waits.
fn wait(expected: &[(Processor, LastStep)], waits: u32) -> bool {
    let mut missing = expected.iter();
    let mut all_parked = || {
        // Starts at the first missing AP: those before it never leave again.
        while missing
            .as_slice()
            .first()
            .is_some_and(|(_, last_step)| last_step.is_parked())
        {
            missing.next();
        }
        missing.as_slice().is_empty()
    };
    (0..waits).any(|_| timer::wait_for(timer::LONGEST_MICROSECONDS, &mut all_parked))
}
