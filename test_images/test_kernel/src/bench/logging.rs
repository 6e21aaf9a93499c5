//! What a line of the log costs.

use super::measure::{measure, now, report};
use kernel::output::logger;
use x86_64::instructions::interrupts::without_interrupts;

/// Lines of a burst.
const LINES: u64 = 1000;

/// A message of 64 bytes.
const MESSAGE: &str = "Sixty-four bytes of text make a line of quite an average length.";

const _: () = assert!(MESSAGE.len() == 64, "the message has 64 bytes");

/// A line to the serial port alone.
pub(super) fn measure_serial() {
    measure("log_line_64_serial", LINES, || log::info!("{MESSAGE}"));
}

/// Lines to serial port and screen: one that is drawn at once, and the mean of a burst that scrolls, drawn to its end.
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
