//! Document: cuts JSON that is not one object a line into its objects.
//! In: a reader over an array, or over values one after the other, printed over any number of lines. Out: `Raw` records.
//! Invariant: only brackets and strings are understood; whatever stands between two of them is handed on to be judged.
//! Not here: what the objects mean (`line.rs`, `sources/*.sql`).

use std::io::{self, Read};

use super::{
    cursor::{Body, HEAD, Raw},
    window::Window,
};

/// A cursor over the values of a document.
pub(crate) struct Document<R> {
    window: Window<R>,
    limit: usize,
    in_array: bool,
    lines: u64,
    head: Vec<u8>,
}

/// Where in a value the scan stands.
#[derive(Default)]
struct Scan {
    depth: usize,
    in_string: bool,
    escaped: bool,
}

impl<R: Read> Document<R> {
    pub(crate) fn new(reader: R, limit: usize) -> Self {
        Self { window: Window::new(reader, 0), limit, in_array: false, lines: 0, head: Vec::new() }
    }

    /// The next value.
    pub(crate) fn next(&mut self) -> io::Result<Option<Raw<'_>>> {
        if self.window.offset() == 0 {
            self.window.skip_mark()?;
        }
        if !self.find_start()? {
            return Ok(None);
        }
        let (offset, line) = (self.window.offset(), self.lines);
        let (length, dropped) = self.pass()?;
        let body = if dropped == 0 && length <= self.limit {
            Body::Whole(self.window.passed(length).trim_ascii_end())
        } else {
            Body::TooLong { head: &self.head, length: (length + dropped) as u64 }
        };
        Ok(Some(Raw { offset, line, body }))
    }

    /// Moves to the first byte of a value; false if there is none.
    fn find_start(&mut self) -> io::Result<bool> {
        loop {
            let Some(&byte) = self.window.bytes().first() else {
                if self.window.fill()? {
                    continue;
                }
                return Ok(false);
            };
            match byte {
                b'\n' => self.lines += 1,
                b' ' | b'\t' | b'\r' | b',' => {}
                b'[' if !self.in_array => self.in_array = true,
                b']' if self.in_array => self.in_array = false,
                _ => return Ok(true),
            }
            self.window.advance(1);
        }
    }

    /// Passes over a value: the length of what is still in the window, and of what had to be dropped before.
    fn pass(&mut self) -> io::Result<(usize, usize)> {
        let (mut scan, mut at, mut dropped) = (Scan::default(), 0, 0);
        loop {
            let bytes = self.window.bytes();
            let (stop, ended) = scan.run(bytes, at);
            self.lines += memchr::memchr_iter(b'\n', &bytes[at..stop]).count() as u64;
            at = stop;
            if dropped == 0 && (ended || at > self.limit) {
                self.head.clear();
                self.head.extend_from_slice(&bytes[..at.min(HEAD)]);
            }
            if ended {
                break;
            }
            if at > self.limit {
                dropped += at;
                self.window.advance(at);
                at = 0;
            }
            if !self.window.fill()? {
                break;
            }
        }
        self.window.advance(at);
        Ok((at, dropped))
    }
}

impl Scan {
    /// Goes on at `at`; gives where it stopped and whether the value ended there.
    fn run(&mut self, bytes: &[u8], mut at: usize) -> (usize, bool) {
        while at < bytes.len() {
            if self.escaped {
                self.escaped = false;
                at += 1;
                continue;
            }
            if self.in_string {
                let Some(next) = memchr::memchr2(b'"', b'\\', &bytes[at..]) else { return (bytes.len(), false) };
                at += next + 1;
                match bytes[at - 1] {
                    b'"' => self.in_string = false,
                    _ => self.escaped = true,
                }
                continue;
            }
            let byte = bytes[at];
            match byte {
                b'"' => self.in_string = true,
                b'{' | b'[' => self.depth += 1,
                b'}' | b']' if self.depth <= 1 => {
                    // A closing bracket with nothing open ends the array around a bare value: not part of it.
                    return (at + usize::from(self.depth == 1 || at == 0), true);
                }
                b'}' | b']' => self.depth -= 1,
                b',' | b'\n' if self.depth == 0 && at > 0 => return (at, true),
                _ => {}
            }
            at += 1;
        }
        (at, false)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(text: &str, limit: usize) -> Vec<(u64, String)> {
        let mut document = Document::new(text.as_bytes(), limit);
        let mut found = Vec::new();
        while let Some(raw) = document.next().unwrap_or_else(|error| panic!("{error}")) {
            found.push(match raw.body {
                Body::Whole(bytes) => (raw.line, String::from_utf8_lossy(bytes).into_owned()),
                Body::TooLong { length, .. } => (raw.line, format!("{length} bytes")),
            });
        }
        found
    }

    #[test]
    fn an_array_gives_its_elements() {
        let text = "[\n  {\"a\": \"}\\\"]\"},\n  {\"b\": [1, {}]} , 7, oops\n]\n";
        let expected = [(1, "{\"a\": \"}\\\"]\"}"), (2, "{\"b\": [1, {}]}"), (2, "7"), (2, "oops")];
        assert_eq!(all(text, 100), expected.map(|(line, text)| (line, text.to_owned())));
    }

    #[test]
    fn stray_brackets_are_passed_over() {
        assert_eq!(all("}]{}", 100).len(), 3);
    }

    #[test]
    fn values_one_after_the_other_are_told_apart() {
        let found = all("{\n\"a\": 1\n}\n{\n\"a\": 2\n}{\"a\":3}\n{\"a\":", 100);
        assert_eq!(found.iter().map(|(line, _)| *line).collect::<Vec<_>>(), [0, 3, 5, 6]);
        assert_eq!(found[3].1, "{\"a\":");
    }

    #[test]
    fn a_value_over_the_limit_is_measured_and_the_next_one_is_whole() {
        let text = format!("[{{\"a\":\"{}\"}},{{}}]", "x".repeat(3 << 20));
        assert_eq!(all(&text, 1000), [(0, "3145736 bytes".to_owned()), (0, "{}".to_owned())]);
    }
}
