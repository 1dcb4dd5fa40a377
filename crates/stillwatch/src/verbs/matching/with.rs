//! With: matches with a member.
//! In: a member, a namespace. Out: what both have; drafts in the store.
//! Invariant: progress goes to a terminal only; a cut match goes on where it was when the verb is run again.
//! Not here: the match (`stillwatch_node::matching::pair`).

use indicatif::ProgressBar;
use stillwatch_matching::Namespace;
use stillwatch_node::matching::Place;
use stillwatch_node::matching::pair::{At, match_with};
use stillwatch_track::By;

use super::namespace;
use super::rounds::printed;
use crate::verbs::record::failed;
use crate::verbs::store::{Format, say};

/// Arguments of `match with`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  stillwatch match with lab-two --namespace address
  stillwatch match with lab-two --namespace template --both --format json

Run it again after a cut: it goes on where it was, with the same set. Exit codes: 0 something is common, 1 nothing is, 2 failure.")]
pub(super) struct Args {
    /// The member
    member: String,
    /// What is matched
    #[arg(long, value_name = "NAMESPACE", value_parser = namespace)]
    namespace: Namespace,
    /// Both sides learn what is common
    #[arg(long)]
    both: bool,
    /// How it is printed
    #[arg(long, value_enum, default_value_t = Format::Table)]
    format: Format,
}

pub(super) async fn run(place: &Place, args: &Args, by: &By) -> Result<u8, String> {
    // Draws on a terminal only.
    let bar = ProgressBar::new_spinner();
    let told = |at: At<'_>| match at {
        At::Prepared(count, skipped) => bar.suspend(|| {
            say(&format!("our set has {count} elements"));
            if let (count @ 1.., Some(first)) = (skipped.count, &skipped.first) {
                say(&format!("{count} can't be compared; the first: {first}"));
            }
        }),
        At::Broken(because) => bar.suspend(|| say(&format!("the line broke ({because}); it is opened anew"))),
        At::Waits(done, of) => bar.set_message(format!("the other side makes ready: {done} of {of}")),
        At::Goes(way, progress) => bar.set_message(format!(
            "{way}: {} of {} elements, {} of {} records",
            progress.evaluated, progress.elements, progress.records, progress.of_records
        )),
    };
    let done = match_with(place, &args.member, args.namespace, args.both, by, &told).await;
    bar.finish_and_clear();
    let (round, common) = done.map_err(failed)?;
    printed(&round, &common, args.format)?;
    Ok(u8::from(common.is_empty()))
}
