//! Explain: what becomes of one object, in words.
//! In: a desk, a set, an id. Out: text: each field, what became of it and by which rule and policy, then the exact bytes.
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
