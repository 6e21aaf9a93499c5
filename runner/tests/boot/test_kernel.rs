//! Scenarios of the test kernel that end in a report or reach a last line, on four processors.
//!
//! They boot with BIOS only: they start long after the kernel has taken over from the firmware.

use runner::{Ending, FirmwareKind};

use crate::booted::Booted;
use crate::host::{boot_limit_s, machine, machine_on_one_thread, test_kernel_iso};
use crate::scenario::{Deadline, Outcome, Scenario};

/// A scenario of the test kernel, and its expected log.
#[derive(Clone, Copy)]
pub(crate) struct Expectation {
    /// Name on the kernel's command line.
    pub(crate) scenario: &'static str,
    /// Name of the test.
    pub(crate) rule: &'static str,
    /// Expected texts in the log.
    pub(crate) expected: &'static [&'static str],
    /// Expected end of the run.
    pub(crate) end: End,
}

/// End of a run.
#[derive(Clone, Copy)]
pub(crate) enum End {
    /// A single report of a fault or panic, and the failing exit code.
    Report,
    /// The scenario's last line, without any error.
    LastLine(&'static str),
}

/// Makes a scenario that ends in a report.
pub(crate) const fn reports(
    scenario: &'static str,
    rule: &'static str,
    expected: &'static [&'static str],
) -> Expectation {
    Expectation {
        scenario,
        rule,
        expected,
        end: End::Report,
    }
}

/// Makes a scenario that reaches a last line.
pub(crate) const fn reaches_last_line(
    scenario: &'static str,
    rule: &'static str,
    expected: &'static [&'static str],
    last_line: &'static str,
) -> Expectation {
    Expectation {
        scenario,
        rule,
        expected,
        end: End::LastLine(last_line),
    }
}

impl Expectation {
    /// Makes the test.
    pub(crate) fn test(self, subject: &str) -> Scenario {
        let name = format!("{subject}::{}", self.rule);
        Scenario::new(name, boot_limit_s(FirmwareKind::Bios), move |deadline| {
            self.check(deadline)
        })
    }

    /// Boots, and checks the log.
    fn check(self, deadline: Deadline) -> Outcome {
        let iso = test_kernel_iso(&format!("scenario={}", self.scenario))?;
        let mut booted = Booted::start(&machine_on_one_thread(FirmwareKind::Bios, &iso)?, deadline)?;
        match self.end {
            End::Report => booted.expect_ending(&Ending::Failed)?,
            End::LastLine(line) => booted.expect(line)?,
        }
        let text = booted.text();
        let errors = text.matches(" ERROR ").count();
        let allowed = usize::from(matches!(self.end, End::Report));
        booted.check(errors == allowed, &format!("{errors} lines of errors, not {allowed}"))?;
        self.expected
            .iter()
            .try_for_each(|words| booted.check(text.contains(words), &format!("the log lacks {words:?}")))
    }
}

/// Starts the test kernel on four processors.
pub(crate) fn start(kind: FirmwareKind, scenario: &str, deadline: Deadline) -> Result<Booted, libtest_mimic::Failed> {
    let iso = test_kernel_iso(&format!("scenario={scenario}"))?;
    Booted::start(&machine(kind, &iso)?, deadline)
}
