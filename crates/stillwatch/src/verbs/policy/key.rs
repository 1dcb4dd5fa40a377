//! Key: a pair of keys for signing profiles.
//! In: a path. Out: the private key there, the public one beside it (`.pub`).
//! Invariant: the private key is readable by its owner only, and never put in place of another.
//! Not here: signing (`sign.rs`), the ledger's keys.

use std::io::Write;
use std::path::{Path, PathBuf};

use rand_core::{OsRng, RngCore};

use crate::verbs::store::{print, say};

/// Arguments of `policy key`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  stillwatch policy key signer.pem
  stillwatch policy sign profiles/conservative --signing-key signer.pem
  stillwatch policy adopt profiles/conservative --key signer.pem.pub

Exit codes: 0 made; 2 failure, such as a file that is there already.")]
pub(super) struct Args {
    /// Where the private key goes; its public half goes beside it (`.pub`)
    #[arg(value_name = "FILE")]
    key: PathBuf,
}

pub(super) fn run(args: &Args) -> Result<u8, String> {
    let mut random = [0; 32];
    OsRng
        .try_fill_bytes(&mut random)
        .map_err(|e| format!("error: the system has no randomness: {e}\nhint: try again"))?;
    let (private, public) = stillwatch_share::key_pair(&random).map_err(|error| format!("error: {error}"))?;
    let mut beside = args.key.clone().into_os_string();
    beside.push(".pub");
    write(&args.key, private.as_bytes(), 0o600)?;
    write(Path::new(&beside), public.as_bytes(), 0o644)?;
    say(&format!("the private key is in `{}`: back it up, and show it to nobody", args.key.display()));
    print(public)?;
    Ok(0)
}

fn write(file: &Path, bytes: &[u8], mode: u32) -> Result<(), String> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, mode);
    #[cfg(not(unix))]
    let _ = mode;
    let written = options.open(file).and_then(|mut file| file.write_all(bytes).and_then(|()| file.sync_all()));
    written.map_err(|e| format!("error: cannot write `{}`: {e}\nhint: choose another place", file.display()))
}
