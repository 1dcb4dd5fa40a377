//! Examples: shortened local examples of what a campaign sent.
//! In: a report and the logs. Out: the report's cases and portraits with examples.
//! Invariant: looked up in the logs again; no sketch holds text. Never runs unless asked for.
//! Not here: whether they are shown (`detect.rs`).

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use datafusion::arrow::array::AsArray;
use datafusion::arrow::datatypes::TimestampMicrosecondType;
use datafusion::prelude::col;
use stillwatch_detect::cues::Model;
use stillwatch_detect::{explain, text};
use stillwatch_model::{Example, Report, Telling};

use crate::pipeline::{RunError, account_key, context, each};
use crate::scan::{self, Tally};

use super::Reading;
use super::progress::Bar;

/// Campaigns of which examples are looked up.
const CASES: usize = 100;
/// Length of an example, characters.
const SHORT: usize = 400;

/// Fills in the examples of cases and portraits.
pub(crate) async fn fill(reading: &Reading, report: &mut Report) -> Result<(), RunError> {
    let cases = report.cases.iter().take(CASES).flat_map(|case| &case.telling);
    let portraits = report.portraits.iter().flat_map(|portrait| &portrait.telling);
    let mut wanted: BTreeMap<String, BTreeSet<u64>> = BTreeMap::new();
    for telling in cases.chain(portraits) {
        wanted.entry(telling.account.clone()).or_default().insert(telling.prompt);
    }
    if wanted.is_empty() {
        return Ok(());
    }
    let limits = reading.limits();
    let (ctx, _spill) = context(&limits)?;
    let engine = |e| RunError::from_engine(e, &limits);
    let tally = Arc::new(Tally::default());
    let bar = Bar::start(Arc::clone(&tally), "looking up examples");
    let open = scan::open(&ctx, &reading.inputs, &reading.options(), tally).await?;
    bar.total(open.bytes);
    let frame = open
        .frame
        .select(vec![account_key(&reading.aggregator).alias("account"), col("time"), col("prompt")])
        .map_err(engine)?;
    let mut found: BTreeMap<(String, u64), Example> = BTreeMap::new();
    each(frame, &limits, |batch| {
        let cast = |at: usize| {
            datafusion::arrow::compute::cast(batch.column(at), &datafusion::arrow::datatypes::DataType::Utf8View)
                .map_err(|e| RunError::Engine(e.into()))
        };
        let (names, prompts) = (cast(0)?, cast(2)?);
        let times = batch.column(1).as_primitive::<TimestampMicrosecondType>();
        for (row, (name, prompt)) in names.as_string_view().iter().zip(prompts.as_string_view().iter()).enumerate() {
            let (Some(name), Some(prompt)) = (name, prompt) else { continue };
            let Some(hashes) = wanted.get_mut(name) else { continue };
            let hash = text::hash(prompt.as_bytes());
            if hashes.remove(&hash) {
                found.insert((name.to_owned(), hash), example(name, times.value(row), prompt));
            }
        }
        Ok(())
    })
    .await?;
    let shown = |telling: &[Telling]| -> Vec<Example> {
        telling.iter().filter_map(|t| found.get(&(t.account.clone(), t.prompt))).cloned().collect()
    };
    for case in &mut report.cases {
        case.examples = shown(&case.telling);
    }
    for portrait in &mut report.portraits {
        portrait.examples = shown(&portrait.telling);
    }
    Ok(())
}

fn example(account: &str, time: i64, prompt: &str) -> Example {
    let mut short: String = prompt.chars().take(SHORT).collect();
    if short.len() < prompt.len() {
        short.push('…');
    }
    let mut words = Model::shipped().explain(prompt);
    words.sort_by(|a, b| b.2.total_cmp(&a.2));
    let words = words
        .into_iter()
        .take(4)
        .map(|(cue, word, weight)| (cue.name().to_owned(), word, f64::from((weight * 100.0).round()) / 100.0))
        .collect();
    Example { account: account.to_owned(), time: explain::instant(time), text: short, words }
}
