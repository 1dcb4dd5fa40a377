//! Ledger: the record of what was released, changed, viewed and decided.
//! In: a ledger's folder and keys. Out: verdicts, proofs, entries; exit 0 fine, 1 it doesn't hold, 2 failure.
//! Invariant: a private key is read only by verbs that sign; none is ever printed.
//! Not here: what is checked (`stillwatch-ledger`).

mod export;
mod init;
mod prove;
mod show;
mod verify;
mod watch;

use std::io::Write;
use std::path::{Path, PathBuf};

use clap::{Subcommand, ValueEnum};
use serde_json::{Value, json};
use stillwatch_ledger::{Error, Key, Place, PublicKey, Signed};

/// Arguments of `ledger`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  stillwatch ledger init record --name lab.example/ledger    a new ledger, its key beside it
  stillwatch ledger verify record --public record.pub        look at every byte
  stillwatch ledger prove 17 record --public record.pub      a proof that entry 17 is in it
  stillwatch ledger watch their-record --public their.pub --state their.seen
  stillwatch ledger export record audit --public record.pub  a folder for an auditor

Exit codes: 0 it holds; 1 it doesn't (altered, a proof that fails, a fork, a roll-back); 2 failure.
A public key is given as a file or as the line itself. What each byte means: docs/ledger.md.")]
pub(crate) struct Args {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
#[command(disable_help_subcommand = true)]
enum Verb {
    /// Make a new, empty ledger and its key
    Init(init::InitArgs),
    /// Make a key for a witness
    Key(init::KeyArgs),
    /// Append entries, JSON lines from standard input (tests; other verbs append by themselves)
    #[command(hide = true)]
    Append(init::AppendArgs),
    /// Look at every byte; name the first entry or file that isn't what was signed
    Verify(verify::Args),
    /// Prove that an entry is in the ledger
    Prove(prove::ProveArgs),
    /// Check a proof, without the ledger
    Check(prove::CheckArgs),
    /// Prove that the ledger only grew since an earlier checkpoint or size
    Consistency(prove::ConsistencyArgs),
    /// Follow another member's ledger; shout on a fork or roll-back
    Watch(watch::WatchArgs),
    /// As a witness: watch, then sign what was seen
    Cosign(watch::CosignArgs),
    /// Add witnesses' signatures to the checkpoint
    AddCosignatures(watch::AddArgs),
    /// Copy the ledger to a folder that an auditor checks with standard tools
    Export(export::Args),
    /// List entries
    Show(show::Args),
}

pub(crate) fn run(args: &Args) -> Result<u8, String> {
    match &args.verb {
        Verb::Init(args) => init::run(args),
        Verb::Key(args) => init::key(args),
        Verb::Append(args) => init::append(args),
        Verb::Verify(args) => verify::run(args),
        Verb::Prove(args) => prove::run(args),
        Verb::Check(args) => prove::check(args),
        Verb::Consistency(args) => prove::consistency(args),
        Verb::Watch(args) => watch::run(args),
        Verb::Cosign(args) => watch::cosign(args),
        Verb::AddCosignatures(args) => watch::add(args),
        Verb::Export(args) => export::run(args),
        Verb::Show(args) => show::run(args),
    }
}

/// Whom to believe, and how to say it: the same for every verb that reads.
#[derive(Debug, clap::Args)]
struct Reading {
    /// The ledger's public key: a file, or the line itself
    #[arg(long, value_name = "KEY")]
    public: String,
    /// Public keys of witnesses whose signatures count: files, or the lines themselves
    #[arg(long, value_name = "KEY")]
    witness: Vec<String>,
    /// How it is printed
    #[arg(long, value_enum, default_value_t = Format::Table)]
    format: Format,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people
    Table,
    /// For programs
    Json,
}

impl Reading {
    fn public(&self) -> Result<PublicKey, String> {
        public(&self.public)
    }

