//! Fault: something wrong in a text, and where.
//! In: a text and a place in it. Out: line, column, path, code and a sentence.
//! Invariant: lines and columns begin at 1; a column counts characters; a path begins at `$`, the whole text.
//! Not here: what is looked for (`stix/validate`).

use std::fmt;
use std::sync::OnceLock;

use serde::Serialize;

/// How bad a fault is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Breaks a MUST: other programs may refuse it.
    Error,
    /// Breaks a SHOULD, or does what the specification has deprecated.
    Warning,
}

/// Something wrong in a text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Fault {
    /// Line, from 1.
    pub line: usize,
    /// Column, from 1.
    pub column: usize,
    /// Where in the JSON, such as `$.objects[3].valid_from`.
    pub path: String,
    /// How bad it is.
    pub severity: Severity,
    /// Stable name of the kind of fault, such as `required`.
    pub code: &'static str,
    /// What is wrong, a sentence without a full stop.
    pub message: String,
    /// What to do, where that isn't plain.
    pub hint: Option<String>,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match self.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
        };
        write!(f, "{}:{}: {kind}[{}]: {}: {}", self.line, self.column, self.code, self.path, self.message)?;
        match &self.hint {
            Some(hint) => write!(f, " (hint: {hint})"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for Fault {}

/// A text whose lines are counted when the first fault asks for them.
#[derive(Debug)]
pub(crate) struct Lines<'a> {
    text: &'a str,
    /// Where each line begins.
    starts: OnceLock<Vec<usize>>,
    /// Characters before each block of bytes: a line may be all of a large text, and have many faults.
    blocks: OnceLock<Vec<usize>>,
}

/// Bytes of a block.
const BLOCK: usize = 4096;

impl<'a> Lines<'a> {
    pub(crate) fn of(text: &'a str) -> Self {
        Lines { text, starts: OnceLock::new(), blocks: OnceLock::new() }
    }

    /// Line and column of a byte.
    pub(crate) fn place(&self, at: usize) -> (usize, usize) {
        let starts = self.starts.get_or_init(|| {
            std::iter::once(0).chain(memchr::memchr_iter(b'\n', self.text.as_bytes()).map(|end| end + 1)).collect()
        });
        let line = starts.partition_point(|&start| start <= at).max(1);
        let start = starts.get(line - 1).copied().unwrap_or(0);
        (line, self.characters(at).saturating_sub(self.characters(start)) + 1)
    }

    /// Characters before a byte.
    fn characters(&self, at: usize) -> usize {
        let bytes = self.text.as_bytes();
        let at = at.min(bytes.len());
        let blocks = self.blocks.get_or_init(|| {
            let mut sum = 0;
            let before = |block: &[u8]| {
                sum += characters(block);
                sum
            };
            std::iter::once(0).chain(bytes.chunks(BLOCK).map(before)).collect()
        });
        let block = at / BLOCK;
        blocks.get(block).copied().unwrap_or(0) + characters(bytes.get(block * BLOCK..at).unwrap_or_default())
    }

    /// A fault at a byte.
    pub(crate) fn fault(&self, at: usize, path: &str, code: &'static str, message: impl Into<String>) -> Fault {
        let (line, column) = self.place(at);
        let severity = Severity::Error;
        Fault { line, column, path: path.to_owned(), severity, code, message: message.into(), hint: None }
    }
}

/// A character is as many bytes as it likes, but begins once.
fn characters(bytes: &[u8]) -> usize {
    bytes.iter().filter(|&&byte| byte & 0xc0 != 0x80).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_count_lines_and_characters() {
        let lines = Lines::of("a\nbé, c\n");
        assert_eq!(lines.place(0), (1, 1));
        assert_eq!(lines.place(2), (2, 1));
        assert_eq!(lines.place("a\nbé".len()), (2, 3));
        assert_eq!(lines.place(1000), (3, 1));
        let long = format!("x\n{}", "é".repeat(5 * BLOCK));
        assert_eq!(Lines::of(&long).place(2 + 2 * 9_000), (2, 9_001));
    }
}
