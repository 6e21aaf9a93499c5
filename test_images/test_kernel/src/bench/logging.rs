//! Benchmarks of the log.

use super::measure::{measure, now, report};
use kernel::output::logger;
use x86_64::instructions::interrupts::without_interrupts;

/// Number of lines in a burst.
const LINES: u64 = 1000;

const MESSAGE: &str = "Sixty-four bytes of text make a line of quite an average length.";

const _: () = assert!(MESSAGE.len() == 64, "the message has 64 bytes");

/// Measures a line that goes to the serial port only.
pub(super) fn measure_serial() {
    measure("log_line_64_serial", LINES, || log::info!("{MESSAGE}"));
}

/// Measures lines to serial port and screen: a single line that is drawn at once, and the mean of a scrolling burst.
pub(super) fn measure_screen() {
    logger::draw();
    measure("log_line_64_screen_alone", 1, || {
        log::info!("{MESSAGE}");
        logger::draw();
    });
    let ticks = without_interrupts(|| {
        let start = now();
        (0..LINES).for_each(|_| log::info!("{MESSAGE}"));
        logger::draw();
        now() - start
    });
    report("log_line_64_screen", ticks / LINES);
}
