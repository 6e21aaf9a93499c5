//! The runner's exit code: how the run ended, for scripts.

use crate::ending::Ending;

/// What the runner ends with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExitCode {
    /// QEMU was closed, the machine switched itself off or restarted as it said, or the kernel reported success.
    Good = 0,
    /// The kernel reported failure.
    KernelFailed = 1,
    /// A triple fault, or a reset out of the blue.
    Reset = 122,
    /// The kernel panicked.
    Panicked = 123,
    /// The time was over.
    TimedOut = 124,
    /// The runner or QEMU failed.
    RunnerFailed = 125,
}

impl ExitCode {
    /// The number.
    #[must_use]
    pub fn number(self) -> u8 {
        self as u8
    }
}

/// The exit code of a run. A panic outweighs what follows from it.
pub(crate) fn of_run(ending: &Ending, has_panic: bool) -> ExitCode {
    match ending {
        Ending::QemuFailed { .. } | Ending::Odd { .. } => ExitCode::RunnerFailed,
        Ending::TripleFault | Ending::UnexplainedReset => ExitCode::Reset,
        _ if has_panic => ExitCode::Panicked,
        Ending::TimedOut => ExitCode::TimedOut,
        Ending::Failed => ExitCode::KernelFailed,
        Ending::Passed | Ending::ShutDown | Ending::Rebooted | Ending::Stopped => ExitCode::Good,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_ending_has_the_code_that_the_help_names() {
        let qemu_failed = Ending::QemuFailed { message: String::new() };
        for (ending, code) in [
            (Ending::Passed, 0),
            (Ending::ShutDown, 0),
            (Ending::Rebooted, 0),
            (Ending::Stopped, 0),
            (Ending::Failed, 1),
            (Ending::TripleFault, 122),
            (Ending::UnexplainedReset, 122),
            (Ending::TimedOut, 124),
            (qemu_failed, 125),
        ] {
            assert_eq!(of_run(&ending, false).number(), code, "{ending:?}");
        }
    }

    #[test]
    fn a_panic_is_told_from_a_failure_and_from_a_hang() {
        for ending in [Ending::Failed, Ending::TimedOut, Ending::Stopped, Ending::ShutDown] {
            assert_eq!(of_run(&ending, true), ExitCode::Panicked, "{ending:?}");
        }
        assert_eq!(of_run(&Ending::TripleFault, true), ExitCode::Reset);
    }
}
