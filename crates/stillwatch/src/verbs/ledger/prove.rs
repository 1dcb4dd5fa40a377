//! Prove: that an entry is in a ledger, that a ledger only grew; and checking such proofs without it.
//! In: an index or id, a size or checkpoint. Out: proofs as text, verdicts.
//! Invariant: a proof holds its signed checkpoint, so that whoever gets it needs the public key only.
//! Not here: the texts' format (`stillwatch-ledger`).

use std::path::PathBuf;

use serde_json::json;
use stillwatch_ledger::{Consistency, Entry, Error, Proof, Reader, Signed};

use super::{Format, Reading, about, line, print, read, told, write};

/// Arguments of `ledger prove`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  stillwatch ledger prove 17 record --public record.pub --out 17.tlog-proof --entry 17.json
  stillwatch ledger prove indicator--0b… record --public record.pub    the newest entry about it
  stillwatch ledger check 17.tlog-proof 17.json --public record.pub    by anybody, without the ledger")]
pub(crate) struct ProveArgs {
    /// An entry's index, or the id of what it is about (the newest; entries are searched one by one)
    id: String,
    /// The ledger's folder
    ledger: PathBuf,
    /// Where the proof goes (default: standard output)
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Where the entry goes, byte for byte
    #[arg(long, value_name = "FILE")]
    entry: Option<PathBuf>,
    #[command(flatten)]
    reading: Reading,
}

/// Arguments of `ledger check`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  stillwatch ledger check 17.tlog-proof 17.json --public record.pub
  stillwatch ledger check grown.proof old.checkpoint --public record.pub")]
pub(crate) struct CheckArgs {
    /// The proof
    proof: PathBuf,
    /// The entry, byte for byte; of a consistency proof, the earlier checkpoint
    of: PathBuf,
    #[command(flatten)]
    reading: Reading,
}

/// Arguments of `ledger consistency`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  stillwatch ledger consistency old.checkpoint record --public record.pub    does it continue what I have?
  stillwatch ledger consistency 100 record --public record.pub --out grown.proof

Exit codes: 0 it does; 1 it doesn't: entries were changed or removed; 2 failure.")]
pub(crate) struct ConsistencyArgs {
    /// An earlier checkpoint, or a size
    old: String,
    /// The ledger's folder
    ledger: PathBuf,
    /// Where the proof goes
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    #[command(flatten)]
    reading: Reading,
}

pub(crate) fn run(args: &ProveArgs) -> Result<u8, String> {
    let reading = &args.reading;
    let reader = match Reader::open(&args.ledger, &reading.public()?, &reading.witnesses()?) {
        Ok(reader) => reader,
        Err(error) => return reading.fail(&error),
    };
    let found = match args.id.parse::<u64>() {
        Ok(index) => Ok(Some(index)),
        Err(_) => newest(&reader, &args.id),
    };
    let proven = found.and_then(|found| {
        let Some(index) = found else { return Ok(None) };
        Ok(Some((reader.entry(index)?, reader.prove(index)?)))
    });
    let (entry, proof) = match proven {
        Err(error) => return reading.fail(&error),
        Ok(None) => {
            eprintln!("no entry is about `{}`", args.id);
            return Ok(1);
        }
        Ok(Some(proven)) => proven,
    };
    if let Some(file) = &args.entry {
        write(file, &entry)?;
    }
    let text = proof.to_text();
    if let Some(file) = &args.out {
        write(file, text.as_bytes())?;
    }
    match (reading.format, &args.out) {
        (Format::Json, _) => {
            let entry = String::from_utf8_lossy(&entry);
            print(&format!("{}\n", json!({"index": proof.index, "entry": entry, "proof": text})));
        }
        (Format::Table, None) => print(&text),
        (Format::Table, Some(file)) => eprintln!("entry {}: proof in `{}`", proof.index, file.display()),
    }
    Ok(0)
}

/// The newest entry about something.
fn newest(reader: &Reader, id: &str) -> Result<Option<u64>, Error> {
    let mut end = reader.signed().size;
    while end > 0 {
        let (first, entries) = reader.bundle_of(end - 1)?;
        let found = entries.iter().rposition(|entry| Entry::read(entry).is_ok_and(|entry| entry.about() == id));
        if let Some(at) = found {
            return Ok(Some(first + at as u64));
        }
        end = first;
    }
    Ok(None)
}

pub(crate) fn check(args: &CheckArgs) -> Result<u8, String> {
    let (reading, key, witnesses) = (&args.reading, args.reading.public()?, args.reading.witnesses()?);
    let text = read(&args.proof)?;
    let of = std::fs::read(&args.of).map_err(|error| format!("error: cannot read `{}`: {error}", args.of.display()))?;
    let checked = if text.starts_with("old ") {
        Consistency::parse(&text).and_then(|proof| {
            let old = Signed::read(&of, &key, &witnesses)?;
            if old.size != proof.old {
                return Err(Error::Proof(format!("it is for size {}, the checkpoint has {}", proof.old, old.size)));
            }
            proof.check(old.root, &key, &witnesses)
        })
    } else {
        Proof::parse(&text).and_then(|proof| proof.check(&of, &key, &witnesses))
    };
    match checked {
        Ok(signed) => {
            let table = format!("the proof holds\n{}", line(&signed));
            Ok(reading.say(&table, &json!({"holds": true, "checkpoint": about(&signed)})))
        }
        Err(error) => reading.fail(&error),
    }
}

pub(crate) fn consistency(args: &ConsistencyArgs) -> Result<u8, String> {
    let (reading, key, witnesses) = (&args.reading, args.reading.public()?, args.reading.witnesses()?);
    let proven = || -> Result<(Consistency, Signed), Error> {
        let reader = Reader::open(&args.ledger, &key, &witnesses)?;
        let (size, root) = match args.old.parse::<u64>() {
            Ok(size) => (size, reader.root_at(size)?),
            Err(_) => {
                let path = PathBuf::from(&args.old);
                let bytes = std::fs::read(&path).map_err(|source| Error::Io { doing: "read", path, source })?;
                let old = Signed::read(&bytes, &key, &witnesses)?;
                (old.size, old.root)
            }
        };
        if size > reader.signed().size {
            return Err(Error::Proof(format!("it had {size} entries, and has {} now", reader.signed().size)));
        }
        let proof = reader.consistency(size)?;
        let signed = proof.check(root, &key, &witnesses)?;
        Ok((proof, signed))
    };
    match proven() {
        Ok((proof, signed)) => {
            let text = proof.to_text();
            if let Some(file) = &args.out {
                write(file, text.as_bytes())?;
            }
            let table = format!("the ledger only grew since it had {} entries\n{}", proof.old, line(&signed));
            let json = json!({"holds": true, "old": proof.old, "checkpoint": about(&signed), "proof": text});
            Ok(reading.say(&table, &json))
        }
        Err(error @ Error::Io { .. }) => Err(told(&error)),
        Err(error) => reading.fail(&error),
    }
}
