//! Sniff: says what a file holds from its first bytes and records.
//! In: an `Input`. Out: `Sniffed`: its container, its shape, its first records, and the keys that they have.
//! Invariant: bytes decide, not names; the name is asked only where a table and prose look the same.
//! Not here: which source the records come from (`sources/recognise.rs`).

use std::{
    collections::BTreeSet,
    fs::File,
    io::{Read, Seek},
    path::Path,
};

use serde_json::Value;

use super::{
    cursor::{Body, Cursor, Packing, Shape, TextFile, plain},
    error::ScanError,
    inputs::Input,
    tally::shorten,
};

/// How many bytes are looked at to find a file's shape.
const HEAD: u64 = 64 << 10;

/// What a file holds.
pub(crate) enum Sniffed {
    /// Parquet, which has a schema of its own.
    Parquet,
    /// Text, with its first records.
    Text {
        file: TextFile,
        records: Vec<Value>,
        /// The beginning of the first record, as it stands.
        first: String,
        /// All keys of the records.
        keys: BTreeSet<String>,
    },
    /// Nothing: no record at all.
    Empty,
    /// Something that is no log: in a directory it is passed over.
    Other { first: String },
}

/// Looks into a file; at most `count` records are read.
pub(crate) fn sniff(input: &Input, number: usize, limit: usize, count: usize) -> Result<Sniffed, ScanError> {
    let path = &input.path;
    let unreadable = |error: std::io::Error| ScanError::Unreadable { path: path.clone(), why: plain(&error) };
    let mut file = File::open(path).map_err(unreadable)?;
    let magic = head(&mut file, 8).map_err(unreadable)?;
    let packing = match magic.as_slice() {
        [] => return Ok(Sniffed::Empty),
        [b'P', b'A', b'R', b'1', ..] => return Ok(Sniffed::Parquet),
        [0x1f, 0x8b, ..] => Packing::Gzip,
        [0x28, 0xb5, 0x2f, 0xfd, ..] => Packing::Zstd,
        _ => Packing::Plain,
    };
    refuse(path, &magic)?;
    let mut text = TextFile { path: path.clone(), number, size: input.size, packing, shape: Shape::Lines };
    file.rewind().map_err(unreadable)?;
    let unpacked = match packing {
        Packing::Plain => head(&mut file, HEAD),
        Packing::Gzip => head(&mut flate2::read::MultiGzDecoder::new(file), HEAD),
        Packing::Zstd => match zstd::stream::read::Decoder::new(file) {
            Ok(mut decoder) => decoder.window_log_max(31).and_then(|()| head(&mut decoder, HEAD)),
            Err(error) => Err(error),
        },
    };
    // Damage is the cursor's to report, with its place; here, what came before it must do.
    let unpacked = unpacked.unwrap_or_default();
    refuse(path, &unpacked)?;
    if unpacked.starts_with(b"PAR1") {
        let cure = "unpack it first; Parquet is packed inside";
        return Err(ScanError::Container { path: path.clone(), found: "Parquet inside gzip or zstd", cure });
    }
    let Some(shape) = shape(&unpacked, path) else {
        let blank = unpacked.trim_ascii().is_empty();
        if blank && (unpacked.len() as u64) < HEAD && !unpacked.is_empty() {
            return Ok(Sniffed::Empty);
        }
        if unpacked.is_empty() {
            // Either an empty file was packed, or the packing is broken from the start.
            return match Cursor::open(&text, 0, u64::MAX, limit, None)?.next()? {
                None => Ok(Sniffed::Empty),
                Some(_) => Ok(Sniffed::Other { first: String::new() }),
            };
        }
        return Ok(Sniffed::Other { first: shorten(unpacked.trim_ascii()) });
    };
    text.shape = shape;
    records(text, limit, count)
}

