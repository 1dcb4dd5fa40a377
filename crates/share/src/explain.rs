//! Explain: what becomes of one object, or of one field of it, in words.
//! In: a desk, a set, an id. Out: text: each field, what became of it and by which rule and policy, then the exact bytes; or why
//! a member can see one field, with the grounds that the profile gives.
//! Invariant: says of every field that the object has what became of it; the bytes shown are the bytes that would leave.
//! Not here: colours, other formats (the command line).

use std::fmt::Write;

use crate::decide::{Desk, Recipient};
use crate::draft::Draft;
use crate::scan::Scanners;
use crate::set::Set;
use crate::walk::{Note, Outcome};

/// The explanation; `None`: the set has no object of that id.
#[must_use]
pub fn explain(draft: &Draft, recipient: &Recipient, scanners: &Scanners, set: &Set, id: &str) -> Option<String> {
    let (result, notes) = Desk::new(draft, recipient.clone(), scanners).explain(set, id)?;
    let mut text = String::new();
    let about = &draft.about;
    // Writing to a string can't fail.
    let _ = writeln!(text, "{id}\nto {} under profile {} version {}", recipient.member, about.name, about.version);
    match &result {
        Ok(preview) => {
            let _ = writeln!(
                text,
                "may leave: TLP:{} PAP:{}; approvals needed: {}; kept for at most {} days; permitted by {}",
                preview.tlp.name().to_uppercase(),
                preview.pap.name().to_uppercase(),
                preview.approvals,
                about.keep_days,
                preview.policies.join(", ")
            );
        }
        Err(held) => {
            let by = if held.policies.is_empty() { String::new() } else { format!(" ({})", held.policies.join(", ")) };
            let _ = writeln!(text, "is held: {}{by}", held.why);
        }
    }
    let width = notes.iter().map(|note| note.path.chars().count()).max().unwrap_or(0).min(72);
    for (outcome, title) in
        [(Outcome::Leaves, "leaves as it is"), (Outcome::Changed, "changed"), (Outcome::Dropped, "dropped")]
    {
        let of: Vec<&Note> = notes.iter().filter(|note| note.outcome == outcome).collect();
        if of.is_empty() {
            continue;
        }
        let title = if result.is_err() && outcome != Outcome::Dropped {
            format!("{title}, if the object did")
        } else {
            title.to_owned()
        };
        let _ = writeln!(text, "\n{title}:");
        for note in of {
            let by: Vec<String> = [("rule", &note.rules), ("policy", &note.policies)]
                .into_iter()
                .filter(|(_, names)| !names.is_empty())
                .map(|(what, names)| format!("{what} {}", names.join(", ")))
                .collect();
            let by = if by.is_empty() { String::new() } else { format!(" [{}]", by.join("; ")) };
            let _ = writeln!(text, "  {:width$}  {:11}  {}{by}", note.path, note.class, note.because);
        }
    }
    match result {
        Ok(preview) => {
            let _ = writeln!(text, "\nthe {} bytes that would leave:\n{}", preview.text.len(), preview.text);
        }
        Err(_) => text.push_str("\nnothing would leave\n"),
    }
    Some(text)
}

/// Why a member can see one field of an object, or can't; `None`: the set has no object of that id.
#[must_use]
pub fn why(
    draft: &Draft,
    recipient: &Recipient,
    scanners: &Scanners,
    set: &Set,
    id: &str,
    path: &str,
) -> Option<String> {
    let desk = Desk::new(draft, recipient.clone(), scanners);
    let (result, notes) = desk.explain(set, id)?;
    let mut text = String::new();
    let Some((field, plan)) = desk.field(set, id, path) else {
        return Some(format!("`{path}` of {id} does not leave: the table of fields has no row for it\n"));
    };
    let name = format!("{}.{}", field.kind, field.path);
    let note = notes.iter().find(|note| note.path == field.path);
    let can = match (&result, note.map(|note| note.outcome)) {
        (Ok(_), Some(Outcome::Leaves)) => "can see it as it is",
        (Ok(_), Some(Outcome::Changed)) => "can see it changed",
        _ => "can't see it",
    };
    // Writing to a string can't fail.
    let _ = writeln!(text, "`{name}` of {id}: {} {can}", recipient.member);
    if let Err(held) = &result {
        let by =
            if held.policies.is_empty() { String::new() } else { format!(" (policy {})", held.policies.join(", ")) };
        let _ = writeln!(text, "  the object is held: {}{by}", held.why);
    }
    match note {
        Some(note) => {
            let _ = writeln!(text, "  what became of it: {}", note.because);
        }
        None => {
            text.push_str("  the object hasn't this field, or not where it stands; what follows would hold for it\n")
        }
    }
    let audiences = draft.audiences(&recipient.member);
    let member =
        if audiences.is_empty() { "no audience".to_owned() } else { format!("audience {}", audiences.join(", ")) };
    let _ = writeln!(text, "  who: {} belongs to {member}", recipient.member);
    let _ = writeln!(text, "  class: {}: {}", field.class.name(), field.because);
    let verdict = &plan.verdict;
    match (&verdict.error, verdict.permitted, verdict.policies.is_empty()) {
        (Some(error), ..) => {
            let _ = writeln!(text, "  policies: {error}");
        }
        (None, false, true) => text.push_str("  policies: none permits it\n"),
        (None, permitted, _) => {
            let does = if permitted { "permits" } else { "forbids" };
            for id in &verdict.policies {
                let _ = writeln!(text, "  policy `{id}` {does} it");
            }
        }
    }
    if plan.rules.is_empty() {
        text.push_str("  rules: none names it\n");
    }
    for rule in draft.rules.iter().filter(|rule| plan.rules.contains(&rule.id)) {
        let _ = writeln!(text, "  rule `{}`: {}: {}", rule.id, rule.form.name(), rule.because);
    }
    Some(text)
}
