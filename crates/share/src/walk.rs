//! Walk: one object, field by field, to what leaves of it.
//! In: an object, its plan, which other objects leave. Out: what is left of it as canonical JSON, or why nothing is; notes where
//! asked for.
//! Invariant: the walk goes along the table, never along the object: what the table doesn't name isn't even looked at.
//! Not here: whether the object leaves at all (`decide.rs`).

use serde::Serialize;
use serde_json::Value;
use stillwatch_model::canonical;

use crate::classes::{Field, Place, fields, tree};
use crate::form::{Form, TokenKey, apply};
use crate::plan::{Plan, name_of};
use crate::set::mentioned;
use crate::shape::Shape;

/// What became of one field.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Note {
    /// Where it is in the object.
    pub path: String,
    /// Its class; `unclassed` where the table has no row for it.
    pub class: &'static str,
    /// What became of it.
    pub outcome: Outcome,
    /// Rules that asked for that form.
    pub rules: Vec<String>,
    /// Policies that permitted or forbade it.
    pub policies: Vec<String>,
    /// In words.
    pub because: String,
}

/// What became of a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// It leaves as it is.
    Leaves,
    /// It leaves in another form.
    Changed,
    /// It does not leave.
    Dropped,
}

pub(crate) struct Walk<'w> {
    pub(crate) plan: &'w Plan,
    pub(crate) kind: &'w str,
    pub(crate) key: Option<&'w TokenKey>,
    /// Whether the object of that id leaves.
    pub(crate) leaves: &'w dyn Fn(&str) -> bool,
    /// Ids of the markings that are set in place of its own.
    pub(crate) markings: [&'static str; 2],
    pub(crate) notes: Option<Vec<Note>>,
    /// What was written so far. The table's names stand in the order that canonical JSON wants (RFC 8785, section 3.2.3).
    pub(crate) out: String,
}

