//! Cases: what a profile is meant to do, shown by examples that travel with it (`cases.toml`).
//! In: a draft with its cases. Out: each case, whether it holds, and what came instead.
//! Invariant: a case that says nothing of what should come is an error: no case can't fail.
//! Not here: the table of every field (`table.rs`).

use serde::Deserialize;
use serde_json::Value;
use stillwatch_model::canonical;

use crate::decide::{Desk, Recipient};
use crate::draft::{Draft, toml};
use crate::error::PolicyError;
use crate::form::TokenKey;
use crate::scan::Scanners;
use crate::set::Set;

/// Name of the file.
pub const CASES: &str = "cases.toml";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Cases {
    #[serde(default)]
    case: Vec<Case>,
}

/// One example.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    /// What it shows.
    name: String,
    /// To whom.
    to: String,
    /// The object.
    object: String,
    /// Others that it may refer to.
    #[serde(default)]
    with: Vec<String>,
    /// What should leave, exactly.
    leaves: Option<String>,
    /// Or why it should be held: a part of the reason.
    held: Option<String>,
}

/// How a case went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CaseResult {
    /// What it shows.
    pub name: String,
    /// What came instead of what should; `None`: it holds.
    pub wrong: Option<String>,
}

/// Key of tokens in cases, so that they can be written down.
const KEY: &[u8] = b"key of the cases, never of a member";

/// Runs every case of a profile.
///
/// # Errors
/// When the cases can't be read.
pub fn test(draft: &Draft) -> Result<Vec<CaseResult>, PolicyError> {
    let cases: Cases = toml(draft.files(), CASES)?;
    let scanners = Scanners::default();
    let run = |case: &Case| {
        let recipient = Recipient { member: case.to.clone(), key: TokenKey::new(KEY) };
        let set = Set::of(std::iter::once(case.object.as_str()).chain(case.with.iter().map(String::as_str)));
        if let Some((_, why)) = set.refused.first() {
            return Some(format!("an object can't be read: {why}"));
        }
        let decided = Desk::new(draft, recipient, &scanners).decide(&set).into_iter().next();
        match (&case.leaves, &case.held, decided?) {
            (Some(text), None, Ok(preview)) => {
                let wanted = serde_json::from_str::<Value>(text).ok().and_then(|value| canonical::encode(&value).ok());
                (wanted.as_deref() != Some(preview.text.as_bytes())).then(|| format!("it leaves as {}", preview.text))
            }
            (None, Some(part), Err(held)) => (part.is_empty() || !held.why.contains(part.as_str()))
                .then(|| format!("it is held because {}", held.why)),
            (Some(_), None, Err(held)) => Some(format!("it is held because {}", held.why)),
            (None, Some(_), Ok(preview)) => Some(format!("it leaves as {}", preview.text)),
            _ => Some("the case should say one of `leaves` and `held`".to_owned()),
        }
    };
    Ok(cases.case.iter().map(|case| CaseResult { name: case.name.clone(), wrong: run(case) }).collect())
}
