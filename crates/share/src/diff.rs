//! Diff: what another profile would change: 'the guidance changed, now what?'
//! In: two drafts, recipients, a set. Out: what would newly leave, what no longer would, what would leave otherwise.
//! Invariant: compares the bytes that would leave; what is the same under both is not told.
//! Not here: differences of the rules' texts (any version control shows these).

use std::collections::BTreeSet;

use serde_json::Value;

use crate::decide::{Desk, Recipient};
use crate::draft::Draft;
use crate::scan::Scanners;
use crate::set::Set;

/// What would change of one object for one recipient.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// To whom.
    pub recipient: String,
    /// The object's id.
    pub id: String,
    /// Fields that would newly leave.
    pub gained: Vec<String>,
    /// Fields that would leave no more.
    pub lost: Vec<String>,
    /// Fields that would leave otherwise.
    pub changed: Vec<String>,
    /// Why it is held under the second, where it left under the first.
    pub held: Option<String>,
}

/// Everything that would change from one profile to another.
#[must_use]
pub fn diff(before: &Draft, after: &Draft, recipients: &[Recipient], scanners: &Scanners, set: &Set) -> Vec<Change> {
    let mut changes = Vec::new();
    for recipient in recipients {
        let decide = |draft| Desk::new(draft, recipient.clone(), scanners).decide(set);
        for ((id, before), after) in set.ids().zip(decide(before)).zip(decide(after)) {
            let fields = |text: Option<&str>| {
                let mut fields = BTreeSet::new();
                let value = text.and_then(|text| serde_json::from_str::<Value>(text).ok());
                if let Some(value) = &value {
                    leaves(value, "", &mut fields);
                }
                fields
            };
            let was = fields(before.as_ref().ok().map(|preview| preview.text.as_str()));
            let is = fields(after.as_ref().ok().map(|preview| preview.text.as_str()));
            let paths = |fields: &BTreeSet<(String, String)>| -> BTreeSet<String> {
                fields.iter().map(|(path, _)| path.clone()).collect()
            };
            let (had, has) = (paths(&was), paths(&is));
            let differ: BTreeSet<String> = was.symmetric_difference(&is).map(|(path, _)| path.clone()).collect();
            let change = Change {
                recipient: recipient.member.clone(),
                id: id.to_owned(),
                gained: has.difference(&had).cloned().collect(),
                lost: had.difference(&has).cloned().collect(),
                changed: differ.into_iter().filter(|path| had.contains(path) && has.contains(path)).collect(),
                held: match (&before, after) {
                    (Ok(_), Err(held)) => Some(held.why),
                    _ => None,
                },
            };
            if !(change.gained.is_empty() && change.lost.is_empty() && change.changed.is_empty()) {
                changes.push(change);
            }
        }
    }
    changes
}

fn leaves(value: &Value, path: &str, found: &mut BTreeSet<(String, String)>) {
    match value {
        Value::Object(members) => {
            for (name, value) in members {
                let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
                leaves(value, &path, found);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| leaves(item, &format!("{path}[]"), found)),
        value => {
            found.insert((path.to_owned(), value.to_string()));
        }
    }
}
