//! Scenarios of the test kernel that end in a report or go on to a last line, on four processors.
//!
//! They boot with BIOS only: what they test begins long after the kernel has taken over from the firmware.

use runner::{Ending, FirmwareKind};

use crate::booted::Booted;
use crate::host::{boot_limit_s, machine, machine_on_one_thread, test_kernel_iso};
use crate::scenario::{Deadline, Outcome, Scenario};

/// A scenario of the test kernel, and what its log has to say.
#[derive(Clone, Copy)]
pub(crate) struct Expectation {
    /// The scenario's name.
    pub(crate) scenario: &'static str,
    /// The rule that it guards: the test's name.
    pub(crate) rule: &'static str,
    /// What the log has to say.
    pub(crate) says: &'static [&'static str],
    /// How the run ends.
    pub(crate) end: End,
}

/// How a run ends.
#[derive(Clone, Copy)]
pub(crate) enum End {
    /// By one report of a fault or panic, and the failing exit code.
    Report,
    /// Not at all: this is the scenario's last line, and there is no error.
    LastLine(&'static str),
}

/// A scenario that ends in a report.
pub(crate) const fn reports(scenario: &'static str, rule: &'static str, says: &'static [&'static str]) -> Expectation {
    Expectation {
        scenario,
        rule,
        says,
        end: End::Report,
    }
}

/// A scenario that goes on to a last line.
pub(crate) const fn goes_on(
    scenario: &'static str,
    rule: &'static str,
    says: &'static [&'static str],
    last_line: &'static str,
) -> Expectation {
    Expectation {
        scenario,
        rule,
        says,
        end: End::LastLine(last_line),
    }
}

impl Expectation {
    /// The test.
    pub(crate) fn test(self, subject: &str) -> Scenario {
        let name = format!("{subject}::{}", self.rule);
        Scenario::new(name, boot_limit_s(FirmwareKind::Bios), move |deadline| {
            self.check(deadline)
        })
    }

    /// Boots, and compares the log with what is expected.
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
        self.says
            .iter()
            .try_for_each(|words| booted.check(text.contains(words), &format!("the log does not say {words:?}")))
    }
}

/// Starts the test kernel on four processors.
pub(crate) fn start(kind: FirmwareKind, scenario: &str, deadline: Deadline) -> Result<Booted, libtest_mimic::Failed> {
    let iso = test_kernel_iso(&format!("scenario={scenario}"))?;
    Booted::start(&machine(kind, &iso)?, deadline)
}
