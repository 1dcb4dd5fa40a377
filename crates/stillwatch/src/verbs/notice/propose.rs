//! Propose: puts before people that others be told from when we act on a campaign.
//! In: a campaign, an instant, members, the profile in force. Out: a release that waits.
//! Invariant: nothing leaves by this verb, and there is no flag for words.
//! Not here: what may leave (`share`), approving (`release approve`).

use jiff::Timestamp;
use stillwatch_node::notices;
use stillwatch_stix::marking::Tlp;
use stillwatch_track::{By, Store};

use super::{Proposing, Recording, failed, hour, say};
use crate::verbs::stix::export::tlp;

/// Arguments of `notice propose`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  stillwatch notice propose 5f0c12ab --at 2026-12-01T09:00:00Z --to lab-one.example --profile expanded --producer Harbor
  stillwatch notice propose 5f0c12ab --at 2026-12-01T09:00:00Z --to-all --token-key lab-one.example=lab-one.key

What leaves is the campaign's id and the hour, under the name of this organisation. It asks for nothing and promises
nothing. The campaign is one of ours that was proposed to others, or one that a peer told. From there it goes the way
of any release: `stillwatch release show`, `approve`, `send`; it isn't sent after its hour. Prints the release's id.
Exit codes: 0 proposed, 2 failure, also when the profile in force forbids it.")]
pub(super) struct Args {
    /// The campaign, by id or the beginning of one
    campaign: String,
    /// From when we act, RFC 3339; it is told to the hour
    #[arg(long, value_name = "INSTANT")]
    at: Timestamp,
    /// Traffic Light Protocol 2.0: who may know; the profile may mark it more strictly
    #[arg(long, default_value = "amber", value_parser = tlp())]
    tlp: Tlp,
    #[command(flatten)]
    proposing: Proposing,
}

pub(super) async fn run(store: &Store, args: &Args, recording: &Recording, by: &By) -> Result<u8, String> {
    let proposing = &args.proposing;
    if proposing.to.is_empty() && !proposing.to_all {
        return Err(
            "error: a notice is for named members\nhint: name them with `--to MEMBER`, or give `--to-all`".into()
        );
    }
    let producer = proposing.producer()?;
    let ready = notices::notice(store, &args.campaign, args.at, (&producer, args.tlp), by).await.map_err(failed)?;
    proposing.put(store, &ready, &proposing.to, by).await?;
    if let Some(from) = ready.acts_from {
        say(&format!("{} would say: from {} on; no request, no promise", ready.id, hour(from)));
    }
    recording.settle(store, by).await?;
    Ok(0)
}
