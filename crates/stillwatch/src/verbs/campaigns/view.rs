//! View: one campaign, its members, its examples, its history.
//! In: an id. Out: text or JSON.
//! Invariant: examples are printed only where asked for.
//! Not here: lists (`list.rs`).

use clap::Args as ClapArgs;
use stillwatch_track::matches::{self, Common};
use stillwatch_track::{By, Store, expire, reappearances};

use crate::verbs::record::{Recording, failed};
use crate::verbs::store::{Format, looks, minute, print, print_json, told};

/// Arguments of `campaigns show`.
#[derive(Debug, ClapArgs)]
#[command(after_help = "Examples:
  stillwatch campaigns show 5f0c12ab
  stillwatch campaigns show 5f0c12ab --all               every window and every statement, not only the latest
  stillwatch campaigns show 5f0c12ab --members
  stillwatch campaigns show 5f0c12ab --format json

Exit codes: 0 done, 2 failure, also when there is no such campaign.")]
pub(super) struct ShowArgs {
    /// Its id, an id of a finding that is it, or an unambiguous beginning
    id: String,
    /// Every window and every statement, not only the latest
    #[arg(long)]
    all: bool,
    /// Its accounts instead
    #[arg(long, conflicts_with_all = ["all", "examples", "tombstones"])]
    members: bool,
    /// Its local examples instead: text of customers
    #[arg(long, conflicts_with_all = ["all", "tombstones"])]
    examples: bool,
    /// Why examples are looked at: a code or a ticket's id, for the ledger
    #[arg(long, value_name = "CODE", default_value = "unsaid", requires = "examples")]
    because: String,
    /// What was deleted of it instead
    #[arg(long, conflicts_with = "all")]
    tombstones: bool,
    /// How to print
    #[arg(long, value_enum, default_value_t = Format::Table, env = "STILLWATCH_FORMAT")]
    format: Format,
}

/// Runs `show`.
pub(super) async fn show(store: &Store, args: &ShowArgs, recording: &Recording, by: &By) -> Result<u8, String> {
    let (width, colour) = looks();
    let is_json = args.format == Format::Json;
    if args.members {
        let members = stillwatch_track::members(store, &args.id).await.map_err(told)?;
        if is_json { print_json(&members)? } else { print(stillwatch_report::members(&members, width, colour))? }
    } else if args.examples {
        let examples = stillwatch_track::examples(store, &args.id).await.map_err(told)?;
        // Written down before anything is shown.
        if let (Some(record), false) = (recording.record()?, examples.is_empty()) {
            let id = stillwatch_track::tracked_by_id(store, &args.id).await.map_err(told)?.id;
            let count = examples.len() as u64;
            record.viewed(store, &id, count, &args.because, by).await.map_err(failed)?;
        }
        if is_json {
            print_json(&examples)?;
        } else if examples.is_empty() {
            print("no examples: none were looked up, or they expired\n")?;
        } else {
            for example in &examples {
                let line: String = example.text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
                let account: String = example.account.chars().filter(|c| !c.is_control()).collect();
                print(format!("{} {account}: {line}\n", example.time))?;
            }
        }
    } else if args.tombstones {
        let tombstones = expire::tombstones(store, &args.id).await.map_err(told)?;
        if is_json {
            print_json(&tombstones)?;
        } else if tombstones.is_empty() {
            print("nothing of it was deleted\n")?;
        } else {
            for one in &tombstones {
                print(format!(
                    "{} {} {} sha256:{} ({}, by {})\n",
                    one.at, one.kind, one.id, one.hash, one.rule, one.author
                ))?;
            }
        }
    } else {
        let course = stillwatch_track::show(store, &args.id).await.map_err(told)?;
        let common = matches::of_campaign(store, &course.campaign.id).await.map_err(told)?;
        let again = reappearances::of(store, &course.campaign.id).await.map_err(told)?;
        let effect = stillwatch_track::effect_of(store, &course.campaign.id, by.at).await.map_err(told)?;
        if is_json {
            let mut value =
                serde_json::to_value(&course).map_err(|e| format!("error: {e}\nhint: report this as a bug"))?;
            if let (Some(fields), false) = (value.as_object_mut(), common.is_empty()) {
                fields.insert("in_common".to_owned(), serde_json::json!(common));
            }
            if let (Some(fields), false) = (value.as_object_mut(), again.is_empty()) {
                fields.insert("reappearances".to_owned(), serde_json::json!(again));
            }
            if let (Some(fields), Some(effect)) = (value.as_object_mut(), &effect) {
                fields.insert("effect".to_owned(), serde_json::json!(effect));
            }
            print_json(&value)?;
        } else {
            print(stillwatch_report::course(&course, effect.as_ref(), args.all, width, colour))?;
            print(stillwatch_report::reappearances(&again, &course.campaign.id, width, colour))?;
            print(elsewhere(store, &common).await?)?;
        }
    }
    Ok(0)
}

/// Who else has something of a campaign, as private matches found.
async fn elsewhere(store: &Store, common: &[Common]) -> Result<String, String> {
    let mut text = String::new();
    for same in common.chunk_by(|a, b| a.round == b.round) {
        let Some(first) = same.first() else { continue };
        let round = matches::round(store, &first.round).await.map_err(told)?;
        let last = same.iter().filter_map(|one| one.last_seen).max();
        let last =
            last.map_or_else(String::new, |at| format!(", there last on {}", minute(at).get(..10).unwrap_or_default()));
        text.push_str(&format!(
            "\n{} has {} of its {} too{last} (matched privately on {}; `stillwatch match show {}`)\n",
            round.member,
            same.len(),
            if round.namespace == "template" {
                "template's bands".to_owned()
            } else {
                format!("{} elements", round.namespace)
            },
            minute(round.begun),
            round.id.get(..8).unwrap_or(&round.id)
        ));
    }
    Ok(text)
}

/// Arguments of `campaigns history`.
#[derive(Debug, ClapArgs)]
#[command(after_help = "Examples:
  stillwatch campaigns history 5f0c12ab
  stillwatch campaigns history 5f0c12ab --format json

Exit codes: 0 done, 2 failure.")]
pub(super) struct HistoryArgs {
    /// Its id, or an unambiguous beginning
    id: String,
    /// How to print
    #[arg(long, value_enum, default_value_t = Format::Table, env = "STILLWATCH_FORMAT")]
    format: Format,
}

/// Runs `history`.
pub(super) async fn history(store: &Store, args: &HistoryArgs) -> Result<u8, String> {
    let changes = stillwatch_track::history(store, &args.id).await.map_err(told)?;
    let (width, colour) = looks();
    if args.format == Format::Json {
        print_json(&changes)?;
    } else {
        print(stillwatch_report::changes(&changes, width, colour))?;
    }
    Ok(0)
}
