//! List: received indicators, latest first, filtered, a page at a time.
//! In: filters. Out: a table, or JSON with where the next page begins.
//! Invariant: nothing found is said, with what to do.
//! Not here: one indicator (`show.rs`).

use clap::builder::PossibleValuesParser;
use serde_json::{Value, json};
use stillwatch_model::IndicatorKind;
use stillwatch_node::intel::{Decay, Weighed, weigh};
use stillwatch_track::intel::{Filter, Page, list, total};
use stillwatch_track::{By, Store};

use super::{now, plain, short};
use crate::verbs::record::failed;
use crate::verbs::store::{Format, print, print_json, told};

/// Arguments of `intel list`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  stillwatch intel list --kind address --drives
  stillwatch intel list --peer lab-one --disputed
  stillwatch intel list --format json

Columns: id, kind, the peer that told it last, confidence as told and now, who saw it too, how it stands, our draft sighting, its name.
JSON: {\"indicators\": […], \"next\": \"…\"}; `next` goes to `--after`, and is null at the end.
Exit codes: 0 done, 1 with --exit-code: nothing matches, 2 failure.")]
pub(super) struct Args {
    /// Told by this peer
    #[arg(long, value_name = "NAME")]
    peer: Option<String>,
    /// About this
    #[arg(long, value_parser = PossibleValuesParser::new(IndicatorKind::ALL.map(IndicatorKind::name)))]
    kind: Option<String>,
    /// Disputed ones only
    #[arg(long)]
    disputed: bool,
    /// Those that a rule may rest on only
    #[arg(long, conflicts_with = "disputed")]
    drives: bool,
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

pub(super) async fn run(store: &Store, args: &Args, decay: &Decay, by: &By) -> Result<u8, String> {
    let filter = Filter { peer: args.peer.clone(), kind: args.kind.clone() };
    let wanted = usize::try_from(args.limit).unwrap_or(50);
    let (mut found, mut after, mut next): (Vec<Weighed>, _, _) = (Vec::new(), args.after.clone(), None);
    'pages: loop {
        let page = list(store, &filter, args.limit, after.as_deref()).await.map_err(told)?;
        let ids: Vec<String> = page.all.iter().map(|told| told.id.clone()).collect();
        let mut weighed = weigh(store, &ids, decay, now(by)).await.map_err(failed)?;
        for (at, told) in page.all.iter().enumerate() {
            let fits =
                |one: &Weighed| (!args.disputed || one.standing.disputed) && (!args.drives || one.standing.drives);
            if let Some(one) = weighed.remove(&told.id).filter(fits) {
                found.push(one);
            }
            let is_last = at + 1 == page.all.len() && !page.more;
            if found.len() == wanted && !is_last {
                next = Some(Page::after(told));
                break 'pages;
            }
        }
        match page.all.last().filter(|_| page.more) {
            Some(last) => after = Some(Page::after(last)),
            None => break,
        }
    }
    if args.format == Format::Json {
        let indicators: Vec<Value> = found.iter().map(row).collect();
        print_json(&json!({ "indicators": indicators, "next": next }))?;
    } else if found.is_empty() {
        print(match (args.after.is_some(), total(store).await.map_err(told)?) {
            (true, _) => "no further indicators\n",
            (_, 0) => "no indicators yet; `stillwatch peer sync` takes in what peers tell\n",
            _ => "no indicator matches; take a filter away to see more\n",
        })?;
    } else {
        for one in &found {
            print(line(one))?;
        }
        if let Some(next) = &next {
            print(format!("more: --after {next}\n"))?;
        }
    }
    Ok(u8::from(args.exit_code && found.is_empty()))
}

/// How it stands, in a word.
fn stands(one: &Weighed) -> &'static str {
    match (one.standing.drives, one.standing.disputed) {
        (true, _) => "drives",
        (_, true) => "disputed",
        _ if one.is_withdrawn() => "withdrawn",
        _ => "-",
    }
}

fn line(one: &Weighed) -> String {
    let newest = one.newest();
    let said = newest.and_then(|told| told.confidence).map_or("-".to_owned(), |said| said.to_string());
    let name = newest.map(|told| if told.name.is_empty() { &told.pattern } else { &told.name });
    format!(
        "{}  {:8}  {:12}  {said:>3} > {:3}  {:>2} seen  {:9}  {:9}  {}\n",
        short(&one.id),
        newest.map_or("", |told| &told.kind),
        plain(newest.map_or("", |told| &told.peer)),
        one.standing.confidence,
        one.standing.sightings,
        stands(one),
        one.hit.as_ref().map_or("-", |hit| &hit.state),
        plain(&name.map_or(String::new(), |name| name.chars().take(60).collect())),
    )
}

fn row(one: &Weighed) -> Value {
    let newest = one.newest();
    json!({
        "id": one.id,
        "kind": newest.map(|told| &told.kind),
        "name": newest.map(|told| &told.name),
        "peers": one.told.iter().map(|told| &told.peer).collect::<Vec<_>>(),
        "producer": newest.map(|told| &told.producer),
        "told": newest.and_then(|told| told.confidence),
        "standing": one.standing,
        "withdrawn": one.is_withdrawn(),
        "hit": one.hit,
        "verdict": one.verdict,
    })
}
