//! Release: what leaves, from proposal to acknowledgement.
//! In: a verb on releases. Out: an exit code.
//! Invariant: one file a verb or a kin of verbs; what changes something says what it became.
//! Not here: what may leave (`share`), the steps (`node`), rows (`track`).

mod decide;
mod list;
mod propose;
mod put;
mod send;
mod show;

use clap::{Args as ClapArgs, Subcommand};

pub(crate) use propose::keys;
pub(crate) use put::{put, scanners};

use super::record::Recording;
use super::store::{Author, Data, block_on, minute, plain};

/// Arguments of `release`.
#[derive(Debug, ClapArgs)]
#[command(after_help = "Examples:
  stillwatch release propose 5f0c12ab --profile conservative --producer 'Harbor Lab' --key signer.pub
  stillwatch release show 81c2                         what would leave, field by field, and what not
  stillwatch release approve 81c2 --key signer.pub     somebody else than who proposed it
  stillwatch release send outbox/                      a bundle for each recipient
  stillwatch release acknowledge 81c2 --from lab-one.example
  stillwatch release withdraw 81c2 --because T-1043    tells everybody who got it

proposed > approved (by as many as the profile asks for, never the proposer) > recorded in the ledger > delivered > acknowledged;
or rejected, withdrawn, expired. Times are UTC. Exit codes: 0 done, 1 the answer is no (`list --exit-code`: nothing matches), 2 failure.
Environment: STILLWATCH_DATA is the store, STILLWATCH_LEDGER and STILLWATCH_LEDGER_KEY the ledger, STILLWATCH_POLICY_KEYS who may sign
profiles, STILLWATCH_AUTHOR who does it. Who that is, the command line takes at its word: whoever may write the store could write anything
into it. Give people accounts of their own.")]
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
    /// Put before people what of a campaign would leave, and to whom
    Propose(Box<propose::Args>),
    /// Show what would leave, field by field, and what was dropped by which rule
    Show(show::Args),
    /// Approve; the last approval puts it in the ledger and the outbox
    Approve(decide::ApproveArgs),
    /// Say no
    Reject(decide::EndArgs),
    /// Take back; everybody who may have got it is told
    Withdraw(decide::EndArgs),
    /// List releases, newest first
    List(list::Args),
    /// Hand over what is in the outbox, as files
    Send(send::SendArgs),
    /// Write down that a recipient said that they have it
    Acknowledge(send::AcknowledgeArgs),
}

/// Runs the verb.
pub(crate) fn run(args: &Args) -> Result<u8, String> {
    let by = args.author.by();
    block_on(async {
        let store = args.data.open(&by).await?;
        let recording = &args.recording;
        let done = match &args.verb {
            Verb::Propose(args) => propose::run(&store, args, recording, &by).await,
            Verb::Show(args) => show::run(&store, args).await,
            Verb::Approve(args) => decide::approve(&store, args, recording, &by).await,
            Verb::Reject(args) => decide::reject(&store, args, recording, &by).await,
            Verb::Withdraw(args) => decide::withdraw(&store, args, recording, &by).await,
            Verb::List(args) => list::run(&store, args).await,
            Verb::Send(args) => send::send(&store, args, recording, &by).await,
            Verb::Acknowledge(args) => send::acknowledge(&store, args, recording, &by).await,
        };
        store.close().await;
        done
    })
}
