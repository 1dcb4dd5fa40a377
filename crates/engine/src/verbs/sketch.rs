//! Sketch: one sketch an account and window, to Parquet.
//! In: logs, or sketches to merge. Out: a Parquet file that `detect` takes in place of logs.
//! Invariant: no text in it; sketches of windows merge to the sketch of the whole.
//! Not here: what a sketch holds (`stillwatch_detect::sketch`).

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::{Args as ClapArgs, ValueEnum};
use datafusion::arrow::array::{ArrayRef, LargeBinaryArray, RecordBatch, StringViewArray};
use datafusion::arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use datafusion::functions::expr_fn::date_trunc;
use datafusion::prelude::{col, lit};
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::WriterProperties;
use stillwatch_detect::sketch::Sketch;

use crate::pipeline::{self, RunError, context, each, plan};
use crate::saved;
use crate::scan::{self, ScanOptions, Tally};

use super::reading::{block_on, passed_over, tell};
use super::stage::Stage;
use super::{Exit, Failure, Reading, file_failure, output, progress};

/// Arguments of `sketch`.
#[derive(Debug, ClapArgs)]
#[command(after_help = "Examples:
  stillwatch sketch logs/ --out sketches.parquet
  stillwatch sketch logs/ --window day --out week.parquet
  stillwatch sketch mon.parquet tue.parquet --out both.parquet      merged: one sketch an account
  stillwatch detect sketches.parquet --accounts accounts.jsonl")]
pub struct Args {
    #[command(flatten)]
    reading: Reading,
    /// Where to write
    #[arg(long, value_name = "FILE.parquet")]
    out: PathBuf,
    /// One sketch an account and: the whole log, or each day, or each hour (UTC)
    #[arg(long, value_enum, default_value_t = Window::All)]
    window: Window,
}

/// Spans that sketches are made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Window {
    /// The whole log
    All,
    /// Each day, UTC
    Day,
    /// Each hour, UTC
    Hour,
}

/// Runs the verb.
///
/// # Errors
/// When the logs can't be read or the file can't be written.
pub fn run(args: &Args) -> Result<Exit, Failure> {
    let limits = args.reading.limits();
    // The file that is written may lie among those that are read.
    let besides = args.reading.accounts.as_deref().unwrap_or(&args.out);
    if saved::find(&args.reading.inputs, Some(besides))?.is_some() {
        return merge(args, besides);
    }
    let tally = Arc::new(Tally::default());
    let mut passed = Vec::new();
    let bar = progress::Bar::start(Arc::clone(&tally), "sketching");
    let part = output::beside(&args.out);
    let stage = Stage::begin("read and sketch");
    let written = block_on(limits.threads, async {
        let (ctx, _spill) = context(&limits)?;
        let engine = |e| RunError::from_engine(e, &limits);
        let open = scan::open(&ctx, &args.reading.inputs, &args.reading.options(), Arc::clone(&tally)).await?;
        bar.total(open.bytes);
        passed = passed_over(&open);
        let window = match args.window {
            Window::All => None,
            Window::Day => Some(date_trunc(lit("day"), col("time"))),
            Window::Hour => Some(date_trunc(lit("hour"), col("time"))),
        };
        let frame = plan(open.frame, window, &args.reading.aggregator).map_err(engine)?;
        let schema: SchemaRef = Arc::new(frame.schema().as_arrow().clone());
        let mut writer: Option<ArrowWriter<File>> = None;
        let mut rows = 0;
        let lost = |e: &dyn std::fmt::Display| RunError::Output(args.out.display().to_string(), e.to_string());
        each(frame, &limits, |batch| {
            let out = match &mut writer {
                Some(out) => out,
                none => none.insert(writer_to(part.path(), &schema).map_err(|e| lost(&e))?),
            };
            let columns: Vec<ArrayRef> = batch.columns().to_vec();
            rows += columns.first().map_or(0, |c| c.len());
            out.write(batch).map_err(|e| lost(&e))
        })
        .await?
        .tell();
        tally.verdict()?;
        if let Some(mut writer) = writer {
            saved::beside(&tally.seen(), tally.bad())
                .into_iter()
                .for_each(|pair| writer.append_key_value_metadata(pair));
            writer.close().map_err(|e| lost(&e))?;
        }
        Ok(rows)
    });
    let rows = written?;
    part.keep(&args.out).map_err(|e| file_failure("write", &args.out, &e))?;
    drop(bar);
    stage.end(tally.good());
    tell(&passed, &tally);
    wrote(args, rows, tally.good());
    Ok(Exit::Done)
}

