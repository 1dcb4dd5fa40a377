//! Table: every exported field and what becomes of it under each profile, for lawyers to read.
//! In: drafts. Out: Markdown.
//! Invariant: every row of the table of fields is in it; a cell is what a decision would do at the profile's widest marking.
//! Not here: single objects (`explain.rs`).

use std::fmt::Write;

use stillwatch_stix::marking::Pap;

use crate::classes::kinds;
use crate::draft::Draft;
use crate::form::Form;
use crate::plan::{Planner, of_kind};
use crate::published;

/// The table.
#[must_use]
pub fn table(drafts: &[Draft]) -> String {
    let mut text = String::new();
    let names: Vec<&str> = drafts.iter().map(|draft| draft.about.name.as_str()).collect();
    for kind in kinds() {
        // Writing to a string can't fail.
        let _ = writeln!(text, "\n## {kind}\n\n| field | class | {} | why it is in that class |", names.join(" | "));
        let _ = writeln!(text, "| --- | --- |{} --- |", " --- |".repeat(names.len()));
        let plans: Vec<_> = drafts
            .iter()
            .map(|draft| {
                let audience = draft.about.audience.first();
                let member = audience.and_then(|audience| audience.members.first()).map_or("anybody", String::as_str);
                let pap = if published::is(kind) {
                    Pap::Clear
                } else {
                    Pap::Amber.clamp(draft.about.mark_pap, draft.about.most_pap)
                };
                Planner::new(draft, member).plan(kind, draft.about.mark_tlp, pap, false)
            })
            .collect();
        let whole = plans.iter().map(|plan| plan.as_ref().is_some_and(|plan| plan.share.permitted));
        let cells: Vec<&str> = whole.map(|leaves| if leaves { "**leaves**" } else { "**held**" }).collect();
        let _ = writeln!(text, "| *the object* | | {} | |", cells.join(" | "));
        for field in of_kind(kind) {
            let cells: Vec<&str> = plans
                .iter()
                .map(|plan| match plan.as_ref().filter(|plan| plan.share.permitted) {
                    Some(_) if published::is(kind) => "published",
                    Some(plan) => match plan.field(field).map_or(Form::Drop, |plan| plan.form) {
                        Form::Drop => "-",
                        form => form.name(),
                    },
                    None => "-",
                })
                .collect();
            let needed = if field.required { ", needed" } else { "" };
            let _ = writeln!(
                text,
                "| `{}` | {}{needed} | {} | {} |",
                field.path,
                field.class.name(),
                cells.join(" | "),
                field.because
            );
        }
    }
    text
}
