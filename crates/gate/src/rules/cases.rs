//! Cases: what rules are meant to do, shown by examples that travel with them (`cases.toml`).
//! In: rules, a file of cases. Out: each case, whether it holds, and what came instead.
//! Invariant: a case that says nothing of what should come is an error: no case can't fail.
//! Not here: many accounts at once (`simulate.rs`).

use jiff::Timestamp;
use serde::Deserialize;
use toml::Spanned;

use crate::error::{GateError, Result};
use crate::facts::Facts;
use crate::rules::Rules;
use crate::rules::read::{MAX_BYTES, parse};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Cases {
    #[serde(default)]
    case: Vec<Spanned<Case>>,
}

/// One example.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    /// What it shows.
    name: String,
    /// When it is asked.
    now: Timestamp,
    /// What is known.
    facts: Facts,
    /// Action that should hold; `none`: nothing is proposed; `listed`: the allow-list lets through.
    holds: Option<String>,
    /// Rule whose proposal should hold.
    rule: Option<String>,
    /// Rules in shadow mode that should have proposed something.
    #[serde(default)]
    shadow: Vec<String>,
}

/// How a case went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CaseResult {
    /// What it shows.
    pub name: String,
    /// What came instead of what should; `None`: it holds.
    pub wrong: Option<String>,
}

/// Runs every case of a file.
///
/// # Errors
/// File, line and field of what can't be read, or of a case that says nothing of what should come.
pub fn test(rules: &Rules, file: &str, text: &str) -> Result<Vec<CaseResult>> {
    if text.len() > MAX_BYTES {
        return Err(GateError::new(format!("the file has more than {MAX_BYTES} bytes")).file(file));
    }
    let cases: Cases = parse(file, text)?;
    let mut results = Vec::new();
    for case in cases.case {
        let at = case.span().start;
        let case = case.into_inner();
        let known = ["none", "listed", "allow", "challenge", "throttle", "degrade", "block"];
        if !case.holds.as_deref().is_none_or(|word| known.contains(&word)) {
            return Err(GateError::new(format!("`holds` should be one of {}", known.join(", ")))
                .at(file, text, at)
                .field("case.holds"));
        }
        if case.holds.is_none() && case.rule.is_none() && case.shadow.is_empty() {
            return Err(GateError::new(format!("the case `{}` doesn't say what should come", case.name))
                .at(file, text, at)
                .field("case")
                .hint("write `holds`, `rule` or `shadow`"));
        }
        results.push(CaseResult { wrong: run(rules, &case), name: case.name });
    }
    Ok(results)
}

fn run(rules: &Rules, case: &Case) -> Option<String> {
    let judged = rules.judge(&case.facts, case.now);
    let came = match (&judged.listed, &judged.holds) {
        (Some(_), _) => "listed",
        (None, Some(proposal)) => proposal.action.name(),
        (None, None) => "none",
    };
    if let Some(wanted) = case.holds.as_deref().filter(|wanted| *wanted != came) {
        let by = judged.holds.as_ref().map(|p| format!(" by rule `{}`", p.rule)).unwrap_or_default();
        return Some(format!("`{came}` holds{by}, not `{wanted}`"));
    }
    let by = judged.holds.as_ref().map(|proposal| proposal.rule.as_str());
    if case.rule.is_some() && case.rule.as_deref() != by {
        return Some(format!("the rule that holds is {}", by.map_or("none".to_owned(), |name| format!("`{name}`"))));
    }
    let silent = case.shadow.iter().find(|name| !judged.shadow.iter().any(|proposal| proposal.rule == **name));
    silent.map(|name| format!("the shadow rule `{name}` proposes nothing"))
}
