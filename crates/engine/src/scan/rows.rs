//! Rows: gathers records into Arrow batches.
//! In: the bytes of records, one by one. Out: record batches, native or of raw records.
//! Invariant: a batch is handed out before its texts grow past a few megabytes, however long they are.
//! Not here: where the bytes come from (`text.rs`).

use std::sync::Arc;

use datafusion::arrow::{
    array::{
        ArrayBuilder, ArrayRef, BooleanBuilder, Float64Builder, Int64Builder, ListBuilder, RecordBatch,
        RecordBatchOptions, StringViewBuilder, TimestampMicrosecondBuilder,
    },
    datatypes::{DataType, Field, Schema, SchemaRef},
    error::ArrowError,
};
use serde::de::IgnoredAny;

use super::{
    columns::{Column, Kind},
    line::{self, Flaw, Rules, Value},
};

/// Rows in a batch.
const ROWS: usize = 8_192;

/// Bytes of text in a batch.
const BYTES: usize = 8 << 20;

/// What gathers records.
pub(crate) trait Gather: Send + 'static {
    /// The schema of the batches.
    fn schema(&self) -> SchemaRef;
    /// Adds a record.
    fn push(&mut self, bytes: &[u8], file: &str, line: u64) -> Result<(), Flaw>;
    /// Whether the batch should be taken.
    fn is_full(&self) -> bool;
    /// The batch so far, and the set of native columns that have a value in it; nothing if there is none.
    fn take(&mut self) -> Result<Option<(RecordBatch, u64)>, ArrowError>;
}

/// Native records, in the columns that are wanted.
pub(crate) struct NativeRows {
    schema: SchemaRef,
    rules: Rules,
    slots: Vec<(Column, Slot)>,
    rows: usize,
    bytes: usize,
    seen: u64,
}

enum Slot {
    Time(TimestampMicrosecondBuilder),
    Text(StringViewBuilder),
    Integer(Int64Builder),
    Float(Float64Builder),
    Flag(BooleanBuilder),
    List(ListBuilder<StringViewBuilder>),
}

impl NativeRows {
    /// `schema` names the columns wanted.
    pub(crate) fn new(schema: SchemaRef, mut rules: Rules) -> Self {
        let columns: Vec<Column> = schema.fields().iter().filter_map(|field| Column::named(field.name())).collect();
        rules.wanted =
            columns.iter().map(|column| column.bit()).sum::<u64>() | Column::Time.bit() | Column::Account.bit();
        let slots = columns.into_iter().map(|column| (column, Slot::new(column))).collect();
        Self { schema, rules, slots, rows: 0, bytes: 0, seen: 0 }
    }
}

impl Gather for NativeRows {
    fn schema(&self) -> SchemaRef {
        self.schema.clone()
    }

    fn push(&mut self, bytes: &[u8], _: &str, _: u64) -> Result<(), Flaw> {
        let line = line::read(bytes, &self.rules)?;
        for (column, slot) in &mut self.slots {
            let value = &line.values[column.index()];
            if !value.is_absent() {
                self.seen |= column.bit();
            }
            slot.append(value);
        }
        self.rows += 1;
        self.bytes += bytes.len();
        Ok(())
    }

    fn is_full(&self) -> bool {
        self.rows >= ROWS || self.bytes >= BYTES
    }

    fn take(&mut self) -> Result<Option<(RecordBatch, u64)>, ArrowError> {
        if self.rows == 0 {
            return Ok(None);
        }
        let columns = self.slots.iter_mut().map(|(_, slot)| slot.finish()).collect();
        let options = RecordBatchOptions::new().with_row_count(Some(self.rows));
        let batch = RecordBatch::try_new_with_options(self.schema.clone(), columns, &options)?;
        (self.rows, self.bytes) = (0, 0);
        Ok(Some((batch, std::mem::take(&mut self.seen))))
    }
}

impl Slot {
    fn new(column: Column) -> Self {
        match column.kind() {
            Kind::Time => Slot::Time(TimestampMicrosecondBuilder::new().with_timezone("UTC")),
            Kind::Text => Slot::Text(texts(column)),
            Kind::Integer => Slot::Integer(Int64Builder::new()),
            Kind::Float => Slot::Float(Float64Builder::new()),
            Kind::Flag => Slot::Flag(BooleanBuilder::new()),
            Kind::List => Slot::List(ListBuilder::new(StringViewBuilder::new())),
        }
    }

