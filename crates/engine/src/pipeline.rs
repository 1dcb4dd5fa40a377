//! Pipeline: from logs, or saved sketches, to one sketch an account.
//! In: paths and options. Out: `Read`: accounts' sketches, and what the log could and could not tell.
//! Invariant: one DataFusion plan does all that costs; memory is bounded by `--memory`, the rest spills to disk.
//! Not here: linking and scoring (`stillwatch_detect`), printing (`verbs/`).

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use datafusion::arrow::array::{AsArray, RecordBatch};
use datafusion::common::DataFusionError;
use datafusion::dataframe::DataFrame;
use datafusion::execution::disk_manager::{DiskManagerBuilder, DiskManagerMode};
use datafusion::execution::memory_pool::FairSpillPool;
use datafusion::execution::runtime_env::RuntimeEnvBuilder;
use datafusion::logical_expr::Expr;
use datafusion::prelude::{ParquetReadOptions, SessionConfig, SessionContext, col, concat, ident, lit, when};
use futures::StreamExt;
use stillwatch_detect::sketch::Sketch;

use crate::scan::{self, Opened, ScanError, ScanOptions, Tally};
use crate::sketch_udaf::{ARGUMENTS, account_sketch};

/// What a run may use.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Bytes of memory for aggregation; the rest spills.
    pub memory: usize,
    /// Where to spill; the system's temporary folder when not given.
    pub spill: Option<PathBuf>,
    /// Threads.
    pub threads: usize,
}

/// What was read.
#[derive(Debug, Default)]
pub struct Read {
    /// One sketch an account; a user inside an aggregator is `account/end_user`.
    pub accounts: BTreeMap<String, Sketch>,
    /// Native columns with at least one value.
    pub seen: Vec<String>,
    /// Sources and their numbers of files; empty when sketches were read.
    pub sources: Vec<(String, u64)>,
}

/// Why a run failed.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The logs.
    #[error(transparent)]
    Scan(#[from] ScanError),
    /// The logs, as found out in the middle of a run.
    #[error("{}", ScanError::within(.0).map_or_else(|| .0.to_string(), ToString::to_string))]
    Reading(DataFusionError),
    /// The engine.
    #[error("{0}")]
    Engine(DataFusionError),
    /// A full disk while spilling.
    #[error("no space left in `{0}` while spilling aggregation state")]
    DiskFull(String),
    /// Too little memory even with spilling.
    #[error("the run needs more memory than `--memory` allows: {0}")]
    Memory(String),
    /// Sketches of another version.
    #[error("cannot read sketches from `{0}`: {1}")]
    Sketches(String, stillwatch_detect::sketch::SketchError),
    /// An output file.
    #[error("cannot write `{0}`: {1}")]
    Output(String, String),
    /// Ctrl-C.
    #[error("interrupted; nothing was written")]
    Interrupted,
}

impl RunError {
    /// What to do.
    #[must_use]
    pub fn help(&self) -> Option<String> {
        match self {
            Self::Scan(error) => Some(error.help()),
            Self::Reading(error) => ScanError::within(error).map(ScanError::help),
            Self::DiskFull(_) => Some("free some space, or name another folder with `--spill-dir`".into()),
            Self::Memory(_) => Some("give more with `--memory`, such as `--memory 4GiB`".into()),
            Self::Sketches(..) => Some("make them again with `stillwatch sketch`".into()),
            Self::Output(..) => Some("check that the folder exists, may be written to and has space".into()),
            Self::Engine(_) | Self::Interrupted => None,
        }
    }

    /// Sorts out what the engine wrapped.
    #[must_use]
    pub fn from_engine(error: DataFusionError, limits: &Limits) -> Self {
        if ScanError::within(&error).is_some() {
            return Self::Reading(error);
        }
        let text = error.strip_backtrace();
        if text.contains("No space left") || text.contains("StorageFull") {
            let folder = limits.spill.clone().unwrap_or_else(std::env::temp_dir);
            return Self::DiskFull(folder.display().to_string());
        }
        if matches!(error.find_root(), DataFusionError::ResourcesExhausted(_)) {
            return Self::Memory(text);
        }
        Self::Engine(error)
    }
}

/// A context with bounded memory.
///
/// # Errors
/// When the spill folder can't be used.
pub fn context(limits: &Limits) -> Result<SessionContext, RunError> {
    let mut disk = DiskManagerBuilder::default();
    if let Some(folder) = &limits.spill {
        disk = disk.with_mode(DiskManagerMode::Directories(vec![folder.clone()]));
    }
    let runtime = RuntimeEnvBuilder::new()
        .with_memory_pool(Arc::new(FairSpillPool::new(limits.memory)))
        .with_disk_manager_builder(disk)
        .build()
        .map_err(|e| RunError::from_engine(e, limits))?;
    let config = SessionConfig::new().with_target_partitions(limits.threads).with_batch_size(4096);
    let ctx = SessionContext::new_with_config_rt(config, Arc::new(runtime));
    ctx.register_udaf(account_sketch());
    Ok(ctx)
}

