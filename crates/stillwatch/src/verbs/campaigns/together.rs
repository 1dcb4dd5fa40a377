//! Together: campaigns that are one, and accounts that are a campaign of their own.
//! In: ids, accounts. Out: one line on stderr.
//! Invariant: what is merged can be found by each of its ids; what is split is never merged again by a run.
//! Not here: how (`stillwatch_track`).

use std::path::PathBuf;

use clap::Args as ClapArgs;
use stillwatch_track::{By, Store};

use crate::verbs::store::{say, told};

/// Arguments of `campaigns merge`.
#[derive(Debug, ClapArgs)]
#[command(after_help = "Examples:
  stillwatch campaigns merge 5f0c12ab 77aa31cd --because 'one reseller'

The first keeps its id, name and status. Undo: `campaigns split`, with the accounts of the other.
Exit codes: 0 done, 2 failure.")]
pub(super) struct MergeArgs {
    /// The campaign that stays
    into: String,
    /// Those that it absorbs
    #[arg(required = true)]
    others: Vec<String>,
    /// The reason
    #[arg(long, value_name = "TEXT", default_value = "")]
    because: String,
}

/// Runs `merge`.
pub(super) async fn merge(store: &Store, args: &MergeArgs, by: &By) -> Result<u8, String> {
    let (into, others) =
        stillwatch_track::merge(store, &args.into, &args.others, &args.because, by).await.map_err(told)?;
    say(&format!("{into} absorbed {}", others.join(", ")));
    Ok(0)
}

/// Arguments of `campaigns split`.
#[derive(Debug, ClapArgs)]
#[command(after_help = "Examples:
  stillwatch campaigns split 5f0c12ab acct-17 acct-18 --because 'pays by another card'
  stillwatch campaigns split 5f0c12ab --accounts-file resellers.txt      an account a line

Undo: `campaigns merge`. Exit codes: 0 done, 2 failure.")]
pub(super) struct SplitArgs {
    /// The campaign
    id: String,
    /// The accounts that are a campaign of their own
    #[arg(required_unless_present = "accounts_file")]
    accounts: Vec<String>,
    /// The same from a file, an account a line
    #[arg(long, value_name = "FILE", conflicts_with = "accounts")]
    accounts_file: Option<PathBuf>,
    /// The reason
    #[arg(long, value_name = "TEXT", default_value = "")]
    because: String,
}

/// Runs `split`.
pub(super) async fn split(store: &Store, args: &SplitArgs, by: &By) -> Result<u8, String> {
    let accounts = match &args.accounts_file {
        None => args.accounts.clone(),
        Some(path) => std::fs::read_to_string(path)
            .map_err(|e| format!("error: cannot read `{}`: {e}\nhint: an account a line, in UTF-8", path.display()))?
            .lines()
            .filter(|line| !line.is_empty())
            .map(str::to_owned)
            .collect(),
    };
    let (id, new) = stillwatch_track::split(store, &args.id, &accounts, &args.because, by).await.map_err(told)?;
    say(&format!("{new} was split off from {id}"));
    Ok(0)
}