    fn append(&mut self, value: &Value) {
        match (self, value) {
            (Slot::Time(builder), Value::Integer(micros)) => builder.append_value(*micros),
            (Slot::Text(builder), Value::Text(text)) => builder.append_value(text),
            (Slot::Integer(builder), Value::Integer(number)) => builder.append_value(*number),
            (Slot::Float(builder), Value::Float(number)) => builder.append_value(*number),
            (Slot::Flag(builder), Value::Flag(flag)) => builder.append_value(*flag),
            (Slot::List(builder), Value::List(list)) => {
                for text in list {
                    builder.values().append_value(text);
                }
                builder.append(true);
            }
            (Slot::Time(builder), _) => builder.append_null(),
            (Slot::Text(builder), _) => builder.append_null(),
            (Slot::Integer(builder), _) => builder.append_null(),
            (Slot::Float(builder), _) => builder.append_null(),
            (Slot::Flag(builder), _) => builder.append_null(),
            (Slot::List(builder), _) => builder.append_null(),
        }
    }

    fn finish(&mut self) -> ArrayRef {
        match self {
            Slot::Time(builder) => Arc::new(builder.finish()),
            Slot::Text(builder) => Arc::new(builder.finish()),
            Slot::Integer(builder) => ArrayBuilder::finish(builder),
            Slot::Float(builder) => ArrayBuilder::finish(builder),
            Slot::Flag(builder) => ArrayBuilder::finish(builder),
            Slot::List(builder) => ArrayBuilder::finish(builder),
        }
    }
}

/// A builder whose blocks fit what the column holds, so that a batch takes no more memory than its texts.
fn texts(column: Column) -> StringViewBuilder {
    let block = if matches!(column, Column::Prompt | Column::System) { 1 << 18 } else { 1 << 16 };
    StringViewBuilder::new().with_fixed_block_size(block)
}

/// Raw records: `record` (its JSON text), `file`, `line`.
pub(crate) struct RawRows {
    records: StringViewBuilder,
    files: StringViewBuilder,
    lines: Int64Builder,
    bytes: usize,
}

impl RawRows {
    pub(crate) fn new() -> Self {
        let files = StringViewBuilder::new().with_deduplicate_strings();
        Self {
            records: StringViewBuilder::new().with_fixed_block_size(1 << 20),
            files,
            lines: Int64Builder::new(),
            bytes: 0,
        }
    }

    /// The schema of raw records, which a source's SQL reads.
    pub(crate) fn schema() -> SchemaRef {
        Arc::new(Schema::new(vec![
            Field::new("record", DataType::Utf8View, false),
            Field::new("file", DataType::Utf8View, false),
            Field::new("line", DataType::Int64, false),
        ]))
    }
}

impl Gather for RawRows {
    fn schema(&self) -> SchemaRef {
        Self::schema()
    }

    fn push(&mut self, bytes: &[u8], file: &str, line: u64) -> Result<(), Flaw> {
        let text = line::utf8(bytes)?;
        serde_json::from_str::<IgnoredAny>(text).map_err(|error| line::flaw(&error, None))?;
        if !text.starts_with('{') {
            return Err(Flaw { field: None, why: "not a JSON object".into() });
        }
        self.records.append_value(text);
        self.files.append_value(file);
        self.lines.append_value(line as i64);
        self.bytes += bytes.len();
        Ok(())
    }

    fn is_full(&self) -> bool {
        self.records.len() >= ROWS || self.bytes >= BYTES
    }

    fn take(&mut self) -> Result<Option<(RecordBatch, u64)>, ArrowError> {
        if self.records.is_empty() {
            return Ok(None);
        }
        self.bytes = 0;
        let columns: Vec<ArrayRef> =
            vec![Arc::new(self.records.finish()), Arc::new(self.files.finish()), Arc::new(self.lines.finish())];
        Ok(Some((RecordBatch::try_new(Self::schema(), columns)?, 0)))
    }
}
