//! A named test with a time limit, and the sharing of the host between tests.

use std::io::Write;
use std::sync::{PoisonError, RwLock};
use std::time::{Duration, Instant};

use libtest_mimic::{Failed, Trial};

/// Prefix of a slow scenario's name.
pub(crate) const SLOW: &str = "slow::";

/// Lock of every running scenario: shared by most, exclusive for one that runs alone. Other locks may be taken while it
/// is held.
static HOST: RwLock<()> = RwLock::new(());

/// Result of a scenario: an error contains the reason and the log.
pub(crate) type Outcome = Result<(), Failed>;

/// The time at which all waits of a scenario end.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Deadline {
    end: Instant,
    limit: Duration,
}

impl Deadline {
    pub(crate) fn after(limit: Duration) -> Self {
        Self {
            end: Instant::now() + limit,
            limit,
        }
    }

    /// Returns the time left, or zero.
    pub(crate) fn left(&self) -> Duration {
        self.end.saturating_duration_since(Instant::now())
    }

    /// Returns the whole time limit.
    pub(crate) fn limit(&self) -> Duration {
        self.limit
    }
}

/// Other load allowed on the host.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Company {
    /// Other scenarios may run.
    Others,
    /// No other scenario may run: the scenario measures time, needs all of the host's processors, or uses a fixed port.
    None,
}

/// A test.
pub(crate) struct Scenario {
    /// `subject::rule`, or `slow::subject_rule`.
    name: String,
    limit: Duration,
    company: Company,
    run: Box<dyn FnOnce(Deadline) -> Outcome + Send>,
}

impl Scenario {
    /// Makes a scenario with a limit in seconds: about ten times its duration on an idle host, so that the limit also
    /// suffices beside another scenario.
    pub(crate) fn new(
        name: impl Into<String>,
        limit_s: u64,
        run: impl FnOnce(Deadline) -> Outcome + Send + 'static,
    ) -> Self {
        Self {
            name: name.into(),
            limit: Duration::from_secs(limit_s),
            company: Company::Others,
            run: Box::new(run),
        }
    }

    /// Makes the scenario run alone.
    pub(crate) fn alone(mut self) -> Self {
        self.company = Company::None;
        self
    }

    /// Returns whether the scenario only runs on request.
    pub(crate) fn is_slow(&self) -> bool {
        self.name.starts_with(SLOW)
    }

    /// Sorts scenarios that run alone to the end, so that each waits for the others only once.
    pub(crate) fn sort(scenarios: &mut [Self]) {
        scenarios.sort_by_key(|scenario| scenario.company);
    }

    /// Converts the scenario to a test of the harness. A slow one counts as ignored.
    pub(crate) fn into_trial(self) -> Trial {
        let is_slow = self.is_slow();
        Trial::test(self.name.clone(), move || self.run()).with_ignored_flag(is_slow)
    }

    /// Waits for its turn, runs, and reports both on standard output. The time limit starts with the turn.
    fn run(self) -> Outcome {
        // The locks guard no data, so a lock poisoned by a failed scenario is still usable.
        let (_shared, _exclusive) = match self.company {
            Company::Others => (Some(HOST.read().unwrap_or_else(PoisonError::into_inner)), None),
            Company::None => (None, Some(HOST.write().unwrap_or_else(PoisonError::into_inner))),
        };
        tell(&format!("start {}", self.name));
        let started = Instant::now();
        let outcome = (self.run)(Deadline::after(self.limit));
        tell(&format!("{:5.1} s  {}", started.elapsed().as_secs_f64(), self.name));
        outcome
    }
}

/// Writes a line at once. Ignores a closed standard output.
fn tell(line: &str) {
    let _ = std::io::stdout().lock().write_all(format!("{line}\n").as_bytes());
}
