//! Output: writing a file as a whole or not at all.
//! In: bytes and a path. Out: the file, or the file that was there before.
//! Invariant: half a file is never visible under its name, and never left behind under another.
//! Not here: what is in it.

use std::fs;
use std::io::{IsTerminal, Write};
use std::path::Path;

use super::{Failure, file_failure};
use crate::ending::Held;

/// A file in the making, beside the name that it is to have; gone if it isn't kept.
pub(crate) fn beside(path: &Path) -> Held {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".part");
    Held::new(path.with_file_name(name))
}

/// Writes beside the path, then renames.
pub(crate) fn whole(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    let beside = beside(path);
    fs::write(beside.path(), bytes).and_then(|()| beside.keep(path)).map_err(|e| file_failure("write", path, &e))
}

/// Prints to stdout; a reader that went away ends the run quietly.
pub(crate) fn print(text: &str) -> Result<(), Failure> {
    let mut out = std::io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(e) if e.kind() != std::io::ErrorKind::BrokenPipe => {
            Err(Failure::new(format!("cannot write to stdout: {e}"), "check where the output goes"))
        }
        _ => Ok(()),
    }
}

/// Whether stdout may be coloured.
pub(crate) fn colour() -> bool {
    std::io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none()
}
