//! List: notices, ours and received, with who has read ours.
//! In: filters. Out: a table, or JSON.
//! Invariant: of others' objects only the form is shown, in our own words.
//! Not here: one notice (`show.rs`).

use std::fmt::Write;

use serde_json::json;
use stillwatch_node::notices::{Notice, list};
use stillwatch_track::{By, Store};

use super::{failed, hour, now, plain, print, print_json, short, whose};
use crate::verbs::store::Format;

/// Arguments of `notice list`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  stillwatch notice list
  stillwatch notice list --received --format json

Columns: id, from when its teller acts, on which campaign, whose it is, how it stands, who has read it.
Exit codes: 0 done, 1 with --exit-code: there is none, 2 failure. JSON has times as microseconds since 1970, UTC.")]
pub(super) struct Args {
    /// Ours only
    #[arg(long)]
    ours: bool,
    /// Received ones only
    #[arg(long, conflicts_with = "ours")]
    received: bool,
    /// How to print
    #[arg(long, value_enum, default_value_t = Format::Table, env = "STILLWATCH_FORMAT")]
    format: Format,
    /// Exit with 1 when there is none
    #[arg(long)]
    exit_code: bool,
}

pub(super) async fn run(store: &Store, args: &Args, by: &By) -> Result<u8, String> {
    let mut all = list(store, now(by)).await.map_err(failed)?;
    all.retain(|one| if one.peer.is_some() { !args.ours } else { !args.received });
    if args.format == Format::Json {
        print_json(&json!({ "notices": all }))?;
    } else if all.is_empty() {
        print("no notices; `stillwatch peer sync` takes in what peers tell\n")?;
    } else {
        let mut text = String::new();
        let width = all.iter().map(|one| whose(one).chars().count()).max().unwrap_or(0);
        for one in &all {
            // Writing to a string can't fail.
            let _ = writeln!(
                text,
                "{}  {}  campaign {}  {:width$}  {:9}  {}",
                short(&one.id),
                hour(one.acts_from),
                short(&one.campaign),
                whose(one),
                one.state,
                readers(one)
            );
        }
        print(text)?;
    }
    Ok(u8::from(args.exit_code && all.is_empty()))
}

fn readers(one: &Notice) -> String {
    let names: Vec<String> = if one.peer.is_none() {
        one.read_by.iter().map(|read| format!("{} (as {} tells)", short(&read.by), plain(&read.peer))).collect()
    } else {
        one.read_here.iter().map(|read| format!("{} here", plain(&read.by))).collect()
    };
    let acknowledged = one.peer.is_some().then(|| one.courses.last()).flatten();
    let answer = acknowledged.map_or_else(String::new, |last| format!("; acknowledgement {}", last.state));
    if names.is_empty() { format!("not read{answer}") } else { format!("read by {}{answer}", names.join(", ")) }
}
