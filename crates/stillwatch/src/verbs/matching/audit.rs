//! Audit: opening part of our set, and verifying what others opened.
//! In: a round and leaves; a file. Out: JSON; whether it holds.
//! Invariant: only what is asked for is opened.
//! Not here: how (`stillwatch_node::matching::audit`).

use std::path::PathBuf;

use stillwatch_node::matching::{Place, audit};

use crate::verbs::record::failed;
use crate::verbs::store::{Format, print, print_json, say};

/// Arguments of `match audit`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  stillwatch match audit 5c1a --leaves 3,17,2040 > opened.json

The other side draws the leaves. What is opened is shown to it: agree on the sample first.")]
pub(super) struct Args {
    /// The round, by id or the beginning of one
    round: String,
    /// Which leaves, from 0
    #[arg(long, value_name = "N,N,…", value_delimiter = ',', required = true)]
    leaves: Vec<u64>,
}

/// Arguments of `match verify`.
#[derive(Debug, clap::Args)]
pub(super) struct VerifyArgs {
    /// What the other side's `match audit` printed
    file: PathBuf,
    /// How it is printed
    #[arg(long, value_enum, default_value_t = Format::Table)]
    format: Format,
}

pub(super) async fn open(place: &Place, args: &Args) -> Result<u8, String> {
    print_json(&audit::open(place, &args.round, &args.leaves).await.map_err(failed)?)?;
    Ok(0)
}

pub(super) async fn verify(place: &Place, args: &VerifyArgs) -> Result<u8, String> {
    let how = "give the file as the other side sent it";
    let bytes = std::fs::read(&args.file)
        .map_err(|e| format!("error: cannot read `{}`: {e}\nhint: {how}", args.file.display()))?;
    let opened =
        serde_json::from_slice(&bytes).map_err(|e| format!("error: `{}`: {e}\nhint: {how}", args.file.display()))?;
    let verified = match audit::verify(place, &opened).await {
        Ok(verified) => verified,
        Err(error @ stillwatch_node::Error::Refused { .. }) => {
            say(&failed(error));
            return Ok(1);
        }
        Err(error) => return Err(failed(error)),
    };
    if args.format == Format::Json {
        print_json(&verified)?;
    } else {
        print(format!("{} leaves are of the set that was committed to\n", verified.leaves))?;
        if let Some(share) = verified.dense {
            print(format!("{:.0} % of them lie in one block: that isn't a lab's own traffic\n", share * 100.0))?;
        }
    }
    Ok(u8::from(verified.dense.is_some()))
}
