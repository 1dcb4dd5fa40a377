//! Watch: follows others' ledgers, and signs as a witness what was seen.
//! In: their folder, checkpoint or proof, and a state file. Out: what was observed; a cosignature's line.
//! Invariant: nothing is signed that wasn't compared with what was seen last.
//! Not here: the comparing (`stillwatch-ledger`).

use std::path::PathBuf;
use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};
use stillwatch_ledger::{Consistency, Error, Following, Key, Observed, Signed, observe};

use super::{Reading, about, init, line, print, read, told, witnesses};

/// Arguments of `ledger watch`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  stillwatch ledger watch their-record --public their.pub --state their.seen    their folder, or a copy
  stillwatch ledger watch checkpoint --public their.pub --state their.seen      only their checkpoint
  stillwatch ledger watch grown.proof --public their.pub --state their.seen     a proof, checkpoint in it

Run it as often as you like (cron). On a fork or roll-back both checkpoints are kept beside the state file, as
`….before` and `….after`: each is signed by them, so they can't deny it.
Exit codes: 0 it grew, or nothing new; 1 a fork, a roll-back, a damaged folder, growth without proof; 2 failure.")]
pub(crate) struct WatchArgs {
    #[command(flatten)]
    seeing: Seeing,
}

/// Arguments of `ledger cosign`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  stillwatch ledger cosign their-record --public their.pub --state their.seen --key witness.key >line

Their owner adds the line: stillwatch ledger add-cosignatures record line --key record.key --witness witness.pub")]
pub(crate) struct CosignArgs {
    #[command(flatten)]
    seeing: Seeing,
    /// The witness's key
    #[arg(long, value_name = "FILE")]
    key: PathBuf,
}

/// What is looked at.
#[derive(Debug, clap::Args)]
struct Seeing {
    /// Their folder, their checkpoint, or a consistency proof
    what: PathBuf,
    /// Where what was seen last is kept
    #[arg(long, value_name = "FILE")]
    state: PathBuf,
    #[command(flatten)]
    reading: Reading,
}

/// Arguments of `ledger add-cosignatures`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  stillwatch ledger add-cosignatures record line --key record.key --witness witness.pub")]
pub(crate) struct AddArgs {
    /// The ledger's folder
    ledger: PathBuf,
    /// Witnesses' lines; `-`: standard input
    lines: PathBuf,
    /// The ledger's key
    #[arg(long, value_name = "FILE")]
    key: PathBuf,
    /// Public keys of the witnesses
    #[arg(long, value_name = "KEY", required = true)]
    witness: Vec<String>,
}

pub(crate) fn run(args: &WatchArgs) -> Result<u8, String> {
    let reading = &args.seeing.reading;
    match see(&args.seeing)? {
        Ok(observed) => {
            let (code, table, json) = say(&observed);
            reading.say(&table, &json);
            Ok(code)
        }
        Err(error) => reading.fail(&error),
    }
}

pub(crate) fn cosign(args: &CosignArgs) -> Result<u8, String> {
    // Read first: a key that can't be used changes nothing of what was seen.
    let key = Key::read(&args.key).map_err(|error| told(&error))?;
    let observed = match see(&args.seeing)? {
        Ok(observed) => observed,
        Err(error) => return args.seeing.reading.fail(&error),
    };
    let (code, table, _) = say(&observed);
    eprintln!("{table}");
    let (Observed::First(signed) | Observed::Same(signed) | Observed::Grown { now: signed, .. }) = &observed else {
        eprintln!("not signed");
        return Ok(code);
    };
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    print(&stillwatch_ledger::cosign(signed, &key, now).map_err(|error| told(&error))?);
    Ok(0)
}

pub(crate) fn add(args: &AddArgs) -> Result<u8, String> {
    let (lines, witnesses) = (read(&args.lines)?, witnesses(&args.witness)?);
    let mut log = init::open(&args.ledger, &args.key)?;
    let signed = log.add_cosignatures(&lines, &witnesses).map_err(|error| told(&error))?;
    print(&format!("{}\n", line(signed)));
    Ok(0)
}

fn see(args: &Seeing) -> Result<Result<Observed, Error>, String> {
    let (key, witnesses) = (args.reading.public()?, args.reading.witnesses()?);
    if args.what.is_dir() {
        return Ok(observe(&args.state, Following::Folder(&args.what), &key, &witnesses));
    }
    let text = read(&args.what)?;
    if !text.starts_with("old ") {
        return Ok(observe(&args.state, Following::Checkpoint(text.as_bytes()), &key, &witnesses));
    }
    let proof = Consistency::parse(&text);
    Ok(proof.and_then(|proof| observe(&args.state, Following::Proof(&proof), &key, &witnesses)))
}

fn say(observed: &Observed) -> (u8, String, Value) {
    let one = |said: &str, text: String, now: &Signed| (0, text, json!({"observed": said, "now": about(now)}));
    let two = |said: &str, text: String, before: &Signed, now: &Signed, evidence: &[PathBuf]| {
        let text = format!("{text}\nbefore: {}\nnow:    {}", line(before), line(now));
        let kept: Vec<String> = evidence.iter().map(|path| path.display().to_string()).collect();
        let text = if kept.is_empty() { text } else { format!("{text}\nkept as evidence: {}", kept.join(", ")) };
        (1, text, json!({"observed": said, "before": about(before), "now": about(now), "evidence": kept}))
    };
    match observed {
        Observed::First(now) => one("first", format!("seen for the first time, on trust\n{}", line(now)), now),
        Observed::Same(now) => one("same", format!("nothing new\n{}", line(now)), now),
        Observed::Grown { from, now } => {
            one("grown", format!("grew from {from} entries, all of them as they were\n{}", line(now)), now)
        }
        Observed::Unproven { before, now } => {
            let text = "said to have grown, without a proof from what was seen last; give the folder or a proof";
            two("unproven", text.into(), before, now, &[])
        }
        Observed::RolledBack { before, now, evidence } => {
            let text = "ROLLED BACK: it is shorter than it was; entries are gone, or an old copy is shown";
            two("rolled_back", text.into(), before, now, evidence)
        }
        Observed::Fork { before, now, evidence } => {
            let text = "FORK: two signed checkpoints that can't be of one record; others may be shown another one";
            two("fork", text.into(), before, now, evidence)
        }
    }
}
