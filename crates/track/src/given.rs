//! Given: a run as it was handed over, checked before anything is written.
//! In: `Saved`. Out: its findings with their details, and its window.
//! Invariant: what can't be kept is refused with the field's path, or shown otherwise (U+0000, names too long for an index).
//! Not here: writing it (`save.rs`).

use std::borrow::Cow;
use std::collections::BTreeSet;

use stillwatch_model::saved::{Detail, SAVED_VERSION};
use stillwatch_model::{Campaign, Micros, Saved, canonical};

use crate::error::{Error, Result};
use crate::matching::Candidate;
use crate::time::micros;

/// Bytes of an account's name, and of a technique's id or words.
const LONGEST_ACCOUNT: usize = 1000;
const LONGEST_WORD: usize = 200;

/// One finding, read.
pub(crate) struct Read<'a> {
    pub(crate) campaign: &'a Campaign,
    pub(crate) detail: Detail,
    pub(crate) candidate: Candidate,
}

/// No database keeps U+0000 in text: it is shown as U+FFFD. `None` when there is none.
pub(crate) fn without_nul(saved: &Saved) -> Result<Option<Saved>> {
    let text = serde_json::to_string(saved)?;
    if !text.contains("\\u0000") {
        return Ok(None);
    }
    // An escaped backslash before `u0000` is text about an escape, and no escape.
    let mut out = String::with_capacity(text.len());
    let mut rest = text.as_str();
    while let Some(at) = rest.find('\\') {
        out.push_str(&rest[..at]);
        let escape = rest.get(at..at + 6).filter(|e| *e == "\\u0000");
        let end = if escape.is_some() { at + 6 } else { at + 2 };
        out.push_str(if escape.is_some() { "\u{fffd}" } else { rest.get(at..end).unwrap_or_default() });
        rest = rest.get(end..).unwrap_or_default();
    }
    out.push_str(rest);
    Ok(Some(serde_json::from_str(&out)?))
}

/// Reads the findings of a run.
pub(crate) fn read(saved: &Saved) -> Result<Vec<Read<'_>>> {
    if saved.schema > SAVED_VERSION {
        return Err(Error::refused(
            format!("the run is of format {}; this program reads up to {SAVED_VERSION}", saved.schema),
            "use the newer `stillwatch` that wrote it",
        ));
    }
    let mut found = Vec::new();
    let mut ids = BTreeSet::new();
    for (at, campaign) in saved.findings.campaigns.iter().enumerate() {
        let field = |name: &str| format!("findings.campaigns[{at}].{name}");
        if !campaign.id.starts_with("campaign--")
            || !campaign.id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
        {
            return Err(Error::refused(
                format!("`{}` is no campaign's id", field("id")),
                "ids are `campaign--` and a UUID",
            ));
        }
        if !ids.insert(&campaign.id) {
            return Err(Error::refused(format!("`{}` stands twice", field("id")), "each finding has an id of its own"));
        }
        if campaign.accounts.is_empty() {
            return Err(Error::refused(format!("`{}` is empty", field("accounts")), "a campaign has accounts"));
        }
        if campaign.techniques.iter().any(|id| id.len() > LONGEST_WORD) {
            return Err(Error::refused(format!("`{}` has an id that is none", field("techniques")), "ids are short"));
        }
        if !campaign.score.is_finite() {
            return Err(Error::refused(format!("`{}` is no number", field("score")), "scores lie between 0 and 1"));
        }
        let first_seen = micros(&field("first_seen"), &campaign.first_seen)?;
        let last_seen = micros(&field("last_seen"), &campaign.last_seen)?;
        if last_seen < first_seen {
            return Err(Error::refused(
                format!("`{}` lies before `first_seen`", field("last_seen")),
                "check the clock of what wrote it",
            ));
        }
        let own = saved.details.iter().find(|detail| detail.id == campaign.id);
        let detail = own.cloned().unwrap_or_else(|| Detail { id: campaign.id.clone(), ..Detail::default() });
        let candidate = Candidate {
            id: campaign.id.clone(),
            accounts: campaign.accounts.iter().map(|a| indexed(a).into_owned()).collect(),
            first_seen,
            last_seen,
            texts: detail.texts.clone(),
        };
        found.push(Read { campaign, detail, candidate });
    }
    Ok(found)
}

/// An account's name as it stands in an index: one that is too long for PostgreSQL's is cut, and told apart by its hash.
pub(crate) fn indexed(account: &str) -> Cow<'_, str> {
    if account.len() <= LONGEST_ACCOUNT {
        return Cow::Borrowed(account);
    }
    let end = (0..=900).rev().find(|&at| account.is_char_boundary(at)).unwrap_or(0);
    let id = canonical::id("account", &serde_json::json!(account));
    Cow::Owned(format!("{}…{id}", account.get(..end).unwrap_or_default()))
}

/// The run's window; where it says none, from the first to the last exchange of its findings.
pub(crate) fn window(saved: &Saved, found: &[Read<'_>]) -> Result<(Micros, Micros)> {
    let window = &saved.findings.window;
    if window.from.is_empty() && window.to.is_empty() {
        let from = found.iter().map(|f| f.candidate.first_seen).min().unwrap_or(0);
        return Ok((from, found.iter().map(|f| f.candidate.last_seen).max().unwrap_or(from)));
    }
    let (from, to) = (micros("findings.window.from", &window.from)?, micros("findings.window.to", &window.to)?);
    if to < from {
        return Err(Error::refused("`findings.window.to` lies before `from`", "check the clock of what wrote it"));
    }
    Ok((from, to))
}
