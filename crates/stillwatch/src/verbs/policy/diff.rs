//! Diff: the guidance changed, now what?
//! In: two profiles, objects. Out: a line an object, member and field that would newly leave, or no more, or otherwise.
//! Invariant: compares what would leave, not the rules' texts; exit 1 when something differs.
//! Not here: the comparison (`share`).

use std::collections::BTreeSet;
use std::path::PathBuf;

use stillwatch_share::Recipient;

use super::files::{Over, draft};
use crate::verbs::store::print;

/// Arguments of `policy diff`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  stillwatch policy diff profiles/conservative profiles/expanded --over bundle.json
  stillwatch policy diff old/ new/ --over STORE --to lab-one.example     STORE: a folder, or postgres://user@host/database

Exit codes: 0 nothing would change; 1 something would; 2 failure.")]
pub(super) struct Args {
    /// The profile in force
    before: PathBuf,
    /// The other one
    after: PathBuf,
    /// Members to compare for [default: all that either profile names]
    #[arg(long, value_name = "MEMBER")]
    to: Vec<String>,
    #[command(flatten)]
    over: Over,
}

pub(super) fn run(args: &Args) -> Result<u8, String> {
    let (before, after) = (draft(&args.before)?, draft(&args.after)?);
    let mut members: BTreeSet<String> = args.to.iter().cloned().collect();
    if members.is_empty() {
        let audiences = before.about.audience.iter().chain(&after.about.audience);
        members.extend(audiences.clone().flat_map(|audience| audience.members.iter().cloned()));
        if audiences.clone().any(|audience| audience.everyone) {
            members.insert("(anybody)".to_owned());
        }
    }
    let key = args.over.key()?;
    let recipients: Vec<_> = members.into_iter().map(|member| Recipient { member, key: key.clone() }).collect();
    let (set, scanners) = args.over.read()?;
    let changes = stillwatch_share::diff(&before, &after, &recipients, &scanners, &set);
    for change in &changes {
        print(format!("{} to {}\n", change.id, change.recipient))?;
        if let Some(why) = &change.held {
            print(format!("  would leave no more: {why}\n"))?;
            continue;
        }
        for (what, paths) in
            [("newly leaves", &change.gained), ("leaves no more", &change.lost), ("leaves otherwise", &change.changed)]
        {
            if !paths.is_empty() {
                print(format!("  {what}: {}\n", paths.join(", ")))?;
            }
        }
    }
    let objects: BTreeSet<&str> = changes.iter().map(|change| change.id.as_str()).collect();
    print(format!("{} of {} objects would leave differently\n", objects.len(), set.len()))?;
    Ok(u8::from(!changes.is_empty()))
}
