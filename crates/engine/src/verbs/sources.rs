//! Sources: the log formats that are understood.
//! In: nothing. Out: a list with a sample line each, and the signals that each can feed.
//! Invariant: says what each source cannot feed, never guesses.
//! Not here: the projections (`sources/*.sql`).

use clap::Args as ClapArgs;
use comfy_table::{ContentArrangement, Table};
use serde_json::json;
use stillwatch_detect::signals;

use crate::sources::{self, SourceInfo};

use super::detect::Format;
use super::{Exit, Failure, output};

/// Arguments of `sources`.
#[derive(Debug, ClapArgs)]
#[command(after_help = "Examples:
  stillwatch sources
  stillwatch sources --format json")]
pub struct Args {
    /// How to print
    #[arg(long, value_enum, default_value_t = Format::Table)]
    format: Format,
}

fn fed(source: &SourceInfo) -> (Vec<&'static str>, Vec<&'static str>) {
    let feeds = |need: &&str| match *need {
        "messages" => source.feeds.contains(&"prompt"),
        "completion" => source.feeds.contains(&"completion_bytes"),
        // An accounts file goes with any source.
        need if need.starts_with("accounts.") => true,
        need => source.feeds.contains(&need),
    };
    let (on, off): (Vec<&signals::Signal>, Vec<&signals::Signal>) =
        signals::ALL.iter().partition(|s| s.needs.iter().any(feeds));
    (on.iter().map(|s| s.name).collect(), off.iter().map(|s| s.name).collect())
}

/// Runs the verb.
///
/// # Errors
/// When stdout can't be written.
pub fn run(args: &Args) -> Result<Exit, Failure> {
    match args.format {
        Format::Json => {
            let all: Vec<_> = sources::list().iter().map(|s| json!({"name": s.name, "what": s.what, "sample": s.sample.trim_end(), "columns": s.feeds, "signals": fed(s).0, "off": fed(s).1})).collect();
            output::print(&format!("{:#}\n", json!(all)))?;
        }
        Format::Table => {
            let mut table = Table::new();
            table.set_content_arrangement(ContentArrangement::Dynamic).set_header([
                "source",
                "what writes it",
                "signals it cannot feed",
            ]);
            for source in sources::list() {
                let off = fed(source).1;
                table.add_row([
                    source.name,
                    source.what,
                    &if off.is_empty() { "none".to_owned() } else { off.join(", ") },
                ]);
            }
            output::print(&format!("{table}\n\nA sample of each:\n"))?;
            for source in sources::list() {
                output::print(&format!("  {:<11}{}\n", source.name, source.sample.lines().next().unwrap_or_default()))?;
            }
            output::print(
                "\nOther formats: `--source-sql FILE`, a SELECT over `records` onto the native columns. Accounts: `--accounts FILE`.\n",
            )?;
        }
    }
    Ok(Exit::Done)
}
