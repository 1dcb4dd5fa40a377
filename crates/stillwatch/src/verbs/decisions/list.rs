//! List: decisions, newest first, filtered, a page at a time.
//! In: filters. Out: a table, or JSON with where the next page begins.
//! Invariant: nothing found is said, with what to do; what age made of an action is told, not what it once was.
//! Not here: one decision (`show.rs`).

use jiff::Timestamp;
use serde_json::{Value, json};
use stillwatch_gate::decision::State;
use stillwatch_gate::{Decision, Kind};
use stillwatch_node::decisions::read;
use stillwatch_track::decisions::{Filter, list};
use stillwatch_track::{By, Store};

use crate::verbs::record::failed;
use crate::verbs::rules::action;
use crate::verbs::store::{Format, plain, print, print_json, told};

/// Arguments of `decisions list`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  stillwatch decisions list --holds
  stillwatch decisions list --contested                       what waits for a review
  stillwatch decisions list --account acct-7                  all about an account, what was taken back too
  stillwatch decisions list --rule likely-campaign --format json

Columns: number, how it stands, what is done now, about whom, until when, who made it.
JSON: {\"decisions\": […], \"next\": 17}; `next` goes to `--before`, and is null at the end.
Exit codes: 0 done, 1 with --exit-code: nothing matches, 2 failure.")]
pub(super) struct Args {
    /// Those that hold now
    #[arg(long)]
    holds: bool,
    /// Those that are contested and wait for a review
    #[arg(long)]
    contested: bool,
    /// About this account
    #[arg(long, value_name = "NAME", conflicts_with = "network")]
    account: Option<String>,
    /// About this network or address, just as it was decided
    #[arg(long, value_name = "CIDR")]
    network: Option<String>,
    /// Made by this rule
    #[arg(long, value_name = "NAME")]
    rule: Option<String>,
    /// About this campaign
    #[arg(long, value_name = "ID")]
    campaign: Option<String>,
    /// How many
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    limit: u32,
    /// Those with lower numbers than this
    #[arg(long, value_name = "NEXT")]
    before: Option<i64>,
    /// How to print
    #[arg(long, value_enum, default_value_t = Format::Table, env = "STILLWATCH_FORMAT")]
    format: Format,
    /// Exit with 1 when nothing matches
    #[arg(long)]
    exit_code: bool,
}

pub(super) async fn run(store: &Store, args: &Args, by: &By) -> Result<u8, String> {
    let kind = if args.network.is_some() { Kind::Network } else { Kind::Account };
    let value = args.network.as_ref().or(args.account.as_ref());
    let filter = Filter {
        kind: value.map(|_| kind.name().to_owned()),
        value: value.cloned(),
        rule: args.rule.clone(),
        campaign: args.campaign.clone(),
        state: args.contested.then(|| "contested".to_owned()),
        holds: args.holds.then_some(by.at),
    };
    let mut kept = list(store, &filter, args.limit + 1, args.before).await.map_err(told)?;
    let is_more = kept.len() > args.limit as usize;
    kept.truncate(args.limit as usize);
    let found: Vec<Decision> = kept.iter().map(read).collect::<Result<_, _>>().map_err(failed)?;
    let next = found.last().filter(|_| is_more).map(|one| one.id);
    match args.format {
        Format::Json => print_json(&json!({ "decisions": found, "next": next }))?,
        Format::Table if found.is_empty() => print(match (args.before, filter == Filter::default()) {
            (Some(_), _) => "no further decisions\n",
            (None, true) => {
                "no decisions yet; rules make them in a node with `[gate]`, people with `stillwatch decisions make`\n"
            }
            (None, false) => "no decision matches; take a filter away to see more\n",
        })?,
        Format::Table => {
            for one in &found {
                print(line(one, super::show::now(by)) + "\n")?;
            }
            if let Some(next) = next {
                print(format!("more: --before {next}\n"))?;
            }
        }
    }
    Ok(u8::from(args.exit_code && found.is_empty()))
}

fn line(one: &Decision, now: Timestamp) -> String {
    let acts = action(one.acts(now).unwrap_or(one.action));
    let until = one.expires.map_or_else(|| "for good".to_owned(), super::show::minute);
    let stands = stands(one, now);
    let by = plain(one.author.name());
    plain(&format!("{:>6}  {stands:<9}  {acts:<10}  {}  until {until}  by {by}", one.id, one.subject))
}

/// How it stands, in a word.
pub(super) fn stands(one: &Decision, now: Timestamp) -> &'static str {
    match one.state {
        State::Reversed => "reversed",
        State::Withdrawn => "withdrawn",
        _ if !one.holds(now) => "over",
        State::Contested => "contested",
        State::InForce => "holds",
    }
}

/// A decision as JSON, with how it stands.
pub(super) fn row(one: &Decision, now: Timestamp) -> Value {
    json!({ "decision": one, "stands": stands(one, now), "acts": one.acts(now) })
}
