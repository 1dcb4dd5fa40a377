//! Show: one notice, in our own words.
//! In: its id or the beginning of one. Out: text, or JSON.
//! Invariant: of others' objects only the form is shown; how much else stood in one is said, not what.
//! Not here: lists (`list.rs`), writing down that it was read (`read.rs`).

use std::fmt::Write;

use serde_json::json;
use stillwatch_node::notices::{Notice, find};
use stillwatch_stix::notice::{ACKNOWLEDGEMENT_WORDS, NOTICE_WORDS};
use stillwatch_track::{By, Store};

use super::{failed, hour, minute, now, plain, print, print_json, whose};
use crate::verbs::store::Format;

/// Arguments of `notice show`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  stillwatch notice show 81c2aa00
  stillwatch notice show 81c2aa00 --format json

Exit codes: 0 done, 2 failure. JSON has times as microseconds since 1970, UTC.")]
pub(super) struct Args {
    /// Its id, or the beginning of one
    id: String,
    /// How to print
    #[arg(long, value_enum, default_value_t = Format::Table, env = "STILLWATCH_FORMAT")]
    format: Format,
}

pub(super) async fn run(store: &Store, args: &Args, by: &By) -> Result<u8, String> {
    let all = find(store, &args.id, now(by)).await.map_err(failed)?;
    match args.format {
        Format::Json => print_json(&json!({ "notices": all, "words": NOTICE_WORDS }))?,
        Format::Table => print(all.iter().map(told).collect::<Vec<_>>().join("\n"))?,
    }
    Ok(0)
}

/// One, as people read it.
pub(super) fn told(one: &Notice) -> String {
    let mut text = format!("{}\n", one.id);
    // Writing to a string can't fail.
    let _ = writeln!(text, "campaign   {}", one.campaign);
    let _ = writeln!(text, "acts from  {}", hour(one.acts_from));
    let _ = writeln!(text, "told by    {} ({})", one.by, whose(one));
    let _ = writeln!(text, "stands     {}, since {}", one.state, minute(one.since));
    let _ = writeln!(text, "\n{NOTICE_WORDS}");
    if one.ignored > 0 {
        let _ = writeln!(
            text,
            "Properties that are no part of the form: {}. They are not shown, and mean nothing.",
            one.ignored
        );
    }
    for read in &one.read_by {
        let _ = writeln!(text, "\nread by {}, as {} tells, {}", read.by, plain(&read.peer), minute(read.at));
        let _ = writeln!(text, "{ACKNOWLEDGEMENT_WORDS}");
    }
    for read in &one.read_here {
        let _ = writeln!(text, "\nread here by {}, {}", plain(&read.by), minute(read.at));
    }
    if !one.courses.is_empty() {
        let what = if one.peer.is_none() { "releases" } else { "our acknowledgement" };
        let _ = writeln!(text, "\n{what}:");
    }
    for course in &one.courses {
        let delivery = course.delivery.as_deref().map_or_else(String::new, |state| format!(", {state}"));
        let _ = writeln!(text, "  {}  to {}  {}{delivery}", course.release, plain(&course.recipient), course.state);
    }
    text
}
