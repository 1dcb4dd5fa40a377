//! List: campaigns, latest first, filtered, a page at a time.
//! In: filters. Out: a table, or JSON with where the next page begins.
//! Invariant: nothing found is said, with what to do.
//! Not here: one campaign (`view.rs`).

use clap::Args as ClapArgs;
use stillwatch_model::tracked::Status;
use stillwatch_model::{Capability, Severity};
use stillwatch_track::{Filter, Store, list};

use super::words;
use crate::verbs::store::{Format, looks, print, print_json, told};

/// Arguments of `campaigns list`.
#[derive(Debug, ClapArgs)]
#[command(after_help = "Examples:
  stillwatch campaigns list
  stillwatch campaigns list --status new --status returned --severity critical
  stillwatch campaigns list --since 7d --capability coding
  stillwatch campaigns list --assignee ada --format json
  stillwatch campaigns list --limit 500 --after 1772496000000000:campaign--5f0c…   the page after that

Days are UTC. JSON: {\"campaigns\": […], \"next\": \"…\"}; `next` goes to `--after`, and is null at the end.
Exit codes: 0 done, 1 with --exit-code: nothing matches, 2 failure.")]
pub(super) struct Args {
    /// Only these; may be given again
    #[arg(long, value_parser = words::status())]
    status: Vec<Status>,
    /// Only these; may be given again
    #[arg(long, value_parser = words::severity())]
    severity: Vec<Severity>,
    /// Last seen then or later: a day, an instant, or 7d
    #[arg(long, value_name = "WHEN", value_parser = words::since)]
    since: Option<i64>,
    /// Last seen then or earlier
    #[arg(long, value_name = "WHEN", value_parser = words::until)]
    until: Option<i64>,
    /// With this MITRE ATLAS id
    #[arg(long, value_name = "ID")]
    technique: Option<String>,
    /// Aiming at this
    #[arg(long, value_parser = words::capability())]
    capability: Option<Capability>,
    /// Looked after by that person; '' for nobody
    #[arg(long, value_name = "NAME")]
    assignee: Option<String>,
    /// With this score or a higher one
    #[arg(long, value_name = "0..1")]
    min_score: Option<f64>,
    /// With this in its name, technique or id
    #[arg(long)]
    text: Option<String>,
    /// How many
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    limit: u32,
    /// Those after the end of the last page
    #[arg(long, value_name = "NEXT")]
    after: Option<String>,
    /// How to print
    #[arg(long, value_enum, default_value_t = Format::Table, env = "STILLWATCH_FORMAT")]
    format: Format,
    /// Exit with 1 when nothing matches
    #[arg(long)]
    exit_code: bool,
}

/// Runs the verb.
pub(super) async fn run(store: &Store, args: &Args) -> Result<u8, String> {
    let filter = Filter {
        status: args.status.clone(),
        severity: args.severity.clone(),
        since: args.since,
        until: args.until,
        technique: args.technique.clone(),
        capability: args.capability,
        assignee: args.assignee.clone(),
        min_score: args.min_score,
        text: args.text.clone(),
    };
    let page = list(store, &filter, args.limit, args.after.as_deref()).await.map_err(told)?;
    let is_empty = page.campaigns.is_empty();
    match args.format {
        Format::Json => print_json(&serde_json::json!({ "campaigns": page.campaigns, "next": page.next }))?,
        Format::Table if is_empty => print(nothing(&filter, args.after.is_some()))?,
        Format::Table => {
            let (width, colour) = looks();
            print(stillwatch_report::campaigns(&page.campaigns, page.next.as_deref(), width, colour))?;
        }
    }
    Ok(u8::from(args.exit_code && is_empty))
}

fn nothing(filter: &Filter, is_later: bool) -> &'static str {
    if is_later {
        "no further campaigns\n"
    } else if *filter == Filter::default() {
        "no campaigns yet; `stillwatch detect LOGS --save` puts them here\n"
    } else {
        "no campaign matches; take a filter away to see more\n"
    }
}
