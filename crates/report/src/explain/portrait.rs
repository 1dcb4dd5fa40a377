//! Portrait: the course of a campaign or an account over time, and examples of what it sent.
//! In: a timeline, examples, or an account's portrait. Out: text in sections.
//! Invariant: examples are local text, said so, and safe to print.
//! Not here: what is concluded from them.

use stillwatch_model::{Example, Portrait, Report, Timeline};

use super::{WIDTH, section};
use crate::sparkline::{Fold, folded, sparkline, steps_a_column};
use crate::{number, text, when, words};

/// Examples that are shown.
const EXAMPLES: usize = 5;
/// Words of an example that are shown.
const WORDS: usize = 5;
/// Columns of a sparkline.
const COLUMNS: usize = 64;

/// An account by itself, where the report has its portrait.
pub(super) fn of(out: &mut String, report: &Report, account: &str) {
    let Some(portrait) = report.portraits.iter().find(|portrait| portrait.account == account) else { return };
    models(out, portrait);
    timeline(out, &portrait.timeline);
    examples(out, &portrait.examples);
}

fn models(out: &mut String, portrait: &Portrait) {
    if portrait.models.is_empty() {
        return;
    }
    section(out, "MODELS");
    for (model, exchanges) in &portrait.models {
        out.push_str(&format!("  {:>9}  {}\n", number::thousands(*exchanges), text::clean(model)));
    }
}

/// Volume over time as a line of blocks.
pub(super) fn timeline(out: &mut String, timeline: &Timeline) {
    let steps = timeline.exchanges.len();
    if steps == 0 || timeline.step_seconds == 0 {
        return;
    }
    let column = steps_a_column(steps, COLUMNS) as u64 * timeline.step_seconds;
    section(out, &format!("TIMELINE (UTC, a column is {})", when::length(column)));
    let rows = [("exchanges", &timeline.exchanges, Fold::Sum), ("accounts", &timeline.accounts, Fold::Most)];
    let mut drawn = 0;
    for (name, counts, fold) in rows {
        let columns = folded(counts, COLUMNS, fold);
        // Of one account, that it was active is what the first row says.
        let nothing = if name == "accounts" { 1 } else { 0 };
        if columns.iter().all(|count| *count <= nothing) {
            continue;
        }
        drawn = drawn.max(columns.len());
        let most = number::thousands(columns.iter().copied().max().unwrap_or(0));
        out.push_str(&format!("  {name:<10} {}  most {most}\n", sparkline(&columns)));
    }
    let start = when::minute_of(timeline.from);
    let length = (steps as u64).saturating_mul(timeline.step_seconds);
    let end = when::minute_of(timeline.from.saturating_add((length as i64).saturating_mul(when::SECOND)));
    let gap = drawn.saturating_sub(start.chars().count() + end.chars().count());
    if gap > 0 {
        out.push_str(&format!("  {:<10} {start}{}{end}\n", "", " ".repeat(gap)));
    } else {
        out.push_str(&format!("  {:<10} {start} to {end}\n", ""));
    }
}

/// What was sent, shortened, with the words that spoke most for a cue.
pub(super) fn examples(out: &mut String, examples: &[Example]) {
    if examples.is_empty() {
        return;
    }
    section(out, "EXAMPLES (local text, shortened: keep it inside)");
    for example in examples.iter().take(EXAMPLES) {
        out.push_str(&format!("  {}  {} UTC\n", text::clean(&example.account), when::minute(&example.time)));
        text::hang(out, "    ", &text::clean(&example.text), WIDTH);
        for (cue, group) in words::by_cue(&example.words) {
            let spoke: Vec<String> = group
                .iter()
                .take(WORDS)
                .map(|(word, contribution)| format!("{} {}", text::clean(word), number::signed(*contribution)))
                .collect();
            text::hang(out, &format!("    {}: ", words::signal(cue)), &spoke.join(", "), WIDTH);
        }
    }
}