impl Walk<'_> {
    /// What is left of an object, as canonical JSON; the field for lack of which nothing is.
    pub(crate) fn object(&mut self, value: &Value) -> Result<String, String> {
        let Some(place) = tree(self.kind) else {
            return Err(format!("objects of type `{}` are not exported", self.kind));
        };
        if self.notes.is_some() {
            self.unclassed(value, place, "");
        }
        self.out = String::with_capacity(1024);
        if self.below(value, place)? {
            Ok(std::mem::take(&mut self.out))
        } else {
            Err("nothing is left of it".to_owned())
        }
    }

    /// Properties below a place; whether any is left. `Err`: something is missing without which the whole says nothing.
    fn below(&mut self, value: &Value, place: &Place) -> Result<bool, String> {
        let Some(members) = value.as_object() else { return Ok(false) };
        let (start, mut empty) = (self.out.len(), true);
        self.out.push('{');
        for (name, below) in &place.below {
            let before = self.out.len();
            if let Some(value) = members.get(*name) {
                if before > start + 1 {
                    self.out.push(',');
                }
                self.out.push('"');
                self.out.push_str(name);
                self.out.push_str("\":");
                if self.place(value, below) {
                    // An extension of which only its kind is left says nothing, unless it says what type the object is.
                    empty &= *name == "extension_type" && value.as_str() != Some("new-sdo");
                    continue;
                }
                self.out.truncate(before);
            }
            if let Some(field) = field(below).filter(|field| field.required) {
                self.out.truncate(start);
                return Err(format!(
                    "`{}` may not leave or isn't there, and without it the rest says nothing",
                    field.path
                ));
            }
        }
        if empty {
            self.out.truncate(start);
        } else {
            self.out.push('}');
        }
        Ok(!empty)
    }

    /// Writes what is left of a value; whether anything is.
    fn place(&mut self, value: &Value, place: &Place) -> bool {
        if let Some(field) = field(place) {
            return self.field(value, field, place.list);
        }
        if !place.list {
            // An item that lacks what it needs is left out alone.
            return self.below(value, place).unwrap_or(false);
        }
        let Some(items) = value.as_array() else { return false };
        self.list(items, |walk, item| walk.below(item, place).unwrap_or(false))
    }

    /// Writes a list of what is left of items; whether anything is.
    fn list(&mut self, items: &[Value], mut write: impl FnMut(&mut Self, &Value) -> bool) -> bool {
        let start = self.out.len();
        self.out.push('[');
        for item in items {
            let before = self.out.len();
            if before > start + 1 {
                self.out.push(',');
            }
            if !write(self, item) {
                self.out.truncate(before);
            }
        }
        let any = self.out.len() > start + 1;
        if any {
            self.out.push(']')
        } else {
            self.out.truncate(start)
        }
        any
    }

    fn field(&mut self, value: &Value, field: &'static Field, list: bool) -> bool {
        if field.path == "object_marking_refs[]" {
            return self.marked(value, field);
        }
        let form = self.plan.field(field).map_or(Form::Drop, |plan| plan.form);
        let mut lost = None;
        let mut write = |walk: &mut Self, item: &Value| match walk.value(item, field, form) {
            Ok(()) => true,
            Err(because) => {
                lost = Some(because);
                false
            }
        };
        let left = match value.as_array() {
            _ if !list => write(self, value),
            Some(items) => self.list(items, write),
            None => return false,
        };
        self.note(field, form, left, lost);
        left
    }

    /// Writes a value in a form.
    fn value(&mut self, value: &Value, field: &Field, form: Form) -> Result<(), &'static str> {
        if form == Form::Drop {
            return Err("");
        }
        if !field.shape.holds(value, self.kind) {
            return Err("the value is not of the form that this field has");
        }
        if field.shape == Shape::Ref && !value.as_str().is_some_and(|id| (self.leaves)(id)) {
            return Err("what it refers to does not leave");
        }
        if !matches!(field.shape, Shape::Ref | Shape::Id)
            && form != Form::Token
            && value.as_str().is_some_and(|text| mentioned(text).any(|id| !(self.leaves)(id)))
        {
            return Err("it mentions an object that does not leave");
        }
        let written = match form {
            Form::AsIs => canonical::push(&mut self.out, value),
            form => {
                let made = apply(form, &field.shape, value, &name_of(field), self.key);
                canonical::push(&mut self.out, &made.ok_or("it can't be brought into that form")?)
            }
        };
        written.map_err(|_| "it can't be written as canonical JSON")
    }

    /// Markings are set anew: the strictest of what the object, what it refers to and the profile say.
    fn marked(&mut self, value: &Value, field: &'static Field) -> bool {
        let form = self.plan.field(field).map_or(Form::Drop, |plan| plan.form);
        let left = form != Form::Drop;
        if left {
            let [tlp, pap] = self.markings;
            self.out.extend(["[\"", tlp, "\",\"", pap, "\"]"]);
        }
        let same = left && value.as_array().is_some_and(|list| list.iter().eq(self.markings.iter()));
        self.note(field, form, left, (!same).then_some("set to the strictest marking that applies"));
        left
    }

    fn note(&mut self, field: &Field, form: Form, left: bool, lost: Option<&'static str>) {
        let Some(notes) = &mut self.notes else { return };
        let plan = self.plan.field(field);
        let verdict = plan.map(|plan| &plan.verdict);
        let rules = plan.map(|plan| plan.rules.clone()).unwrap_or_default();
        let mut because = match verdict {
            Some(verdict) if !verdict.permitted => match &verdict.error {
                Some(error) => error.clone(),
                None if verdict.policies.is_empty() => "no policy permits it".to_owned(),
                None => "a policy forbids it".to_owned(),
            },
            _ if rules.is_empty() => "no rule names it".to_owned(),
            _ => format!("leaves {}", if form == Form::Drop { "not" } else { form.name() }),
        };
        if let Some(lost) = lost.filter(|lost| !lost.is_empty()) {
            because = format!("{because}; {lost}");
        }
        let outcome = match (left, form, lost) {
            (false, ..) => Outcome::Dropped,
            (true, Form::AsIs, None) => Outcome::Leaves,
            _ => Outcome::Changed,
        };
        let note = Note {
            path: field.path.clone(),
            class: field.class.name(),
            outcome,
            rules,
            policies: verdict.map(|verdict| verdict.policies.clone()).unwrap_or_default(),
            because,
        };
        // A field within items of a list is told of once, unless items fare differently.
        if !notes.contains(&note) {
            notes.push(note);
        }
    }

    /// Tells of everything that the table has no row for.
    fn unclassed(&mut self, value: &Value, place: &Place, path: &str) {
        match value {
            Value::Array(items) if place.list => {
                for item in items {
                    self.unclassed_below(item, place, path);
                }
            }
            other => self.unclassed_below(other, place, path),
        }
    }

    fn unclassed_below(&mut self, value: &Value, place: &Place, path: &str) {
        for (name, value) in value.as_object().into_iter().flatten() {
            let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
            match place.below.get(name.as_str()) {
                Some(below) if below.field.is_none() => self.unclassed(value, below, &path),
                Some(_) => {}
                None => {
                    let note = Note {
                        path: path.chars().take(200).collect(),
                        class: "unclassed",
                        outcome: Outcome::Dropped,
                        rules: Vec::new(),
                        policies: Vec::new(),
                        because: "the table of fields has no row for it".to_owned(),
                    };
                    if let Some(notes) = &mut self.notes {
                        notes.push(note);
                    }
                }
            }
        }
    }
}

fn field(place: &Place) -> Option<&'static Field> {
    place.field.and_then(|index| fields().get(index))
}
