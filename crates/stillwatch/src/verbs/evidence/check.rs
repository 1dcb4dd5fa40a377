//! Check: `evidence verify`, for people and programs.
//! In: an archive, a public key. Out: what it holds, exit 0; or the first thing that is wrong, exit 1.
//! Invariant: nothing is written or unpacked; a key that came with the bundle is said to be no witness for it.
//! Not here: what is checked (`verify.rs`).

use std::path::PathBuf;

use serde_json::json;

use super::verify;
use crate::verbs::ledger::public;
use crate::verbs::store::{Format, print, print_json, say};

/// Arguments of `evidence verify`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  stillwatch evidence verify case.tar --public record.pub
  stillwatch evidence verify case.tar --sha256 9f2c…          that it is the one you were told of
  stillwatch evidence verify case.tar --format json

Without `--public` the proofs are checked with the key in the bundle: that says that it agrees with itself, no more.
Exit codes: 0 every byte is as it should be; 1 something isn't, and what; 2 it could not be read.")]
pub(super) struct Args {
    /// The archive
    file: PathBuf,
    /// The ledger's public key, from its owner or a witness: a file, or the line itself
    #[arg(long, value_name = "KEY")]
    public: Option<String>,
    /// SHA-256 of the archive, as you were told it
    #[arg(long, value_name = "HASH")]
    sha256: Option<String>,
    /// How it is printed
    #[arg(long, value_enum, default_value_t = Format::Table)]
    format: Format,
}

/// Runs the verb.
pub(super) fn run(args: &Args) -> Result<u8, String> {
    let key = args.public.as_deref().map(public).transpose()?;
    let bytes = super::bytes(&args.file)?;
    let checked = verify::check(&bytes, key.as_ref()).and_then(|checked| match &args.sha256 {
        Some(told) if !told.eq_ignore_ascii_case(&checked.sha256) => {
            Err(format!("the archive: its SHA-256 is {}, and not the one you were told", checked.sha256))
        }
        _ => Ok(checked),
    });
    let checked = match checked {
        Ok(checked) => checked,
        Err(why) => {
            if args.format == Format::Json {
                print_json(&json!({"holds": false, "why": why}))?;
            } else {
                say(&format!("error: {why}\nhint: keep the file as it is, and ask for it again where it came from"));
            }
            return Ok(1);
        }
    };
    let manifest = &checked.manifest;
    let own = checked.signed.as_ref().is_some_and(|(_, own)| *own);
    if args.format == Format::Json {
        print_json(&json!({
            "holds": true, "campaign": manifest.campaign, "sha256": checked.sha256, "files": manifest.files.len() + 2,
            "ledger": manifest.ledger, "key": checked.signed.as_ref().map(|_| if own { "bundle" } else { "given" }),
        }))?;
        return Ok(0);
    }
    let mut text = format!(
        "every byte is as it should be\n{}\n{} files, sha256 {}\n",
        manifest.campaign,
        manifest.files.len() + 2,
        checked.sha256
    );
    match &manifest.ledger {
        Some(ledger) => {
            text += &format!("{} entries are in {} of size {}\n", ledger.entries.len(), ledger.origin, ledger.size);
            if own {
                text +=
                    "the key is the bundle's own: that it agrees with itself is all that this says; give `--public`\n";
            }
        }
        None => text += "nothing of a ledger is in it\n",
    }
    print(text)?;
    Ok(0)
}
