//! Expire: deletes what is no longer to be kept.
//! In: how long each kind is kept. Out: what was deleted, on stderr.
//! Invariant: `--dry-run` deletes nothing.
//! Not here: tombstones (`stillwatch_track::expire`).

use clap::Args as ClapArgs;
use stillwatch_model::number::thousands;
use stillwatch_track::retention::Kept;
use stillwatch_track::{By, Store, expire};

use crate::verbs::store::{print, say, told};

/// Arguments of `campaigns expire`.
#[derive(Debug, ClapArgs)]
#[command(after_help = "Examples:
  stillwatch campaigns expire --settings                     how long each kind is kept
  stillwatch campaigns expire --dry-run                      what would be deleted
  stillwatch campaigns expire                                delete it; once a day, say
  stillwatch campaigns expire --keep evidence=180 --keep examples=7
  stillwatch campaigns expire --keep evidence=forever

Kinds: examples (shortened local text; 30 days), networks (addresses and clients; 90), evidence (statements; 365), decisions (that
ended, with their histories; 730). What was set is kept in the store, and holds for what is there already. What is deleted leaves a tombstone: its hash, when, by which rule.
Backups made before still hold it. Exit codes: 0 done, 2 failure.")]
pub(super) struct Args {
    /// Set how many days a kind is kept, then delete; may be given again
    #[arg(long, value_name = "KIND=DAYS", value_parser = keep)]
    keep: Vec<(Kept, Option<u32>)>,
    /// Print how long each kind is kept, and delete nothing
    #[arg(long, conflicts_with_all = ["keep", "dry_run"])]
    settings: bool,
    /// Only say what would be deleted
    #[arg(long, conflicts_with = "keep")]
    dry_run: bool,
}

fn keep(text: &str) -> Result<(Kept, Option<u32>), String> {
    let (kind, days) = text.split_once('=').ok_or("give a kind and days, such as evidence=180")?;
    let kind = Kept::parse(kind).map_err(|e| format!("{e}; {}", e.hint().unwrap_or_default()))?;
    match days {
        "forever" => Ok((kind, None)),
        days => days.parse().map(|days| (kind, Some(days))).map_err(|_| "give days as a number, or `forever`".into()),
    }
}

/// Runs the verb.
pub(super) async fn run(store: &Store, args: &Args, by: &By) -> Result<u8, String> {
    if args.settings {
        for (kind, days) in expire::settings(store).await.map_err(told)? {
            let days = days.map_or_else(|| "for ever".into(), |days| format!("{days} days"));
            print(format!("{}: {days}\n", kind.name()))?;
        }
        return Ok(0);
    }
    for (kind, days) in &args.keep {
        expire::keep(store, *kind, *days).await.map_err(told)?;
    }
    let expired = expire::expire(store, args.dry_run, by).await.map_err(told)?;
    let did = if args.dry_run { "would be deleted" } else { "deleted, a tombstone left for each" };
    let told: Vec<String> =
        expired.iter().map(|(kind, count)| format!("{} {}", thousands(*count), kind.name())).collect();
    say(&if told.is_empty() { "nothing has expired".to_owned() } else { format!("{} {did}", told.join(", ")) });
    Ok(0)
}
