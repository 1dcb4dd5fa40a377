//! Limits: how much a received pattern may ask of us.
//! In: nothing. Out: bounds, each with a default.
//! Invariant: every bound is either refused with a message or counted; none is passed over in silence.
//! Not here: what happens at each bound (`parse.rs`, `plan.rs`, `bind.rs`, `watch.rs`).

/// Bounds on a pattern and on the work that it may cause.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Longest text of a pattern, in bytes; longer ones are refused.
    pub bytes: usize,
    /// Deepest nesting of parentheses; deeper ones are refused.
    pub depth: usize,
    /// Largest compiled form of one regular expression, in bytes; larger ones are refused.
    pub regex: usize,
    /// Most ways in which the `OR`s between observations can be chosen; more are refused.
    pub scenarios: usize,
    /// Most observations that one binding may need (`REPEATS` multiplied out); more are refused.
    pub demand: usize,
    /// Steps of looking for one binding; past them the answer is an error and not "no match".
    pub steps: u64,
    /// Observations that a watch holds for one way to match a pattern; past them the oldest is let go, and counted.
    pub held: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            bytes: 256 << 10,
            depth: 64,
            regex: 1 << 20,
            scenarios: 256,
            demand: 10_000,
            steps: 20_000_000,
            held: 4_096,
        }
    }
}
