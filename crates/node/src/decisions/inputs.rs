//! Inputs: what rules are asked with, besides the store: `rules.toml`, `access.toml`, and what the lab knows of its accounts.
//! In: files, read anew when they change. Out: rules; facts by subject.
//! Invariant: bounded; what can't be read changes nothing: what was read before stays in use, and the fault is told.
//! Not here: facts of the store (`facts.rs`), what rules mean (`stillwatch-gate`).

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::time::SystemTime;

use stillwatch_gate::{Access, Facts, Rules, Subject};

use crate::config::Gate as Settings;
use crate::{Error, Result};

/// Most subjects that the lab may tell of.
const MAX_LINES: usize = 500_000;
/// Longest line, in bytes.
const MAX_LINE: usize = 64 << 10;

/// When and how long a file is: what tells that it changed.
type Stamp = Vec<Option<(SystemTime, u64)>>;

/// What rules are asked with.
#[derive(Debug, Default)]
pub struct Inputs {
    /// The rules.
    pub rules: Rules,
    /// What the lab knows of its accounts.
    pub known: Known,
    seen: Stamp,
}

/// What the lab knows of accounts and networks, by subject.
#[derive(Debug, Default)]
pub struct Known {
    /// Facts of a subject each.
    pub facts: HashMap<Subject, Facts>,
    /// Requests of all verified accounts in an hour; 0: not known.
    pub verified_requests: u64,
}

impl Inputs {
    /// Reads everything that the settings name.
    ///
    /// # Errors
    /// File, line and field of what can't be read.
    pub fn read(settings: &Settings) -> Result<Self> {
        // Before the rest: what changes meanwhile is read again.
        let seen = stamp(settings);
        let access = match &settings.access {
            Some(file) => Access::read(&shown(file), &text(file)?).map_err(unread)?,
            None => Access::default(),
        };
        let rules = match &settings.rules {
            Some(file) => Rules::read(&shown(file), &text(file)?, access).map_err(unread)?,
            None => Rules { access, ..Rules::default() },
        };
        let known = settings.accounts.as_deref().map(Known::read).transpose()?.unwrap_or_default();
        Ok(Self { rules, known, seen })
    }

    /// Whether a file changed since it was read.
    #[must_use]
    pub fn is_old(&self, settings: &Settings) -> bool {
        self.seen != stamp(settings)
    }

    /// Passes over a change that can't be read: it is told once, not each round.
    pub(super) fn pass_over(&mut self, settings: &Settings) {
        self.seen = stamp(settings);
    }
}

impl Known {
    /// Reads a file of facts, a JSON object a line (`schemas/gate/facts.schema.json`).
    ///
    /// # Errors
    /// Which line can't be read, or that there are too many.
    pub fn read(file: &Path) -> Result<Self> {
        let opened = std::fs::File::open(file).map_err(|e| unopened(&shown(file), &e))?;
        Ok(Self::take(BufReader::new(opened), &shown(file), |_| true)?.0)
    }

    /// Reads facts and keeps those that are wanted; how many weren't. What is verified among these counts nevertheless.
    ///
    /// # Errors
    /// Which line of `name` can't be read, or that too many are wanted.
    pub fn take(mut lines: impl BufRead, name: &str, wanted: impl Fn(&Facts) -> bool) -> Result<(Self, u64)> {
        let mut known = Known::default();
        let mut passed = 0;
        let mut line = Vec::new();
        for number in 1usize.. {
            line.clear();
            let read = lines.by_ref().take(MAX_LINE as u64 + 1).read_until(b'\n', &mut line);
            let read = read.map_err(|e| unopened(name, &e))?;
            if read == 0 {
                break;
            }
            let wrong = |why: &dyn std::fmt::Display| {
                let hint = "a line is a JSON object with a `subject`; schemas/gate/facts.schema.json has its fields";
                Error::setup(format!("`{name}` line {number}: {why}"), hint)
            };
            if read > MAX_LINE || known.facts.len() == MAX_LINES {
                return Err(wrong(&format!("a line has at most {MAX_LINE} bytes, a file {MAX_LINES} lines")));
            }
            if line.trim_ascii().is_empty() {
                continue;
            }
            let facts: Facts = serde_json::from_slice(&line).map_err(|e| wrong(&e))?;
            if facts.verified == Some(true) {
                known.verified_requests = known.verified_requests.saturating_add(facts.verified_requests);
            }
            if !wanted(&facts) {
                passed += 1;
            } else if known.facts.insert(facts.subject.clone(), facts).is_some() {
                return Err(wrong(&"its subject has a line already"));
            }
        }
        Ok((known, passed))
    }
}

fn unopened(name: &str, error: &std::io::Error) -> Error {
    Error::setup(format!("cannot read `{name}`: {error}"), "check the path, and who may read it")
}

fn text(file: &Path) -> Result<String> {
    // One more than what is read at most, so that longer ones are refused by their reader.
    let most = stillwatch_gate::rules::read::MAX_BYTES as u64 + 1;
    let mut text = String::new();
    let read = std::fs::File::open(file).and_then(|file| file.take(most).read_to_string(&mut text));
    read.map_err(|e| {
        Error::setup(format!("cannot read `{}`: {e}", file.display()), "check the path, and that it is text")
    })?;
    Ok(text)
}

fn shown(file: &Path) -> String {
    file.display().to_string()
}

#[expect(clippy::needless_pass_by_value, reason = "it stands in `map_err`")]
fn unread(error: stillwatch_gate::GateError) -> Error {
    let told = error.to_string();
    let (told, hint) = told.split_once("\nhint: ").unwrap_or((&told, "docs/decisions.md tells what rules may say"));
    Error::setup(told, hint)
}

fn stamp(settings: &Settings) -> Stamp {
    let of = |file: &std::path::PathBuf| {
        let told = std::fs::metadata(file).ok()?;
        Some((told.modified().ok()?, told.len()))
    };
    [&settings.rules, &settings.access, &settings.accounts].into_iter().flatten().map(of).collect()
}
