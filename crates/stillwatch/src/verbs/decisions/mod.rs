//! Decisions: what this member does about accounts and networks, why, and what people say of it.
//! In: a verb on decisions. Out: an exit code.
//! Invariant: what a verb changes is kept before it is said; a running node follows the store within a second.
//! Not here: what rules decide (the node, `[gate]`), what a decision is (`stillwatch-gate`).

mod answer;
mod clock;
mod export;
mod import;
mod list;
mod say;
mod show;

use clap::{Args as ClapArgs, Subcommand};
use stillwatch_track::{By, Store};

use super::store::{Author, Data, block_on};

/// Arguments of `decisions`.
#[derive(Debug, ClapArgs)]
#[command(after_help = "Examples:
  stillwatch decisions list --holds                                what holds now, newest first
  stillwatch decisions why 17                                      what decision 17 rests on
  stillwatch decisions make account acct-7 throttle --requests-per-minute 10 --for 7d --because 'asked for by T-17'
  stillwatch decisions allow account acme-evals --for 30d --because 'contract 2026-14'
  stillwatch decisions appeal 17 --account acct-7 --because 'this is our nightly evaluation'
  stillwatch decisions review 17 --outcome wrong --because 'a known harness'
  stillwatch decisions rollback --rule likely-campaign --because 'the detector was retrained'
  stillwatch decisions import decisions.csv --because 'moved from CrowdSec'
  stillwatch decisions export nginx > decisions.conf

Times are UTC. Exit codes: 0 done, 1 the answer is no (`list --exit-code`, `held --exit-code`), 2 failure.
Environment: STILLWATCH_DATA is the store, STILLWATCH_AUTHOR who changes it.")]
pub(crate) struct Args {
    #[command(flatten)]
    data: Data,
    #[command(flatten)]
    author: Author,
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// List decisions, newest first
    List(list::Args),
    /// Show one: about whom, what, until when, and all that happened to it
    Show(show::Args),
    /// Tell why there is one: who made it, what it rests on
    Why(show::Args),
    /// Decide by hand
    Make(say::MakeArgs),
    /// Let through, whatever else says otherwise, for a time
    Allow(say::AllowArgs),
    /// Write down that an account contests a decision
    Appeal(say::AppealArgs),
    /// Review a decision: it stands, or it is taken back and learned from
    Review(say::ReviewArgs),
    /// Review a decision and take it back: the detector was wrong
    Reverse(say::ReverseArgs),
    /// Take back all decisions of a rule or a campaign
    Rollback(say::RollbackArgs),
    /// List rules that the cap stopped, each with its question
    Held(answer::HeldArgs),
    /// Say that what a stopped rule proposed is meant: it is done
    Approve(answer::RuleArgs),
    /// Let a stopped rule go on under the same cap
    Release(answer::RuleArgs),
    /// Make decisions of a file, as other tools write them: CSV, JSON, a value a line
    Import(import::Args),
    /// The time that decisions are looked up at, where the system's clock leapt
    Clock(clock::Args),
    /// Write decisions as a file that enforcement points read
    Export(export::Args),
}

/// Runs the verb.
pub(crate) fn run(args: &Args) -> Result<u8, String> {
    let by = args.author.by();
    block_on(async {
        let store = args.data.open(&by).await?;
        let done = verb(&store, &args.verb, &by).await;
        store.close().await;
        done
    })
}

async fn verb(store: &Store, verb: &Verb, by: &By) -> Result<u8, String> {
    match verb {
        Verb::List(args) => list::run(store, args, by).await,
        Verb::Show(args) => show::show(store, args, by).await,
        Verb::Why(args) => show::why(store, args, by).await,
        Verb::Make(args) => say::make(store, args, by).await,
        Verb::Allow(args) => say::allow(store, args, by).await,
        Verb::Appeal(args) => say::appeal(store, args, by).await,
        Verb::Review(args) => say::review(store, args, by).await,
        Verb::Reverse(args) => say::reverse(store, args, by).await,
        Verb::Rollback(args) => say::rollback(store, args, by).await,
        Verb::Held(args) => answer::held(store, args).await,
        Verb::Approve(args) => answer::approve(store, args, by).await,
        Verb::Release(args) => answer::release(store, args, by).await,
        Verb::Import(args) => import::run(store, args, by).await,
        Verb::Clock(args) => clock::run(store, args, by).await,
        Verb::Export(args) => export::run(store, args, by).await,
    }
}
