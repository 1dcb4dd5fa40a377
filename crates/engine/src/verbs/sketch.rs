//! Sketch: one sketch an account and window, to Parquet.
//! In: logs. Out: a Parquet file that `detect` takes in place of logs.
//! Invariant: no text in it; sketches of windows merge to the sketch of the whole.
//! Not here: what a sketch holds (`stillwatch_detect::sketch`).

use std::path::PathBuf;
use std::sync::Arc;

use clap::{Args as ClapArgs, ValueEnum};
use datafusion::arrow::array::ArrayRef;
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::functions::expr_fn::date_trunc;
use datafusion::prelude::{col, lit};
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::WriterProperties;

use crate::pipeline::{RunError, context, each, plan};
use crate::saved;
use crate::scan::{self, Tally};

use super::reading::block_on;
use super::stage::Stage;
use super::{Exit, Failure, Reading, file_failure, output, progress};

/// Arguments of `sketch`.
#[derive(Debug, ClapArgs)]
#[command(after_help = "Examples:
  stillwatch sketch logs/ --out sketches.parquet
  stillwatch sketch logs/ --window day --out week.parquet
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
    let tally = Arc::new(Tally::default());
    let bar = progress::Bar::start(Arc::clone(&tally), "sketching");
    let part = output::beside(&args.out);
    let stage = Stage::begin("read and sketch");
    let written = block_on(limits.threads, async {
        let (ctx, _spill) = context(&limits)?;
        let engine = |e| RunError::from_engine(e, &limits);
        let open = scan::open(&ctx, &args.reading.inputs, &args.reading.options(), Arc::clone(&tally)).await?;
        bar.total(open.bytes);
        let window = match args.window {
            Window::All => None,
            Window::Day => Some(date_trunc(lit("day"), col("time"))),
            Window::Hour => Some(date_trunc(lit("hour"), col("time"))),
        };
        let frame = plan(open.frame, window).map_err(engine)?;
        let schema: SchemaRef = Arc::new(frame.schema().as_arrow().clone());
        let mut writer: Option<ArrowWriter<std::fs::File>> = None;
        let mut rows = 0;
        let lost = |e: &dyn std::fmt::Display| RunError::Output(args.out.display().to_string(), e.to_string());
        each(frame, &limits, |batch| {
            let out = match &mut writer {
                Some(out) => out,
                none => {
                    let file = std::fs::File::create(part.path()).map_err(|e| lost(&e))?;
                    let properties = WriterProperties::builder()
                        .set_compression(Compression::ZSTD(ZstdLevel::default()))
                        // A group is held until it is full: sketches are thousands of bytes each.
                        .set_max_row_group_row_count(Some(1 << 13))
                        .build();
                    none.insert(
                        ArrowWriter::try_new(file, Arc::clone(&schema), Some(properties)).map_err(|e| lost(&e))?,
                    )
                }
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
    eprintln!("wrote {rows} sketches of {} exchanges to {}", tally.good(), args.out.display());
    Ok(Exit::Done)
}
