//! A named test with a limit.

use std::time::{Duration, Instant};

use libtest_mimic::{Failed, Trial};

/// What a scenario returns: what went wrong, with the log that shows it.
pub(crate) type Outcome = Result<(), Failed>;

/// When a scenario has to be over. Every wait of a scenario takes what is left of it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Deadline {
    /// The moment.
    end: Instant,
    /// How long it was from the start.
    limit: Duration,
}

impl Deadline {
    /// From now on.
    pub(crate) fn after(limit: Duration) -> Self {
        Self {
            end: Instant::now() + limit,
            limit,
        }
    }

    /// What is left; nothing when it is over.
    pub(crate) fn left(&self) -> Duration {
        self.end.saturating_duration_since(Instant::now())
    }

    /// The whole of it.
    pub(crate) fn limit(&self) -> Duration {
        self.limit
    }
}

/// A test to be run.
pub(crate) struct Scenario {
    /// `subject::rule`.
    name: String,
    /// How long it may take.
    limit: Duration,
    /// What it does.
    run: Box<dyn FnOnce(Deadline) -> Outcome + Send>,
}

impl Scenario {
    /// A scenario that has to be over in `limit_s` seconds.
    pub(crate) fn new(
        name: impl Into<String>,
        limit_s: u64,
        run: impl FnOnce(Deadline) -> Outcome + Send + 'static,
    ) -> Self {
        Self {
            name: name.into(),
            limit: Duration::from_secs(limit_s),
            run: Box::new(run),
        }
    }

    /// As the test harness has it.
    pub(crate) fn into_trial(self) -> Trial {
        Trial::test(self.name, move || (self.run)(Deadline::after(self.limit)))
    }
}
