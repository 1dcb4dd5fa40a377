//! Campaigns: what is known of campaigns over time, and what people say of them.
//! In: a verb on campaigns. Out: an exit code.
//! Invariant: one file a verb or a kin of verbs; what changes something says what it became.
//! Not here: the store (`stillwatch_track`), drawing (`stillwatch_report`).

mod again;
mod expire;
mod labels;
mod list;
mod people;
mod together;
mod view;
mod words;

use clap::{Args as ClapArgs, Subcommand};

use super::record::Recording;
use super::store::{Author, Data, block_on};

/// Arguments of `campaigns`.
#[derive(Debug, ClapArgs)]
#[command(after_help = "Examples:
  stillwatch campaigns list                                  latest first
  stillwatch campaigns list --status new --min-score 0.8
  stillwatch campaigns show 5f0c12ab                         by an unambiguous beginning of its id
  stillwatch campaigns label 5f0c12ab under-review
  stillwatch campaigns note 5f0c12ab 'asked the payment team'

Times are UTC. Exit codes: 0 done, 1 the answer is no (`list --exit-code`: nothing matches), 2 failure.
Environment: STILLWATCH_DATA is the store, STILLWATCH_AUTHOR who changes it, STILLWATCH_LEDGER the ledger that
conclusions and looked-at examples are written down in.")]
pub(crate) struct Args {
    #[command(flatten)]
    data: Data,
    #[command(flatten)]
    author: Author,
    #[command(flatten)]
    recording: Recording,
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// List campaigns, latest first
    List(list::Args),
    /// Show one campaign: how it went, what speaks for it, what people said
    Show(view::ShowArgs),
    /// Set where a campaign stands, or judge one of its accounts
    Label(people::LabelArgs),
    /// Give a campaign a name
    Name(people::NameArgs),
    /// Add a note
    Note(people::NoteArgs),
    /// Say who looks after a campaign
    Assign(people::AssignArgs),
    /// Say who may be behind a campaign, or withdraw that
    Claim(people::ClaimArgs),
    /// Add evidence that no log shows
    Evidence(people::EvidenceArgs),
    /// Say that campaigns are one
    Merge(together::MergeArgs),
    /// Say that some accounts are a campaign of their own
    Split(together::SplitArgs),
    /// Say that a campaign is an earlier one come back, or that it isn't
    Reappears(again::ReappearsArgs),
    /// Show every change to a campaign: who, when, what
    History(view::HistoryArgs),
    /// Delete what is no longer to be kept; a tombstone is left for each thing
    Expire(expire::Args),
    /// Write what people concluded, for calibration and training
    Labels(labels::Args),
}

/// Runs the verb.
pub(crate) fn run(args: &Args) -> Result<u8, String> {
    let by = args.author.by();
    block_on(async {
        let store = args.data.open(&by).await?;
        let recording = &args.recording;
        let done = match &args.verb {
            Verb::List(args) => list::run(&store, args).await,
            Verb::Show(args) => view::show(&store, args, recording, &by).await,
            Verb::Label(args) => people::label(&store, args, recording, &by).await,
            Verb::Name(args) => people::name(&store, args, &by).await,
            Verb::Note(args) => people::note(&store, args, &by).await,
            Verb::Assign(args) => people::assign(&store, args, &by).await,
            Verb::Claim(args) => people::claim(&store, args, &by).await,
            Verb::Evidence(args) => people::evidence(&store, args, &by).await,
            Verb::Merge(args) => together::merge(&store, args, &by).await,
            Verb::Split(args) => together::split(&store, args, &by).await,
            Verb::Reappears(args) => again::reappears(&store, args, &by).await,
            Verb::History(args) => view::history(&store, args).await,
            Verb::Expire(args) => expire::run(&store, args, &by).await,
            Verb::Labels(args) => labels::run(&store, args).await,
        };
        store.close().await;
        done
    })
}
