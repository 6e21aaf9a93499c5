//! Results of the calls.

use crate::{Request, registers::VALUES};

/// The results of a successful call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Response {
    /// No results: of [`Request::Exit`], [`Request::Log`], [`Request::YieldNow`] and [`Request::Unmap`].
    Done,
    /// Of [`Request::Exists`].
    Exists {
        /// Whether the call exists.
        exists: bool,
        /// The kernel's [`crate::VERSION`].
        version: u64,
    },
    /// Of [`Request::Echo`].
    Echo {
        /// Each value plus one; the largest wraps to 0.
        values: [u64; VALUES],
    },
    /// Of [`Request::Now`].
    Now {
        /// Nanoseconds since the kernel's clock was started. Never decreases.
        ns: u64,
    },
    /// Of [`Request::Map`].
    Mapped {
        /// Address of the first page.
        address: u64,
    },
}

impl Response {
    #[inline]
    pub(crate) fn enter(self, values: &mut [u64; VALUES]) {
        let [first, second, ..] = values;
        match self {
            Self::Done => {}
            Self::Exists { exists, version } => {
                *first = u64::from(exists);
                *second = version;
            }
            Self::Echo { values: results } => *values = results,
            Self::Now { ns } => *first = ns,
            Self::Mapped { address } => *first = address,
        }
    }

    pub(crate) fn read(request: &Request, values: &[u64; VALUES]) -> Self {
        let [first, second, ..] = *values;
        match request {
            Request::Exit { .. } | Request::Log { .. } | Request::YieldNow | Request::Unmap { .. } => Self::Done,
            Request::Exists { .. } => Self::Exists {
                exists: first != 0,
                version: second,
            },
            Request::Echo { .. } => Self::Echo { values: *values },
            Request::Now => Self::Now { ns: first },
            Request::Map { .. } => Self::Mapped { address: first },
        }
    }
}
