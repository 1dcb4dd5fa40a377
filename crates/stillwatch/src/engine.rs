//! Engine: the sibling process that reads raw logs.
//! In: a verb and its arguments. Out: its exit code; its output goes where ours goes.
//! Invariant: nothing is read or changed on the way.
//! Not here: the verbs.

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::Command;

/// The engine's name beside this program.
const NAME: &str = "stillwatch-engine";

/// Where the engine is: `STILLWATCH_ENGINE`, else beside this program, else on the path.
pub(crate) fn program() -> PathBuf {
    if let Some(path) = std::env::var_os("STILLWATCH_ENGINE") {
        return path.into();
    }
    let beside = std::env::current_exe().ok().and_then(|me| Some(me.parent()?.join(NAME)));
    beside.filter(|path| path.is_file()).unwrap_or_else(|| NAME.into())
}

/// Runs a verb in the engine. Ctrl-C reaches both, as they share a terminal: the engine ends cleanly and we pass its code on.
pub(crate) fn hand_over(verb: &str, arguments: Vec<OsString>) -> Result<u8, String> {
    run(Command::new(program()).arg(verb).args(arguments))
}

/// Runs a command of the engine to its end.
pub(crate) fn run(command: &mut Command) -> Result<u8, String> {
    let status = command.status().map_err(|e| {
        let program = command.get_program().to_string_lossy().into_owned();
        format!("error: cannot run `{program}`: {e}\nhint: `cargo xtask demo` builds both programs; keep them in one folder, or set STILLWATCH_ENGINE")
    })?;
    // Without a code it was ended by a signal: told as interrupted.
    Ok(status.code().and_then(|code| u8::try_from(code).ok()).unwrap_or(130))
}
