//! The list of processors, and every application processor at its entry.
//!
//! They are started one after the other: each stores its registers to the same place, adds what only it can read,
//! says so and stops; then the bootstrap processor checks the record.

use super::{
    super::{
        entry::store_registers_and_go_to,
        entry_registers::{AP_REGISTERS, EntryRegisters},
        facts::Facts,
        local_apic::LocalApicState,
        machine_state::MachineState,
        mmio_window::MmioWindow,
        report::Report,
        requests::{MP_REQUEST, STACK_SIZE_BYTES},
        serial_port::stop,
    },
    interrupt_controllers::check_local_apic,
    processor_state::{self, has_x2apic},
};
use core::{
    arch::naked_asm,
    cell::UnsafeCell,
    hint::spin_loop,
    mem::offset_of,
    sync::atomic::{AtomicBool, Ordering},
};
use limine::mp::MpInfo;

/// More processors than this are counted, but their stacks are not compared.
const MOST_STACKS: usize = 512;
/// Turns of the waiting loop; far more than a processor needs to arrive.
const PATIENCE: u64 = 200_000_000;

/// What an application processor leaves behind.
#[derive(Clone, Copy)]
struct ApRecord {
    /// At its entry.
    state: MachineState,
    /// In its own local APIC.
    local_apic: LocalApicState,
}

/// The record and who may touch it: the processor that was started until it sets `is_complete`, then the bootstrap
/// processor until it clears that again.
struct Handover {
    /// What is handed over.
    record: UnsafeCell<Option<ApRecord>>,
    /// Set by the application processor, cleared by the bootstrap processor.
    is_complete: AtomicBool,
}

// SAFETY: `is_complete` passes the record from one processor to the other, as described above.
unsafe impl Sync for Handover {}

/// The only one: one processor is started at a time.
static HANDOVER: Handover = Handover {
    record: UnsafeCell::new(None),
    is_complete: AtomicBool::new(false),
};
/// Proof for the application processors that the window is mapped; set before the first one starts.
static WINDOW: WindowCell = WindowCell(UnsafeCell::new(None));

/// A place that is written once, before any other processor runs.
struct WindowCell(UnsafeCell<Option<MmioWindow>>);

// SAFETY: written before the other processors start, only read after that.
unsafe impl Sync for WindowCell {}

/// Where the goto address sends an application processor.
///
/// # Safety
/// Only for the boot loader, on one processor at a time.
#[unsafe(naked)]
#[unsafe(no_mangle)]
unsafe extern "C" fn entry_point_from_limine_mp(_info: &MpInfo) -> ! {
    store_registers_and_go_to!(AP_REGISTERS, main_of_ap)
}

/// Runs on an application processor after the assembly stored its registers.
extern "C" fn main_of_ap() -> ! {
    let state = MachineState::of_ap();
    // SAFETY: the bootstrap processor wrote the cell before it started this processor.
    if let Some(window) = unsafe { WINDOW.0.get().read() } {
        let record = ApRecord {
            state,
            local_apic: LocalApicState::read(&window),
        };
        // SAFETY: the record is this processor's until it says that it is complete.
        unsafe { HANDOVER.record.get().write(Some(record)) };
    }
    HANDOVER.is_complete.store(true, Ordering::Release);
    stop()
}

