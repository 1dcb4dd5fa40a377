//! Text: text files as a table that the query engine can scan.
//! In: files of one source. Out: `TextTable`, one stream of batches a partition.
//! Invariant: every record is in exactly one partition; unusable ones are counted, quoted and left out.
//! Not here: what is asked of a record (`line.rs`); Parquet, which the query engine reads itself (`parquet.rs`).

use std::{collections::VecDeque, fmt, fs::File, io::Read, sync::Arc};

use async_trait::async_trait;
use datafusion::{
    arrow::{array::RecordBatch, datatypes::SchemaRef},
    catalog::{Session, TableProvider},
    error::{DataFusionError, Result},
    execution::{SendableRecordBatchStream, TaskContext},
    logical_expr::{Expr, TableType},
    physical_plan::{
        ExecutionPlan,
        stream::RecordBatchStreamAdapter,
        streaming::{PartitionStream, StreamingTableExec},
    },
};

use super::{
    columns,
    cursor::{Body, Cursor, Packing, Shape, TextFile},
    error::ScanError,
    line::{Flaw, Rules},
    rows::{Gather, NativeRows, RawRows},
    tally::{Quote, Tally, shorten},
};

/// Plain files are read in parts of about this size, so that all cores work to the end.
const PART: u64 = 64 << 20;

/// How much more text comes out of a packed file than is in it, about.
const UNPACKED: u64 = 5;

/// Files of one source as a table.
#[derive(Debug)]
pub(crate) struct TextTable {
    pub(crate) files: Vec<TextFile>,
    /// Native columns, or raw records for a source's SQL.
    pub(crate) native: bool,
    pub(crate) rules: Rules,
    pub(crate) limit: usize,
    pub(crate) tally: Arc<Tally>,
}

/// A part of a file.
#[derive(Debug, Clone)]
struct Part {
    file: TextFile,
    from: u64,
    end: u64,
}

#[async_trait]
impl TableProvider for TextTable {
    fn schema(&self) -> SchemaRef {
        if self.native { columns::schema() } else { RawRows::schema() }
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    async fn scan(
        &self,
        state: &dyn Session,
        projection: Option<&Vec<usize>>,
        _filters: &[Expr],
        limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let schema = self.schema();
        // The native reader builds only the columns that are asked for; raw records always have all of theirs.
        let (schema, projection) = match projection {
            Some(wanted) if self.native => (Arc::new(schema.project(wanted)?), None),
            other => (schema, other),
        };
        let partitions = deal(&self.files, state.config().target_partitions())
            .into_iter()
            .map(|parts| {
                let (schema, rules, tally) = (schema.clone(), self.rules.clone(), self.tally.clone());
                let stream = TextStream { parts, schema, native: self.native, rules, limit: self.limit, tally };
                Arc::new(stream) as Arc<dyn PartitionStream>
            })
            .collect();
        let plan = StreamingTableExec::try_new(schema, partitions, projection, [], false, limit)?;
        Ok(Arc::new(plan))
    }
}

/// Cuts files into parts and deals these out evenly; the same files are always dealt the same way.
fn deal(files: &[TextFile], partitions: usize) -> Vec<Vec<Part>> {
    let total: u64 = files.iter().map(|file| file.size).sum();
    let size = PART.min(total.div_ceil(partitions.max(1) as u64)).max(1 << 20);
    let mut hands: Vec<(u64, Vec<Part>)> = vec![(0, Vec::new()); partitions.max(1)];
    for file in files {
        let divisible = file.packing == Packing::Plain && file.shape == Shape::Lines;
        let count = if divisible { file.size.div_ceil(size).max(1) } else { 1 };
        for part in 0..count {
            let from = part * size;
            let end = if part + 1 == count { u64::MAX } else { from + size };
            let weight = match file.packing {
                Packing::Plain => end.min(file.size) - from,
                _ => file.size * UNPACKED,
            };
            if let Some(hand) = hands.iter_mut().min_by_key(|hand| hand.0) {
                hand.0 += weight;
                hand.1.push(Part { file: file.clone(), from, end });
            }
        }
    }
    hands.retain(|hand| !hand.1.is_empty());
    hands.into_iter().map(|hand| hand.1).collect()
}

struct TextStream {
    parts: Vec<Part>,
    schema: SchemaRef,
    native: bool,
    rules: Rules,
    limit: usize,
    tally: Arc<Tally>,
}

impl fmt::Debug for TextStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TextStream({} parts)", self.parts.len())
    }
}

