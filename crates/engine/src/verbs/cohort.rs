//! Cohort: the alarm for traffic of unknown accounts, against the lab's own quiet traffic.
//! In: logs and a baseline. Out: `Cohort`.
//! Invariant: reads time, system and prompt only; keeps a bounded uniform sample.
//! Not here: the test (`stillwatch_detect::cohort`).

use std::collections::BTreeMap;
use std::sync::Arc;

use datafusion::arrow::array::{Array, AsArray};
use datafusion::arrow::datatypes::TimestampMicrosecondType;
use datafusion::prelude::col;
use stillwatch_detect::cohort;
use stillwatch_detect::sketch::{Observation, Reader, Sample};
use stillwatch_model::Cohort;

use crate::pipeline::{Limits, RunError, context, each};
use crate::scan::{self, ScanOptions, Tally};

use super::reading::block_on;
use super::{Failure, Reading};

/// Exchanges kept: forty windows.
const KEPT: usize = 40 * cohort::WINDOW;

/// Tests `reading`'s traffic against `baseline`.
pub(crate) fn test(reading: &Reading, baseline: &[String]) -> Result<Cohort, Failure> {
    let limits = reading.limits();
    let options = reading.options();
    let (quiet, traffic) = block_on(limits.threads, async {
        Ok((samples(baseline, &options, &limits).await?, samples(&reading.inputs, &options, &limits).await?))
    })?;
    cohort::test(quiet, traffic)
        .map_err(|e| Failure::new(e.to_string(), "give more traffic, or leave `--baseline` out"))
}

async fn samples(inputs: &[String], options: &ScanOptions, limits: &Limits) -> Result<Vec<Sample>, RunError> {
    let (ctx, _spill) = context(limits)?;
    let engine = |e| RunError::from_engine(e, limits);
    let tally = Arc::new(Tally::default());
    let open = scan::open(&ctx, inputs, options, Arc::clone(&tally)).await?;
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
