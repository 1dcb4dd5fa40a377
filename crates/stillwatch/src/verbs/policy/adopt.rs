//! Adopt: puts a signed profile in force, and lists those that are.
//! In: a profile's directory, trusted keys. Out: the profile in the store; an entry in the ledger.
//! Invariant: only what would load is put in force; a lower version never again.
//! Not here: signatures (`share`), keeping it (`track::profiles`).

use std::path::PathBuf;

use stillwatch_track::{Missing, Store, instant, profiles};

use super::files::files;
use crate::verbs::record::{Recording, Trusted, failed};
use crate::verbs::store::{Author, Data, Format, block_on, print, print_json, say, told};

/// Arguments of `policy adopt`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  stillwatch policy adopt profiles/conservative --key signer.pub --ledger record

Releases are proposed and approved under profiles in force only. The ledger keeps that this one is, from which version, and its hash.
Exit codes: 0 it is in force; 2 failure, also when it would not load.")]
pub(super) struct AdoptArgs {
    /// The profile's directory
    profile: PathBuf,
    #[command(flatten)]
    data: Data,
    #[command(flatten)]
    author: Author,
    #[command(flatten)]
    recording: Recording,
    #[command(flatten)]
    trusted: Trusted,
}

/// Arguments of `policy list`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Exit codes: 0 done, 2 failure.")]
pub(super) struct ListArgs {
    #[command(flatten)]
    data: Data,
    /// How to print
    #[arg(long, value_enum, default_value_t = Format::Table, env = "STILLWATCH_FORMAT")]
    format: Format,
}

pub(super) fn adopt(args: &AdoptArgs) -> Result<u8, String> {
    let by = args.author.by();
    block_on(async {
        let store = Store::open(&args.data.place(), Missing::Make).await.map_err(told)?;
        let keys = args.trusted.keys()?;
        let adopted = stillwatch_node::profile::adopt(&store, files(&args.profile)?, &keys, &by).await;
        match adopted.map_err(failed)? {
            Some(profile) => {
                say(&format!("{} version {} is in force: {}", profile.name, profile.version, profile.digest))
            }
            None => say("it is in force already"),
        }
        args.recording.settle(&store, &by).await?;
        store.close().await;
        Ok(0)
    })
}

pub(super) fn list(args: &ListArgs) -> Result<u8, String> {
    block_on(async {
        let store = Store::open(&args.data.place(), Missing::Refuse).await.map_err(told)?;
        let all = profiles::all(&store).await.map_err(told)?;
        store.close().await;
        if args.format == Format::Json {
            print_json(&all)?;
        } else if all.is_empty() {
            print("no profile is in force; `stillwatch policy adopt DIR` puts one in force\n")?;
        } else {
            for (at, one) in all.iter().enumerate() {
                let is_last = all.get(at + 1).is_none_or(|next| next.name != one.name);
                let since = instant(one.adopted);
                let state = if is_last { "in force" } else { "replaced" };
                print(format!(
                    "{:14} {:4}  {state}  since {since} by {}  sha256:{}\n",
                    one.name, one.version, one.author, one.digest
                ))?;
            }
        }
        Ok(0)
    })
}
