//! List: peers, what is followed of them, and how recipients are reached.
//! In: the store. Out: a list, for people or programs.
//! Invariant: no secret is printed, only the file that holds it.
//! Not here: what came (`intel`).

use serde_json::json;
use stillwatch_track::peers::{feeds, peers, routes};
use stillwatch_track::{Store, instant};

use super::{Format, when};
use crate::verbs::store::{now, print, print_json, told};

/// Arguments of `peer list`.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// How it is printed
    #[arg(long, value_enum, default_value_t = Format::Table)]
    format: Format,
}

pub(super) async fn run(store: &Store, args: &Args) -> Result<u8, String> {
    let (peers, feeds) = (peers(store).await.map_err(told)?, feeds(store, None).await.map_err(told)?);
    let routes = routes(store).await.map_err(told)?;
    if args.format == Format::Json {
        let peers: Vec<_> = peers
            .iter()
            .map(|peer| {
                json!({
                    "name": peer.name, "api_root": peer.url, "username": peer.username, "token_file": peer.token_file,
                    "hourly": peer.hourly, "overlap_seconds": peer.overlap / 1_000_000,
                    "acknowledges": peer.acknowledges, "leaves_out": peer.leaves_out, "ledger": peer.ledger, "added": instant(peer.made),
                })
            })
            .collect();
        let feeds: Vec<_> = feeds
            .iter()
            .map(|feed| {
                json!({
                    "peer": feed.peer, "collection": feed.collection, "added_after": feed.cursor.added_after,
                    "last": feed.cursor.last, "synced": feed.synced.map(instant), "failures": feed.failures,
                    "because": feed.because, "held": feed.held,
                })
            })
            .collect();
        let routes: Vec<_> = routes
            .iter()
            .map(|route| {
                json!({
                    "recipient": route.recipient, "peer": route.peer, "collection": route.collection,
                    "sealed": route.seal_to.is_some(), "failures": route.failures, "because": route.because,
                })
            })
            .collect();
        print_json(&json!({ "peers": peers, "feeds": feeds, "routes": routes }))?;
        return Ok(0);
    }
    if peers.is_empty() && routes.is_empty() {
        print("no peers yet: `stillwatch peer add NAME URL --token-file FILE --follow COLLECTION`\n")?;
        return Ok(0);
    }
    let mut text = String::new();
    for peer in &peers {
        text.push_str(&format!("{}  {}\n", peer.name, peer.url));
        let mine: Vec<_> = feeds.iter().filter(|feed| feed.peer == peer.name).collect();
        if mine.is_empty() {
            text.push_str("  follows nothing\n");
        }
        for feed in mine {
            let how = match &feed.held {
                Some(because) => format!("held: {because}; `stillwatch peer resume {} {}`", peer.name, feed.collection),
                None if feed.failures > 0 => {
                    let again =
                        if feed.retry > now() { when(Some(feed.retry)) } else { "with the next sync".to_owned() };
                    format!("failed {} times: {}; again {again}", feed.failures, feed.because)
                }
                None => "good".to_owned(),
            };
            text.push_str(&format!("  follows {:<24} at its end {}  {how}\n", feed.collection, when(feed.synced)));
        }
    }
    let others: Vec<_> = feeds.iter().filter(|feed| !peers.iter().any(|peer| peer.name == feed.peer)).collect();
    if !others.is_empty() {
        text.push_str("what others put into collections here\n");
    }
    for feed in others {
        let how = feed.held.as_ref().map_or_else(|| "good".to_owned(), |because| format!("held: {because}"));
        text.push_str(&format!("  {:<24} into {:<24} last {}  {how}\n", feed.peer, feed.collection, when(feed.synced)));
    }
    if !routes.is_empty() {
        text.push_str("ways to recipients\n");
    }
    for route in &routes {
        let to = match &route.peer {
            Some(peer) => format!("to {peer}/{}", route.collection),
            None => format!("published in {}", route.collection),
        };
        let sealed = if route.seal_to.is_some() { ", sealed" } else { "" };
        let how = if route.failures > 0 { format!("  failed: {}", route.because) } else { String::new() };
        text.push_str(&format!("  {:<24} {to}{sealed}{how}\n", route.recipient));
    }
    print(text)?;
    Ok(0)
}
