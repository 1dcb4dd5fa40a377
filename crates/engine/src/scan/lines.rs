//! Lines: cuts a stream into lines.
//! In: a reader, and the range of bytes whose lines are wanted. Out: `Raw` records, one a line.
//! Invariant: neighbouring ranges give every line exactly once; a line over the limit is measured but not kept.
//! Not here: what a line means (`line.rs`).

use std::io::{self, Read};

use super::{
    cursor::{Body, HEAD, Raw},
    window::Window,
};

/// A cursor over lines.
pub(crate) struct Lines<R> {
    window: Window<R>,
    end: u64,
    limit: usize,
    scanned: usize,
    count: u64,
    skip_first: bool,
    head: Vec<u8>,
}

impl<R: Read> Lines<R> {
    /// The lines that begin before byte `end`. The reader stands at byte `from`; if that is not the stream's first,
    /// it is the last byte before the range, and the rest of the line that it belongs to is passed over.
    pub(crate) fn new(reader: R, from: u64, end: u64, limit: usize) -> Self {
        let window = Window::new(reader, from);
        Self { window, end, limit, scanned: 0, count: 0, skip_first: from > 0, head: Vec::new() }
    }

    /// The next line that is not blank.
    pub(crate) fn next(&mut self) -> io::Result<Option<Raw<'_>>> {
        if self.window.offset() == 0 {
            self.window.skip_mark()?;
        }
        if self.skip_first {
            self.skip_first = false;
            if self.cut()?.is_none() {
                return Ok(None);
            }
        }
        let (offset, length, kept) = loop {
            let offset = self.window.offset();
            if offset >= self.end {
                return Ok(None);
            }
            let Some((length, kept)) = self.cut()? else { return Ok(None) };
            self.count += 1;
            let blank = kept && self.window.passed(length).iter().all(u8::is_ascii_whitespace);
            if !blank {
                break (offset, length, kept);
            }
        };
        let body = if kept {
            Body::Whole(self.window.passed(length).trim_ascii_end())
        } else {
            Body::TooLong { head: &self.head, length: length as u64 }
        };
        Ok(Some(Raw { offset, line: self.count - 1, body }))
    }

    /// Passes over a line; its length with its end, and whether it was short enough to be kept.
    fn cut(&mut self) -> io::Result<Option<(usize, bool)>> {
        let mut dropped = 0;
        loop {
            let bytes = self.window.bytes();
            if let Some(at) = memchr::memchr(b'\n', &bytes[self.scanned..]) {
                return Ok(Some(self.pass(self.scanned + at + 1, dropped)));
            }
            self.scanned = bytes.len();
            if bytes.len() > self.limit {
                self.keep_head(dropped);
                dropped += self.window.bytes().len();
                self.window.advance(usize::MAX / 2);
                self.scanned = 0;
            }
            if !self.window.fill()? {
                let rest = self.window.bytes().len();
                return Ok((rest + dropped > 0).then(|| self.pass(rest, dropped)));
            }
        }
    }

    fn pass(&mut self, length: usize, dropped: usize) -> (usize, bool) {
        let kept = dropped == 0 && length <= self.limit + 1;
        if !kept {
            self.keep_head(dropped);
        }
        self.window.advance(length);
        self.scanned = 0;
        (length + dropped, kept)
    }

    fn keep_head(&mut self, dropped: usize) {
        if dropped == 0 {
            let bytes = self.window.bytes();
            self.head.clear();
            self.head.extend_from_slice(&bytes[..bytes.len().min(HEAD)]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(text: &[u8], from: usize, end: u64, limit: usize) -> Vec<(u64, String)> {
        let mut lines = Lines::new(&text[from..], from as u64, end, limit);
        let mut found = Vec::new();
        while let Some(raw) = lines.next().unwrap_or_else(|error| panic!("{error}")) {
            found.push(match raw.body {
                Body::Whole(bytes) => (raw.offset, String::from_utf8_lossy(bytes).into_owned()),
                Body::TooLong { length, .. } => (raw.offset, format!("{length} bytes")),
            });
        }
        found
    }

    #[test]
    fn ranges_give_every_line_once_wherever_they_are_cut() {
        let text = b"first\n\nsecond line\r\nthird\nlast without end";
        let whole = all(text, 0, u64::MAX, 100);
        assert_eq!(whole.len(), 4);
        // A range that begins at byte 1 is never dealt out: the byte before it is the stream's first.
        for cut in 2..text.len() {
            let mut parts = all(text, 0, cut as u64, 100);
            parts.extend(all(text, cut - 1, u64::MAX, 100));
            assert_eq!(parts, whole, "cut at {cut}");
        }
    }

    #[test]
    fn a_line_over_the_limit_is_measured_and_the_next_one_is_whole() {
        let mut text = vec![b'x'; 5 << 20];
        text.extend_from_slice(b"\nshort\n");
        assert_eq!(all(&text, 0, u64::MAX, 1000), [(0, "5242881 bytes".into()), (5_242_881, "short".into())]);
    }

    #[test]
    fn a_byte_order_mark_is_not_part_of_the_first_line() {
        assert_eq!(all(b"\xef\xbb\xbfa\nb", 0, u64::MAX, 100), [(3, "a".into()), (5, "b".into())]);
    }
}
