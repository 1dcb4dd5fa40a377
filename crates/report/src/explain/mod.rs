//! Explain: everything known about one campaign, suspect or member, with the arithmetic of its score.
//! In: a `Report` and an id, a prefix of one, or an account. Out: text, or why nothing has that name.
//! Invariant: what was observed and what is inferred stand apart; every contribution is shown and they add up.
//! Not here: finding whom the reader means (`subject.rs`), the arithmetic's lines (`arithmetic.rs`).

mod arithmetic;
mod campaign;
mod member;
mod portrait;
mod subject;
mod suspect;

use stillwatch_model::Report;

pub use subject::ExplainError;
use subject::Subject;

use crate::text;

/// Characters a line.
const WIDTH: usize = 100;

/// One campaign (by id or unambiguous prefix), suspect or member account, explained.
///
/// # Errors
/// When nothing in the report has that name, or several campaigns do; the error lists the closest.
pub fn explain(report: &Report, id_or_account: &str) -> Result<String, ExplainError> {
    Ok(match subject::find(report, id_or_account)? {
        Subject::Campaign { campaign, case } => campaign::explained(report, campaign, case),
        Subject::Member { campaign, case, account } => member::explained(report, campaign, case, account),
        Subject::Suspect(suspect) => suspect::explained(report, suspect),
    })
}

/// The account that is meant, when it is one: whoever explains it may add its `Portrait` to the report first.
///
/// # Errors
/// As [`explain`].
pub fn account<'a>(report: &'a Report, id_or_account: &str) -> Result<Option<&'a str>, ExplainError> {
    Ok(match subject::find(report, id_or_account)? {
        Subject::Campaign { .. } => None,
        Subject::Member { account, .. } => Some(account),
        Subject::Suspect(suspect) => Some(&suspect.account),
    })
}

/// A heading and an empty line before it.
fn section(out: &mut String, heading: &str) {
    out.push('\n');
    out.push_str(heading);
    out.push('\n');
}

/// One sentence of a list.
fn item(out: &mut String, sentence: &str) {
    text::hang(out, "  - ", &text::clean(sentence), WIDTH);
}

/// A name and its value, aligned.
fn fact(out: &mut String, name: &str, value: &str) {
    text::hang(out, &format!("  {name:<14}"), value, WIDTH);
}
