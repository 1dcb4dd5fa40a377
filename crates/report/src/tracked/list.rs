//! List: campaigns, changes and members, a row each.
//! In: rows of the store. Out: tables.
//! Invariant: an empty list says so, and what to do.
//! Not here: one campaign at length (`course.rs`).

use comfy_table::Cell;
use stillwatch_model::{Change, Listed, Membership};

use super::short;
use crate::table::{Pen, push_rows, severity_cell};
use crate::{number, text, when, words};

/// A page of campaigns; `next` is how to ask for the following page.
#[must_use]
pub fn campaigns(list: &[Listed], next: Option<&str>, width: Option<u16>, colour: bool) -> String {
    let pen = Pen { width, colour };
    let mut out =
        format!("{}, latest first, times in UTC\n\n", pen.bold(&number::counted(list.len() as u64, "campaign")));
    if pen.is_narrow() {
        blocks(&mut out, list, &pen);
    } else {
        let header =
            ["id", "status", "severity", "score", "accounts", "exchanges", "first seen", "last seen", "who", "what"];
        let mut rows = pen.rows(&header, &[3, 4, 5]);
        for one in list {
            rows.add_row([
                Cell::new(short(&one.id)),
                Cell::new(one.status.name()),
                severity_cell(one.severity),
                Cell::new(number::score(one.score)),
                Cell::new(number::compact(one.accounts)),
                Cell::new(number::compact(one.exchanges)),
                Cell::new(when::day(&one.first_seen)),
                Cell::new(when::minute(&one.last_seen)),
                Cell::new(one.assignee.as_deref().map_or_else(|| "-".into(), text::clean)),
                Cell::new(what(one)),
            ]);
        }
        push_rows(&mut out, &rows);
    }
    if let Some(next) = next {
        out.push_str(&format!("\nmore: --after {}\n", text::clean(next)));
    }
    out
}

fn blocks(out: &mut String, list: &[Listed], pen: &Pen) {
    for one in list {
        let first = format!(
            "{}  {}  {} {}",
            short(&one.id),
            one.status.name(),
            words::severity(one.severity),
            number::score(one.score)
        );
        out.push_str(&pen.bold(&first));
        out.push('\n');
        text::hang(out, "  ", &what(one), pen.columns());
        let facts = format!(
            "{}, {}, {} to {} UTC, {}",
            number::counted(one.accounts, "account"),
            number::counted(one.exchanges, "exchange"),
            when::day(&one.first_seen),
            when::minute(&one.last_seen),
            one.assignee
                .as_deref()
                .map_or_else(|| "nobody looks after it".into(), |name| format!("{} looks after it", text::clean(name)))
        );
        text::hang(out, "  ", &facts, pen.columns());
    }
}

/// Its name and what it does: `Harvest of March: templated harvest (coding, reasoning)`.
fn what(one: &Listed) -> String {
    let again = one.reappears.as_deref().map_or_else(String::new, |of| format!("{} again? ", short(of)));
    let does = format!("{again}{} ({})", text::clean(&one.technique), words::capabilities(&one.capabilities, 2));
    match &one.name {
        Some(name) => format!("{}: {does}", text::clean(&text::shortened(name, 60))),
        None => does,
    }
}

/// The history of a campaign, oldest first.
#[must_use]
pub fn changes(list: &[Change], width: Option<u16>, colour: bool) -> String {
    let pen = Pen { width, colour };
    let mut out =
        format!("{}, oldest first, times in UTC\n\n", pen.bold(&number::counted(list.len() as u64, "change")));
    for change in list {
        let lead = format!("{}  {:<15} ", when::minute(&change.at), change.what);
        let to = match (change.before.as_str(), change.after.as_str()) {
            ("", after) => text::clean(after),
            (before, "") => format!("{} → nothing", text::clean(before)),
            (before, after) => format!("{} → {}", text::clean(before), text::clean(after)),
        };
        let because =
            if change.because.is_empty() { String::new() } else { format!(" ({})", text::clean(&change.because)) };
        text::hang(&mut out, &lead, &format!("{to}{because}, by {}", text::clean(&change.author)), pen.columns());
    }
    out
}

/// The members of a campaign.
#[must_use]
pub fn members(list: &[Membership], width: Option<u16>, colour: bool) -> String {
    let pen = Pen { width, colour };
    let mut out = format!("{}, times in UTC\n\n", pen.bold(&number::counted(list.len() as u64, "account")));
    let mut rows = pen.rows(&["account", "score", "since", "until", "why"], &[1]);
    for one in list {
        let mut why = text::clean(&one.because);
        if let Some(verdict) = one.verdict {
            why = format!("[{}] {why}", verdict.name());
        }
        if let Some(to) = &one.left_to {
            why = format!("[split off to {}] {why}", short(to));
        }
        rows.add_row([
            text::clean(&one.account),
            number::score(one.score),
            when::minute(&one.since),
            when::minute(&one.until),
            why,
        ]);
    }
    push_rows(&mut out, &rows);
    out
}
