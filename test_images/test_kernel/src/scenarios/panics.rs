//! Panics in awkward places.

use core::{
    arch::asm,
    fmt, hint,
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};
use kernel::{
    cpu::cpu_local_data::{cpus_count, current_cpu_id},
    output::logger,
    platform::{
        local_apic::{self, Message},
        timer,
    },
    user_mode::{ProgramEnd, report_end},
};

/// A vector that no device raises.
const TEST_VECTOR: u8 = 0x40;

/// How long behind a program's end a panic comes. The runner looks at the end ten times a second.
const BEHIND_PROGRAM: Duration = Duration::from_millis(150);

/// How many processors are ready to panic.
static READY: AtomicU32 = AtomicU32::new(0);

/// A plain panic.
pub(super) fn panic() {
    panic!("deliberate, with a number: {}", 42);
}

/// A panic long after the boot: the boot loader's memory is used for other things by then.
pub(super) fn panic_late() {
    while super::physical_memory::has_boot_loader_memory() {
        hint::spin_loop();
    }
    panic();
}

/// A panic on another processor than the first.
pub(super) fn panic_on_an_ap() {
    panic!("deliberate, on an AP");
}

/// A panic in the handler of an interrupt.
pub(super) fn panic_in_interrupt() {
    // SAFETY: The vector's handler panics, and does nothing else.
    unsafe { asm!("int {}", const TEST_VECTOR) };
}

/// Panics when [`TEST_VECTOR`] comes.
pub(super) fn panic_at_test_vector(vector: u8) {
    assert!(vector != TEST_VECTOR, "deliberate, in an interrupt");
}

/// All processors at once.
pub(super) fn panic_together() {
    READY.fetch_add(1, Ordering::Relaxed);
    while READY.load(Ordering::Relaxed) < cpus_count() {
        hint::spin_loop();
    }
    panic!("deliberate, on all processors");
}

/// While a line of the log is put together.
pub(super) fn panic_in_display() {
    log::info!("{}", PanicsWhenShown);
}

/// While a line of the log is put together under the log's lock, half written.
pub(super) fn panic_in_long_display() {
    log::info!("{:.<600}{}", "", PanicsWhenShown);
}

/// While a panic is reported.
pub(super) fn panic_in_panic() {
    panic!("first {}", PanicsWhenShown);
}

/// While this processor holds the log's lock.
pub(super) fn panic_with_screen_held() {
    logger::with_screen(|_screen| panic!("deliberate, under the lock of the log"));
}

/// A little while behind the end of a program.
pub(super) fn panic_behind_program() {
    report_end(&ProgramEnd::Exited { code: 0 });
    timer::sleep(BEHIND_PROGRAM);
    panic!("deliberate, behind a program");
}

/// While another NMI comes in the middle of the report.
pub(super) fn panic_with_nmi_in_report() {
    panic!("deliberate, {}", InterruptsWhenShown);
}

/// Sends its processor an NMI when it is shown.
struct InterruptsWhenShown;

impl fmt::Display for InterruptsWhenShown {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        local_apic::send(current_cpu_id(), Message::NonMaskable);
        // It comes at once, or within these.
        for _ in 0..1000 {
            hint::spin_loop();
        }
        formatter.write_str("and the report goes on after a non-maskable interrupt")
    }
}

/// Panics when it is shown.
struct PanicsWhenShown;

impl fmt::Display for PanicsWhenShown {
    fn fmt(&self, _formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        panic!("deliberate, while a message is put together");
    }
}
