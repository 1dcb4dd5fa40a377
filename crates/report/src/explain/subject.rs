//! Subject: whom the reader means by an id, a prefix or an account.
//! In: a `Report` and what was typed. Out: the campaign, member or suspect, or an error with the closest names.
//! Invariant: an exact name wins over a prefix, a campaign over an account; a prefix that fits several is refused.
//! Not here: explaining the subject.

use stillwatch_model::{Campaign, Case, Report, Suspect};
use thiserror::Error;

use crate::{text, words};

/// Names that an error lists.
const CLOSEST: usize = 3;

/// Nothing to explain by that name.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ExplainError {
    /// No campaign, suspect or member has the name.
    #[error("cannot explain `{asked}`: no campaign, suspect or member account has this name\nhint: {}", closest_hint(.closest))]
    Unknown {
        /// What was typed.
        asked: String,
        /// The closest names in these findings.
        closest: Vec<String>,
    },
    /// Several campaigns start with the prefix.
    #[error("cannot explain `{asked}`: {} campaigns start with it\nhint: type more of one of {}", .fitting.len(), quoted(.fitting))]
    Ambiguous {
        /// What was typed.
        asked: String,
        /// The campaigns that fit.
        fitting: Vec<String>,
    },
}

/// What is to be explained.
pub(super) enum Subject<'a> {
    /// A campaign and its local side.
    Campaign { campaign: &'a Campaign, case: Option<&'a Case> },
    /// One of a campaign's accounts.
    Member { campaign: &'a Campaign, case: Option<&'a Case>, account: &'a str },
    /// An account that is linked to no other.
    Suspect(&'a Suspect),
}

/// Whom `asked` names.
pub(super) fn find<'a>(report: &'a Report, asked: &str) -> Result<Subject<'a>, ExplainError> {
    let asked = asked.trim();
    let findings = &report.findings;
    let campaign_subject =
        |campaign: &'a Campaign| Subject::Campaign { campaign, case: words::case_of(report, campaign) };

    let bare = words::bare_id(asked);
    if let Some(campaign) = findings.campaigns.iter().find(|campaign| words::bare_id(&campaign.id) == bare) {
        return Ok(campaign_subject(campaign));
    }
    let mut exact = accounts(report).filter(|(name, _)| *name == asked);
    if let Some((_, subject)) = exact.next() {
        return Ok(subject);
    }
    let fitting: Vec<&Campaign> = if bare.is_empty() {
        Vec::new()
    } else {
        findings.campaigns.iter().filter(|campaign| words::bare_id(&campaign.id).starts_with(bare)).collect()
    };
    match fitting.as_slice() {
        [one] => Ok(campaign_subject(one)),
        [] => account_that_begins_with(report, asked)
            .ok_or_else(|| ExplainError::Unknown { asked: text::clean(asked), closest: closest(report, bare) }),
        several => Err(ExplainError::Ambiguous {
            asked: text::clean(asked),
            fitting: several.iter().map(|campaign| words::short_id(findings, &campaign.id)).collect(),
        }),
    }
}

/// Suspects and members, by name.
fn accounts(report: &Report) -> impl Iterator<Item = (&str, Subject<'_>)> {
    let findings = &report.findings;
    let suspects = findings.suspects.iter().map(|suspect| (suspect.account.as_str(), Subject::Suspect(suspect)));
    let members = findings.campaigns.iter().flat_map(|campaign| {
        let case = words::case_of(report, campaign);
        campaign.accounts.iter().map(move |account| (account.as_str(), Subject::Member { campaign, case, account }))
    });
    suspects.chain(members)
}

/// The one account that begins so, if it is one.
fn account_that_begins_with<'a>(report: &'a Report, asked: &str) -> Option<Subject<'a>> {
    let mut fitting = accounts(report).filter(|(name, _)| !asked.is_empty() && name.starts_with(asked));
    let (_, subject) = fitting.next()?;
    fitting.next().is_none().then_some(subject)
}

/// The names that differ least from what was typed; those that begin with it come first.
fn closest(report: &Report, asked: &str) -> Vec<String> {
    let findings = &report.findings;
    let ids = findings.campaigns.iter().map(|campaign| words::short_id(findings, &campaign.id));
    let suspects = findings.suspects.iter().map(|suspect| suspect.account.clone());
    let members = findings.campaigns.iter().flat_map(|campaign| campaign.accounts.iter().cloned());
    let mut ranked: Vec<(usize, String)> =
        ids.chain(suspects).chain(members).map(|name| (difference(asked, &name), text::clean(&name))).collect();
    // Stable: ids come before accounts where both are as close.
    ranked.sort_by_key(|(distance, _)| *distance);
    ranked.into_iter().take(CLOSEST).map(|(_, name)| name).collect()
}

fn difference(asked: &str, name: &str) -> usize {
    if !asked.is_empty() && name.starts_with(asked) { 0 } else { edits(asked, name) }
}

/// Levenshtein distance in characters.
fn edits(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (line, from) in a.chars().enumerate() {
        let mut diagonal = line;
        let mut left = line + 1;
        let mut next = vec![left];
        for (to, above) in b.iter().zip(row.iter().skip(1)) {
            let changed = diagonal + usize::from(from != *to);
            left = changed.min(above + 1).min(left + 1);
            next.push(left);
            diagonal = *above;
        }
        row = next;
    }
    row.last().copied().unwrap_or(0)
}

fn closest_hint(closest: &[String]) -> String {
    if closest.is_empty() {
        "these findings hold no campaign and no suspect".to_owned()
    } else {
        format!("the closest are {}; an account that is in none of them was not flagged", quoted(closest))
    }
}

fn quoted(names: &[String]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn edits_are_counted() {
        assert_eq!([edits("kitten", "sitting"), edits("", "abc"), edits("abc", ""), edits("ab", "ab")], [3, 3, 3, 0]);
    }
}