impl PartitionStream for TextStream {
    fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    fn execute(&self, _ctx: Arc<TaskContext>) -> SendableRecordBatchStream {
        let parts = self.parts.clone().into();
        let (tally, limit) = (self.tally.clone(), self.limit);
        if self.native {
            let rows = NativeRows::new(self.schema.clone(), self.rules.clone());
            stream(Reading { parts, cursor: None, rows, limit, tally, counts: true, end: None })
        } else {
            stream(Reading { parts, cursor: None, rows: RawRows::new(), limit, tally, counts: false, end: None })
        }
    }
}

fn stream<G: Gather>(reading: Reading<G>) -> SendableRecordBatchStream {
    let schema = reading.rows.schema();
    Box::pin(RecordBatchStreamAdapter::new(schema, futures::stream::iter(reading)))
}

/// Reading parts one after the other.
struct Reading<G> {
    parts: VecDeque<Part>,
    cursor: Option<Open>,
    rows: G,
    limit: usize,
    tally: Arc<Tally>,
    /// Whether what is gathered is an exchange already; raw records are counted once their SQL has made exchanges of them.
    counts: bool,
    /// Set when nothing follows; then, an error still to be told.
    end: Option<Option<ScanError>>,
}

struct Open {
    part: Part,
    name: String,
    cursor: Cursor,
    /// Lines before the part.
    before: Option<u64>,
}

impl<G: Gather> Iterator for Reading<G> {
    type Item = Result<RecordBatch>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.end.is_none() {
            match self.gather() {
                Ok(true) => {}
                Ok(false) => self.end = Some(None),
                Err(error) => self.end = Some(Some(error)),
            }
            match self.rows.take() {
                Ok(Some((batch, seen))) => {
                    if self.counts {
                        self.tally.add_good(batch.num_rows() as u64, seen);
                    }
                    return Some(Ok(batch));
                }
                Ok(None) => {}
                Err(error) => return Some(Err(error.into())),
            }
        }
        // What was read before an error was handed out first; now the error, once.
        self.end.as_mut()?.take().map(|error| Err(DataFusionError::from(error)))
    }
}

impl<G: Gather> Reading<G> {
    /// Reads until there is a batch; false if there is nothing more to read.
    fn gather(&mut self) -> Result<bool, ScanError> {
        self.tally.early()?;
        while !self.rows.is_full() {
            let Some(open) = &mut self.cursor else {
                let Some(part) = self.parts.pop_front() else { return Ok(false) };
                let cursor = Cursor::open(&part.file, part.from, part.end, self.limit, Some(self.tally.clone()))?;
                let name = part.file.path.display().to_string();
                self.cursor = Some(Open { part, name, cursor, before: None });
                continue;
            };
            let Some(raw) = open.cursor.next()? else {
                self.cursor = None;
                continue;
            };
            let (offset, line) = (raw.offset, raw.line);
            let result = match raw.body {
                Body::Whole(bytes) => {
                    self.rows.push(bytes, &open.name, line + 1).map_err(|flaw| (flaw, shorten(bytes)))
                }
                Body::TooLong { head, length } => {
                    let why = format!("{length} bytes long, more than the {} that a record may have", self.limit);
                    Err((Flaw { field: None, why }, shorten(head)))
                }
            };
            if let Err((flaw, text)) = result {
                let Open { part, name, before, .. } = open;
                self.tally.add_bad((part.file.number, offset), || {
                    let before = *before.get_or_insert_with(|| lines_before(part, offset).saturating_sub(line));
                    let field = flaw.field.map(str::to_owned);
                    Quote { file: name.clone(), line: Some(before + line + 1), field, why: flaw.why, text }
                });
                self.tally.early()?;
            }
        }
        Ok(true)
    }
}

/// Counts the lines before a byte, if the cursor did not: only for quoting, as it reads the file from its beginning.
fn lines_before(part: &Part, offset: u64) -> u64 {
    if part.from == 0 {
        return 0;
    }
    let Ok(file) = File::open(&part.file.path) else { return 0 };
    let mut rest = file.take(offset);
    let mut buffer = vec![0; 1 << 20];
    let mut lines = 0;
    while let Ok(count @ 1..) = rest.read(&mut buffer) {
        lines += memchr::memchr_iter(b'\n', &buffer[..count]).count() as u64;
    }
    lines
}
