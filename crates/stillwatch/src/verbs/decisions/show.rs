//! Show and why: one decision.
//! In: its number. Out: about whom, what, until when; what it rests on; all that happened to it.
//! Invariant: what came from others names who said it.
//! Not here: changing it (`say.rs`).

use jiff::Timestamp;
use stillwatch_gate::decision::{Author, What};
use stillwatch_gate::rules::Evidence;
use stillwatch_gate::{Decision, Subject};
use stillwatch_node::decisions::read;
use stillwatch_track::{By, Store, decisions};

use super::list::{row, stands};
use crate::verbs::record::failed;
use crate::verbs::rules::{action, span};
use crate::verbs::store::{Format, plain, print, print_json, told};

/// Arguments of `decisions show` and `decisions why`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  stillwatch decisions show 17
  stillwatch decisions why 17 --format json

Accounts name the number that they were told (header `x-stillwatch-decision`). Exit codes: 0 done, 2 failure.")]
pub(super) struct Args {
    /// Its number
    id: i64,
    /// How to print
    #[arg(long, value_enum, default_value_t = Format::Table, env = "STILLWATCH_FORMAT")]
    format: Format,
}

pub(super) async fn show(store: &Store, args: &Args, by: &By) -> Result<u8, String> {
    let (one, now) = (find(store, args.id).await?, now(by));
    if args.format == Format::Json {
        return print_json(&row(&one, now)).map(|()| 0);
    }
    head(&one, now)?;
    for event in &one.history {
        let what = match event.what {
            What::Made => "made",
            What::Renewed => "renewed",
            What::Contested => "contested",
            What::Upheld => "upheld",
            What::Reversed => "reversed",
            What::Withdrawn => "withdrawn",
        };
        print(plain(&format!("  {}  {what} by {}: {}", minute(event.at), event.by, event.because)) + "\n")?;
    }
    Ok(0)
}

pub(super) async fn why(store: &Store, args: &Args, by: &By) -> Result<u8, String> {
    let (one, now) = (find(store, args.id).await?, now(by));
    if args.format == Format::Json {
        return print_json(&row(&one, now)).map(|()| 0);
    }
    head(&one, now)?;
    let who = match &one.author {
        Author::Rule(name) => format!("rule `{name}`"),
        Author::Person(name) => format!("{name}, by hand"),
        Author::AllowList(name) => format!("the allow-list, a line of {name}'s"),
    };
    print(plain(&format!("  made by {who}: {}", one.reason)) + "\n")?;
    for evidence in &one.evidence {
        print(plain(&format!("  {}", rests(evidence))) + "\n")?;
    }
    if one.evidence.is_empty() {
        print("  it rests on that person's word alone\n")?;
    }
    Ok(0)
}

async fn find(store: &Store, id: i64) -> Result<Decision, String> {
    read(&decisions::find(store, id).await.map_err(told)?).map_err(failed)
}

fn head(one: &Decision, now: Timestamp) -> Result<(), String> {
    let acts = action(one.acts(now).unwrap_or(one.action));
    let until = one.expires.map_or_else(|| "for good".to_owned(), |at| format!("until {}", minute(at)));
    let subject: &Subject = &one.subject;
    print(plain(&format!("decision {}: {acts}, {subject}, {until}; {}", one.id, stands(one, now))) + "\n")?;
    let steps =
        one.decays.iter().map(|step| format!("after {} {}", span(i64::from(step.after_seconds)), action(step.action)));
    let steps: Vec<String> = steps.collect();
    if !steps.is_empty() {
        print(format!("  weakens with age: {}\n", steps.join(", ")))?;
    }
    print(format!("  the account is told `{}`\n", plain(&one.code)))
}

fn rests(evidence: &Evidence) -> String {
    match evidence {
        Evidence::Campaign { id, score, label, membership } => {
            let label = serde_json::to_value(label).ok().and_then(|word| word.as_str().map(str::to_owned));
            format!(
                "our campaign {id}: score {score:.2}, {}; belongs to it with {membership:.2}",
                label.unwrap_or_default()
            )
        }
        Evidence::Signal { name, contribution } => format!("our signal {name}: {contribution:+.1} log-odds"),
        Evidence::Received { indicator, producer, confidence, tlp, sightings } => {
            let tlp = serde_json::to_value(tlp).ok().and_then(|word| word.as_str().map(str::to_uppercase));
            format!(
                "{producer} says so: {indicator}, confidence {confidence}, TLP:{}, seen by {sightings} more",
                tlp.unwrap_or_default()
            )
        }
        Evidence::Pooled { members, confidence } => {
            let sure = confidence.map_or_else(|| "unknown".to_owned(), |confidence| confidence.to_string());
            format!("{members} other members have the same value, confidence {sure}")
        }
        Evidence::Alone { because } => format!("what others say may act alone, since {because}"),
        Evidence::NotOffered { entry } => {
            format!("the service isn't offered: {} ({}, {})", entry.name, entry.source, entry.date)
        }
        Evidence::Evasion { because } => because.clone(),
    }
}

/// The moment that something is looked at.
pub(super) fn now(by: &By) -> Timestamp {
    Timestamp::from_microsecond(by.at).unwrap_or(Timestamp::MAX)
}

/// An instant to the minute.
pub(super) fn minute(at: Timestamp) -> String {
    crate::verbs::store::minute(at.as_microsecond())
}
