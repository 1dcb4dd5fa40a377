//! List: releases, newest first, filtered, a page at a time.
//! In: filters. Out: a table, or JSON with where the next page begins.
//! Invariant: nothing found is said, with what to do.
//! Not here: one release (`show.rs`).

use clap::builder::{PossibleValuesParser, TypedValueParser};
use stillwatch_track::Store;
use stillwatch_track::releases::{self, State, Which};

use super::{minute, plain};
use crate::verbs::store::{Format, print, print_json, told};

/// Arguments of `release list`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  stillwatch release list --state proposed             what waits for people
  stillwatch release list --to lab-one.example
  stillwatch release list --format json

JSON: {\"releases\": […], \"next\": N}; `next` goes to `--after`, and is null at the end. Times are microseconds since 1970, UTC.
Exit codes: 0 done, 1 with --exit-code: nothing matches, 2 failure.")]
pub(super) struct Args {
    /// In this state only; may be given again
    #[arg(long, value_parser = state())]
    state: Vec<State>,
    /// About this campaign only
    #[arg(long, value_name = "CAMPAIGN")]
    campaign: Option<String>,
    /// With something for this member only
    #[arg(long, value_name = "MEMBER")]
    to: Option<String>,
    /// How many
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    limit: u32,
    /// Those after the end of the last page
    #[arg(long, value_name = "NEXT")]
    after: Option<i64>,
    /// How to print
    #[arg(long, value_enum, default_value_t = Format::Table, env = "STILLWATCH_FORMAT")]
    format: Format,
    /// Exit with 1 when nothing matches
    #[arg(long)]
    exit_code: bool,
}

fn state() -> impl TypedValueParser<Value = State> {
    PossibleValuesParser::new(State::ALL.map(State::name))
        .try_map(|typed| State::ALL.into_iter().find(|state| state.name() == typed).ok_or("an unknown state"))
}

pub(super) async fn run(store: &Store, args: &Args) -> Result<u8, String> {
    let subject = match &args.campaign {
        Some(given) => Some(stillwatch_track::tracked_by_id(store, given).await.map_err(told)?.id),
        None => None,
    };
    let which = Which { state: args.state.clone(), subject, recipient: args.to.clone() };
    let (releases, next) = releases::list(store, &which, args.limit, args.after).await.map_err(told)?;
    if args.format == Format::Json {
        print_json(&serde_json::json!({ "releases": releases, "next": next }))?;
    } else if releases.is_empty() {
        let is_all = which == Which::default() && args.after.is_none();
        print(if is_all {
            "no releases yet; `stillwatch release propose CAMPAIGN` makes one\n"
        } else {
            "no release matches; take a filter away to see more\n"
        })?;
    } else {
        for release in &releases {
            let what = release.revokes.as_ref().map_or_else(
                || release.subject.clone(),
                |revokes| format!("takes back {}", revokes.get(..17).unwrap_or(revokes)),
            );
            let line = format!(
                "{}  {:9}  {} of {}  {}  {:12}  {}  {what}\n",
                release.id.get(..17).unwrap_or(&release.id),
                release.state.name(),
                release.approved,
                release.needed,
                minute(release.proposed),
                plain(&release.author),
                release.profile,
            );
            print(line)?;
        }
        if let Some(next) = next {
            print(format!("more: --after {next}\n"))?;
        }
    }
    Ok(u8::from(args.exit_code && releases.is_empty()))
}
