//! Backup and restore: a whole store in one file, and back.
//! In: a store, a file. Out: the file; or the store as it was.
//! Invariant: nothing is overwritten unless `--force` says so.
//! Not here: the file's form (`stillwatch_track::backup`).

use std::path::PathBuf;

use clap::Args as ClapArgs;
use stillwatch_model::number::thousands;
use stillwatch_track::{Missing, Store, backup};

use super::store::{Author, Data, block_on, say, told};

/// Arguments of `backup`.
#[derive(Debug, ClapArgs)]
#[command(after_help = "Examples:
  stillwatch backup stillwatch-2026-03-02.backup
  stillwatch backup --data postgres://lab@db/stillwatch lab.backup

One state of the store, also while others write to it. The file holds accounts, addresses and examples: it is readable by
you only; keep it so, and no longer than you would keep these. It restores into either database.
Exit codes: 0 done, 2 failure.")]
pub(crate) struct BackupArgs {
    #[command(flatten)]
    data: Data,
    #[command(flatten)]
    author: Author,
    /// The file to write
    #[arg(value_name = "FILE")]
    file: PathBuf,
}

/// Arguments of `restore`.
#[derive(Debug, ClapArgs)]
#[command(after_help = "Examples:
  stillwatch restore stillwatch-2026-03-02.backup
  stillwatch restore --data postgres://lab@db/stillwatch lab.backup     into another database than it came from
  stillwatch restore --force lab.backup                                 deletes what the store holds

All of it or nothing: a damaged or cut file changes nothing.
Exit codes: 0 done, 2 failure.")]
pub(crate) struct RestoreArgs {
    #[command(flatten)]
    data: Data,
    /// The file to read
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Delete what the store holds
    #[arg(long)]
    force: bool,
}

/// Runs `backup`.
pub(crate) fn run(args: &BackupArgs) -> Result<u8, String> {
    let by = args.author.by();
    block_on(async {
        let store = args.data.open(&by).await?;
        let rows = backup::backup(&store, &args.file).await.map_err(told)?;
        store.close().await;
        say(&format!("wrote {}: {} rows", args.file.display(), thousands(rows)));
        Ok(0)
    })
}

/// Runs `restore`.
pub(crate) fn restore(args: &RestoreArgs) -> Result<u8, String> {
    block_on(async {
        let store = Store::open(&args.data.place(), Missing::Make).await.map_err(told)?;
        let rows = backup::restore(&store, &args.file, args.force).await.map_err(told)?;
        store.close().await;
        say(&format!("restored {} rows into {}", thousands(rows), args.data.place().told()));
        Ok(0)
    })
}
