//! Examples: shortened local examples of what a campaign sent.
//! In: a report, the accounts' samples, the logs. Out: the report's cases with examples.
//! Invariant: looked up in the logs again; no sketch holds text. Never runs unless asked for.
//! Not here: whether they are shown (`detect.rs`).

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use datafusion::arrow::array::AsArray;
use datafusion::arrow::datatypes::TimestampMicrosecondType;
use datafusion::prelude::col;
use stillwatch_detect::account::Account;
use stillwatch_detect::cues::Model;
use stillwatch_detect::{explain, text};
use stillwatch_model::{Example, Report};

use crate::pipeline::{RunError, account_key, context, each};
use crate::scan::{self, Tally};

use super::Reading;
use super::progress::Bar;

/// Members of a campaign of which examples are shown, and examples of each.
const MEMBERS: usize = 3;
const EACH: usize = 1;
/// Campaigns and suspects of which examples are looked up.
const CASES: usize = 20;
/// Length of an example, characters.
const SHORT: usize = 400;

/// Fills in the cases' examples.
pub(crate) async fn fill(reading: &Reading, accounts: &[Account], report: &mut Report) -> Result<(), RunError> {
    let by_name: BTreeMap<&str, &Account> = accounts.iter().map(|a| (a.name.as_str(), a)).collect();
    let mut wanted: BTreeMap<String, BTreeSet<u64>> = BTreeMap::new();
    for case in report.cases.iter().take(CASES) {
        for member in case.members.iter().take(MEMBERS) {
            if let Some(account) = by_name.get(member.account.as_str()) {
                wanted
                    .entry(member.account.clone())
                    .or_default()
                    .extend(account.sketch.samples().iter().take(EACH).map(|s| s.prompt));
            }
        }
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
    let mut found: BTreeMap<String, Vec<Example>> = BTreeMap::new();
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
            if hashes.remove(&text::hash(prompt.as_bytes())) {
                found.entry(name.to_owned()).or_default().push(example(name, times.value(row), prompt));
            }
        }
        Ok(())
    })
    .await?;
    for case in report.cases.iter_mut().take(CASES) {
        case.examples =
            case.members.iter().take(MEMBERS).filter_map(|m| found.get(&m.account)).flatten().cloned().collect();
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
