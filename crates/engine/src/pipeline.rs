//! Pipeline: from logs, or saved sketches, to one sketch an account.
//! In: paths and options. Out: `Read`: accounts' sketches, and what the log could and could not tell.
//! Invariant: one DataFusion plan does all that costs; memory is bounded by `--memory`, the rest spills to disk.
//! Not here: linking and scoring (`stillwatch_detect`), printing (`verbs/`).

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use datafusion::arrow::array::{AsArray, RecordBatch};
use datafusion::common::DataFusionError;
use datafusion::dataframe::DataFrame;
use datafusion::execution::SessionStateBuilder;
use datafusion::execution::disk_manager::{DiskManagerBuilder, DiskManagerMode};
use datafusion::execution::runtime_env::RuntimeEnvBuilder;
use datafusion::logical_expr::Expr;
use datafusion::physical_plan::{ExecutionPlan, displayable, execute_stream};
use datafusion::prelude::{ParquetReadOptions, SessionConfig, SessionContext, col, concat, ident, lit, when};
use futures::StreamExt;
use stillwatch_detect::sketch::Sketch;

use crate::ending::Held;
use crate::one_pass::OnePass;
use crate::pool::Shares;
use crate::saved;
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
    /// Records that could not be used.
    pub skipped: u64,
    /// Sources and their numbers of files; empty when sketches were read.
    pub sources: Vec<(String, u64)>,
    /// What didn't fit into memory.
    pub spilled: Spilled,
}

/// What was written to disk for want of memory.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Spilled {
    /// Files.
    pub files: usize,
    /// Bytes.
    pub bytes: usize,
}

impl Spilled {
    /// Tells it, where there is something to tell.
    pub(crate) fn tell(&self) {
        if self.files > 0 {
            tracing::info!("spilled {} MiB to {} files", self.bytes >> 20, self.files);
        }
    }
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
    /// No folder to spill to.
    #[error("cannot make a folder for spilling in `{}`: {}", .0.display(), .1)]
    Spill(PathBuf, std::io::Error),
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
    #[error("interrupted")]
    Interrupted,
}

