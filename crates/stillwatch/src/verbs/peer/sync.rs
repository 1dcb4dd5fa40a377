//! Sync: fetch what is new, hand over what waits.
//! In: peers, feeds, routes, the ledger. Out: what came and went, a line each.
//! Invariant: a peer that fails is told and does not keep the others from being asked.
//! Not here: what is done (`stillwatch_node::peer`).

use indicatif::ProgressBar;
use serde_json::{Value, json};
use stillwatch_node::Record;
use stillwatch_node::config::Config;
use stillwatch_node::peer::{Pushed, Round, Us, Walked, Watched, Way, With, round};
use stillwatch_node::seal::Identity;
use stillwatch_track::groups::Learned;
use stillwatch_track::peers::{Feed, Taken, feeds, follow, routes, unfollow};
use stillwatch_track::{By, Store, instant};

use super::{Format, when};
use crate::verbs::record::{Recording, failed};
use crate::verbs::store::{now, print, print_json, say, told};

/// Arguments of `peer sync`.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The peer; all of them when not given
    name: Option<String>,
    /// Read its collections from the beginning again: what is known changes nothing
    #[arg(long, requires = "name")]
    from_start: bool,
    /// How it is printed
    #[arg(long, value_enum, default_value_t = Format::Table)]
    format: Format,
}

pub(super) async fn run(
    config: &Config,
    store: &Store,
    args: &Args,
    recording: &Recording,
    by: &By,
) -> Result<u8, String> {
    if let (true, Some(name)) = (args.from_start, &args.name) {
        for feed in feeds(store, Some(name)).await.map_err(told)? {
            unfollow(store, name, &feed.collection).await.map_err(told)?;
            follow(store, name, &feed.collection).await.map_err(told)?;
        }
    }
    let identity = match &config.sealing_key {
        Some(file) => Some(Identity::read(file).map_err(|e| failed(e.into()))?),
        None => None,
    };
    // A ledger on the command line comes before the one in `node.toml`.
    let given = recording.record()?;
    let record = if given.is_some() { given } else { Record::of(config).map_err(failed)? };
    let bar = ProgressBar::new_spinner();
    let tell = |feed: &Feed, taken: &Taken| {
        bar.tick();
        bar.set_message(format!("{}/{}: {} new objects", feed.peer, feed.collection, taken.new));
    };
    let with = With { clock: now, identity: identity.as_ref(), told: &tell };
    let us = Us { name: &config.name, record: record.as_ref(), hourly: config.federation.hourly, with: &with };
    let done = round(store, &us, args.name.as_deref(), by).await.map_err(failed)?;
    bar.finish_and_clear();
    if args.name.is_none() && record.is_none() && !routes(store).await.map_err(told)?.is_empty() {
        say("nothing is handed over without a ledger: name it with --ledger, STILLWATCH_LEDGER or in node.toml");
    }
    if args.format == Format::Json {
        print_json(&json!({
            "followed": done.walked.iter().map(json_walked).collect::<Vec<_>>(),
            "ledgers": done.ledgers.iter().map(|(name, seen)| json!({ "peer": name, "seen": words(seen) })).collect::<Vec<_>>(),
            "groups": done.groups.iter().map(json_groups).collect::<Vec<_>>(),
            "handed_over": done.pushed.iter().map(json_pushed).collect::<Vec<_>>(),
            "failed": done.failed.iter().map(|(peer, because)| json!({ "peer": peer, "because": because })).collect::<Vec<_>>(),
        }))?;
    } else {
        table(&done)?;
    }
    Ok(u8::from(done.is_bad()))
}

fn words(seen: &Watched) -> String {
    match seen {
        Watched::Not => "not watched".to_owned(),
        Watched::Good(size) => format!("{size} entries, continued from what was seen before"),
        Watched::Away(because) => format!("not shown: {because}"),
        Watched::Lies(because) => format!("NOT TO BE TRUSTED: {because}"),
    }
}

fn ended(way: &Way) -> String {
    match way {
        Way::Whole => "at its end".to_owned(),
        Way::Later(at) => format!("goes on from {} on", when(Some(*at))),
        Way::Held(because) => format!("HELD: {because}"),
        Way::Failed(because, retry) => format!("FAILED: {because}; again {}", when(Some(*retry))),
    }
}

fn json_walked(one: &Walked) -> Value {
    json!({
        "peer": one.peer, "collection": one.collection, "new": one.taken.new, "known": one.taken.known,
        "quarantined": one.taken.held, "pages": one.pages, "ended": ended(&one.way),
    })
}

fn json_pushed(one: &Pushed) -> Value {
    json!({
        "release": one.release, "recipient": one.recipient, "objects": one.objects, "left_out": one.left_out,
        "because": one.because,
        "retry": one.retry.map(instant),
    })
}

fn json_groups((peer, learned): &(String, Learned)) -> Value {
    json!({ "peer": peer, "changed": learned.changed, "lost": learned.lost, "odd": learned.odd })
}

fn table(Round { walked, ledgers, groups, pushed, failed }: &Round) -> Result<(), String> {
    let mut text = String::new();
    for one in walked {
        let held = if one.taken.held > 0 { format!(", {} in the quarantine", one.taken.held) } else { String::new() };
        let from = format!("{}/{}", one.peer, one.collection);
        text.push_str(&format!(
            "{from:<32} {} new, {} known{held}; {}\n",
            one.taken.new,
            one.taken.known,
            ended(&one.way)
        ));
    }
    for (name, seen) in ledgers.iter().filter(|(_, seen)| *seen != Watched::Not) {
        text.push_str(&format!("{:<32} {}\n", format!("ledger of {name}"), words(seen)));
    }
    for (peer, learned) in groups.iter().filter(|(_, learned)| *learned != Learned::default()) {
        let Learned { changed, lost, odd } = learned;
        let odd = if odd.is_empty() { String::new() } else { format!("; ODD, ask why: {}", odd.join(", ")) };
        let groups = format!("{} changed, {} gone{odd}", changed.len(), lost.len());
        text.push_str(&format!("{:<32} {groups}\n", format!("groups of {peer}")));
    }
    for (peer, because) in failed {
        text.push_str(&format!("{peer:<32} FAILED: {because}\n"));
    }
    for one in pushed {
        let how = match (&one.because, one.retry) {
            (Some(because), Some(retry)) => format!("NOT handed over: {because}; again {}", when(Some(retry))),
            _ if one.left_out > 0 => {
                format!("{} objects handed over, {} left out that the peer can't hold", one.objects, one.left_out)
            }
            _ => format!("{} objects handed over", one.objects),
        };
        text.push_str(&format!("{:<32} {how}\n", format!("for {}", one.recipient)));
    }
    if text.is_empty() {
        say("nothing to fetch and nothing to hand over");
    }
    print(text)
}
