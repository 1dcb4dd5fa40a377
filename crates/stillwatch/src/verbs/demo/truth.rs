//! Truth: what became of each operation, and of the honest.
//! In: findings, and what each account really is. Out: text.
//! Invariant: misses and false alarms are told as plainly as hits.
//! Not here: precision, recall and calibration (`stillwatch evaluate`).

use std::collections::{BTreeMap, BTreeSet};

use stillwatch_model::{Campaign, Findings, Truth, TruthLabel};

/// From this score on, an account counts as flagged.
const FLAGGED: f64 = 0.5;

/// What each account really is, and what each operation does.
pub(super) struct Told {
    pub(super) truth: Vec<Truth>,
    /// An operation's shape, by its name.
    pub(super) shapes: BTreeMap<String, String>,
}

impl Told {
    /// Who is hidden in the traffic.
    pub(super) fn hidden(&self) -> String {
        let mut honest = BTreeSet::new();
        let mut operations: BTreeMap<&str, usize> = BTreeMap::new();
        let mut counts = [0; 2];
        for account in &self.truth {
            match account.label {
                TruthLabel::Honest => {
                    counts[0] += 1;
                    honest.insert(&account.group);
                }
                TruthLabel::Campaign => *operations.entry(&account.group).or_default() += 1,
                TruthLabel::Grey => counts[1] += 1,
            }
        }
        let operations: Vec<String> = operations
            .into_iter()
            .map(|(name, count)| format!("{name} ({}, {})", self.shape(name), counted(count, "account")))
            .collect();
        format!(
            "In it: {} of {}; {}: {}; and {} that count for neither.\n",
            counted(counts[0], "honest account"),
            counted(honest.len(), "kind"),
            counted(operations.len(), "operation"),
            operations.join(", "),
            counts[1]
        )
    }

    fn shape(&self, name: &str) -> &str {
        self.shapes.get(name).map_or("unknown", String::as_str)
    }

    /// Each operation and where its accounts were found; then the honest accounts that were flagged, by kind.
    pub(super) fn found(&self, findings: &Findings) -> String {
        told(findings, &self.truth)
    }
}

fn told(findings: &Findings, truth: &[Truth]) -> String {
    let flagged: Vec<&Campaign> = findings.campaigns.iter().filter(|campaign| campaign.score >= FLAGGED).collect();
    let mut place: BTreeMap<&str, String> = BTreeMap::new();
    for suspect in findings.suspects.iter().filter(|suspect| suspect.score >= FLAGGED) {
        place.insert(&suspect.account, "suspects".to_owned());
    }
    for campaign in &flagged {
        place.extend(campaign.accounts.iter().map(|account| (account.as_str(), short(&campaign.id))));
    }
    let mut out = operations(truth, &place);
    out.push_str(&honest(truth, &place));
    let weak = findings.campaigns.len() - flagged.len();
    if weak > 0 {
        out.push_str(&format!("{} listed with a score below {FLAGGED}, which flags nobody\n", counted(weak, "group")));
    }
    out
}

fn operations(truth: &[Truth], place: &BTreeMap<&str, String>) -> String {
    let mut groups: BTreeMap<&str, (usize, BTreeMap<&str, usize>)> = BTreeMap::new();
    for account in truth.iter().filter(|account| account.label == TruthLabel::Campaign) {
        let (all, found) = groups.entry(&account.group).or_default();
        *all += 1;
        if let Some(place) = place.get(account.account.as_str()) {
            *found.entry(place).or_default() += 1;
        }
    }
    let width = groups.keys().map(|name| name.chars().count()).max().unwrap_or(0);
    let mut out = String::new();
    for (name, (all, found)) in groups {
        let mut places: Vec<(&str, usize)> = found.into_iter().collect();
        places.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        let missed = all - places.iter().map(|(_, count)| count).sum::<usize>();
        let mut parts: Vec<String> = places.iter().map(|(place, count)| format!("{count} in {place}")).collect();
        if missed > 0 {
            parts.push(format!("{missed} missed"));
        }
        out.push_str(&format!("{name:<width$}  {:>12}: {}\n", counted(all, "account"), parts.join(", ")));
    }
    out
}

