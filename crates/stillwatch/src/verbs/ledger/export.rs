//! Export: a folder for an auditor.
//! In: a ledger. Out: a new folder that is checked with standard tools.
//! Invariant: what can't be verified isn't exported.
//! Not here: what goes into it (`stillwatch-ledger`).

use std::path::PathBuf;

use serde_json::json;
use stillwatch_ledger::export;

use super::{Reading, about, line};

/// Arguments of `ledger export`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  stillwatch ledger export record audit-2026 --public record.pub

`AUDIT.md` in the folder says how it is checked: with openssl and Go, none of our programs.")]
pub(crate) struct Args {
    /// The ledger's folder
    ledger: PathBuf,
    /// The folder to make
    out: PathBuf,
    #[command(flatten)]
    reading: Reading,
}

pub(crate) fn run(args: &Args) -> Result<u8, String> {
    let reading = &args.reading;
    match export(&args.ledger, &args.out, &reading.public()?, &reading.witnesses()?) {
        Ok(done) => {
            let table = format!("{}\nexported to `{}`; see AUDIT.md there", line(&done.signed), args.out.display());
            Ok(reading.say(&table, &json!({"holds": true, "checkpoint": about(&done.signed)})))
        }
        Err(error) => reading.fail(&error),
    }
}
