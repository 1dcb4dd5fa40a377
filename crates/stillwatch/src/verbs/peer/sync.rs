//! Sync: fetch what is new, hand over what waits.
//! In: peers, feeds, routes, the ledger. Out: what came and went, a line each.
//! Invariant: a peer that fails is told and does not keep the others from being asked.
//! Not here: what is done (`stillwatch_node::peer`).

use indicatif::{ProgressBar, ProgressStyle};
use serde_json::{Value, json};
use stillwatch_node::config::Config;
use stillwatch_node::peer::{Asker, Pushed, Walked, Watched, Way, inbox, push, walk, watch};
use stillwatch_track::peers::{feeds, follow, peer, peers, unfollow};
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
    let asked = match &args.name {
        Some(name) => vec![peer(store, name).await.map_err(told)?],
        None => peers(store).await.map_err(told)?,
    };
    let (mut walked, mut watched) = (Vec::new(), Vec::new());
    for peer in &asked {
        let asker = Asker::of(peer).map_err(failed)?;
        let seen = watch(store, peer, &asker).await.map_err(failed)?;
        watched.push((peer.name.clone(), seen));
        for feed in feeds(store, Some(&peer.name)).await.map_err(told)? {
            let feed = if args.from_start {
                unfollow(store, &peer.name, &feed.collection).await.map_err(told)?;
                follow(store, &peer.name, &feed.collection).await.map_err(told)?;
                let all = feeds(store, Some(&peer.name)).await.map_err(told)?;
                all.into_iter().find(|one| one.collection == feed.collection).unwrap_or(feed)
            } else {
                feed
            };
            let bar = ProgressBar::new_spinner();
            if let Ok(style) = ProgressStyle::with_template("{spinner} {msg}") {
                bar.set_style(style);
            }
            let tell = |taken: &stillwatch_track::peers::Taken| {
                bar.tick();
                bar.set_message(format!("{}/{}: {} new objects", peer.name, feed.collection, taken.new));
            };
            let one = walk(store, peer, &asker, feed.clone(), now, &tell).await.map_err(failed)?;
            bar.finish_and_clear();
            walked.push(one);
        }
    }
    if args.name.is_none() {
        walked.extend(inbox(store, &config.name, HOURLY, now).await.map_err(failed)?);
    }
    recording.settle(store, by).await?;
    let mut pushed = Vec::new();
    if let (None, Some(record)) = (&args.name, recording.record()?) {
        let done = push(store, &record, &config.name, None, by).await;
        // What was handed over before something failed is written down too.
        recording.settle(store, by).await?;
        pushed = done.map_err(failed)?;
    }
    if args.format == Format::Json {
        print_json(&json!({
            "followed": walked.iter().map(json_walked).collect::<Vec<_>>(),
            "ledgers": watched.iter().map(|(name, seen)| json!({ "peer": name, "seen": words(seen) })).collect::<Vec<_>>(),
            "handed_over": pushed.iter().map(json_pushed).collect::<Vec<_>>(),
        }))?;
    } else {
        table(&walked, &watched, &pushed)?;
    }
    let bad = walked.iter().any(|one| matches!(one.way, Way::Held(_) | Way::Failed(..)))
        || watched.iter().any(|(_, seen)| matches!(seen, Watched::Lies(_)))
        || pushed.iter().any(|one| one.because.is_some());
    Ok(u8::from(bad))
}

/// Objects that a member may put into this node's collections in an hour before a person has to look.
const HOURLY: u64 = 100_000;

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

fn table(walked: &[Walked], watched: &[(String, Watched)], pushed: &[Pushed]) -> Result<(), String> {
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
    for (name, seen) in watched.iter().filter(|(_, seen)| *seen != Watched::Not) {
        text.push_str(&format!("{:<32} {}\n", format!("ledger of {name}"), words(seen)));
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
