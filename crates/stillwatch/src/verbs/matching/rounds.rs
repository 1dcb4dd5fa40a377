//! Rounds: what was matched, and what it found.
//! In: the store. Out: tables, JSON.
//! Invariant: what the other side attached is shown as its word.
//! Not here: matching (`with.rs`).

use std::collections::BTreeMap;

use stillwatch_track::Store;
use stillwatch_track::matches::{self, Common, Round};

use crate::verbs::store::{Format, minute, plain, print, print_json, say, told};

/// Arguments of `match rounds`.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Rounds at most
    #[arg(long, value_name = "N", default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    limit: u32,
    /// How it is printed
    #[arg(long, value_enum, default_value_t = Format::Table)]
    format: Format,
}

/// Arguments of `match show`.
#[derive(Debug, clap::Args)]
pub(super) struct ShowArgs {
    /// The round, by id or the beginning of one
    round: String,
    /// How it is printed
    #[arg(long, value_enum, default_value_t = Format::Table)]
    format: Format,
}

pub(super) async fn list(store: &Store, args: &Args) -> Result<u8, String> {
    let all = matches::rounds(store, args.limit).await.map_err(told)?;
    if args.format == Format::Json {
        print_json(&all)?;
        return Ok(0);
    }
    if all.is_empty() {
        print("nothing was matched yet; `stillwatch match with MEMBER` does\n")?;
        return Ok(0);
    }
    let mut text = format!(
        "{:<10} {:<20} {:<16} {:<12} {:<10} {:>9} {:>9} {:>8}\n",
        "ROUND", "BEGUN", "MEMBER", "NAMESPACE", "STATE", "OURS ≤", "THEIRS ≤", "COMMON"
    );
    for one in all {
        let found = one.found.map_or_else(|| "not told".to_owned(), |found| found.to_string());
        text.push_str(&format!(
            "{:<10} {:<20} {:<16} {:<12} {:<10} {:>9} {:>9} {found:>8}\n",
            one.id.get(..8).unwrap_or(&one.id),
            minute(one.begun),
            one.member,
            one.namespace,
            one.state,
            one.own,
            one.theirs
        ));
        if !one.because.is_empty() {
            text.push_str(&format!("           {}\n", plain(&one.because)));
        }
    }
    print(text)?;
    Ok(0)
}

pub(super) async fn show(store: &Store, args: &ShowArgs) -> Result<u8, String> {
    let round = matches::round(store, &args.round).await.map_err(told)?;
    let common = matches::common(store, &round.id).await.map_err(told)?;
    printed(&round, &common, args.format)?;
    Ok(u8::from(common.is_empty()))
}

/// A round and what it found.
pub(super) fn printed(round: &Round, common: &[Common], format: Format) -> Result<(), String> {
    if format == Format::Json {
        return print_json(&serde_json::json!({ "round": round, "common": common }));
    }
    let id = round.id.get(..8).unwrap_or(&round.id);
    say(&format!(
        "round {id} with `{}` in `{}`: ours at most {}, theirs at most {}; {}",
        round.member, round.namespace, round.own, round.theirs, round.profile
    ));
    let Some(found) = round.found else {
        say("what is common is the other side's to know in this round");
        return Ok(());
    };
    if found == 0 {
        return print("nothing in common\n");
    }
    let mut text = format!(
        "{found} in common\n{:<40} {:<12} {:<12} {:>5} {:>9}  {}\n",
        "ELEMENT", "FIRST THERE", "LAST THERE", "SURE", "ABOUT", "CAMPAIGNS HERE"
    );
    let mut campaigns: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for one in common.iter().filter(|one| !one.campaign.is_empty()) {
        campaigns.entry(&one.element).or_default().push(one.campaign.get(10..18).unwrap_or(&one.campaign));
    }
    let day = |at: Option<i64>| at.map_or_else(|| "-".to_owned(), |at| minute(at).chars().take(10).collect());
    let mut last = "";
    for one in common {
        if one.element == last {
            continue;
        }
        last = &one.element;
        let sure = one.confidence.map_or_else(|| "-".to_owned(), |sure| sure.to_string());
        let about = one.magnitude.map_or_else(|| "-".to_owned(), |power| format!("≥ {}", 1u64 << power.min(62)));
        let here = campaigns.get(one.element.as_str()).map_or_else(|| "-".to_owned(), |all| all.join(", "));
        let alike = one.likeness.map_or_else(String::new, |alike| format!(" (alike {alike:.2})"));
        text.push_str(&format!(
            "{:<40} {:<12} {:<12} {sure:>5} {about:>9}  {here}{alike}\n",
            plain(&one.element),
            day(one.first_seen),
            day(one.last_seen)
        ));
    }
    print(text)
}
