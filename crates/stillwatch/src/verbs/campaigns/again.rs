//! Again: whether a campaign is an earlier one come back.
//! In: two ids. Out: one line on stderr.
//! Invariant: both campaigns stay; that they are one is said with `campaigns merge`.
//! Not here: how alike they are (`stillwatch_track::likeness`).

use clap::Args as ClapArgs;
use stillwatch_model::effect::Thought;
use stillwatch_track::{By, Store, reappearances};

use crate::verbs::store::{say, told};

/// Arguments of `campaigns reappears`.
#[derive(Debug, ClapArgs)]
#[command(after_help = "Examples:
  stillwatch campaigns reappears 77aa31cd 5f0c12ab --because 'the same card'
  stillwatch campaigns reappears 77aa31cd 5f0c12ab --refuse --because 'a public template'

Both stay campaigns of their own, each with a line in its history; `campaigns merge` makes them one.
Undo: say the other. Exit codes: 0 done, 2 failure.")]
pub(super) struct ReappearsArgs {
    /// The later campaign
    id: String,
    /// The earlier one
    earlier: String,
    /// It isn't
    #[arg(long)]
    refuse: bool,
    /// The reason
    #[arg(long, value_name = "TEXT", default_value = "")]
    because: String,
}

/// Runs `reappears`.
pub(super) async fn reappears(store: &Store, args: &ReappearsArgs, by: &By) -> Result<u8, String> {
    let thought = if args.refuse { Thought::Refused } else { Thought::Confirmed };
    let (id, earlier) =
        reappearances::say(store, &args.id, &args.earlier, thought, &args.because, by).await.map_err(told)?;
    say(&format!("{}: {id} {} {earlier} come back", thought.name(), if args.refuse { "isn't" } else { "is" }));
    Ok(0)
}
