//! Saving: `detect --save` to its end: the engine finds, then the store takes in.
//! In: the arguments of `detect`. Out: the engine's exit code, or what the store says.
//! Invariant: the two meet in the spool folder only: what was found is there, should the store be out of reach.
//! Not here: finding; what the store makes of it.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use stillwatch_track::{DEFAULT_FOLDER, Place, spool};

use super::save;
use crate::engine;

/// Whether `detect` is asked to save.
pub(crate) fn is_asked(arguments: &[OsString]) -> bool {
    arguments.iter().take_while(|argument| *argument != "--").any(|argument| argument == "--save")
}

/// Runs the engine, then takes in what it found.
pub(crate) fn run(arguments: Vec<OsString>) -> Result<u8, String> {
    let data = data(&arguments);
    let code = engine::run(engine::command("detect").args(arguments))?;
    if code > 1 {
        return Ok(code);
    }
    let spool: PathBuf = match Place::parse(&data) {
        Place::Folder(folder) => folder.join(spool::FOLDER),
        Place::Server(_) => Path::new(DEFAULT_FOLDER).join(spool::FOLDER),
    };
    save::take_in(&data, &spool)?;
    Ok(code)
}

/// The store, as the engine understands it too.
fn data(arguments: &[OsString]) -> OsString {
    let mut arguments = arguments.iter();
    while let Some(argument) = arguments.next() {
        if argument == "--data" {
            return arguments.next().cloned().unwrap_or_default();
        }
        if let Some(value) = argument.to_str().and_then(|text| text.strip_prefix("--data=")) {
            return value.into();
        }
    }
    let variable = std::env::var_os("STILLWATCH_DATA").filter(|value| !value.is_empty());
    variable.unwrap_or_else(|| OsStr::new(DEFAULT_FOLDER).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_store_is_found_among_the_arguments() {
        let arguments = |text: &str| text.split(' ').map(OsString::from).collect::<Vec<_>>();
        assert_eq!(data(&arguments("logs --save --data lab")), "lab");
        assert_eq!(data(&arguments("logs --data=postgres://h/d --save")), "postgres://h/d");
        assert!(is_asked(&arguments("logs --save")));
        assert!(!is_asked(&arguments("logs -- --save")));
    }
}