/// The account that an exchange is counted for: the account, or the user inside an aggregator.
#[must_use]
pub fn account_key() -> Expr {
    let inside = col("end_user").is_not_null().and(col("access").is_null().or(col("access").eq(lit("aggregator"))));
    when(inside, concat(vec![col("account"), lit("/"), col("end_user")]))
        .otherwise(col("account"))
        .unwrap_or_else(|_| col("account"))
}

/// The one plan: exchanges grouped by account, and by `window` when there is one.
///
/// # Errors
/// When the plan can't be built.
pub fn plan(frame: DataFrame, window: Option<Expr>) -> Result<DataFrame, DataFusionError> {
    let sketch = account_sketch().call(ARGUMENTS.iter().map(|c| ident(c.name())).collect()).alias("sketch");
    let mut keys = vec![account_key().alias("account")];
    keys.extend(window.map(|w| w.alias("window_start")));
    frame.aggregate(keys, vec![sketch])
}

/// Reads logs or saved sketches into one sketch an account.
///
/// # Errors
/// See [`RunError`].
pub async fn read(
    inputs: &[String],
    options: &ScanOptions,
    limits: &Limits,
    tally: Arc<Tally>,
    opened: impl FnOnce(&Opened),
) -> Result<Read, RunError> {
    let ctx = context(limits)?;
    let engine = |e| RunError::from_engine(e, limits);
    if let Some(frame) = saved(&ctx, inputs).await {
        let mut read = Read::default();
        each(frame, limits, |batch| absorb(&mut read.accounts, batch, inputs)).await?;
        read.seen = told(&read.accounts);
        return Ok(read);
    }
    let open = scan::open(&ctx, inputs, options, Arc::clone(&tally)).await?;
    opened(&open);
    let sources = open.source.clone();
    let frame = plan(open.frame, None).map_err(engine)?;
    let mut read = Read { sources, ..Read::default() };
    each(frame, limits, |batch| absorb(&mut read.accounts, batch, inputs)).await?;
    tally.verdict()?;
    read.seen = tally.seen().into_iter().map(String::from).collect();
    Ok(read)
}

/// The frame of saved sketches, when that is what the inputs are.
async fn saved(ctx: &SessionContext, inputs: &[String]) -> Option<DataFrame> {
    if !inputs.iter().all(|i| i.ends_with(".parquet")) {
        return None;
    }
    let frame = ctx.read_parquet(inputs.to_vec(), ParquetReadOptions::default()).await.ok()?;
    let has = |name: &str| frame.schema().fields().iter().any(|f| f.name() == name);
    if has("account") && has("sketch") { frame.select(vec![col("account"), col("sketch")]).ok() } else { None }
}

fn absorb(accounts: &mut BTreeMap<String, Sketch>, batch: &RecordBatch, inputs: &[String]) -> Result<(), RunError> {
    let cast =
        |at: usize, to| datafusion::arrow::compute::cast(batch.column(at), to).map_err(|e| RunError::Engine(e.into()));
    let names = cast(0, &datafusion::arrow::datatypes::DataType::Utf8View)?;
    let bytes = cast(1, &datafusion::arrow::datatypes::DataType::LargeBinary)?;
    for (name, bytes) in names.as_string_view().iter().zip(bytes.as_binary::<i64>().iter()) {
        let (Some(name), Some(bytes)) = (name, bytes) else { continue };
        let sketch = Sketch::from_bytes(bytes).map_err(|e| RunError::Sketches(inputs.join(", "), e))?;
        match accounts.get_mut(name) {
            Some(held) => held.merge(&sketch),
            None => drop(accounts.insert(name.to_owned(), sketch)),
        }
    }
    Ok(())
}

/// Runs a frame and hands over its batches, as they come from all partitions.
///
/// # Errors
/// See [`RunError`].
pub async fn each(
    frame: DataFrame,
    limits: &Limits,
    mut take: impl FnMut(&RecordBatch) -> Result<(), RunError>,
) -> Result<(), RunError> {
    let engine = |e| RunError::from_engine(e, limits);
    let mut stream = frame.execute_stream().await.map_err(engine)?;
    while let Some(batch) = stream.next().await {
        let batch = batch.map_err(engine)?;
        if batch.num_rows() > 0 {
            take(&batch)?;
        }
    }
    Ok(())
}

/// Which native columns saved sketches speak of.
fn told(accounts: &BTreeMap<String, Sketch>) -> Vec<String> {
    let any = |f: fn(&Sketch) -> bool| accounts.values().any(f);
    let mut seen = vec!["time", "account"];
    type Tells = (&'static str, fn(&Sketch) -> bool);
    let columns: [Tells; 9] = [
        ("prompt", |s| s.counts.prompts > 0),
        ("organization", |s| !s.organizations.entries().is_empty()),
        ("ip", |s| !s.networks.entries().is_empty()),
        ("user_agent", |s| !s.clients.entries().is_empty()),
        ("model", |s| !s.models.is_empty()),
        ("output_tokens", |s| s.counts.output_tokens > 0),
        ("refusal", |s| s.counts.refusals > 0),
        ("status", |s| s.counts.forbidden + s.counts.throttled + s.counts.failed > 0),
        ("reasoning_presented", |s| !s.presented.entries().is_empty()),
    ];
    seen.extend(columns.into_iter().filter(|&(_, f)| any(f)).map(|(name, _)| name));
    seen.into_iter().map(String::from).collect()
}
