//! Cohort: the alarm for traffic of unknown accounts, against the lab's own quiet traffic.
//! In: logs and a baseline, or sketches of either. Out: `Cohort`.
//! Invariant: reads time, system and prompt only; keeps a bounded uniform sample.
//! Not here: the test (`stillwatch_detect::cohort`).

use std::collections::BTreeMap;
use std::sync::Arc;

use datafusion::arrow::array::{Array, AsArray};
use datafusion::arrow::datatypes::TimestampMicrosecondType;
use datafusion::prelude::col;
use stillwatch_detect::account::Account;
use stillwatch_detect::cohort;
use stillwatch_detect::sketch::{Observation, Reader, Sample, Sketch};
use stillwatch_model::Cohort;

use crate::pipeline::{self, Limits, RunError, context, each};
use crate::saved;
use crate::scan::{self, ScanOptions, Tally};

use super::progress::Bar;
use super::reading::block_on;
use super::{Failure, Reading};

/// Exchanges kept: forty windows.
const KEPT: usize = 40 * cohort::WINDOW;

/// Tests `reading`'s traffic against `baseline`. `accounts` are those of the traffic, `from_logs` whether it was read from logs.
pub(crate) fn test(
    reading: &Reading,
    baseline: &[String],
    accounts: &[Account],
    from_logs: bool,
) -> Result<Cohort, Failure> {
    let limits = reading.limits();
    let options = reading.options();
    let of_logs = from_logs && saved::find(baseline, options.accounts.as_deref())?.is_none();
    let (quiet, traffic) = block_on(limits.threads, async {
        if of_logs {
            let quiet = samples(baseline, &options, &limits, "reading the baseline").await?;
            return Ok((quiet, samples(&reading.inputs, &options, &limits, "sampling for the cohort alarm").await?));
        }
        // Sketches keep a few exchanges of each account: what is held against them must be sampled so as well.
        let tally = Arc::new(Tally::default());
        let bar = Bar::start(Arc::clone(&tally), "reading the baseline");
        let quiet = pipeline::read(baseline, &options, &limits, tally, |open| bar.total(open.bytes)).await?;
        Ok((kept(quiet.accounts.values()), kept(accounts.iter().map(|account| &account.sketch))))
    })?;
    let cure = if of_logs {
        "give more traffic, or leave `--baseline` out"
    } else {
        "sketches keep at most 24 exchanges an account: give more of them, or the logs of both, or leave `--baseline` out"
    };
    cohort::test(quiet, traffic).map_err(|e| Failure::new(e.to_string(), cure))
}

/// The exchanges with a prompt that sketches keep.
fn kept<'a>(sketches: impl Iterator<Item = &'a Sketch>) -> Vec<Sample> {
    sketches.flat_map(Sketch::samples).filter(|sample| sample.prompt != 0).cloned().collect()
}

async fn samples(
    inputs: &[String],
    options: &ScanOptions,
    limits: &Limits,
    doing: &'static str,
) -> Result<Vec<Sample>, RunError> {
    let (ctx, _spill) = context(limits)?;
    let engine = |e| RunError::from_engine(e, limits);
    let tally = Arc::new(Tally::default());
    let bar = Bar::start(Arc::clone(&tally), doing);
    let open = scan::open(&ctx, inputs, options, Arc::clone(&tally)).await?;
    bar.total(open.bytes);
    let frame = open.frame.select(vec![col("time"), col("system"), col("prompt")]).map_err(engine)?;
    let mut reader = Reader::default();
    // The smallest keys: a uniform sample, whatever the order.
    let mut kept: BTreeMap<(u64, i64), Sample> = BTreeMap::new();
    each(frame, limits, |batch| {
        let cast = |at: usize| {
            datafusion::arrow::compute::cast(batch.column(at), &datafusion::arrow::datatypes::DataType::Utf8View)
                .map_err(|e| RunError::Engine(e.into()))
        };
        let (systems, prompts) = (cast(1)?, cast(2)?);
        let (systems, prompts) = (systems.as_string_view(), prompts.as_string_view());
        let times = batch.column(0).as_primitive::<TimestampMicrosecondType>();
        for row in (0..batch.num_rows()).filter(|&row| prompts.is_valid(row)) {
            let observation = Observation {
                time: times.value(row),
                system: systems.is_valid(row).then(|| systems.value(row)),
                prompt: Some(prompts.value(row)),
                ..Observation::default()
            };
            let sample = reader.exchange(&observation);
            if kept.len() == KEPT
                && kept.last_key_value().is_some_and(|(largest, _)| (sample.key, sample.time) > *largest)
            {
                continue;
            }
            kept.insert((sample.key, sample.time), sample);
            if kept.len() > KEPT {
                kept.pop_last();
            }
        }
        Ok(())
    })
    .await?;
    tally.verdict()?;
    Ok(kept.into_values().collect())
}
