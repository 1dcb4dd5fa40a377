//! Path: where in an object a value is (STIX 2.1, 9.7).
//! In: an object type and steps. Out: a path that compares fast and prints as it is written.
//! Invariant: two paths are equal exactly when they print the same.
//! Not here: following it through JSON (`observed.rs`) or to a column (`row.rs`).

use std::fmt;
use std::hash::{DefaultHasher, Hash, Hasher};

/// An object path, such as `network-traffic:src_ref.value`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ObjectPath {
    kind: Box<str>,
    steps: Box<[Step]>,
    key: u64,
}

/// One step along a path.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Step {
    /// `.name` or `.'quoted name'`
    Key(Box<str>),
    /// `[3]`; a negative one is STIX, and matches nothing.
    Index(i64),
    /// `[*]`: any element.
    Any,
}

impl ObjectPath {
    pub(crate) fn new(kind: &str, steps: Vec<Step>) -> Self {
        let mut hasher = DefaultHasher::new();
        (kind, &steps).hash(&mut hasher);
        Self { kind: kind.into(), steps: steps.into(), key: hasher.finish() }
    }

    /// The object type, before the colon.
    #[must_use]
    pub fn object_type(&self) -> &str {
        &self.kind
    }

    /// The steps, after the colon; the first is a key.
    #[must_use]
    pub fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// A number that differs between paths but for chance: for looking them up.
    pub(crate) fn key(&self) -> u64 {
        self.key
    }

    /// Whether the value is text in JSON and bytes in patterns (STIX 2.1, 9.2: properties that end in `_hex` or `_bin`).
    pub(crate) fn is_bytes(&self) -> bool {
        self.steps.iter().rev().find_map(|step| match step {
            Step::Key(key) => Some(key.ends_with("_hex") || key.ends_with("_bin")),
            _ => None,
        }) == Some(true)
    }
}

impl fmt::Display for ObjectPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:", self.kind)?;
        for (at, step) in self.steps.iter().enumerate() {
            match step {
                Step::Key(key) => {
                    if at > 0 {
                        f.write_str(".")?;
                    }
                    if is_plain(key) {
                        f.write_str(key)?;
                    } else {
                        f.write_str(&quoted(key))?;
                    }
                }
                Step::Index(index) => write!(f, "[{index}]")?,
                Step::Any => f.write_str("[*]")?,
            }
        }
        Ok(())
    }
}

/// Words of the grammar; a path that uses one must quote it.
pub(crate) const KEYWORDS: [&str; 19] = [
    "AND",
    "OR",
    "NOT",
    "FOLLOWEDBY",
    "LIKE",
    "MATCHES",
    "ISSUPERSET",
    "ISSUBSET",
    "EXISTS",
    "LAST",
    "IN",
    "START",
    "STOP",
    "SECONDS",
    "true",
    "false",
    "WITHIN",
    "REPEATS",
    "TIMES",
];

fn is_plain(key: &str) -> bool {
    let mut letters = key.bytes();
    letters.next().is_some_and(|c| c.is_ascii_alphabetic() || c == b'_')
        && letters.all(|c| c.is_ascii_alphanumeric() || c == b'_')
        && !KEYWORDS.contains(&key)
}

/// A string constant as it is written.
pub(crate) fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\\', r"\\").replace('\'', r"\'"))
}
