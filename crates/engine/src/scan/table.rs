//! Table: reads the rows of a CSV file as JSON objects.
//! In: a reader over a header and rows. Out: `Raw` records, each the JSON text of a row.
//! Invariant: a cell that is empty is absent; one that holds a JSON list or object is that; any other is a text.
//! Not here: what the texts mean (`line.rs` reads numbers and times out of texts).

use std::io::{self, Read};

use csv_core::{ReadRecordResult, Reader, ReaderBuilder};
use serde::de::IgnoredAny;

use super::{
    cursor::{Body, HEAD, Raw},
    window::Window,
};

/// A cursor over rows.
pub(crate) struct Table<R> {
    window: Window<R>,
    csv: Reader,
    limit: usize,
    header: Option<Vec<String>>,
    cells: Vec<u8>,
    ends: Vec<usize>,
    json: Vec<u8>,
    started: bool,
}

/// One row as it was cut.
struct Row {
    offset: u64,
    line: u64,
    /// Its length in the file.
    length: u64,
    /// How many cells it has; `None` if it was too long to be kept.
    cells: Option<usize>,
}

impl<R: Read> Table<R> {
    pub(crate) fn new(reader: R, delimiter: u8, limit: usize) -> Self {
        Self {
            window: Window::new(reader, 0),
            csv: ReaderBuilder::new().delimiter(delimiter).build(),
            limit,
            header: None,
            cells: vec![0; 1 << 16],
            ends: vec![0; 64],
            json: Vec::new(),
            started: false,
        }
    }

    /// The next row.
    pub(crate) fn next(&mut self) -> io::Result<Option<Raw<'_>>> {
        if !self.started {
            self.started = true;
            self.window.skip_mark()?;
            self.header = match self.cut()? {
                Some(Row { cells: Some(count), .. }) => Some((0..count).map(|cell| self.name(cell)).collect()),
                _ => None,
            };
        }
        if self.header.is_none() {
            return Ok(None);
        }
        let Some(row) = self.cut()? else { return Ok(None) };
        let body = match row.cells {
            Some(count) => {
                self.write(count);
                Body::Whole(&self.json)
            }
            None => Body::TooLong { head: &self.cells[..self.cells.len().min(HEAD)], length: row.length },
        };
        Ok(Some(Raw { offset: row.offset, line: row.line, body }))
    }

    fn cut(&mut self) -> io::Result<Option<Row>> {
        let (offset, line) = (self.window.offset(), self.csv.line() - 1);
        let (mut at, mut count, mut too_long) = (0, 0, false);
        loop {
            let (result, read, written, ended) =
                self.csv.read_record(self.window.bytes(), &mut self.cells[at..], &mut self.ends[count..]);
            self.window.advance(read);
            at += written;
            count += ended;
            match result {
                ReadRecordResult::InputEmpty => {
                    // An empty window at the end of the stream tells the reader to end the last row.
                    self.window.fill()?;
                }
                ReadRecordResult::OutputFull if self.cells.len() > self.limit => {
                    too_long = true;
                    at = HEAD;
                }
                ReadRecordResult::OutputFull => self.cells.resize(self.cells.len() * 2, 0),
                ReadRecordResult::OutputEndsFull if self.ends.len() > 1 << 16 => count = 0,
                ReadRecordResult::OutputEndsFull => self.ends.resize(self.ends.len() * 2, 0),
                ReadRecordResult::Record => break,
                ReadRecordResult::End => return Ok(None),
            }
        }
        let length = self.window.offset() - offset;
        too_long |= at > self.limit;
        Ok(Some(Row { offset, line, length, cells: (!too_long).then_some(count) }))
    }

    fn cell(&self, cell: usize) -> &[u8] {
        let start = if cell == 0 { 0 } else { self.ends[cell - 1] };
        self.cells.get(start..self.ends[cell]).unwrap_or_default()
    }

    fn name(&self, cell: usize) -> String {
        String::from_utf8_lossy(self.cell(cell)).trim().to_owned()
    }

    fn write(&mut self, count: usize) {
        let mut json = std::mem::take(&mut self.json);
        json.clear();
        json.push(b'{');
        let header = self.header.as_deref().unwrap_or_default();
        for (cell, name) in header.iter().enumerate().take(count) {
            let bytes = self.cell(cell);
            if bytes.is_empty() {
                continue;
            }
            if json.len() > 1 {
                json.push(b',');
            }
            quote(&mut json, name.as_bytes());
            json.push(b':');
            let nested = matches!(bytes[0], b'[' | b'{') && serde_json::from_slice::<IgnoredAny>(bytes).is_ok();
            if nested {
                json.extend_from_slice(bytes);
            } else {
                quote(&mut json, bytes);
            }
        }
        json.push(b'}');
        self.json = json;
    }
}

/// Writes a JSON string. What is not UTF-8 stays so, for the reader of the record to say.
fn quote(json: &mut Vec<u8>, text: &[u8]) {
    json.push(b'"');
    for &byte in text {
        match byte {
            b'"' | b'\\' => json.extend_from_slice(&[b'\\', byte]),
            b'\n' => json.extend_from_slice(b"\\n"),
            b'\r' => json.extend_from_slice(b"\\r"),
            b'\t' => json.extend_from_slice(b"\\t"),
            0..0x20 => json.extend_from_slice(format!("\\u{byte:04x}").as_bytes()),
            _ => json.push(byte),
        }
    }
    json.push(b'"');
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(text: &str, limit: usize) -> Vec<(u64, String)> {
        let mut table = Table::new(text.as_bytes(), b',', limit);
        let mut found = Vec::new();
        while let Some(raw) = table.next().unwrap_or_else(|error| panic!("{error}")) {
            found.push(match raw.body {
                Body::Whole(bytes) => (raw.line, String::from_utf8_lossy(bytes).into_owned()),
                Body::TooLong { length, .. } => (raw.line, format!("{length} bytes")),
            });
        }
        found
    }

    #[test]
    fn a_row_becomes_an_object() {
        let text = "a,b c,d\n1,\"x \"\"y\"\"\nz\",\n,\"[1,{\"\"k\"\":2}]\",{not json\n";
        let expected = [(1, r#"{"a":"1","b c":"x \"y\"\nz"}"#), (3, r#"{"b c":[1,{"k":2}],"d":"{not json"}"#)];
        assert_eq!(all(text, 1 << 20), expected.map(|(line, text)| (line, text.to_owned())));
    }

    #[test]
    fn a_quote_that_is_never_closed_does_not_fill_memory() {
        let text = format!("a,b\n1,2\n\"{}", "x\n".repeat(2 << 20));
        let found = all(&text, 1000);
        assert_eq!(found[1].1, format!("{} bytes", (4 << 20) + 1));
        assert_eq!(all("a,b\n", 1000), []);
        assert_eq!(all("", 1000), []);
    }
}
