//! Export: a folder for an auditor, who needs none of our programs.
//! In: a ledger. Out: its checkpoint, tiles and entries, the public key, and a page that says how to check them.
//! Invariant: verified before and after copying; exactly what the checkpoint covers.
//! Not here: checking (`verify.rs`).

use std::fs;
use std::path::Path;

use crate::error::{Error, Result};
use crate::key::PublicKey;
use crate::layout::{self, HEIGHT, WIDTH, bundle, levels, tile};
use crate::reader::{read_bundle, read_tile};
use crate::verify::{Verified, verify};

/// The page that goes with it.
const PAGE: &str = include_str!("../AUDIT.md");
/// A program on Go's own packages that checks everything.
const PROGRAM: &str = include_str!("../audit.go");

/// Copies a verified ledger to a new folder: `log/` as C2SP tlog-tiles has it, `key.pub`, `AUDIT.md`, `audit.go`.
///
/// # Errors
/// [`Error::Exists`] where the folder is there; [`Error::Altered`] where the ledger isn't what was signed.
pub fn export(folder: &Path, out: &Path, key: &PublicKey, witnesses: &[PublicKey]) -> Result<Verified> {
    let verified = verify(folder, key, witnesses)?;
    if out.exists() {
        return Err(Error::Exists(out.to_owned()));
    }
    let log = out.join("log");
    fs::create_dir_all(&log).map_err(Error::io("make", &log))?;
    let size = verified.signed.size;
    for level in 0..levels(size) {
        let hashes = size >> (HEIGHT * level);
        for n in 0..hashes.div_ceil(WIDTH) {
            let width = (hashes - n * WIDTH).min(WIDTH);
            let at = tile(level, n, width);
            write(&log, &layout::path(&at), &read_tile(folder, &at)?)?;
            if level == 0 {
                let at = bundle(n, width);
                write(&log, &layout::path(&at), &read_bundle(folder, &at)?)?;
            }
        }
    }
    write(&log, "checkpoint", verified.signed.note())?;
    write(out, "key.pub", format!("{}\n", key.to_line()).as_bytes())?;
    write(out, "AUDIT.md", PAGE.as_bytes())?;
    write(out, "audit.go", PROGRAM.as_bytes())?;
    let copied = verify(&log, key, witnesses)?;
    // Somebody may have appended meanwhile: what was verified is what was copied, or nothing is.
    if copied.signed.root != verified.signed.root {
        return Err(Error::Checkpoint("the ledger changed while it was copied; export it again".into()));
    }
    Ok(copied)
}

fn write(folder: &Path, name: &str, bytes: &[u8]) -> Result<()> {
    let path = folder.join(name);
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent).map_err(Error::io("make", parent))?;
    }
    fs::write(&path, bytes).map_err(Error::io("write", &path))
}
