//! Check: gives our set to a pool, and looks single values up in it.
//! In: a namespace, values. Out: what others have of them.
//! Invariant: holders see that we ask, not what; a cut contribution goes on when the verb is run again.
//! Not here: how (`stillwatch_node::matching::epoch`).

use std::io::IsTerminal;

use serde_json::json;
use stillwatch_matching::{Label, Namespace};
use stillwatch_node::matching::Place;
use stillwatch_node::matching::epoch::{Checker, Found, Kept, Progress, contribute};
use stillwatch_track::matches::epochs::State;

use super::epoch::WhichArgs;
use super::namespace;
use crate::verbs::record::failed;
use crate::verbs::store::{Format, plain, print, print_json, say};

/// Arguments of `match contribute`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  stillwatch match contribute --namespace address
  stillwatch match contribute --namespace address --bins     only where the epoch hides how many members have what

The set is the one that was agreed on with the hub (`stillwatch match agree`), with as much attached as the profile lets. Run it again after
a cut: it goes on where it was. Once an epoch.")]
pub(super) struct ContributeArgs {
    #[command(flatten)]
    which: WhichArgs,
    /// Only to an epoch that opens by tables of bins
    #[arg(long)]
    bins: bool,
}

/// Arguments of `match check`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  stillwatch match check --namespace address 11.2.0.7
  stillwatch match check --namespace domain mail.example.net cards.example.net --format json

Exit codes: 0 one of them is in the pool, 1 none is, 2 failure.")]
pub(super) struct CheckArgs {
    /// What kind of values
    #[arg(long, value_name = "NAMESPACE", value_parser = namespace)]
    namespace: Namespace,
    /// Values
    #[arg(required = true, value_name = "VALUE")]
    values: Vec<String>,
    /// How it is printed
    #[arg(long, value_enum, default_value_t = Format::Table)]
    format: Format,
}

/// Shows how far it is, on a terminal.
pub(super) fn progress(at: Progress) {
    if std::io::stderr().is_terminal() {
        match at {
            Progress::Evaluated(done, of) => eprint!("\revaluated {done} of {of}\x1b[K"),
            Progress::Given(done, of) => eprint!("\rgiven {done} of {of} bytes\x1b[K"),
        }
    }
}

/// Runs `match contribute`.
pub(super) async fn give(place: &Place, args: &ContributeArgs) -> Result<u8, String> {
    let known = args.which.known(place, &[State::Active]).await?;
    if args.bins && known.terms.bins == 0 {
        return Err(format!(
            "error: epoch {} of `{}` opens by reports, not by bins: the hub would see how many members have each tag\nhint: ask the hub for one with `--bins`",
            known.row.number, known.row.namespace
        ));
    }
    let skipped = contribute(place, &Kept::of(place), &known, &progress).await;
    if std::io::stderr().is_terminal() {
        eprintln!();
    }
    let skipped = skipped.map_err(failed)?;
    if let (count @ 1.., Some(first)) = (skipped.count, &skipped.first) {
        say(&format!("{count} can't be compared; the first: {first}"));
    }
    print(format!("contributed to epoch {} of `{}`\n", known.row.number, known.row.namespace))?;
    if known.terms.bins > 0 {
        say("nothing was given to the hub yet: after the epoch, `stillwatch match pool report` does");
    } else {
        say("the hub publishes it: `stillwatch match epoch publish`");
    }
    Ok(0)
}

/// Runs `match check`.
pub(super) async fn run(place: &Place, args: &CheckArgs) -> Result<u8, String> {
    let mut checker = Checker::new(place, Box::new(Kept::of(place)), args.namespace).await.map_err(failed)?;
    let mut all = Vec::new();
    let mut stopped = None;
    for value in &args.values {
        match checker.may_have(value).await {
            Ok(found) => all.push((value, found)),
            Err(error) => {
                stopped = Some(failed(error));
                break;
            }
        }
    }
    checker.told().await.map_err(failed)?;
    let any = all.iter().any(|(_, found)| found.is_some());
    match args.format {
        Format::Json => {
            let all: Vec<_> = all.iter().map(|(value, found)| json(value, found.as_ref())).collect();
            print_json(&all)?;
        }
        Format::Table => print(all.iter().map(|(value, found)| words(value, found.as_ref())).collect::<String>())?,
    }
    match stopped {
        Some(error) => Err(error),
        None => Ok(u8::from(!any)),
    }
}

fn json(value: &str, found: Option<&Found>) -> serde_json::Value {
    let labels: Vec<_> = found.iter().flat_map(|found| &found.labels).map(label_json).collect();
    json!({ "value": value, "found": found.is_some(), "labels": labels, "spoilt": found.map_or(0, |found| found.spoilt) })
}

/// A label, for programs.
pub(super) fn label_json(label: &Label) -> serde_json::Value {
    json!({
        "first_seen": label.first_seen.map(day), "last_seen": label.last_seen.map(day),
        "confidence": label.confidence, "at_least": label.magnitude.map(|power| 1u64 << power.min(62)),
    })
}

fn words(value: &str, found: Option<&Found>) -> String {
    let Some(found) = found else { return format!("{}: not in the pool\n", plain(value)) };
    let mut text = format!("{}: {} members have it\n", plain(value), found.labels.len());
    for label in &found.labels {
        text.push_str(&format!("  {}\n", label_words(label)));
    }
    if found.spoilt > 0 {
        text.push_str(&format!("  {} labels don't open: whoever gave them gave rubbish\n", found.spoilt));
    }
    text
}

/// A label, for people.
pub(super) fn label_words(label: &Label) -> String {
    let mut words = Vec::new();
    if let Some(first) = label.first_seen {
        words.push(format!("first {}", day(first)));
    }
    if let Some(last) = label.last_seen {
        words.push(format!("last {}", day(last)));
    }
    if let Some(sure) = label.confidence {
        words.push(format!("confidence {sure}"));
    }
    if let Some(power) = label.magnitude {
        words.push(format!("{} times or more", 1u64 << power.min(62)));
    }
    if words.is_empty() { "nothing told of it".to_owned() } else { words.join(", ") }
}

/// A day since 1970.
fn day(days: u32) -> String {
    stillwatch_track::instant(i64::from(days) * 86_400_000_000).chars().take(10).collect()
}
