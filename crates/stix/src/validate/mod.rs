//! Validate: whether a text keeps to STIX 2.1, and where it doesn't.
//! In: bytes, rules. Out: faults with line, column, path, code and severity, in the order of the text.
//! Invariant: one fault never hides those of other objects; bounded by `Limits`; what is valid has no fault.
//! Not here: reading bundles to keep them (`bundle.rs`), which asks for less.
//!
//! The specification is held in three tables (`objects.txt`, `vocabularies.txt`, `relationships.txt`) and not in the JSON Schemas
//! that OASIS publishes: those say `no schema of thirty-six fits` where a table says which property at which line is wrong, and
//! leave out what the specification says about references' types, dictionaries and times. The tables were made from the schemas
//! and the specification's tables; tests hold our verdicts against the OASIS validator's.

mod common;
mod content;
mod extensions;
mod object;
mod table;
mod time;
mod value;

use std::collections::HashMap;

use crate::bundle::Pieces;
use crate::fault::{Fault, Lines, Severity};
use crate::json::{self, Node};
use crate::{Limits, id};

/// Checks a pattern's grammar: `Err` says what is wrong.
pub type PatternCheck<'r> = &'r (dyn Fn(&str) -> Result<(), String> + Sync);

/// What is checked.
#[derive(Clone, Copy, Default)]
pub struct Rules<'r> {
    /// How much is read.
    pub limits: Limits,
    /// Checks STIX patterns; without it only that they are there.
    pub pattern: Option<PatternCheck<'r>>,
}

impl std::fmt::Debug for Rules<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Rules").field("limits", &self.limits).field("pattern", &self.pattern.is_some()).finish()
    }
}

/// Checks a bundle, a TAXII envelope or a single object.
#[must_use]
pub fn validate(bytes: &[u8], rules: &Rules<'_>) -> Vec<Fault> {
    let mut pieces = match Pieces::of(bytes, &rules.limits) {
        Ok(pieces) => pieces,
        Err(fault) => return vec![fault],
    };
    let text = pieces.text();
    let mut report = Report { lines: Lines::of(text), faults: Vec::new(), most: rules.limits.faults, more: 0 };
    let mut versions: HashMap<(String, Option<String>), usize> = HashMap::new();
    while let Some(piece) = pieces.next() {
        let root = Path::root();
        let list = root.key("objects");
        let place = if pieces.listed() { list.index(piece.index) } else { root };
        // Broken JSON is told as it was found; everything else is looked at in full.
        match json::read(text, piece.at, piece.at + piece.raw.len(), rules.limits.depth) {
            Ok(node) if !piece.raw.is_empty() => {
                if let Ok(object) = &piece.object {
                    let version = (object.head.id.clone().into_owned(), object.version().map(str::to_owned));
                    let line = report.lines.place(piece.at).0;
                    if let Some(first) = versions.insert(version, line) {
                        let told = format!("the same object in the same version is at line {first} too");
                        report.warn(piece.at, &place, "duplicate", told);
                    }
                }
                object::check(&node, &place, rules, &mut report);
            }
            _ => {
                if let Err(fault) = piece.object {
                    report.push(fault);
                }
            }
        }
    }
    if pieces.listed() || !pieces.own.is_empty() {
        outside(text, &pieces.own, &mut report);
    }
    report.finish()
}

/// Whether objects of a type say their `spec_version`: all but observables, and types that aren't known.
pub(super) fn names_its_version(kind: &str) -> bool {
    table::kind(kind).is_some_and(|kind| kind.class != table::Class::Observable)
}

