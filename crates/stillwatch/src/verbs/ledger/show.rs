//! Show: lists entries.
//! In: a ledger, a range or an id. Out: a line an entry, or the entries as they were recorded.
//! Invariant: each entry shown was checked against the signed checkpoint.
//! Not here: judging the whole (`verify.rs`).

use std::path::PathBuf;

use stillwatch_ledger::{Entry, Error, Reader, What};

use super::{Format, Reading, print};

/// Arguments of `ledger show`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  stillwatch ledger show record --public record.pub                      the last 20
  stillwatch ledger show record --public record.pub --from 0 --count 100
  stillwatch ledger show record --public record.pub --about indicator--0b… --count 1000000
  stillwatch ledger show record --public record.pub --format json        as recorded, a line each")]
pub(crate) struct Args {
    /// The ledger's folder
    ledger: PathBuf,
    /// Index of the first (default: so that the last is shown)
    #[arg(long, value_name = "INDEX")]
    from: Option<u64>,
    /// How many entries are looked at
    #[arg(long, default_value_t = 20, value_name = "N")]
    count: u64,
    /// Only what is about this object, profile, person or campaign
    #[arg(long, value_name = "ID")]
    about: Option<String>,
    #[command(flatten)]
    reading: Reading,
}

pub(crate) fn run(args: &Args) -> Result<u8, String> {
    let list = || -> Result<(), Error> {
        let reader = Reader::open(&args.ledger, &args.reading.public().map_err(Error::Key)?, &[])?;
        let size = reader.signed().size;
        let from = args.from.unwrap_or(size.saturating_sub(args.count)).min(size);
        for index in from..from.saturating_add(args.count).min(size) {
            let bytes = reader.entry(index)?;
            let entry = Entry::read(&bytes).ok();
            if args.about.as_ref().is_some_and(|id| entry.as_ref().is_none_or(|entry| entry.about() != id)) {
                continue;
            }
            let raw = String::from_utf8_lossy(&bytes);
            print(&match (&entry, args.reading.format) {
                (_, Format::Json) => format!("{raw}\n"),
                (Some(entry), Format::Table) => {
                    format!("{index:>8}  {}  {}  {}\n", entry.at, entry.by, said(&entry.what))
                }
                (None, Format::Table) => format!("{index:>8}  of a kind that this version doesn't know: {raw:?}\n"),
            });
        }
        Ok(())
    };
    match list() {
        Ok(()) => Ok(0),
        Err(error) => args.reading.fail(&error),
    }
}

fn said(what: &What) -> String {
    match what {
        What::Release { object, hash, to, profile, profile_version, legal_basis, approvals } => {
            let approvals: Vec<&str> = approvals.iter().map(|approval| approval.by.as_str()).collect();
            let by = if approvals.is_empty() { "nobody".into() } else { approvals.join(", ") };
            let to = to.join(", ");
            let hash = hash.get(..19).unwrap_or(hash);
            format!("released {object} ({hash}…) to {to}; {profile} {profile_version}, {legal_basis}; approved by {by}")
        }
        What::Policy { profile, from, to, .. } => {
            let version = |version: &Option<String>| version.clone().unwrap_or_else(|| "none".into());
            format!("policy {profile}: {} to {}", version(from), version(to))
        }
        What::Role { whose, role, change } => format!("{} {role}: {whose}", format!("{change:?}").to_lowercase()),
        What::View { about, count, reason } => format!("viewed {count} examples of {about} ({reason})"),
        What::Decision { about, outcome, reason } => {
            format!("{} {about} ({reason})", format!("{outcome:?}").to_lowercase())
        }
        What::Acted { rules, made, renewed, taken_back, reversed, first, last, .. } => {
            let rules = if rules.is_empty() { "by hand".to_owned() } else { rules.join(", ") };
            format!(
                "decisions: {made} made, {renewed} renewed, {taken_back} taken back, {reversed} reversed (changes {first} to {last}; {rules})"
            )
        }
        What::Receipt { whose, way, collection, count, from, to, .. } => {
            let way = format!("{way:?}").to_lowercase();
            let from_or_to = if way == "taken" { "from" } else { "by" };
            format!("{way} {from_or_to} {whose}: {count} objects of {collection}, added {from} to {to}")
        }
        What::Match { round, step, with, namespace, own, theirs, budget, profile, .. } => {
            let step = format!("{step:?}").to_lowercase();
            let with = if with.is_empty() { "nobody".to_owned() } else { with.join(", ") };
            let round = round.get(..13).unwrap_or(round);
            let budget = budget.map_or_else(String::new, |budget| format!(", budget {budget}"));
            let profile = profile.as_ref().map_or_else(String::new, |profile| format!(", {profile}"));
            format!(
                "match {round}… {step} with {with}: {namespace}, about {own} and {theirs} elements{budget}{profile}"
            )
        }
    }
}