fn wrote(args: &Args, sketches: usize, exchanges: u64) {
    output::say(&format!("wrote {sketches} sketches of {exchanges} exchanges to {}", args.out.display()));
}

fn writer_to(path: &Path, schema: &SchemaRef) -> parquet::errors::Result<ArrowWriter<File>> {
    let properties = WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::default()))
        // A group is held until it is full: sketches are thousands of bytes each.
        .set_max_row_group_row_count(Some(1 << 13))
        .build();
    ArrowWriter::try_new(File::create(path)?, Arc::clone(schema), Some(properties))
}

/// Sketches of sketches: one an account.
fn merge(args: &Args, besides: &Path) -> Result<Exit, Failure> {
    if args.window != Window::All {
        return Err(Failure::new(
            format!("`{}` holds sketches, which cannot be cut into days or hours", args.reading.inputs.join(", ")),
            "give the logs, or leave `--window` out to merge the sketches into one an account",
        ));
    }
    let limits = args.reading.limits();
    let options = ScanOptions { accounts: Some(besides.to_owned()), ..args.reading.options() };
    let bar = progress::Bar::spin("merging sketches");
    let work = pipeline::read(&args.reading.inputs, &options, &limits, Arc::default(), |_| {});
    let read = block_on(limits.threads, work)?;
    let rows = read.accounts.iter().map(|(name, sketch)| (name.as_str(), sketch));
    write(&args.out, rows, &read.seen, read.skipped)?;
    drop(bar);
    wrote(args, read.accounts.len(), read.accounts.values().map(|sketch| sketch.counts.exchanges).sum());
    Ok(Exit::Done)
}

/// Writes sketches, one an account, with what the logs that they were made from could tell.
pub(crate) fn write<'a>(
    path: &Path,
    sketches: impl Iterator<Item = (&'a str, &'a Sketch)>,
    seen: &[String],
    skipped: u64,
) -> Result<(), Failure> {
    let fields = [("account", DataType::Utf8View), ("sketch", DataType::LargeBinary)];
    let schema: SchemaRef = Arc::new(Schema::new(fields.map(|(name, kind)| Field::new(name, kind, true)).to_vec()));
    let part = output::beside(path);
    let write = || -> parquet::errors::Result<()> {
        let mut writer = writer_to(part.path(), &schema)?;
        let mut sketches = sketches.peekable();
        while sketches.peek().is_some() {
            let rows: Vec<(&str, &Sketch)> = sketches.by_ref().take(4096).collect();
            let names = StringViewArray::from_iter_values(rows.iter().map(|(name, _)| name));
            let bytes = LargeBinaryArray::from_iter_values(rows.iter().map(|(_, sketch)| sketch.to_bytes()));
            let columns: Vec<ArrayRef> = vec![Arc::new(names), Arc::new(bytes)];
            writer.write(&RecordBatch::try_new(Arc::clone(&schema), columns)?)?;
        }
        let seen: Vec<&str> = seen.iter().map(String::as_str).collect();
        saved::beside(&seen, skipped).into_iter().for_each(|pair| writer.append_key_value_metadata(pair));
        writer.close().map(drop)
    };
    write().map_err(|e| file_failure("write", path, &e))?;
    part.keep(path).map_err(|e| file_failure("write", path, &e))
}