/// The bundle's own properties (STIX 2.1, section 8). An envelope of TAXII has no type.
fn outside(text: &str, own: &[(&str, &str)], report: &mut Report<'_>) {
    let root = Path::root();
    let at = |piece: &str| (piece.as_ptr() as usize).saturating_sub(text.as_ptr() as usize);
    let own = |name: &str| own.iter().find(|(key, _)| key.trim_matches('"') == name).map(|(_, value)| *value);
    let Some(kind) = own("type") else {
        if own("more").is_none() && own("id").is_some() {
            report.error(0, &root, "required", "`type` is missing");
        }
        return;
    };
    if kind != "\"bundle\"" {
        report.error(
            at(kind),
            &root.key("type"),
            "type",
            format!("a bundle's type is `bundle`, not {}", id::cut(kind)),
        );
    }
    match own("id") {
        None => report.error(0, &root, "required", "`id` is missing"),
        Some(value) => {
            if let Err(because) = id::check(value.trim_matches('"'), Some("bundle")) {
                report.error(at(value), &root.key("id"), "id", because);
            }
        }
    }
    if let Some(value) = own("spec_version") {
        report.warn(at(value), &root.key("spec_version"), "reserved", "a bundle of STIX 2.1 has no `spec_version`");
    }
}

/// Where a value is, told from the outside in.
#[derive(Debug, Clone, Copy)]
pub(super) struct Path<'p> {
    parent: Option<&'p Path<'p>>,
    step: Step<'p>,
}

#[derive(Debug, Clone, Copy)]
enum Step<'p> {
    Root,
    Key(&'p str),
    Index(usize),
}

impl<'p> Path<'p> {
    pub(super) fn root() -> Self {
        Path { parent: None, step: Step::Root }
    }

    pub(super) fn key(&'p self, key: &'p str) -> Path<'p> {
        Path { parent: Some(self), step: Step::Key(key) }
    }

    pub(super) fn index(&'p self, index: usize) -> Path<'p> {
        Path { parent: Some(self), step: Step::Index(index) }
    }

    fn text(&self) -> String {
        let mut text = self.parent.map_or_else(String::new, Path::text);
        match self.step {
            Step::Root => text.push('$'),
            Step::Index(index) => text.push_str(&format!("[{index}]")),
            Step::Key(key) if key.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_') && !key.is_empty() => {
                text.push('.');
                text.push_str(key);
            }
            Step::Key(key) => text.push_str(&format!("['{}']", id::cut(key))),
        }
        text
    }
}

/// Faults as they are found.
#[derive(Debug)]
pub(super) struct Report<'a> {
    lines: Lines<'a>,
    faults: Vec<Fault>,
    most: usize,
    more: usize,
}

impl Report<'_> {
    pub(super) fn error(&mut self, at: usize, path: &Path<'_>, code: &'static str, message: impl Into<String>) {
        self.add(at, path, code, message.into(), Severity::Error, None);
    }

    pub(super) fn warn(&mut self, at: usize, path: &Path<'_>, code: &'static str, message: impl Into<String>) {
        self.add(at, path, code, message.into(), Severity::Warning, None);
    }

    pub(super) fn warn_with(&mut self, at: usize, path: &Path<'_>, code: &'static str, message: String, hint: &str) {
        self.add(at, path, code, message, Severity::Warning, Some(hint.to_owned()));
    }

    fn add(
        &mut self,
        at: usize,
        path: &Path<'_>,
        code: &'static str,
        message: String,
        severity: Severity,
        hint: Option<String>,
    ) {
        if self.faults.len() >= self.most {
            self.more += 1;
            return;
        }
        let mut fault = self.lines.fault(at, &path.text(), code, message);
        (fault.severity, fault.hint) = (severity, hint);
        self.faults.push(fault);
    }

    fn push(&mut self, fault: Fault) {
        if self.faults.len() < self.most { self.faults.push(fault) } else { self.more += 1 }
    }

    fn finish(mut self) -> Vec<Fault> {
        self.faults.sort_by_key(|fault| (fault.line, fault.column));
        if self.more > 0
            && let Some(last) = self.faults.last_mut()
        {
            last.hint = Some(format!("{} more faults aren't told", self.more));
        }
        self.faults
    }

    /// A fault where a value isn't of the kind it should be.
    pub(super) fn kind(&mut self, node: &Node<'_>, path: &Path<'_>, should: &str) {
        self.error(node.at, path, "type", format!("should be {should}, not {}", node.kind()));
    }
}