fn records(file: TextFile, limit: usize, count: usize) -> Result<Sniffed, ScanError> {
    let mut cursor = Cursor::open(&file, 0, u64::MAX, limit, None)?;
    let (mut records, mut keys) = (Vec::new(), BTreeSet::new());
    let mut first = None;
    let mut bad = 0;
    while records.len() < count && bad < 1_000 {
        // As above: a damaged end is found again when the file is read.
        let Ok(Some(raw)) = cursor.next() else { break };
        let Body::Whole(bytes) = raw.body else {
            bad += 1;
            continue;
        };
        first.get_or_insert_with(|| shorten(bytes));
        match serde_json::from_slice(bytes) {
            Ok(Value::Object(object)) => {
                keys.extend(object.iter().filter(|(_, value)| !value.is_null()).map(|(key, _)| key.clone()));
                records.push(Value::Object(object));
            }
            _ => bad += 1,
        }
    }
    if records.is_empty() && bad == 0 {
        return Ok(Sniffed::Empty);
    }
    let first = first.unwrap_or_default();
    if records.is_empty() {
        return Ok(Sniffed::Other { first });
    }
    Ok(Sniffed::Text { file, records, first, keys })
}

fn head(reader: &mut impl Read, length: u64) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    match reader.take(length).read_to_end(&mut bytes) {
        Ok(_) => Ok(bytes),
        Err(_) if !bytes.is_empty() => Ok(bytes),
        Err(error) => Err(error),
    }
}

fn refuse(path: &Path, magic: &[u8]) -> Result<(), ScanError> {
    let (found, cure) = match magic {
        [0xff, 0xfe, ..] | [0xfe, 0xff, ..] => ("UTF-16 text", "convert it: `iconv -f UTF-16 -t UTF-8`"),
        [b'B', b'Z', b'h', ..] => ("packed with bzip2", "unpack it, or pack it with gzip or zstd"),
        [0xfd, b'7', b'z', b'X', b'Z', ..] => ("packed with xz", "unpack it, or pack it with gzip or zstd"),
        [b'P', b'K', 3, 4, ..] => ("a zip archive", "unpack it"),
        [b'O', b'b', b'j', 1, ..] => ("Avro", "export JSON, CSV or Parquet instead"),
        [b'O', b'R', b'C', ..] => ("ORC", "export JSON, CSV or Parquet instead"),
        [b'A', b'R', b'R', b'O', b'W', b'1', ..] => ("an Arrow file", "export JSON, CSV or Parquet instead"),
        _ => return Ok(()),
    };
    Err(ScanError::Container { path: path.to_owned(), found, cure })
}

fn shape(head: &[u8], path: &Path) -> Option<Shape> {
    let head = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head);
    let text = head.trim_ascii_start();
    match text.first()? {
        b'[' => return Some(Shape::Document),
        b'{' => return Some(if has_whole_line(text) { Shape::Lines } else { Shape::Document }),
        _ if has_whole_line(text) => return Some(Shape::Lines),
        _ => {}
    }
    let header = text.split(|&byte| byte == b'\n').next().unwrap_or_default();
    let delimiter = *b",\t;|".iter().max_by_key(|&&mark| memchr::memchr_iter(mark, header).count())?;
    let cells = memchr::memchr_iter(delimiter, header).count() + 1;
    let name = path.file_name().unwrap_or_default().to_string_lossy().to_lowercase();
    let says_so = [".csv", ".tsv", ".csv.gz", ".tsv.gz", ".csv.zst", ".tsv.zst"].iter().any(|end| name.ends_with(end));
    let looks_so = cells >= 2 && !header.contains(&b'{') && std::str::from_utf8(header).is_ok();
    (says_so || looks_so).then_some(Shape::Table { delimiter })
}

/// Whether one of the first lines is a JSON object by itself. A first line that breaks off, with nothing whole after
/// it, is the beginning of a document; a lone line longer than what was looked at is taken for a line.
fn has_whole_line(text: &[u8]) -> bool {
    let mut lines = text.split(|&byte| byte == b'\n').peekable();
    let mut looked_at = 0;
    while let Some(line) = lines.next() {
        if line.trim_ascii().is_empty() {
            continue;
        }
        let complete = lines.peek().is_some() || (text.len() as u64) < HEAD / 2;
        let begins = line.trim_ascii_start().starts_with(b"{");
        if begins && serde_json::from_slice::<serde::de::IgnoredAny>(line).is_ok() {
            // In a document, a line such as `{}` may stand alone, but never as the first.
            return looked_at == 0 || !text.starts_with(b"{\n") && !text.starts_with(b"{\r");
        }
        if !complete && begins && looked_at == 0 {
            return true;
        }
        looked_at += 1;
        if looked_at == 50 {
            break;
        }
    }
    false
}
