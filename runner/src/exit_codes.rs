//! The runner's exit codes, which tell scripts how the run ended.

use crate::end_report::{EndReport, ProgramEnd};
use crate::ending::Ending;

/// Highest exit code of a program that the runner passes on.
const HIGHEST_PROGRAM_CODE: u64 = 99;
/// Exit code for all higher codes of a program.
const ABOVE_HIGHEST_PROGRAM_CODE: u8 = 120;

/// An exit code of the runner.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExitCode {
    /// QEMU was closed, the machine switched itself off or restarted as it said, or the kernel reported success.
    Good,
    /// The kernel reported failure.
    KernelFailed,
    /// The program ended (`--exit-with-program`).
    Program(ProgramEnd),
    /// The kernel panicked, or there was a triple fault or an unexplained reset.
    Panicked,
    /// The time limit was reached.
    TimedOut,
    /// The runner or QEMU failed.
    RunnerFailed,
    /// A signal asked the runner to stop.
    Interrupted {
        /// The signal's number.
        signal: u8,
    },
}

impl ExitCode {
    /// The number.
    #[must_use]
    pub fn number(self) -> u8 {
        match self {
            Self::Good => 0,
            Self::KernelFailed => 1,
            Self::Program(ProgramEnd::Exited { code }) => number_of_program_code(code),
            Self::Program(ProgramEnd::Killed) => 121,
            Self::Program(ProgramEnd::Refused) => 122,
            Self::Panicked => 123,
            Self::TimedOut => 124,
            Self::RunnerFailed => 125,
            // The convention of shells.
            Self::Interrupted { signal } => signal.saturating_add(128),
        }
    }
}

/// Converts a program's exit code. The host has 256 codes, and those from 100 on have other meanings.
fn number_of_program_code(code: u64) -> u8 {
    match u8::try_from(code) {
        Ok(number) if code <= HIGHEST_PROGRAM_CODE => number,
        _ => ABOVE_HIGHEST_PROGRAM_CODE,
    }
}

/// Returns the exit code of a normal run. A panic takes precedence over the ending that it causes.
pub(crate) fn of_run(ending: &Ending, has_panic: bool) -> ExitCode {
    match ending {
        Ending::Interrupted { signal } => ExitCode::Interrupted { signal: *signal },
        Ending::TripleFault | Ending::UnexplainedReset => ExitCode::Panicked,
        Ending::QemuFailed { .. } | Ending::Odd { .. } => ExitCode::RunnerFailed,
        _ if has_panic => ExitCode::Panicked,
        Ending::TimedOut => ExitCode::TimedOut,
        Ending::Failed => ExitCode::KernelFailed,
        Ending::Passed | Ending::ShutDown | Ending::Rebooted | Ending::Stopped => ExitCode::Good,
    }
}

/// Returns the exit code of a run with `--exit-with-program`. The serial log does not count, since the program can write to it.
///
/// A panic or reset of the kernel takes precedence over the end of the program, also after it: the program may have caused it. The
/// end of the program takes precedence over the end of QEMU. If QEMU ends first, it is a failure with any exit code.
pub(crate) fn of_program_run(ending: &Ending, report: EndReport) -> ExitCode {
    match (ending, report.program_end) {
        (Ending::Interrupted { signal }, _) => ExitCode::Interrupted { signal: *signal },
        _ if report.has_panic => ExitCode::Panicked,
        (Ending::TripleFault | Ending::UnexplainedReset, _) => ExitCode::Panicked,
        (_, Some(end)) => ExitCode::Program(end),
        (Ending::TimedOut, None) => ExitCode::TimedOut,
        (_, None) => ExitCode::RunnerFailed,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A QEMU that did not start.
    const QEMU_FAILED: Ending = Ending::QemuFailed { message: String::new() };

    /// A kernel that did not panic.
    fn told(program_end: Option<ProgramEnd>) -> EndReport {
        EndReport {
            has_panic: false,
            program_end,
        }
    }

    #[test]
    fn each_ending_has_the_code_that_the_help_names() {
        for (ending, code) in [
            (Ending::Passed, 0),
            (Ending::ShutDown, 0),
            (Ending::Rebooted, 0),
            (Ending::Stopped, 0),
            (Ending::Failed, 1),
            (Ending::TripleFault, 123),
            (Ending::UnexplainedReset, 123),
            (Ending::TimedOut, 124),
            (QEMU_FAILED, 125),
            (Ending::Interrupted { signal: 15 }, 143),
        ] {
            assert_eq!(of_run(&ending, false).number(), code, "{ending:?}");
        }
    }

    #[test]
    fn a_panic_is_told_from_a_failure_and_from_a_hang() {
        for ending in [Ending::Failed, Ending::TimedOut, Ending::Stopped, Ending::ShutDown] {
            assert_eq!(of_run(&ending, true), ExitCode::Panicked, "{ending:?}");
        }
    }

    #[test]
    fn each_end_of_a_program_has_the_code_that_the_help_names() {
        let exited = |code| ProgramEnd::Exited { code };
        for (end, number) in [
            (exited(0), 0),
            (exited(1), 1),
            (exited(99), 99),
            (exited(100), 120),
            // Cut to eight bits it would be another.
            (exited(256), 120),
            (exited(u64::MAX), 120),
            (ProgramEnd::Killed, 121),
            (ProgramEnd::Refused, 122),
        ] {
            assert_eq!(
                of_program_run(&Ending::Stopped, told(Some(end))).number(),
                number,
                "{end:?}"
            );
        }
    }

    #[test]
    fn the_end_of_the_kernel_outweighs_that_of_the_program() {
        let success = Some(ProgramEnd::Exited { code: 0 });
        let report = EndReport {
            has_panic: true,
            program_end: success,
        };
        for ending in [Ending::Stopped, Ending::Failed, Ending::TimedOut, QEMU_FAILED] {
            assert_eq!(of_program_run(&ending, report), ExitCode::Panicked, "{ending:?}");
        }
        for ending in [Ending::TripleFault, Ending::UnexplainedReset] {
            assert_eq!(of_program_run(&ending, told(success)), ExitCode::Panicked, "{ending:?}");
            assert_eq!(of_program_run(&ending, told(None)), ExitCode::Panicked, "{ending:?}");
        }
    }

    #[test]
    fn the_end_of_the_program_outweighs_that_of_qemu() {
        for ending in [Ending::TimedOut, Ending::ShutDown, Ending::Rebooted, QEMU_FAILED] {
            let code = of_program_run(&ending, told(Some(ProgramEnd::Killed)));
            assert_eq!(code.number(), 121, "{ending:?}");
        }
    }

    #[test]
    fn a_qemu_that_ends_before_the_program_has_failed_whatever_it_says() {
        for ending in [
            Ending::Passed,
            Ending::Failed,
            Ending::ShutDown,
            Ending::Rebooted,
            QEMU_FAILED,
        ] {
            assert_eq!(of_program_run(&ending, told(None)).number(), 125, "{ending:?}");
        }
        assert_eq!(of_program_run(&Ending::TimedOut, told(None)).number(), 124);
    }
}
