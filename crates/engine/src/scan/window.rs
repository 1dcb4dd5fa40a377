//! Window: a sliding view on a stream of bytes, the ground under every cursor.
//! In: a reader. Out: the bytes from `start` to `filled`, with their place in the stream.
//! Invariant: memory grows only as far as its caller lets it; bytes before `start` are gone.
//! Not here: what a record is (`lines.rs`, `document.rs`, `table.rs`).

use std::io::{self, ErrorKind, Read};

/// How much is asked for at a time.
const CHUNK: usize = 1 << 20;

/// A stream of bytes seen through a buffer.
pub(crate) struct Window<R> {
    reader: R,
    buffer: Vec<u8>,
    start: usize,
    filled: usize,
    base: u64,
}

impl<R: Read> Window<R> {
    /// A window on a reader that stands at byte `base` of its stream.
    pub(crate) fn new(reader: R, base: u64) -> Self {
        Self { reader, buffer: Vec::new(), start: 0, filled: 0, base }
    }

    /// What is in sight.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.buffer[self.start..self.filled]
    }

    /// Where in the stream the sight begins.
    pub(crate) fn offset(&self) -> u64 {
        self.base + self.start as u64
    }

    /// Forgets the first `count` bytes in sight.
    pub(crate) fn advance(&mut self, count: usize) {
        self.start = (self.start + count).min(self.filled);
    }

    /// The last `count` bytes that `advance` went over; they are there until the next `fill`.
    pub(crate) fn passed(&self, count: usize) -> &[u8] {
        &self.buffer[self.start - count.min(self.start)..self.start]
    }

    /// Brings more into sight; false at the end of the stream.
    pub(crate) fn fill(&mut self) -> io::Result<bool> {
        if self.start > 0 {
            self.buffer.copy_within(self.start..self.filled, 0);
            self.base += self.start as u64;
            self.filled -= self.start;
            self.start = 0;
        }
        if self.buffer.len() < self.filled + CHUNK / 2 {
            self.buffer.resize((self.buffer.len() * 2).max(CHUNK), 0);
        }
        loop {
            match self.reader.read(&mut self.buffer[self.filled..]) {
                Ok(count) => {
                    self.filled += count;
                    return Ok(count > 0);
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// Drops a byte order mark, if the stream begins with one.
    pub(crate) fn skip_mark(&mut self) -> io::Result<()> {
        while self.base == 0 && self.start == 0 && self.filled < 3 && self.fill()? {}
        if self.offset() == 0 && self.bytes().starts_with(b"\xef\xbb\xbf") {
            self.advance(3);
        }
        Ok(())
    }
}
