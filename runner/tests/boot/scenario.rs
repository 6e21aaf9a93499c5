//! A named test with a time limit, and how tests share the host.

use std::io::Write;
use std::sync::{PoisonError, RwLock};
use std::time::{Duration, Instant};

use libtest_mimic::{Failed, Trial};

/// What the name of a slow scenario begins with.
pub(crate) const SLOW: &str = "slow::";

/// Held by every running scenario: shared by most, exclusively by one that runs alone. Other locks may be taken inside.
static HOST: RwLock<()> = RwLock::new(());

/// What a scenario returns: an error holds what went wrong and the log that shows it.
pub(crate) type Outcome = Result<(), Failed>;

/// The time by which a scenario must have ended. All its waits end then.
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

    /// Time left, or zero.
    pub(crate) fn left(&self) -> Duration {
        self.end.saturating_duration_since(Instant::now())
    }

    /// The whole time limit.
    pub(crate) fn limit(&self) -> Duration {
        self.limit
    }
}

/// What else may run on the host at the same time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Company {
    /// Other scenarios.
    Others,
    /// Nothing: the scenario measures time, needs all of the host's processors, or uses a fixed port.
    None,
}

/// A test to be run.
pub(crate) struct Scenario {
    /// `subject::rule`, or `slow::subject_rule`.
    name: String,
    limit: Duration,
    company: Company,
    run: Box<dyn FnOnce(Deadline) -> Outcome + Send>,
}

impl Scenario {
    /// A scenario with a limit in seconds: about ten times what it takes on an idle host, so that it also suffices beside
    /// another one.
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

    /// Lets no other scenario run beside this one.
    pub(crate) fn alone(mut self) -> Self {
        self.company = Company::None;
        self
    }

    /// True if the scenario runs only when it is asked for.
    pub(crate) fn is_slow(&self) -> bool {
        self.name.starts_with(SLOW)
    }

    /// Puts scenarios that run alone last, so that each waits for the others only once.
    pub(crate) fn sort(scenarios: &mut [Self]) {
        scenarios.sort_by_key(|scenario| scenario.company);
    }

    /// The scenario as a test of the harness. A slow one counts as ignored.
    pub(crate) fn into_trial(self) -> Trial {
        let is_slow = self.is_slow();
        Trial::test(self.name.clone(), move || self.run()).with_ignored_flag(is_slow)
    }

    /// Waits for its turn, runs, and tells both on standard output. The time limit begins with the turn.
    fn run(self) -> Outcome {
        // The locks guard no data, so one that a failed scenario has poisoned is as good as before.
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

/// Writes a line in one piece. A closed standard output is no reason to stop.
fn tell(line: &str) {
    let _ = std::io::stdout().lock().write_all(format!("{line}\n").as_bytes());
}
