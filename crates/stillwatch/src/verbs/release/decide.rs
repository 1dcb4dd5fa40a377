//! Decide: approve, reject, withdraw.
//! In: a release, who, why. Out: how it stands.
//! Invariant: what the ledger is owed for it is taken over before the verb ends, where a ledger was given.
//! Not here: who may (`track::releases`).

use stillwatch_node::release;
use stillwatch_track::{By, Store};

use crate::verbs::record::{Recording, Trusted, failed};
use crate::verbs::store::say;

/// Arguments of `release approve`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  stillwatch release show 81c2 && stillwatch release approve 81c2 --key signer.pub --ledger record

Exit codes: 0 approved, 2 failure, also when it is the approver's own.")]
pub(super) struct ApproveArgs {
    /// Its id, or the beginning of one
    id: String,
    #[command(flatten)]
    trusted: Trusted,
}

/// Arguments of `release reject` and `release withdraw`.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "The ledger holds the reason only where it is a code or a ticket's id, without spaces; words stay in the store.
Exit codes: 0 done, 2 failure."
)]
pub(super) struct EndArgs {
    /// Its id, or the beginning of one
    id: String,
    /// Why: a code or a ticket's id, or words
    #[arg(long, value_name = "TEXT")]
    because: String,
}

pub(super) async fn approve(store: &Store, args: &ApproveArgs, recording: &Recording, by: &By) -> Result<u8, String> {
    let release = release::approve(store, &args.id, &args.trusted.keys()?, by).await.map_err(failed)?;
    say(&format!("{}: {} of {} approvals", release.id, release.approved, release.needed));
    recording.settle(store, by).await?;
    Ok(0)
}

pub(super) async fn reject(store: &Store, args: &EndArgs, recording: &Recording, by: &By) -> Result<u8, String> {
    let release = release::reject(store, &args.id, &args.because, by).await.map_err(failed)?;
    say(&format!("{}: rejected", release.id));
    recording.settle(store, by).await?;
    Ok(0)
}

pub(super) async fn withdraw(store: &Store, args: &EndArgs, recording: &Recording, by: &By) -> Result<u8, String> {
    let (release, told) = release::withdraw(store, &args.id, &args.because, by).await.map_err(failed)?;
    say(&format!("{}: withdrawn", release.id));
    match told {
        Some(told) => say(&format!("{} takes back what was sent", told.id)),
        None => say("nobody had got anything of it that can be taken back"),
    }
    recording.settle(store, by).await?;
    Ok(0)
}
