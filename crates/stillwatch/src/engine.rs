//! Engine: the sibling process that reads raw logs.
//! In: a verb and its arguments. Out: its exit code; its output goes where ours goes.
//! Invariant: arguments are handed over as they are; signals and exit codes are the engine's own.
//! Not here: the verbs.

use std::ffi::OsString;
use std::io::{BufReader, Error, IsTerminal};
use std::path::PathBuf;
use std::process::{ChildStdout, Command, Stdio};

/// The engine's name beside this program.
const NAME: &str = "stillwatch-engine";

/// A command of the engine: `STILLWATCH_ENGINE`, else the program beside this one, else on the path.
pub(crate) fn command(verb: &str) -> Command {
    let mut command = Command::new(program());
    command.arg(verb);
    // Shells know the terminal's width but seldom tell it to programs.
    let is_told = std::env::var_os("COLUMNS").is_some();
    let width = std::io::stdout().is_terminal().then(terminal_size::terminal_size).flatten();
    if let (false, Some((terminal_size::Width(columns), _))) = (is_told, width) {
        command.env("COLUMNS", columns.to_string());
    }
    command
}

fn program() -> PathBuf {
    if let Some(path) = std::env::var_os("STILLWATCH_ENGINE") {
        return path.into();
    }
    let beside = std::env::current_exe().ok().and_then(|me| Some(me.parent()?.join(NAME)));
    beside.filter(|path| path.is_file()).unwrap_or_else(|| NAME.into())
}

/// Hands a verb over for good: this process becomes the engine, so that Ctrl-C and exit codes need no passing on.
#[cfg(unix)]
pub(crate) fn hand_over(verb: &str, arguments: Vec<OsString>) -> Result<u8, String> {
    use std::os::unix::process::CommandExt;
    let mut engine = command(verb);
    let error = engine.args(arguments).exec();
    Err(missing(&engine, &error))
}

/// Hands a verb over and waits.
#[cfg(not(unix))]
pub(crate) fn hand_over(verb: &str, arguments: Vec<OsString>) -> Result<u8, String> {
    run(command(verb).args(arguments))
}

/// Runs a command of the engine to its end.
pub(crate) fn run(command: &mut Command) -> Result<u8, String> {
    let status = command.status().map_err(|error| missing(command, &error))?;
    // Without a code it was ended by a signal: told as interrupted.
    Ok(status.code().and_then(|code| u8::try_from(code).ok()).unwrap_or(130))
}

/// Runs a command of the engine to its end and takes what it prints; what it says on stderr when it fails.
pub(crate) fn output(command: &mut Command) -> Result<Vec<u8>, String> {
    let output = command.output().map_err(|error| missing(command, &error))?;
    if output.status.success() {
        return Ok(output.stdout);
    }
    Err(String::from_utf8_lossy(&output.stderr).trim_end().to_owned())
}

/// Runs a command of the engine to its end, and reads what it prints while it does. What it says goes where ours goes.
pub(crate) fn piped<T>(
    command: &mut Command,
    read: impl FnOnce(BufReader<ChildStdout>) -> Result<T, String>,
) -> Result<T, String> {
    let mut child = command.stdout(Stdio::piped()).spawn().map_err(|error| missing(command, &error))?;
    let lines = child.stdout.take().ok_or("error: the engine's output can't be read")?;
    // Where reading failed the engine ends by itself: nobody takes what it prints.
    let done = read(BufReader::new(lines));
    let status = child.wait().map_err(|error| missing(command, &error))?;
    match done {
        // It said why itself.
        _ if !status.success() && status.code() != Some(1) => Err("error: the logs couldn't be read".to_owned()),
        done => done,
    }
}

fn missing(engine: &Command, error: &Error) -> String {
    let program = engine.get_program().to_string_lossy();
    format!(
        "error: cannot run `{program}`: {error}\n\
         hint: this verb runs in a second program, `{NAME}`: keep both in one folder, or name it in STILLWATCH_ENGINE; \
         `cargo build --release -p {NAME}` builds it"
    )
}
