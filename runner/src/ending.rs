//! How a run ended.

use std::process::ExitStatus;

use crate::serial_log::{LogLine, without_colours};

/// QEMU's exit code when the guest writes 0x10 to `isa-debug-exit`: all is well.
const PASSED: i32 = 0x10 << 1 | 1;
/// QEMU's exit code when the guest writes 0x11: it failed.
const FAILED: i32 = 0x11 << 1 | 1;
/// QEMU's own failure.
const QEMU_FAILED: i32 = 1;

/// How a run ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ending {
    /// The guest said that all is well.
    Passed,
    /// The guest said that it failed.
    Failed,
    /// The guest switched itself off, or a person closed QEMU.
    ShutDown,
    /// The guest restarted the machine and had said so (`Rebooting` in its log).
    Rebooted,
    /// A CPU could not call an exception handler and reset itself.
    TripleFault,
    /// The machine was reset by the guest without a word and without a triple fault.
    UnexplainedReset,
    /// The time was over; QEMU was stopped.
    TimedOut,
    /// QEMU was stopped by us, since all that was wanted had been seen.
    Stopped,
    /// A signal asked the runner to stop; it stopped QEMU.
    Interrupted {
        /// The signal's number.
        signal: u8,
    },
    /// QEMU failed, or did not start.
    QemuFailed {
        /// What it said.
        message: String,
    },
    /// QEMU ended in another way: a signal, or a code that nobody uses.
    Odd {
        /// The host's words for it.
        status: String,
    },
}

/// What is known about a run when QEMU has ended by itself.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Evidence<'a> {
    /// How the process ended.
    pub(crate) status: ExitStatus,
    /// The serial log.
    pub(crate) serial: &'a str,
    /// QEMU's record of resets.
    pub(crate) events: &'a str,
    /// QEMU's reason for the end of the run.
    pub(crate) shutdown_reason: Option<&'a str>,
    /// What QEMU wrote to its standard error.
    pub(crate) qemu_errors: &'a str,
}

impl Ending {
    /// Judges the evidence. With `-no-reboot` a triple fault, a wanted reset and a power-off all give exit code 0.
    pub(crate) fn judge(evidence: &Evidence<'_>) -> Self {
        match evidence.status.code() {
            Some(PASSED) => Self::Passed,
            Some(FAILED) => Self::Failed,
            Some(0) if evidence.events.contains("Triple fault") => Self::TripleFault,
            Some(0) if evidence.shutdown_reason == Some("guest-reset") => {
                if says_rebooting(evidence.serial) {
                    Self::Rebooted
                } else {
                    Self::UnexplainedReset
                }
            }
            Some(0) => Self::ShutDown,
            Some(QEMU_FAILED) => Self::QemuFailed {
                message: evidence.qemu_errors.trim().to_owned(),
            },
            _ => Self::Odd {
                status: evidence.status.to_string(),
            },
        }
    }
}

/// Whether one of the last lines of the log announces a restart.
fn says_rebooting(serial: &str) -> bool {
    without_colours(serial)
        .lines()
        .rev()
        .take(10)
        .filter_map(LogLine::read)
        .any(|line| line.message == "Rebooting")
}

#[cfg(test)]
mod tests {
    use std::os::unix::process::ExitStatusExt;

    use super::*;

    fn evidence(code: i32) -> Evidence<'static> {
        let status = ExitStatus::from_raw(code << 8);
        Evidence {
            status,
            serial: "",
            events: "",
            shutdown_reason: None,
            qemu_errors: "",
        }
    }

    #[test]
    fn exit_codes_mean_what_the_guest_said() {
        assert_eq!(Ending::judge(&evidence(33)), Ending::Passed);
        assert_eq!(Ending::judge(&evidence(35)), Ending::Failed);
        assert_eq!(Ending::judge(&evidence(0)), Ending::ShutDown);
        assert!(matches!(Ending::judge(&evidence(5)), Ending::Odd { .. }));
        let failed = Evidence {
            qemu_errors: "no such device\n",
            ..evidence(1)
        };
        assert_eq!(
            Ending::judge(&failed),
            Ending::QemuFailed {
                message: "no such device".to_owned()
            }
        );
        let killed = Evidence {
            status: ExitStatus::from_raw(9),
            ..evidence(0)
        };
        assert!(matches!(Ending::judge(&killed), Ending::Odd { .. }));
    }

    #[test]
    fn a_triple_fault_is_not_a_power_off() {
        let fault = Evidence {
            events: "CPU Reset (CPU 0)\nTriple fault\n",
            shutdown_reason: Some("guest-reset"),
            ..evidence(0)
        };
        assert_eq!(Ending::judge(&fault), Ending::TripleFault);
    }

    #[test]
    fn a_line_that_only_mentions_rebooting_announces_nothing() {
        for line in [
            "[0] INFO  Command line: Rebooting",
            "[0] INFO  Rebooting is not implemented",
            "Rebooting",
        ] {
            let reset = Evidence {
                shutdown_reason: Some("guest-reset"),
                serial: line,
                ..evidence(0)
            };
            assert_eq!(Ending::judge(&reset), Ending::UnexplainedReset, "{line}");
        }
    }

    #[test]
    fn a_reset_is_wanted_only_when_the_log_said_so_last() {
        let reset = Evidence {
            shutdown_reason: Some("guest-reset"),
            ..evidence(0)
        };
        assert_eq!(Ending::judge(&reset), Ending::UnexplainedReset);
        assert_eq!(
            Ending::judge(&Evidence {
                serial: "\u{1b}[90m[0]\u{1b}[39m INFO  Rebooting\r\n",
                ..reset
            }),
            Ending::Rebooted
        );
        let early = format!("[0] INFO  Rebooting\n{}", "[0] INFO  x\n".repeat(10));
        assert_eq!(
            Ending::judge(&Evidence {
                serial: &early,
                ..reset
            }),
            Ending::UnexplainedReset
        );
    }
}
