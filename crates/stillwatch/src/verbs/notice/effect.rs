//! Effect: puts before people that a hub be told how a campaign's volume changed here.
//! In: a campaign with decisions, the hub, the profile in force. Out: a release that waits.
//! Invariant: nothing leaves by this verb; what would is a change in tens of per cent.
//! Not here: what may leave (`share`), means of several members (the hub's `/api/v1/trends`).

use stillwatch_node::notices;
use stillwatch_stix::marking::Tlp;
use stillwatch_track::{By, Store};

use super::{Proposing, Recording, failed, say};
use crate::verbs::stix::export::tlp;

/// Arguments of `notice effect`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  stillwatch notice effect 5f0c12ab --to hub.example --profile expanded --producer Harbor
  stillwatch notice effect 5f0c12ab --as 77aa31cd --to hub.example --profile expanded --producer Harbor

What leaves is the campaign's id and by how many tens of per cent its volume changed here after the first decision: neither volumes nor
what was done. It is for a hub, which takes it only into a collection that nobody can read, and tells all who contribute the mean of a week
once three members or more contributed in it (`GET /api/v1/trends`). From here it goes the way of any release. Prints the release's id.
Exit codes: 0 proposed, 2 failure, also when the profile in force forbids it or too little was observed.")]
pub(super) struct Args {
    /// Our campaign, by id or the beginning of one
    campaign: String,
    /// The campaign as others know it, where a peer told it under another id
    #[arg(long = "as", value_name = "ID")]
    shared: Option<String>,
    /// Traffic Light Protocol 2.0: who may know; the profile may mark it more strictly
    #[arg(long, default_value = "amber", value_parser = tlp())]
    tlp: Tlp,
    #[command(flatten)]
    proposing: Proposing,
}

pub(super) async fn run(store: &Store, args: &Args, recording: &Recording, by: &By) -> Result<u8, String> {
    let proposing = &args.proposing;
    if proposing.to.is_empty() {
        return Err("error: it is for a hub\nhint: name it with `--to MEMBER`".into());
    }
    let producer = proposing.producer()?;
    let shared = args.shared.as_deref().unwrap_or(&args.campaign);
    let made = notices::effect(store, &args.campaign, shared, (&producer, args.tlp), by).await.map_err(failed)?;
    let (ready, percent) = made;
    proposing.put(store, &ready, &proposing.to, by).await?;
    say(&format!("{} would say: {percent:+} %", ready.id));
    recording.settle(store, by).await?;
    Ok(0)
}
