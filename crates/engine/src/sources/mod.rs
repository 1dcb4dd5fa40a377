//! Sources: the log formats that are understood, each a SQL projection onto the native schema in a file of its own.
//! In: a name, or the first records of a file. Out: `SourceInfo`.
//! Invariant: adding a source is adding `<name>.sql`, `<name>.sample.jsonl` and an entry in `list`.
//! Not here: reading files (`scan/`).

pub mod functions;
mod recognise;

pub(crate) use recognise::{best, looks_like};

/// A log format.
#[derive(Debug)]
pub struct SourceInfo {
    /// Its name, for `--source`.
    pub name: &'static str,
    /// What writes such logs.
    pub what: &'static str,
    /// A record, invented, on one line.
    pub sample: &'static str,
    /// The native columns that it can give.
    pub feeds: &'static [&'static str],
    /// Its projection onto the native schema.
    pub(crate) sql: &'static str,
    /// Paths of keys that such records have, and how much each says.
    pub(crate) marks: &'static [(&'static str, u32)],
}

macro_rules! source {
    ($name:literal, $what:literal, feeds: $feeds:expr, marks: $marks:expr) => {
        SourceInfo {
            name: $name,
            what: $what,
            sample: include_str!(concat!($name, ".sample.jsonl")),
            feeds: $feeds,
            sql: include_str!(concat!($name, ".sql")),
            marks: $marks,
        }
    };
}

/// All sources.
pub fn list() -> &'static [SourceInfo] {
    static LIST: [SourceInfo; 1] = [source!(
        "native",
        "Stillwatch's own records: JSONL, CSV or Parquet",
        feeds: &[
            "time", "account", "organization", "api_key", "session", "ip", "asn", "country", "user_agent", "tls_ja4", "model", "system",
            "prompt", "completion_bytes", "input_tokens", "output_tokens", "reasoning_tokens", "tools", "access", "end_user", "status",
            "refusal", "reasoning_minted", "reasoning_presented", "stream", "batch", "temperature", "max_tokens", "stop_reason",
        ],
        marks: &[("time", 3), ("account", 3), ("prompt", 1), ("messages", 1), ("api_key", 1), ("input_tokens", 1)]
    )];
    &LIST
}

/// The source of that name.
pub fn named(name: &str) -> Option<&'static SourceInfo> {
    list().iter().find(|source| source.name == name)
}
