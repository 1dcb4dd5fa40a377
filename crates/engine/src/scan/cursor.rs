//! Cursor: walks through the records of one text file, whatever its packing and shape.
//! In: a file, or a range of its bytes. Out: `Raw` records; a `ScanError` where the file is damaged.
//! Invariant: memory is bounded by the longest record allowed, not by the file.
//! Not here: recognising packing and shape (`sniff.rs`); reading what a record says (`line.rs`).

use std::{
    fs::File,
    io::{self, BufReader, ErrorKind, Read, Seek, SeekFrom},
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
};

use super::{document::Document, error::ScanError, lines::Lines, table::Table, tally::Tally};

/// How much of a record is kept for quoting if the record itself is not.
pub(crate) const HEAD: usize = 1_000;

/// One record as it stands in the file.
pub(crate) struct Raw<'a> {
    /// Where it begins, in bytes of the unpacked file.
    pub(crate) offset: u64,
    /// How many lines come before it, counted from where the cursor began.
    pub(crate) line: u64,
    /// Its bytes.
    pub(crate) body: Body<'a>,
}

/// The bytes of a record.
pub(crate) enum Body<'a> {
    /// All of them.
    Whole(&'a [u8]),
    /// Too many to keep.
    TooLong {
        /// The first of them.
        head: &'a [u8],
        /// How many there are.
        length: u64,
    },
}

/// How a file is packed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Packing {
    Plain,
    Gzip,
    Zstd,
}

/// How records stand in a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shape {
    /// One JSON object a line.
    Lines,
    /// JSON values over any number of lines, in an array or one after the other.
    Document,
    /// A header and rows.
    Table { delimiter: u8 },
}

/// A text file that is to be read.
#[derive(Debug, Clone)]
pub(crate) struct TextFile {
    pub(crate) path: PathBuf,
    /// Its place among the inputs.
    pub(crate) number: usize,
    pub(crate) size: u64,
    pub(crate) packing: Packing,
    pub(crate) shape: Shape,
}

/// A cursor over the records of a file.
pub(crate) struct Cursor {
    path: PathBuf,
    packing: Packing,
    position: Arc<AtomicU64>,
    records: Records,
}

enum Records {
    Lines(Lines<Box<dyn Read + Send>>),
    Document(Document<Box<dyn Read + Send>>),
    Table(Box<Table<Box<dyn Read + Send>>>),
}

impl Cursor {
    /// Opens a file to read the records that begin in the bytes from `from` up to `end`. Only plain files of lines have
    /// parts; of all others, the range must be the whole.
    pub(crate) fn open(
        file: &TextFile,
        from: u64,
        end: u64,
        limit: usize,
        tally: Option<Arc<Tally>>,
    ) -> Result<Self, ScanError> {
        let unreadable = |error: io::Error| ScanError::Unreadable { path: file.path.clone(), why: plain(&error) };
        let mut opened = File::open(&file.path).map_err(unreadable)?;
        let from = from.saturating_sub(1);
        if from > 0 {
            opened.seek(SeekFrom::Start(from)).map_err(unreadable)?;
        }
        let position = Arc::new(AtomicU64::new(from));
        let metered = Metered { inner: opened, position: position.clone(), tally, until: end };
        let reader: Box<dyn Read + Send> = match file.packing {
            Packing::Plain => Box::new(metered),
            Packing::Gzip => Box::new(flate2::bufread::MultiGzDecoder::new(BufReader::with_capacity(1 << 18, metered))),
            Packing::Zstd => {
                let mut decoder = zstd::stream::read::Decoder::new(metered).map_err(unreadable)?;
                decoder.window_log_max(31).map_err(unreadable)?;
                Box::new(decoder)
            }
        };
        let records = match file.shape {
            Shape::Lines => Records::Lines(Lines::new(reader, from, end, limit)),
            Shape::Document => Records::Document(Document::new(reader, limit)),
            Shape::Table { delimiter } => Records::Table(Box::new(Table::new(reader, delimiter, limit))),
        };
        Ok(Self { path: file.path.clone(), packing: file.packing, position, records })
    }

    /// The next record.
    pub(crate) fn next(&mut self) -> Result<Option<Raw<'_>>, ScanError> {
        let Self { path, packing, position, records } = self;
        let next = match records {
            Records::Lines(lines) => lines.next(),
            Records::Document(document) => document.next(),
            Records::Table(table) => table.next(),
        };
        next.map_err(|error| broken(path.clone(), *packing, position.load(Relaxed), &error))
    }
}

fn broken(path: PathBuf, packing: Packing, byte: u64, error: &io::Error) -> ScanError {
    match packing {
        Packing::Plain => ScanError::Unreadable { path, why: plain(error) },
        _ if error.kind() == ErrorKind::UnexpectedEof => {
            ScanError::Damaged { path, byte, why: "it ends in the middle (a truncated copy?)".into() }
        }
        Packing::Gzip => ScanError::Damaged { path, byte, why: format!("not valid gzip: {error}") },
        Packing::Zstd => ScanError::Damaged { path, byte, why: format!("not valid zstd: {error}") },
    }
}

/// What the operating system said, without its number.
pub(crate) fn plain(error: &io::Error) -> String {
    let said = error.to_string();
    said.split(" (os error").next().unwrap_or(&said).to_lowercase()
}

/// Counts what is read from a file.
struct Metered {
    inner: File,
    position: Arc<AtomicU64>,
    tally: Option<Arc<Tally>>,
    until: u64,
}

impl Read for Metered {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        let before = self.position.fetch_add(count as u64, Relaxed);
        if let Some(tally) = &self.tally {
            // What lies beyond the range is counted by the cursor whose range it is.
            tally.add_bytes((count as u64).min(self.until.saturating_sub(before)));
        }
        Ok(count)
    }
}
