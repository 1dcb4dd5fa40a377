//! Read: writes down that somebody here has read a notice, and puts before people that its teller be told just that.
//! In: a received notice. Out: an entry that the ledger is owed; a release that waits.
//! Invariant: nothing leaves by this verb; that it was read here is in the ledger whether others are told or not.
//! Not here: what an acknowledgement says (`stix::notice`), approving (`release approve`).

use stillwatch_node::notices::{acknowledgement, find, read_here};
use stillwatch_track::{By, Store};

use super::{Proposing, Recording, failed, now, print, say, show};

/// Arguments of `notice read`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  stillwatch notice read 81c2aa00 --profile expanded --producer Harbor
  stillwatch notice read 81c2aa00 --only-here

An acknowledgement says that the notice was read: no answer, no opinion, no intention. It goes to those whom the peers
that told the notice reach (`stillwatch peer route`), unless `--to` names others, and the way of any release:
`stillwatch release show`, `approve`, `send`. Prints the notice, then the release's id. Exit codes: 0 done, 2 failure,
also when the profile in force forbids it (that it was read is written down all the same).")]
pub(super) struct Args {
    /// Its id, or the beginning of one
    id: String,
    /// Write it down here, and tell nobody
    #[arg(long)]
    only_here: bool,
    #[command(flatten)]
    proposing: Proposing,
}

pub(super) async fn run(store: &Store, args: &Args, recording: &Recording, by: &By) -> Result<u8, String> {
    let all = find(store, &args.id, now(by)).await.map_err(failed)?;
    let Some(one) = all.iter().find(|one| one.peer.is_some()) else {
        return Err("error: the notice is our own\nhint: `stillwatch notice show` tells who has read it".into());
    };
    print(show::told(one) + "\n")?;
    let is_new = read_here(store, one, by).await.map_err(failed)?;
    say(&format!("that {} has read it {} written down", by.author, if is_new { "is" } else { "was" }));
    let proposed = if args.only_here { Ok(()) } else { propose(store, args, &all, by).await };
    recording.settle(store, by).await?;
    proposed.map(|()| 0)
}

async fn propose(store: &Store, args: &Args, all: &[stillwatch_node::notices::Notice], by: &By) -> Result<(), String> {
    let proposing = &args.proposing;
    let ready = acknowledgement(store, all, &proposing.producer()?, by).await.map_err(failed)?;
    let to = match (proposing.to.is_empty(), proposing.to_all) {
        (false, _) => proposing.to.clone(),
        (true, true) => Vec::new(),
        (true, false) if ready.tellers.is_empty() => {
            return Err("error: it isn't known how those who told it are reached\n\
                        hint: name recipients with `--to MEMBER`; `stillwatch peer route` ties a member to a peer; `--only-here` tells nobody"
                .into());
        }
        (true, false) => ready.tellers.clone(),
    };
    proposing.put(store, &ready, &to, by).await?;
    say(
        "proposed: an acknowledgement that says it was read, and nothing else; `stillwatch release approve` by somebody else lets it leave",
    );
    Ok(())
}