/// Checks the response, then starts and checks every application processor.
pub(crate) fn check(report: &mut Report, facts: &Facts, window: &MmioWindow) {
    report.section("processors");
    let response = MP_REQUEST.response();
    facts.expectations.report_presence(report, "mp", response.is_some());
    let Some(response) = response else { return };
    let processors = response.cpus();
    let count = processors.len();
    report.fact("count", count);
    if let Some(expected) = facts.expectations.number("cpus") {
        report.equal("count_as_told", expected, count as u64);
    }
    report.equal("x2apic_flag", u64::from(has_x2apic()), u64::from(response.flags));
    let is_listed = processors
        .iter()
        .filter(|info| info.lapic_id == response.bsp_lapic_id)
        .count();
    report.equal("bsp_listed_once", 1, is_listed as u64);
    report.equal(
        "bsp_id",
        u64::from(LocalApicState::read(window).id),
        u64::from(response.bsp_lapic_id),
    );
    check_unique(report, "local_apic_ids_unique", processors, |info| info.lapic_id);
    check_unique(report, "processor_ids_unique", processors, |info| info.processor_id);
    let untouched = processors
        .iter()
        .all(|info| info.extra_argument() == 0 && goto_address(info) == 0);
    report.holds(
        "nothing_started_yet",
        untouched,
        "zero arguments and addresses",
        "others",
    );

    // SAFETY: no other processor runs yet.
    unsafe { WINDOW.0.get().write(Some(*window)) };
    let mut stacks = [0; MOST_STACKS];
    stacks[0] = facts.bsp.registers.rsp;
    let others = processors
        .iter()
        .enumerate()
        .filter(|(_, info)| info.lapic_id != response.bsp_lapic_id);
    let mut stack_count = 1;
    for (index, info) in others {
        let Some(record) = start(info) else {
            report.numbered_section("ap", index);
            report.holds("arrives", false, "an arrival", "none");
            break;
        };
        check_processor(report, facts, index, info, &record);
        if let Some(stack) = stacks.get_mut(stack_count) {
            *stack = record.state.registers.rsp;
            stack_count += 1;
        }
    }
    report.section("processors");
    check_stacks(report, &mut stacks[..stack_count]);
}

/// Where the boot loader looks for the address to go to.
fn goto_address(info: &MpInfo) -> u64 {
    let field = core::ptr::from_ref(info).wrapping_byte_add(16).cast::<u64>();
    // SAFETY: the protocol puts the goto address at this offset of the 32 bytes.
    unsafe { field.read_volatile() }
}

/// Reports whether a number occurs once.
fn check_unique(report: &mut Report, field: &str, processors: &[&MpInfo], number: impl Fn(&MpInfo) -> u32) {
    let twin = processors.iter().enumerate().find_map(|(index, info)| {
        processors[..index]
            .iter()
            .any(|other| number(other) == number(info))
            .then(|| number(info))
    });
    report.holds(
        field,
        twin.is_none(),
        "each once",
        format_args!("{} twice", twin.unwrap_or(0)),
    );
}

/// Starts a processor and waits for its record.
fn start(info: &MpInfo) -> Option<ApRecord> {
    HANDOVER.is_complete.store(false, Ordering::Release);
    info.bootstrap(entry_point_from_limine_mp, 0);
    for _ in 0..PATIENCE {
        if HANDOVER.is_complete.load(Ordering::Acquire) {
            // SAFETY: the processor said that the record is complete, and touches it no more.
            return unsafe { HANDOVER.record.get().read() };
        }
        spin_loop();
    }
    None
}

/// Checks one application processor.
fn check_processor(report: &mut Report, facts: &Facts, index: usize, info: &MpInfo, record: &ApRecord) {
    processor_state::check(report, facts, "ap", Some(index), &record.state);
    report.holds("arrives", true, "", "");
    report.equal("rdi", core::ptr::from_ref(info) as u64, record.state.registers.rdi);
    report.equal(
        "local_apic_id",
        u64::from(info.lapic_id),
        u64::from(record.local_apic.id),
    );
    report.equal("extra_argument", 0, info.extra_argument());
    report.fact("processor_id", info.processor_id);
    report.numbered_section("ap_local_apic", index);
    check_local_apic(report, &record.local_apic);
}

/// Whether all stacks are as far apart as they are large.
fn check_stacks(report: &mut Report, tops: &mut [u64]) {
    tops.sort_unstable();
    let closest = tops.windows(2).map(|pair| pair[1] - pair[0]).min().unwrap_or(u64::MAX);
    report.holds("stacks_apart", closest >= STACK_SIZE_BYTES, STACK_SIZE_BYTES, closest);
}
