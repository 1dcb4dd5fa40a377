//! Facts: what a case's manifest says of it: how it was found, what limits it has, what nobody kept.
//! In: a case. Out: the manifest's sentences, each with its figure.
//! Invariant: read from the store; where the store can't say, that is said.
//! Not here: the form (`manifest.rs`), the same in plain words (`readme.rs`).

use std::collections::{BTreeMap, BTreeSet};

use stillwatch_model::tracked::Status;
use stillwatch_model::{Verdict, Window};
use stillwatch_track::case::Case;

use super::contents::wrong_accounts;
use super::manifest::Method;

/// What a score's parts may differ by: they are told rounded.
const ROUNDED: f64 = 0.01;

/// From the first run's first instant to the last one's last.
pub(super) fn window(case: &Case) -> Window {
    let at = |text: &str| text.parse::<jiff::Timestamp>().ok();
    let from = case.runs.iter().min_by_key(|run| at(&run.from)).map(|run| run.from.clone());
    let to = case.runs.iter().max_by_key(|run| at(&run.to)).map(|run| run.to.clone());
    Window { from: from.unwrap_or_default(), to: to.unwrap_or_default() }
}

/// How it was found.
pub(super) fn method(case: &Case) -> Method {
    let signals = || case.runs.iter().flat_map(|run| &run.found.signals);
    let names: BTreeSet<String> = signals().map(|signal| signal.name.clone()).collect();
    let families: BTreeSet<_> = case.runs.iter().flat_map(|run| run.found.families.iter().copied()).collect();
    let differs = case.runs.iter().filter(|run| {
        let odds: f64 = run.found.signals.iter().map(|signal| signal.contribution).sum();
        (1.0 / (1.0 + (-odds).exp()) - run.found.score).abs() > ROUNDED
    });
    Method {
        findings: case.runs.len() as u64,
        families: families.into_iter().collect(),
        scores_that_differ: differs.count() as u64,
        calibrated: names.contains("verdicts"),
        signals: names.into_iter().collect(),
        score: "1 / (1 + exp(-sum)), where sum is that of the contributions of a finding's signals (runs.json): how likely it \
                is, from 0 to 1, that the accounts are one campaign. It is no proof, and says nothing of who is behind it."
            .into(),
        actionable: "as this version of the program has it: at least two of the six families of signals fired, and the score is 0.5 \
                     or more; act on nothing less".into(),
    }
}

/// What is to be known before relying on it.
pub(super) fn limits(case: &Case, method: &Method) -> Vec<String> {
    let (campaign, course) = (&case.course.campaign, &case.course);
    let mut said = vec![
        "Detection works on samples and sketches: at most 24 exchanges of an account and window are read as text."
            .to_owned(),
        "Honest use can look alike: each signal's honest look-alikes stand in docs/signals.md of the program."
            .to_owned(),
    ];
    match course.verdict {
        Some(Verdict::TruePositive) => {}
        Some(verdict) => said.push(format!("A person judged this campaign {}.", verdict.name())),
        None => said.push("No person has judged whether this campaign harvests.".into()),
    }
    if campaign.status == Status::New {
        said.push("Nobody has looked at this campaign: its status is new.".into());
    }
    if !campaign.actionable {
        said.push("By the last run it is no ground for action: fewer than two families of signals fired, or the score is low.".into());
    }
    let (judged, wrong) = wrong_accounts(case);
    said.push(format!(
        "Of {} accounts that are or were members, a person judged {judged} one by one; {wrong} of these are false positives.",
        case.members.len()
    ));
    if method.scores_that_differ > 0 {
        said.push(format!(
            "The score of {} of {} findings is not the one that their signals make.",
            method.scores_that_differ, method.findings
        ));
    }
    if course.days.estimated {
        said.push("Exchanges a day are estimated: a run read more than a week, or a person divided a finding.".into());
    }
    let bare = case.runs.iter().filter(|run| run.found.networks.is_empty()).count();
    if bare > 0 {
        said.push(format!(
            "{bare} of {} findings have no addresses: the log had none, the run read sketches, or they were deleted.",
            case.runs.len()
        ));
    }
    let deleted = campaign.evidence.iter().filter(|statement| statement.deleted.is_some()).count();
    if deleted > 0 {
        said.push(format!("{deleted} of {} statements were deleted; their places are kept.", campaign.evidence.len()));
    }
    let mut graves: BTreeMap<&str, u64> = BTreeMap::new();
    for tombstone in &case.tombstones {
        *graves.entry(&tombstone.kind).or_default() += 1;
    }
    for (kind, count) in graves {
        said.push(format!(
            "Deleted as retention asks, of the kind {kind}: {count}; their hashes are in tombstones.json."
        ));
    }
    said
}

/// What no store keeps.
pub(super) fn not_kept() -> Vec<String> {
    [
        "the logs that were read, but for shortened examples",
        "the version of the program that made each run, and the settings it ran with",
        "signals that were off in a run because the log lacked what they need",
        "records that a run could not read",
        "links between single accounts: only their kinds, numbers and mean strengths",
    ]
    .map(str::to_owned)
    .into()
}
