//! A reading of one counter between two readings of another: the closer these are, the better is known when it was made.

/// Three readings, one behind the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bracket {
    /// The other counter, before.
    pub before: u64,
    /// The counter.
    pub reading: u64,
    /// The other counter, behind.
    pub behind: u64,
}

impl Bracket {
    /// Of several, the one that took the shortest time: nothing came in between there. `None` of none.
    pub fn tightest(brackets: impl IntoIterator<Item = Self>) -> Option<Self> {
        brackets.into_iter().min_by_key(|bracket| bracket.width())
    }

    /// What the other counter said in the middle.
    #[must_use]
    pub const fn middle(&self) -> u64 {
        self.before.wrapping_add(self.width() / 2)
    }

    /// How far the other counter went.
    const fn width(&self) -> u64 {
        self.behind.wrapping_sub(self.before)
    }
}
