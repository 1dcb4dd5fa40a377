//! Init: new ledgers and keys; appending by hand.
//! In: a folder, a name. Out: an empty ledger, a key that only its owner may read, its public half.
//! Invariant: nothing is overwritten; the private key isn't printed.
//! Not here: what an entry may say (`stillwatch-ledger`).

use std::path::{Path, PathBuf};

use stillwatch_ledger::{Entry, Key, Log};

use super::{beside, print, told, write};

/// Arguments of `ledger init`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  stillwatch ledger init record --name lab.example/ledger
  stillwatch ledger init record --name lab.example/ledger --key /etc/stillwatch/ledger.key

The public key goes to a file beside the key (`.pub`); give it to whoever should be able to verify.
Back the key up: without it nothing can be appended. Undo: remove the folder and both files.")]
pub(crate) struct InitArgs {
    /// The ledger's folder, new or empty
    ledger: PathBuf,
    /// The ledger's name: a URL without its scheme, under a domain of yours
    #[arg(long)]
    name: String,
    /// Where the key goes (default: the folder's name and `.key`)
    #[arg(long, value_name = "FILE")]
    key: Option<PathBuf>,
}

/// Arguments of `ledger key`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  stillwatch ledger key witness.key --name witness.example/w1")]
pub(crate) struct KeyArgs {
    /// Where the key goes; its public half goes beside it (`.pub`)
    key: PathBuf,
    /// The witness's name: a URL without its scheme, under a domain of yours
    #[arg(long)]
    name: String,
}

/// Arguments of `ledger append`.
#[derive(Debug, clap::Args)]
pub(crate) struct AppendArgs {
    /// The ledger's folder
    ledger: PathBuf,
    /// The ledger's key
    #[arg(long, value_name = "FILE")]
    key: PathBuf,
}

pub(crate) fn run(args: &InitArgs) -> Result<u8, String> {
    let file = args.key.clone().unwrap_or_else(|| {
        let mut name = args.ledger.clone().into_os_string();
        name.push(".key");
        PathBuf::from(name)
    });
    if file.starts_with(&args.ledger) {
        let hint = "hint: whoever gets a copy of the ledger would get the key; choose another place";
        return Err(format!("error: the key would be within the ledger's folder\n{hint}"));
    }
    let key = Key::generate(&args.name).map_err(|error| told(&error))?;
    // The key first: a ledger whose key couldn't be kept is worth nothing.
    let line = key.public().to_line();
    keep(&key, &file, &format!("{line}\n"))?;
    if let Err(error) = Log::create(&args.ledger, key) {
        let _ = (std::fs::remove_file(&file), std::fs::remove_file(beside(&file)));
        return Err(told(&error));
    }
    print(&format!("{line}\n"));
    eprintln!("a ledger in `{}`; its key is in `{}`: back it up", args.ledger.display(), file.display());
    Ok(0)
}

pub(crate) fn key(args: &KeyArgs) -> Result<u8, String> {
    let key = Key::generate(&args.name).map_err(|error| told(&error))?;
    let line = key.public().to_witness_line();
    keep(&key, &args.key, &format!("{line}\n"))?;
    print(&format!("{line}\n"));
    Ok(0)
}

pub(crate) fn append(args: &AppendArgs) -> Result<u8, String> {
    let mut log = open(&args.ledger, &args.key)?;
    let mut entries = Vec::new();
    for (number, line) in std::io::stdin().lines().enumerate() {
        let line = line.map_err(|error| format!("error: cannot read standard input: {error}"))?;
        let entry = Entry::read(line.as_bytes());
        entries.push(entry.map_err(|error| format!("error: line {} is no entry: {error}", number + 1))?);
    }
    let done = log.append(&entries).map_err(|error| told(&error))?;
    print(&format!("{}..{}\n", done.start, done.end));
    Ok(0)
}

pub(super) fn open(ledger: &Path, key: &Path) -> Result<Log, String> {
    Key::read(key).and_then(|key| Log::open(ledger, key)).map_err(|error| told(&error))
}

fn keep(key: &Key, file: &Path, public: &str) -> Result<(), String> {
    if beside(file).exists() {
        return Err(format!("error: `{}` is there already\nhint: choose another place", beside(file).display()));
    }
    key.write(file).map_err(|error| told(&error))?;
    write(&beside(file), public.as_bytes())
}
