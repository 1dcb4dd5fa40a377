//! Walk: one object, field by field, to what leaves of it.
//! In: an object, its plan, which other objects leave. Out: what is left of it, or why nothing is; notes where asked for.
//! Invariant: the walk goes along the table, never along the object: what the table doesn't name isn't even looked at.
//! Not here: whether the object leaves at all (`decide.rs`).

use serde::Serialize;
use serde_json::{Map, Value};

use crate::classes::{Field, Place, fields, tree};
use crate::form::{Form, TokenKey, apply};
use crate::plan::{Plan, name_of};
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
}

impl Walk<'_> {
    /// What is left of an object; the field for lack of which nothing is.
    pub(crate) fn object(&mut self, value: &Value) -> Result<Value, String> {
        let Some(place) = tree(self.kind) else {
            return Err(format!("objects of type `{}` are not exported", self.kind));
        };
        if self.notes.is_some() {
            self.unclassed(value, place, "");
        }
        let left = self.below(value, place)?;
        left.ok_or_else(|| "nothing is left of it".to_owned())
    }

    /// Properties below a place. `Err`: something is missing without which the whole says nothing.
    fn below(&mut self, value: &Value, place: &Place) -> Result<Option<Value>, String> {
        let Some(members) = value.as_object() else { return Ok(None) };
        let mut left = Map::new();
        for (name, below) in &place.below {
            let kept = match members.get(*name) {
                Some(value) => self.place(value, below),
                None => None,
            };
            match kept {
                Some(value) => {
                    left.insert((*name).to_owned(), value);
                }
                None => {
                    if let Some(field) = field(below).filter(|field| field.required) {
                        return Err(format!(
                            "`{}` may not leave or isn't there, and without it the rest says nothing",
                            field.path
                        ));
                    }
                }
            }
        }
        // An extension of which only its kind is left says nothing.
        let empty = left.keys().all(|name| name == "extension_type");
        Ok((!empty).then_some(Value::Object(left)))
    }

    fn place(&mut self, value: &Value, place: &Place) -> Option<Value> {
        if let Some(field) = field(place) {
            return self.field(value, field, place.list);
        }
        if !place.list {
            // An item that lacks what it needs is left out alone.
            return self.below(value, place).ok().flatten();
        }
        let items: Vec<Value> =
            value.as_array()?.iter().filter_map(|item| self.below(item, place).ok().flatten()).collect();
        (!items.is_empty()).then_some(Value::Array(items))
    }

    fn field(&mut self, value: &Value, field: &'static Field, list: bool) -> Option<Value> {
        if field.path == "object_marking_refs[]" {
            return self.marked(value, field);
        }
        let items: &[Value] = if list { value.as_array()? } else { std::slice::from_ref(value) };
        let (mut left, mut lost) = (Vec::with_capacity(items.len()), None);
        let form = self.plan.field(field).map_or(Form::Drop, |plan| plan.form);
        for item in items {
            match self.value(item, field, form) {
                Ok(value) => left.push(value),
                Err(because) => lost = Some(because),
            }
        }
        self.note(field, form, !left.is_empty(), lost);
        if list { (!left.is_empty()).then_some(Value::Array(left)) } else { left.pop() }
    }

    fn value(&self, value: &Value, field: &Field, form: Form) -> Result<Value, &'static str> {
        if form == Form::Drop {
            return Err("");
        }
        if !field.shape.holds(value, self.kind) {
            return Err("the value is not of the form that this field has");
        }
        if field.shape == Shape::Ref && !value.as_str().is_some_and(|id| (self.leaves)(id)) {
            return Err("what it refers to does not leave");
        }
        apply(form, &field.shape, value, &name_of(field), self.key).ok_or("it can't be brought into that form")
    }

    /// Markings are set anew: the strictest of what the object, what it refers to and the profile say.
    fn marked(&mut self, value: &Value, field: &'static Field) -> Option<Value> {
        let form = self.plan.field(field).map_or(Form::Drop, |plan| plan.form);
        let left: Option<Vec<Value>> =
            (form != Form::Drop).then(|| self.markings.iter().map(|id| Value::from(*id)).collect());
        let same = left.as_ref().is_some_and(|left| value.as_array() == Some(left));
        self.note(field, form, left.is_some(), (!same).then_some("set to the strictest marking that applies"));
        left.map(Value::Array)
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
