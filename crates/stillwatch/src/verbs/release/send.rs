//! Send: hands over what is in the outbox, and writes down who said that they have it.
//! In: a folder; a release and a member. Out: a bundle for each delivery.
//! Invariant: only what is in the ledger is handed over; the ledger is asked each time.
//! Not here: what is checked (`node`).

use std::path::PathBuf;

use stillwatch_node::release;
use stillwatch_track::{By, Store};

use super::minute;
use crate::verbs::record::{Recording, failed};
use crate::verbs::store::{print, say};

/// Arguments of `release send`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  stillwatch release send outbox/ --ledger record
  stillwatch release send outbox/ --to lab-one.example

A delivery is the file MEMBER/ID.json in the folder; doing it again after an interruption writes the same file.
Exit codes: 0 done, also when nothing waited; 2 failure.")]
pub(super) struct SendArgs {
    /// The folder
    folder: PathBuf,
    /// What is for this member only
    #[arg(long, value_name = "MEMBER")]
    to: Option<String>,
}

/// Arguments of `release acknowledge`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Exit codes: 0 done, 2 failure, also when nothing was handed over to them.")]
pub(super) struct AcknowledgeArgs {
    /// The release, by its id or the beginning of one
    id: String,
    /// The member that said so
    #[arg(long, value_name = "MEMBER")]
    from: String,
}

pub(super) async fn send(store: &Store, args: &SendArgs, recording: &Recording, by: &By) -> Result<u8, String> {
    let Some(record) = recording.record()? else {
        return Err(
            "error: nothing is handed over without a ledger\nhint: name it with --ledger or STILLWATCH_LEDGER".into()
        );
    };
    recording.settle(store, by).await?;
    let sent = release::to_folder(store, &record, &args.folder, args.to.as_deref(), by).await;
    // What was handed over before something failed is written down too.
    recording.settle(store, by).await?;
    let sent = sent.map_err(failed)?;
    for one in &sent {
        print(format!("{}  {} objects of {}\n", one.file.display(), one.objects, one.release))?;
    }
    if sent.is_empty() {
        say("the outbox is empty");
    }
    Ok(0)
}

pub(super) async fn acknowledge(
    store: &Store,
    args: &AcknowledgeArgs,
    recording: &Recording,
    by: &By,
) -> Result<u8, String> {
    let delivery = release::acknowledge(store, &args.id, &args.from, by).await.map_err(failed)?;
    say(&format!("{}: {} {}", delivery.release, delivery.state.name(), minute(delivery.changed)));
    recording.settle(store, by).await?;
    Ok(0)
}
