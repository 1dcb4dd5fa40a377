//! Pattern: STIX 2.1 patterns, parsed and evaluated over observations.
//! In: a pattern's text, observed data. Out: matches, or why the pattern is refused.
//! Invariant: does no I/O; bounded depth and time; never panics on bad input.
//! Not here: where observations come from (`engine`), what a match means (`share`).
