//! Store: what every verb that opens the store shares.
//! In: `--data`, `--author`, `--format`. Out: an open store, who and when, printing, failures as text.
//! Invariant: data goes to stdout, talk to stderr; a reader that went away is no failure.
//! Not here: the verbs.

use std::ffi::OsString;
use std::fmt::Display;
use std::future::Future;
use std::io::{IsTerminal, Write};

use clap::ValueEnum;
use stillwatch_track::{By, DEFAULT_FOLDER, Missing, Place, Store, spool};

/// Where the store is.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Data {
    /// The store: a folder (SQLite), or a URL of PostgreSQL, postgres://user@host/database
    #[arg(long, value_name = "DIR|URL", default_value = DEFAULT_FOLDER, env = "STILLWATCH_DATA", global = true)]
    pub(crate) data: OsString,
}

/// Who changes something.
#[derive(Debug, Default, clap::Args)]
pub(crate) struct Author {
    /// Who says so: for the history [default: the name you are logged in with]
    #[arg(long, value_name = "NAME", env = "STILLWATCH_AUTHOR", global = true)]
    author: Option<String>,
}

/// How something is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For people
    Table,
    /// For programs
    Json,
}

impl Data {
    pub(crate) fn place(&self) -> Place {
        Place::parse(&self.data)
    }

    /// Opens the store that is there, and takes in what waits in its spool.
    pub(crate) async fn open(&self, by: &By) -> Result<Store, String> {
        let place = self.place();
        let waits = matches!(&place, Place::Folder(folder) if holds_runs(&folder.join(spool::FOLDER)));
        let store = Store::open(&place, if waits { Missing::Make } else { Missing::Refuse }).await.map_err(told)?;
        if let (true, Place::Folder(folder)) = (waits, &place) {
            let taken = spool::take_in(&store, &folder.join(spool::FOLDER), by).await.map_err(told)?;
            super::save::tell(&taken);
        }
        Ok(store)
    }
}

fn holds_runs(folder: &std::path::Path) -> bool {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    entries.into_iter().any(|entry| entry.path().extension().is_some_and(|e| e == "json"))
}

impl Author {
    /// Who, and now.
    pub(crate) fn by(&self) -> By {
        let name = self.author.clone().filter(|name| !name.trim().is_empty());
        let author = name.or_else(|| whoami::username().ok()).unwrap_or_else(|| "unknown".into());
        By { author: author.trim().chars().filter(|c| !c.is_control()).take(200).collect(), at: now() }
    }
}

/// Now, microseconds since the epoch.
pub(crate) fn now() -> i64 {
    jiff::Timestamp::now().as_microsecond()
}

/// An instant to the minute, UTC.
pub(crate) fn minute(at: i64) -> String {
    let text = stillwatch_track::instant(at);
    text.get(..16).map_or(text.clone(), |minute| minute.replace('T', " ") + " UTC")
}

/// What came from others or from people, on one line, without what a terminal would obey.
pub(crate) fn plain(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

/// Runs what waits for a database to its end.
pub(crate) fn block_on<T>(future: impl Future<Output = Result<T, String>>) -> Result<T, String> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|e| format!("error: cannot start: {e}\nhint: free some memory or file handles"))?
        .block_on(future)
}

/// A failure as it is printed.
#[expect(clippy::needless_pass_by_value, reason = "it stands in `map_err`")]
pub(crate) fn told(error: stillwatch_track::Error) -> String {
    match error.hint() {
        Some(hint) => format!("error: {error}\nhint: {hint}"),
        None => format!("error: {error}"),
    }
}

/// Prints data.
pub(crate) fn print(text: impl Display) -> Result<(), String> {
    let mut out = std::io::stdout().lock();
    match write!(out, "{text}").and_then(|()| out.flush()) {
        Err(e) if e.kind() != std::io::ErrorKind::BrokenPipe => Err(format!(
            "error: cannot write to stdout: {e}\nhint: check where the output goes, and that there is space"
        )),
        _ => Ok(()),
    }
}

/// Prints a value as JSON.
pub(crate) fn print_json<T: serde::Serialize>(value: &T) -> Result<(), String> {
    let text = serde_json::to_string_pretty(value)
        .map_err(|e| format!("error: cannot print JSON: {e}\nhint: report this as a bug"))?;
    print(text + "\n")
}

/// Talks to who runs the verb; what a terminal would obey is shown instead.
pub(crate) fn say(text: &str) {
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_control() && c != '\n' { shown.extend(c.escape_debug()) } else { shown.push(c) }
    }
    eprintln!("{shown}");
}

/// The terminal's width, and whether colour is wanted.
pub(crate) fn looks() -> (Option<u16>, bool) {
    let is_terminal = std::io::stdout().is_terminal();
    let told = std::env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok());
    let asked = || is_terminal.then(terminal_size::terminal_size).flatten().map(|(width, _)| width.0);
    (told.or_else(asked), is_terminal && std::env::var_os("NO_COLOR").is_none())
}
