//! Panics in difficult situations.

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

/// Time between a program's end and the panic. The runner checks for the end ten times a second.
const AFTER_PROGRAM_END: Duration = Duration::from_millis(150);

/// Number of processors that are ready to panic.
static READY: AtomicU32 = AtomicU32::new(0);

/// Panics at the end of the boot.
pub(super) fn panic() {
    panic!("deliberate, with a number: {}", 42);
}

/// Panics long after the boot, when the boot loader's memory has been reused.
pub(super) fn panic_late() {
    while super::physical_memory::has_boot_loader_memory() {
        hint::spin_loop();
    }
    panic();
}

/// Panics on an AP.
pub(super) fn panic_on_an_ap() {
    panic!("deliberate, on an AP");
}

/// Panics in an interrupt handler.
pub(super) fn panic_in_interrupt() {
    // SAFETY: The vector's handler only panics.
    unsafe { asm!("int {}", const TEST_VECTOR) };
}

/// Panics if the vector is [`TEST_VECTOR`].
pub(super) fn panic_at_test_vector(vector: u8) {
    assert!(vector != TEST_VECTOR, "deliberate, in an interrupt");
}

/// Panics on all processors at once.
pub(super) fn panic_together() {
    READY.fetch_add(1, Ordering::Relaxed);
    while READY.load(Ordering::Relaxed) < cpus_count() {
        hint::spin_loop();
    }
    panic!("deliberate, on all processors");
}

/// Panics while a log line is formatted.
pub(super) fn panic_in_display() {
    log::info!("{}", PanicsWhenShown);
}

/// Panics while a long log line, half written, is formatted under the log's lock.
pub(super) fn panic_in_long_display() {
    log::info!("{:.<600}{}", "", PanicsWhenShown);
}

/// Panics while a panic is reported.
pub(super) fn panic_in_panic() {
    panic!("first {}", PanicsWhenShown);
}

/// Panics while this processor holds the log's lock.
pub(super) fn panic_with_screen_held() {
    logger::with_screen(|_screen| panic!("deliberate, under the lock of the log"));
}

/// Panics shortly after the end of a program.
pub(super) fn panic_after_program_end() {
    report_end(&ProgramEnd::Exited { code: 0 });
    timer::sleep(AFTER_PROGRAM_END);
    panic!("deliberate, after a program's end");
}

/// Panics with a message whose formatting raises an NMI.
pub(super) fn panic_with_nmi_in_report() {
    panic!("deliberate, {}", InterruptsWhenShown);
}

/// A value whose formatting sends an NMI to its processor.
struct InterruptsWhenShown;

impl fmt::Display for InterruptsWhenShown {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        local_apic::send(current_cpu_id(), Message::NonMaskable);
        // Time for the NMI to arrive.
        for _ in 0..1000 {
            hint::spin_loop();
        }
        formatter.write_str("and the report continues after a non-maskable interrupt")
    }
}

/// A value whose formatting panics.
struct PanicsWhenShown;

impl fmt::Display for PanicsWhenShown {
    fn fmt(&self, _formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        panic!("deliberate, while a message is formatted");
    }
}
