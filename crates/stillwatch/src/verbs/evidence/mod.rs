//! Evidence: one campaign's case as one archive that anybody can check.
//! In: a campaign, a ledger, what is asked for; or an archive. Out: an archive; or what is wrong with one.
//! Invariant: the same store and ledger give the same bytes; raw text only where asked for, its view recorded before it is written.
//! Not here: whether it may leave this organisation: that is for a person to say.

mod archive;
mod check;
mod contents;
mod facts;
mod ledger;
mod make;
mod manifest;
mod readme;
mod verify;

use std::path::{Path, PathBuf};

use clap::Subcommand;
use sha2::{Digest, Sha256};

use super::store::{Author, Data, Format};

/// Arguments of `evidence`.
#[derive(Debug, clap::Args)]
#[command(
    args_conflicts_with_subcommands = true,
    subcommand_negates_reqs = true,
    disable_help_subcommand = true,
    after_help = "Examples:
  stillwatch evidence 5f0c12ab --out case.tar --ledger record --public record.pub
  stillwatch evidence 5f0c12ab --out again.tar --ledger record --public record.pub --at case.tar
  stillwatch evidence 5f0c12ab --out full.tar --ledger record --key record.key --accounts --examples --reason case-17
  stillwatch evidence verify case.tar --public record.pub

It holds the campaign, its course, members, evidence, claims, notes, history, labels, tombstones, what each run
found, what was told of it, entries of the ledger with their proofs, hashes of everything, and a page on how to
check it by hand (docs/evidence.md).
Addresses and what people wrote are in it. Whether it may leave is for you to decide.
Exit codes: 0 done, 1 `verify`: something is wrong, and what; 2 failure."
)]
pub(crate) struct Args {
    #[command(flatten)]
    data: Data,
    #[command(flatten)]
    author: Author,
    /// The campaign: its id, an alias, or an unambiguous beginning
    #[arg(value_name = "CAMPAIGN", required = true)]
    campaign: Option<String>,
    /// The archive to write, a tar; nothing is overwritten
    #[arg(long, value_name = "FILE", required = true)]
    out: Option<PathBuf>,
    /// The ledger: its entries about the campaign go in, each with its proof
    #[arg(long, value_name = "DIR")]
    ledger: Option<PathBuf>,
    /// The ledger's public key: a file, or the line itself
    #[arg(long, value_name = "KEY", requires = "ledger")]
    public: Option<String>,
    /// The ledger as it was: a checkpoint that was kept, an earlier bundle, or its size now
    #[arg(long, value_name = "FILE|SIZE", requires = "ledger")]
    at: Option<String>,
    /// Entries about this too: a proposal, a profile (may be said again)
    #[arg(long, value_name = "ID", requires = "ledger")]
    about: Vec<String>,
    /// Name accounts; else they have numbers
    #[arg(long)]
    accounts: bool,
    /// Put in the local examples, text of customers; the ledger records that they were viewed
    #[arg(long, requires_all = ["ledger", "key", "reason"])]
    examples: bool,
    /// Why the examples are needed: a code, or the id of a ticket
    #[arg(long, value_name = "TEXT", requires = "examples")]
    reason: Option<String>,
    /// The ledger's private key, to record the view
    #[arg(long, value_name = "FILE", requires = "ledger")]
    key: Option<PathBuf>,
    /// Put in what would be told of it as STIX 2.1, in the name of this organisation
    #[arg(long, value_name = "NAME")]
    producer: Option<String>,
    /// How it is told what was written
    #[arg(long, value_enum, default_value_t = Format::Table)]
    format: Format,
    #[command(subcommand)]
    verb: Option<Verb>,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Look at every byte of a bundle; name the first thing that is wrong
    Verify(check::Args),
}

/// Runs the verb.
pub(crate) fn run(args: &Args) -> Result<u8, String> {
    match &args.verb {
        Some(Verb::Verify(args)) => check::run(args),
        None => make::run(args),
    }
}

/// SHA-256, hexadecimal.
fn hash(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A file's bytes, no more than an archive may have and one.
fn bytes(file: &Path) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    std::fs::File::open(file)
        .and_then(|file| {
            std::io::Read::read_to_end(&mut std::io::Read::take(file, archive::MOST_BYTES + 1), &mut bytes)
        })
        .map_err(|error| {
            format!("error: cannot read `{}`: {error}\nhint: check the path, and that you may read it", file.display())
        })?;
    Ok(bytes)
}
