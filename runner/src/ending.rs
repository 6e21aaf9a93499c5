//! How a run ended.

use std::process::ExitStatus;

use crate::serial_log::{LogLine, without_colours};

/// QEMU's exit code when the guest writes 0x10 to `isa-debug-exit`: success.
const PASSED: i32 = 0x10 << 1 | 1;
/// QEMU's exit code when the guest writes 0x11: failure.
const FAILED: i32 = 0x11 << 1 | 1;
/// QEMU's exit code for its own failure.
const QEMU_FAILED: i32 = 1;

/// How a run ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ending {
    /// The guest reported success.
    Passed,
    /// The guest reported failure.
    Failed,
    /// The guest powered off, or a person closed QEMU.
    ShutDown,
    /// The guest restarted the machine and announced it (`Rebooting` in its log).
    Rebooted,
    /// A triple fault: a CPU could not call an exception handler and reset itself.
    TripleFault,
    /// The guest reset the machine without an announcement and without a triple fault.
    UnexplainedReset,
    /// The time limit was reached; QEMU was stopped.
    TimedOut,
    /// The runner stopped QEMU because its task was done.
    Stopped,
    /// A signal asked the runner to stop; it stopped QEMU.
    Interrupted {
        /// The signal's number.
        signal: u8,
    },
    /// QEMU failed, or did not start.
    QemuFailed {
        /// Its message.
        message: String,
    },
    /// QEMU ended by a signal or with an unknown exit code.
    Odd {
        /// The host's description.
        status: String,
    },
}

/// The facts about a run after QEMU has ended by itself.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Evidence<'a> {
    /// Exit status of the process.
    pub(crate) status: ExitStatus,
    /// The serial log.
    pub(crate) serial: &'a str,
    /// QEMU's record of resets.
    pub(crate) events: &'a str,
    /// QEMU's reason for the end.
    pub(crate) shutdown_reason: Option<&'a str>,
    /// QEMU's standard error.
    pub(crate) qemu_errors: &'a str,
}

impl Ending {
    /// Determines how the run ended. With `-no-reboot`, QEMU's exit code is 0 for a triple fault, a requested reset and a power-off alike.
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
