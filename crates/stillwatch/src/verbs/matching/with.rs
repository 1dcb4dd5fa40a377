//! With: matches with a member.
//! In: a member, a namespace. Out: what both have; drafts in the store.
//! Invariant: progress goes to a terminal only; a cut match goes on where it was when the verb is run again.
//! Not here: the match (`stillwatch_node::matching::pair`).

use std::cell::RefCell;
use std::io::IsTerminal;
use std::time::Instant;

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
    let is_terminal = std::io::stderr().is_terminal();
    let last: RefCell<Option<Instant>> = RefCell::new(None);
    let told = |at: At<'_>| match at {
        At::Prepared(count, skipped) => {
            say(&format!("our set has {count} elements"));
            if let (count @ 1.., Some(first)) = (skipped.count, &skipped.first) {
                say(&format!("{count} can't be compared; the first: {first}"));
            }
        }
        At::Broken(because) => say(&format!("the line broke ({because}); it is opened anew")),
        At::Waits(done, of) if is_terminal => line(&last, &format!("the other side makes ready: {done} of {of}")),
        At::Goes(way, progress) if is_terminal => line(
            &last,
            &format!(
                "{way}: {} of {} elements, {} of {} records",
                progress.evaluated, progress.elements, progress.records, progress.of_records
            ),
        ),
        At::Waits(..) | At::Goes(..) => {}
    };
    let (round, common) =
        match_with(place, &args.member, args.namespace, args.both, by, &told).await.map_err(failed)?;
    if last.borrow().is_some() {
        eprintln!();
    }
    printed(&round, &common, args.format)?;
    Ok(u8::from(common.is_empty()))
}

/// A line in place of the last, ten times a second at most.
fn line(last: &RefCell<Option<Instant>>, text: &str) {
    let mut last = last.borrow_mut();
    if last.is_none_or(|at| at.elapsed().as_millis() > 100) {
        eprint!("\r{text}\x1b[K");
        *last = Some(Instant::now());
    }
}
