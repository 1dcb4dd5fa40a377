//! Output: writing a file as a whole or not at all.
//! In: bytes and a path. Out: the file, or the file that was there before.
//! Invariant: half a file is never visible under its name.
//! Not here: what is in it.

use std::fs;
use std::io::{IsTerminal, Write};
use std::path::Path;

use super::{Failure, file_failure};

/// Writes beside the path, then renames.
pub(crate) fn whole(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    let beside = path.with_extension(format!(
        "{}part",
        path.extension().map_or(String::new(), |e| format!("{}.", e.to_string_lossy()))
    ));
    let written = fs::write(&beside, bytes).and_then(|()| fs::rename(&beside, path));
    written.map_err(|e| {
        // Nothing is lost if the remains can't be removed; the cause is what matters.
        let _ = fs::remove_file(&beside);
        file_failure("write", path, &e)
    })
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
