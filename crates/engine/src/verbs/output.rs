//! Output: writing a file as a whole or not at all.
//! In: bytes and a path. Out: the file, or the file that was there before.
//! Invariant: half a file is never visible under its name, and never left behind under another.
//! Not here: what is in it.

use std::fs;
use std::io::{IsTerminal, Write};
use std::path::Path;

use super::{Failure, file_failure, is_full};
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

/// Says something on stderr; what is in it that a terminal would obey, such as in a file's name, is shown instead.
pub fn say(text: &str) {
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_control() && c != '\n' && c != '\t' {
            shown.extend(c.escape_debug());
        } else {
            shown.push(c);
        }
    }
    eprintln!("{shown}");
}

/// Prints to stdout; a reader that went away ends the run quietly.
pub(crate) fn print(text: &str) -> Result<(), Failure> {
    let mut out = std::io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(e) if e.kind() != std::io::ErrorKind::BrokenPipe => {
            let cure = if is_full(&e.to_string()) {
                "free some space, or print to another disk"
            } else {
                "check where the output goes"
            };
            Err(Failure::new(format!("cannot write to stdout: {e}"), cure))
        }
        _ => Ok(()),
    }
}

/// Whether stdout may be coloured.
pub(crate) fn colour() -> bool {
    std::io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none()
}

/// The terminal's width, as the shell tells it.
pub(crate) fn width() -> Option<u16> {
    std::env::var("COLUMNS").ok()?.parse().ok()
}
