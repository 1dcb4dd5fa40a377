//! Verify: looks at every byte of a ledger.
//! In: a folder and a public key. Out: what it holds, or the first place that isn't what was signed.
//! Invariant: no network; nothing is written.
//! Not here: how (`stillwatch-ledger`).

use std::path::PathBuf;

use serde_json::json;
use stillwatch_ledger::verify;

use super::{Reading, about, line};

/// Arguments of `ledger verify`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  stillwatch ledger verify record --public record.pub
  stillwatch ledger verify record --public record.pub --witness w1.pub --witness w2.pub --quorum 2

Exit codes: 0 every byte is what was signed; 1 something isn't, and what; 2 it could not be read.")]
pub(crate) struct Args {
    /// The ledger's folder, or a copy of it
    ledger: PathBuf,
    /// How many of the witnesses must have signed the checkpoint
    #[arg(long, value_name = "N", default_value_t = 0)]
    quorum: usize,
    #[command(flatten)]
    reading: Reading,
}

pub(crate) fn run(args: &Args) -> Result<u8, String> {
    let reading = &args.reading;
    let verified = match verify(&args.ledger, &reading.public()?, &reading.witnesses()?) {
        Ok(verified) => verified,
        Err(error) => return reading.fail(&error),
    };
    let mut table = line(&verified.signed) + "\nevery byte is what was signed";
    if let Some((first, count)) = verified.strange {
        table += &format!("\n{count} entries are of a kind that this version doesn't know; the first is {first}");
    }
    if let Some((first, count)) = verified.back {
        table += &format!(
            "\n{count} entries say an earlier time than the one before them, the first is {first}: a clock was moved back"
        );
    }
    for file in &verified.beyond {
        table += &format!("\n`{file}` is beyond the checkpoint: an append was interrupted, nobody signed it");
    }
    let seen = verified.signed.witnesses.len();
    let enough = seen >= args.quorum;
    if !enough {
        table += &format!("\n{seen} witnesses signed the checkpoint; {} must have", args.quorum);
    }
    let strange = verified.strange.map(|(first, count)| json!({"first": first, "count": count}));
    let back = verified.back.map(|(first, count)| json!({"first": first, "count": count}));
    let json = json!({
        "holds": enough, "checkpoint": about(&verified.signed), "strange": strange, "back": back, "beyond": verified.beyond,
    });
    reading.say(&table, &json);
    Ok(u8::from(!enough))
}