fn honest(truth: &[Truth], place: &BTreeMap<&str, String>) -> String {
    let of_honest = || truth.iter().filter(|account| account.label == TruthLabel::Honest);
    let mut kinds: BTreeMap<&str, usize> = BTreeMap::new();
    for account in of_honest().filter(|account| place.contains_key(account.account.as_str())) {
        *kinds.entry(&account.group).or_default() += 1;
    }
    let all = counted(of_honest().count(), "honest account");
    if kinds.is_empty() {
        return format!("none of {all} was flagged\n");
    }
    let wronged: usize = kinds.values().sum();
    let kinds: Vec<String> = kinds.into_iter().map(|(kind, count)| format!("{count} {kind}")).collect();
    format!("{wronged} of {all} flagged, wrongly: {}\n", kinds.join(", "))
}

fn short(id: &str) -> String {
    id.strip_prefix("campaign--").unwrap_or(id).chars().take(8).collect()
}

fn counted(count: usize, noun: &str) -> String {
    format!("{count} {noun}{}", if count == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn truth(account: &str, label: TruthLabel, group: &str) -> Truth {
        Truth { account: account.into(), label, group: group.into() }
    }

    fn campaign(id: &str, score: f64, accounts: &[&str]) -> serde_json::Value {
        serde_json::json!({
            "id": format!("campaign--{id}"), "score": score, "severity": "high", "actionable": true, "families": [],
            "accounts": accounts, "exchanges": 1, "first_seen": "", "last_seen": "", "techniques": [], "capabilities": [],
            "signals": [], "links": [], "templates": [], "tokens": { "input": 0, "output": 0, "reasoning": 0 },
        })
    }

    #[test]
    fn hits_misses_and_wrongs_are_told() -> Result<(), serde_json::Error> {
        let mut findings = Findings::default();
        findings.campaigns.push(serde_json::from_value(campaign("aaaaaaaa-1", 0.99, &["h1", "h2", "p1"]))?);
        findings.campaigns.push(serde_json::from_value(campaign("bbbbbbbb-2", 0.6, &["h3", "p2"]))?);
        findings.campaigns.push(serde_json::from_value(campaign("cccccccc-3", 0.3, &["h4", "p3"]))?);
        let (campaign, honest) = (TruthLabel::Campaign, TruthLabel::Honest);
        let mut all: Vec<Truth> = ["h1", "h2", "h3", "h4"].map(|name| truth(name, campaign, "hydra")).into();
        all.extend(["p1", "p2", "p3", "p4"].map(|name| truth(name, honest, "student")));
        all.push(truth("x", TruthLabel::Grey, "resold"));
        assert_eq!(
            told(&findings, &all),
            "hydra    4 accounts: 2 in aaaaaaaa, 1 in bbbbbbbb, 1 missed\n\
             2 of 4 honest accounts flagged, wrongly: 2 student\n\
             1 group listed with a score below 0.5, which flags nobody\n"
        );
        Ok(())
    }

    #[test]
    fn who_is_hidden_is_told() {
        let mut all: Vec<Truth> = ["h1", "h2"].map(|name| truth(name, TruthLabel::Campaign, "hydra")).into();
        all.push(truth("p1", TruthLabel::Honest, "student"));
        all.push(truth("x", TruthLabel::Grey, "resold"));
        let told = Told { truth: all, shapes: [("hydra".to_owned(), "tasks".to_owned())].into() };
        assert_eq!(
            told.hidden(),
            "In it: 1 honest account of 1 kind; 1 operation: hydra (tasks, 2 accounts); and 1 that count for neither.\n"
        );
    }

    #[test]
    fn nothing_found_is_told_too() {
        let all = [truth("h1", TruthLabel::Campaign, "hydra"), truth("p1", TruthLabel::Honest, "student")];
        assert_eq!(
            told(&Findings::default(), &all),
            "hydra     1 account: 1 missed\nnone of 1 honest account was flagged\n"
        );
    }
}
