//! Pool: elements that enough members reported, after an epoch.
//! In: an epoch that is over. Out: reports; what opened.
//! Invariant: reports are made once nobody can evaluate any more; members see what they reported themselves.
//! Not here: how (`stillwatch_node::matching::epoch`).

use clap::Subcommand;
use serde_json::json;
use stillwatch_matching::{Element, LABEL, Label};
use stillwatch_node::matching::Place;
use stillwatch_node::matching::epoch::{Kept, Shown, open_pool, report, show};
use stillwatch_track::matches::epochs::State;

use super::check::{label_json, label_words, progress};
use super::epoch::WhichArgs;
use crate::verbs::record::failed;
use crate::verbs::store::{Format, plain, print, print_json, say};

/// Arguments of `match pool`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  stillwatch match pool report --namespace address       a member, after `match epoch close`
  stillwatch match pool open --namespace address         the hub, when members reported
  stillwatch match pool show --namespace address         a member: what others reported of what it reported

Where the epoch was opened with `--bins`, members report tables of bins; what opens says that enough members have an element, not who.

Exit codes: 0 something opened, 1 nothing did, 2 failure.")]
pub(super) struct Args {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
#[command(disable_help_subcommand = true)]
enum Verb {
    /// Report the set that was contributed to an epoch that is over
    Report(WhichArgs),
    /// Open what enough members reported
    Open(WhichArgs),
    /// Show what opened of what this node reported
    Show(WhichArgs),
}

pub(super) async fn run(place: &Place, args: &Args) -> Result<u8, String> {
    match &args.verb {
        Verb::Report(args) => {
            let known = args.known(place, &[State::Closed, State::Active]).await?;
            report(place, &Kept::of(place), &known, &progress).await.map_err(failed)?;
            print(format!("reported to epoch {} of `{}`\n", known.row.number, known.row.namespace))?;
            say("the outputs that were kept for it are erased");
            Ok(0)
        }
        Verb::Open(args) => opened(place, args).await,
        Verb::Show(args) => shown(place, args).await,
    }
}

async fn opened(place: &Place, args: &WhichArgs) -> Result<u8, String> {
    let known = args.known(place, &[State::Closed]).await?;
    let counts = open_pool(place, &known).await.map_err(failed)?;
    if args.format == Format::Json {
        print_json(&json!({
            "of": counts.of, "bins": counts.bins.iter().map(|(member, bins)| json!({"member": member, "opened": bins})).collect::<Vec<_>>(),
            "opened": (known.terms.bins == 0).then_some(counts.opened), "shut": counts.shut, "spoilt": counts.spoilt,
            "wrong": counts.wrong.iter().map(|(member, often)| json!({"member": member, "reports": often})).collect::<Vec<_>>(),
        }))?;
    } else if known.terms.bins > 0 {
        let mut text = String::new();
        for (member, bins) in &counts.bins {
            text.push_str(&format!("{bins} bins of `{}` opened\n", plain(member)));
        }
        print(text)?;
        say("which elements are in them, only members can tell: `stillwatch match pool show`");
    } else {
        let mut text = format!(
            "{} elements were reported by {} members or more, and opened\n{} tags of fewer stay shut (padding among them)\n",
            counts.opened, known.terms.threshold, counts.shut
        );
        if counts.spoilt > 0 {
            text.push_str(&format!(
                "{} of enough members stay shut: too many of their reports are wrong\n",
                counts.spoilt
            ));
        }
        for (member, often) in &counts.wrong {
            text.push_str(&format!("`{member}` reported {often} of them wrongly\n"));
        }
        print(text)?;
    }
    Ok(u8::from(counts.opened == 0 && counts.bins.iter().all(|(_, bins)| *bins == 0)))
}

async fn shown(place: &Place, args: &WhichArgs) -> Result<u8, String> {
    let known = args.known(place, &[State::Closed]).await?;
    let all = show(place, &Kept::of(place), &known).await.map_err(failed)?;
    let element = |one: &Shown| {
        let element =
            hex::decode(&one.element).ok().and_then(|bytes| Element::from_bytes(known.setup.namespace, &bytes).ok());
        element.map_or_else(|| one.element.clone(), |element| element.shown())
    };
    let label = |text: &String| hex::decode(text).ok().and_then(|bytes| bytes.get(..LABEL).and_then(Label::from_bytes));
    if args.format == Format::Json {
        let all: Vec<_> = all
            .iter()
            .map(|one| {
                let reports: Vec<_> = one
                    .reports
                    .iter()
                    .map(|(member, text)| json!({"member": member, "label": label(text).as_ref().map(label_json)}))
                    .collect();
                json!({"element": element(one), "reports": reports, "wrong": one.wrong})
            })
            .collect();
        print_json(&all)?;
        return Ok(u8::from(all.is_empty()));
    }
    if all.is_empty() {
        print(format!("nothing that this node reported was reported by {} members\n", known.terms.threshold))?;
        return Ok(1);
    }
    let mut text = String::new();
    if known.terms.bins > 0 {
        text.push_str(&format!("{} members or more have each of these; bins don't tell who\n", known.terms.threshold));
    }
    for one in &all {
        text.push_str(&format!("{}\n", plain(&element(one))));
        for (member, told) in &one.reports {
            let words =
                label(told).map_or_else(|| "a label that says what can't be".to_owned(), |label| label_words(&label));
            text.push_str(&format!("  {:<20} {words}\n", plain(member)));
        }
        for member in &one.wrong {
            text.push_str(&format!("  {:<20} reported it wrongly\n", plain(member)));
        }
    }
    print(text)?;
    Ok(0)
}