    fn witnesses(&self) -> Result<Vec<PublicKey>, String> {
        witnesses(&self.witness)
    }

    /// Says what holds.
    fn say(&self, table: &str, json: &Value) -> u8 {
        print(&if self.format == Format::Json { format!("{json}\n") } else { format!("{table}\n") });
        0
    }

    /// Says what doesn't hold: exit code 1; or that nothing could be found out: 2.
    fn fail(&self, error: &Error) -> Result<u8, String> {
        let place = match error {
            Error::Altered(altered) => match &altered.place {
                Place::Entry { index, file } => json!({"entry": index, "file": file}),
                Place::File(file) => json!({"file": file}),
                Place::Checkpoint => json!({"file": "checkpoint"}),
            },
            Error::Checkpoint(_) | Error::Proof(_) => Value::Null,
            _ => return Err(told(error)),
        };
        if self.format == Format::Json {
            print(&format!("{}\n", json!({"holds": false, "why": error.to_string(), "where": place})));
        } else {
            eprintln!("{}", told(error));
        }
        Ok(1)
    }
}

fn witnesses(given: &[String]) -> Result<Vec<PublicKey>, String> {
    given.iter().map(|given| public(given)).collect()
}

pub(crate) fn public(given: &str) -> Result<PublicKey, String> {
    let path = Path::new(given);
    let line = if path.is_file() { read(path)? } else { given.to_owned() };
    // A witness's file has both forms of its key, a line each.
    PublicKey::parse(line.lines().next().unwrap_or_default()).map_err(|error| {
        format!("{}\nhint: `{given}` is neither a public key's file nor the key itself", told_only(&error))
    })
}

/// A private key, from its file.
pub(crate) fn read_key(file: &Path) -> Result<Key, String> {
    Key::read(file).map_err(|error| told(&error))
}

fn read(path: &Path) -> Result<String, String> {
    let failed = |error| format!("error: cannot read `{}`: {error}", path.display());
    if path.as_os_str() == "-" {
        return std::io::read_to_string(std::io::stdin().lock()).map_err(failed);
    }
    std::fs::read_to_string(path).map_err(failed)
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), String> {
    std::fs::write(path, bytes).map_err(|error| format!("error: cannot write `{}`: {error}", path.display()))
}

pub(crate) fn told(error: &Error) -> String {
    format!("error: {error}\nhint: {}", error.hint())
}

fn told_only(error: &Error) -> String {
    format!("error: {error}")
}

fn print(text: &str) {
    // A reader that has seen enough is no failure.
    let _ = std::io::stdout().lock().write_all(text.as_bytes());
}

/// `name.pub` beside `name.key`.
fn beside(key: &Path) -> PathBuf {
    key.with_extension("pub")
}

fn about(signed: &Signed) -> Value {
    let witnesses: Vec<Value> =
        signed.witnesses.iter().map(|seen| json!({"by": seen.by, "at": at(Some(seen.time))})).collect();
    json!({
        "origin": signed.origin, "size": signed.size, "root": signed.root.to_string(), "at": at(signed.time),
        "witnesses": witnesses, "unknown": signed.unknown,
    })
}

/// A checkpoint as one line or more.
fn line(signed: &Signed) -> String {
    let time = at(signed.time).unwrap_or_else(|| "an unknown time".into());
    let mut text = format!("{}: {} entries at {time}, root {}", signed.origin, signed.size, signed.root);
    for seen in &signed.witnesses {
        text += &format!("\n  witness {} saw it at {}", seen.by, at(Some(seen.time)).unwrap_or_default());
    }
    for name in &signed.unknown {
        text += &format!("\n  a signature in the name of {name} wasn't checked: its key wasn't given (`--witness`)");
    }
    text
}

fn at(seconds: Option<u64>) -> Option<String> {
    let seconds = i64::try_from(seconds?).ok()?;
    jiff::Timestamp::from_second(seconds).ok().map(|time| time.to_string())
}
