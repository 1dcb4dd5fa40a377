//! Peer: other servers: following them, and handing releases to them.
//! In: a verb on peers. Out: an exit code.
//! Invariant: a token is read from a file or from standard input, never from the command line, where others see it.
//! Not here: asking (`stillwatch_node::peer`), what received objects mean (`intel`).

mod add;
mod list;
mod quarantine;
mod sync;

use clap::{Args as ClapArgs, Subcommand};

use super::node::Settings;
use super::record::Recording;
use super::store::{Author, Format, block_on};

/// Arguments of `peer`.
#[derive(Debug, ClapArgs)]
#[command(after_help = "Examples:
  stillwatch peer look https://hub.example/taxii2/ --token-file hub.token       what is there for us
  stillwatch peer add hub https://hub.example/taxii2/ --token-file hub.token --follow shared
  stillwatch peer route lab-two --to hub/shared                       how releases for lab-two leave
  stillwatch peer route lab-two --publish trust/for-lab-two           or: it fetches them here
  stillwatch peer sync --ledger record                                fetch what is new, hand over what waits
  stillwatch peer list
  stillwatch peer quarantine                                          what wasn't taken, and why
  stillwatch peer let 12; stillwatch peer drop 13

A peer is any TAXII 2.1 server. What came from it is kept byte for byte with its source; what contradicts what it said before, or is
no STIX, waits in the quarantine; a flood stops until `peer resume`. `stillwatch serve` syncs by itself (`[federation]` in node.toml).
Exit codes: 0 done; 1 `sync`: a peer failed or is held; 2 failure. Times are UTC.")]
pub(crate) struct Args {
    #[command(flatten)]
    settings: Settings,
    #[command(flatten)]
    author: Author,
    #[command(flatten)]
    recording: Recording,
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
#[command(disable_help_subcommand = true)]
enum Verb {
    /// Look what a server has for this node; nothing is written
    Look(add::LookArgs),
    /// Add a server, and follow collections of it
    Add(Box<add::AddArgs>),
    /// Follow a further collection of a peer
    Follow(add::FollowArgs),
    /// Follow a collection no longer
    Unfollow(add::FollowArgs),
    /// Say how a recipient of releases is reached
    Route(add::RouteArgs),
    /// Take a recipient's way away: what is for it waits
    Unroute(add::UnrouteArgs),
    /// List peers, what is followed, and how recipients are reached
    List(list::Args),
    /// Fetch what is new, hand over what waits
    Sync(sync::Args),
    /// Let a collection go on that was held
    Resume(add::FollowArgs),
    /// Show what was not taken, and why
    Quarantine(quarantine::ListArgs),
    /// Take something out of the quarantine
    Let(quarantine::DecideArgs),
    /// Throw something in the quarantine away
    Drop(quarantine::DecideArgs),
    /// Remove a peer; what came from it stays
    Remove(add::RemoveArgs),
}

/// Runs the verb.
pub(crate) fn run(args: &Args) -> Result<u8, String> {
    let by = args.author.by();
    block_on(async {
        if let Verb::Look(args) = &args.verb {
            return add::look(args).await;
        }
        let (config, store) = args.settings.open().await?;
        let done = match &args.verb {
            Verb::Look(args) => add::look(args).await,
            Verb::Add(args) => add::add(&store, args, &by).await,
            Verb::Follow(args) => add::follow(&store, args).await,
            Verb::Unfollow(args) => add::unfollow(&store, args).await,
            Verb::Route(args) => add::route(&store, args).await,
            Verb::Unroute(args) => add::unroute(&store, args).await,
            Verb::List(args) => list::run(&store, args).await,
            Verb::Sync(one) => sync::run(&config, &store, one, &args.recording, &by).await,
            Verb::Resume(args) => add::resume(&store, args).await,
            Verb::Quarantine(args) => quarantine::list(&store, args).await,
            Verb::Let(args) => quarantine::let_in(&store, args, &by).await,
            Verb::Drop(args) => quarantine::drop_it(&store, args, &by).await,
            Verb::Remove(args) => add::remove(&store, args).await,
        };
        store.close().await;
        done
    })
}

/// An instant to the second, or that there is none.
fn when(at: Option<i64>) -> String {
    let text = at.map(stillwatch_track::instant);
    text.map_or_else(|| "never".to_owned(), |text| text.chars().take(19).collect::<String>().replace('T', " ") + " UTC")
}
