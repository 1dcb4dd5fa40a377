//! Enforce: decisions in the words of the programs that carry them out.
//! In: a table, the time. Out: text, JSON or archives; no I/O.
//! Invariant: what a format can't say is left out and counted; nobody on the allow-list is in any list of those to be hit.
//! Not here: serving them over the network (`node`), STIX objects (`node`, with `stix`).

pub mod aws_waf;
pub mod carve;
pub mod crowdsec;
pub mod envoy;
pub mod forward;
pub mod haproxy;
pub mod headers;
pub mod lists;
pub mod nginx;
pub mod opa;

/// An export, and what it couldn't say.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Exported {
    /// The text.
    pub text: String,
    /// Decisions in it.
    pub written: usize,
    /// Keys that the format can't say.
    pub left_out: usize,
}

/// Seconds since 1970 as RFC 3339.
pub(crate) fn at(now: i64) -> String {
    jiff::Timestamp::from_second(now).unwrap_or_default().to_string()
}