impl RunError {
    /// What to do.
    #[must_use]
    pub fn help(&self) -> Option<String> {
        match self {
            Self::Scan(error) => Some(error.help()),
            Self::Reading(error) => ScanError::within(error).map(ScanError::help),
            Self::Spill(..) => Some("name a folder that exists and may be written to with `--spill-dir`".into()),
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

/// A context with bounded memory, and the folder that it spills to, which lives as long as it is held.
///
/// # Errors
/// When the spill folder can't be used.
pub(crate) fn context(limits: &Limits) -> Result<(SessionContext, Held), RunError> {
    let folder = limits.spill.clone().unwrap_or_else(std::env::temp_dir);
    static RUN: AtomicUsize = AtomicUsize::new(0);
    let name = format!("stillwatch-spill-{}-{}", std::process::id(), RUN.fetch_add(1, Ordering::Relaxed));
    let spill = Held::new(folder.join(name));
    let disk = DiskManagerBuilder::default()
        .with_mode(DiskManagerMode::Directories(vec![spill.path().to_owned()]))
        // How much may be spilled is for the disk to say.
        .with_max_temp_directory_size(u64::MAX);
    std::fs::create_dir(spill.path()).map_err(|e| RunError::Spill(folder, e))?;
    let runtime = RuntimeEnvBuilder::new()
        .with_memory_pool(Arc::new(Shares::new(limits.memory)))
        .with_disk_manager_builder(disk)
        .build()
        .map_err(|e| RunError::from_engine(e, limits))?;
    let config = SessionConfig::new().with_target_partitions(limits.threads).with_batch_size(4096);
    let state = SessionStateBuilder::new()
        .with_config(config)
        .with_runtime_env(Arc::new(runtime))
        .with_default_features()
        .with_physical_optimizer_rule(Arc::new(OnePass))
        .build();
    let ctx = SessionContext::new_with_state(state);
    ctx.register_udaf(account_sketch());
    Ok((ctx, spill))
}

/// The account that an exchange is counted for: the account, or the user inside an aggregator: one that the log calls so,
/// or that `aggregators` names, in which `*` stands for anything and `?` for one character.
#[must_use]
pub fn account_key(aggregators: &[String]) -> Expr {
    let named = |name: &String| {
        let pattern = name.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_");
        col("account").like(lit(pattern.replace('*', "%").replace('?', "_")))
    };
    let is_aggregator = aggregators.iter().map(named).fold(col("access").eq(lit("aggregator")), Expr::or);
    let inside = col("end_user").is_not_null().and(col("end_user").not_eq(lit(""))).and(is_aggregator);
    when(inside, concat(vec![col("account"), lit("/"), col("end_user")]))
        .otherwise(col("account"))
        .unwrap_or_else(|_| col("account"))
}

/// The one plan: exchanges grouped by account, and by `window` when there is one. `aggregators`: see [`account_key`].
///
/// # Errors
/// When the plan can't be built.
pub fn plan(frame: DataFrame, window: Option<Expr>, aggregators: &[String]) -> Result<DataFrame, DataFusionError> {
    let mut keys = vec![account_key(aggregators).alias("account")];
    keys.extend(window.map(|w| w.alias("window_start")));
    let names: Vec<Expr> = keys.iter().map(|key| ident(key.schema_name().to_string())).collect();
    // The keys are made once, before rows are dealt out by them.
    let columns = ARGUMENTS.iter().map(|c| ident(c.name()));
    let frame = frame.select(keys.into_iter().chain(columns.clone()).collect::<Vec<_>>())?;
    let sketch = account_sketch().call(columns.collect()).alias("sketch");
    frame.aggregate(names, vec![sketch])
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
    let (ctx, _spill) = context(limits)?;
    let engine = |e| RunError::from_engine(e, limits);
    if let Some(saved) = saved::find(inputs, options.accounts.as_deref())? {
        let files = saved.files.iter().map(|path| scan::url(path)).collect::<Result<Vec<_>, _>>().map_err(engine)?;
        let frame = ctx.read_parquet(files, ParquetReadOptions::default().file_extension("")).await.map_err(engine)?;
        let frame = frame.select(vec![col("account"), col("sketch")]).map_err(engine)?;
        let mut read = Read { seen: saved.seen.into_iter().collect(), skipped: saved.skipped, ..Read::default() };
        each(frame, limits, |batch| absorb(&mut read.accounts, batch, inputs)).await?;
        return Ok(read);
    }
    let open = scan::open(&ctx, inputs, options, Arc::clone(&tally)).await?;
    opened(&open);
    let sources = open.source.clone();
    let frame = plan(open.frame, None, &options.aggregators).map_err(engine)?;
    let mut read = Read { sources, ..Read::default() };
    read.spilled = each(frame, limits, |batch| absorb(&mut read.accounts, batch, inputs)).await?;
    tally.verdict()?;
    read.seen = tally.seen().into_iter().map(String::from).collect();
    read.skipped = tally.bad();
    Ok(read)
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

/// Runs a frame and hands over its batches, as they come from all partitions. Tells what was spilled.
///
/// # Errors
/// See [`RunError`].
pub async fn each(
    frame: DataFrame,
    limits: &Limits,
    mut take: impl FnMut(&RecordBatch) -> Result<(), RunError>,
) -> Result<Spilled, RunError> {
    let engine = |e| RunError::from_engine(e, limits);
    let task = Arc::new(frame.task_ctx());
    let plan = frame.create_physical_plan().await.map_err(engine)?;
    let mut stream = execute_stream(Arc::clone(&plan), task).map_err(engine)?;
    while let Some(batch) = stream.next().await {
        let batch = batch.map_err(engine)?;
        if batch.num_rows() > 0 {
            take(&batch)?;
        }
    }
    Ok(spilled(plan.as_ref()))
}

fn spilled(plan: &dyn ExecutionPlan) -> Spilled {
    let mut all = Spilled::default();
    if let Some(metrics) = plan.metrics() {
        all.files += metrics.spill_count().unwrap_or_default();
        all.bytes += metrics.spilled_bytes().unwrap_or_default();
    }
    for child in plan.children() {
        let Spilled { files, bytes } = spilled(child.as_ref());
        all = Spilled { files: all.files + files, bytes: all.bytes + bytes };
    }
    all
}

/// The physical plan that `read` would run, as text.
///
/// # Errors
/// See [`RunError`].
pub async fn explain(inputs: &[String], options: &ScanOptions, limits: &Limits) -> Result<String, RunError> {
    let (ctx, _spill) = context(limits)?;
    let engine = |e| RunError::from_engine(e, limits);
    let open = scan::open(&ctx, inputs, options, Arc::default()).await?;
    let plan =
        plan(open.frame, None, &options.aggregators).map_err(engine)?.create_physical_plan().await.map_err(engine)?;
    Ok(displayable(plan.as_ref()).indent(false).to_string())
}
