//! Watches a run with `--exit-with-program`: it ends with the program.

use std::time::{Duration, Instant};

use crate::ending::Ending;
use crate::running::Running;

/// Pause between two looks at the log.
pub(crate) const POLL_INTERVAL: Duration = Duration::from_millis(100);
/// Time for the rest of a panic's report to come, before an unattended run ends.
pub(crate) const PANIC_REPORT_TIME: Duration = Duration::from_secs(1);
/// Time that the kernel continues after the program's end, so that a panic as its consequence is noticed.
const TIME_FOR_CONSEQUENCES: Duration = Duration::from_millis(500);

/// Watches until the program, the kernel or QEMU ends, or until the time limit.
pub(crate) fn watch_program(running: &mut Running, limit: Option<Duration>) -> Ending {
    let deadline = limit.map(|limit| Instant::now() + limit);
    let (mut panic_seen, mut end_seen) = (None, None);
    loop {
        if let Some(ending) = running.wait_for_exit(POLL_INTERVAL) {
            return ending;
        }
        let report = running.end_report();
        let now = Instant::now();
        let is_over = if report.has_panic {
            // The rest of the panic's report may still arrive on the serial port.
            let since = *panic_seen.get_or_insert(now);
            now - since >= PANIC_REPORT_TIME && running.quiet_for() >= PANIC_REPORT_TIME
        } else if report.program_end.is_some() {
            now - *end_seen.get_or_insert(now) >= TIME_FOR_CONSEQUENCES
        } else {
            false
        };
        if is_over {
            return running.stop();
        }
        if deadline.is_some_and(|deadline| now >= deadline) {
            return running.wait(Duration::ZERO);
        }
    }
}
