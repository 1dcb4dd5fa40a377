//! Scan: what a rule let slip, on the exact bytes that would leave.
//! In: canonical JSON; the lab's own names, a checker of prompts. Out: the first thing that must not leave, and where.
//! Invariant: refuses, never repairs; looks at every string in every encoding that `views.rs` undoes, three deep; tells what
//! kind of thing was found, never the thing itself.
//! Not here: what may leave (`plan.rs`).

mod find;
mod views;

use serde_json::Value;

/// Whether a text is one of the lab's own prompts; the caller compares it with its local sketches.
pub type PromptCheck = Box<dyn Fn(&str) -> bool + Send + Sync>;

/// What is looked for.
#[derive(Default)]
pub struct Scanners {
    names: Vec<String>,
    prompts: Option<PromptCheck>,
}

impl std::fmt::Debug for Scanners {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Scanners").field("names", &self.names.len()).field("prompts", &self.prompts.is_some()).finish()
    }
}

/// What was found.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "the scanner found {kind} in `{path}`{encoded}\nhint: take it out of the object, or have a rule drop the field"
)]
pub struct Found {
    /// What kind of thing.
    pub kind: &'static str,
    /// Where.
    pub path: String,
    encoded: &'static str,
}

impl Scanners {
    /// Scanners that look for these names too; names of fewer than three letters are passed over.
    #[must_use]
    pub fn new(names: &[String], prompts: Option<PromptCheck>) -> Self {
        let names = names.iter().map(|name| views::squeezed(name)).filter(|name| name.chars().count() >= 3);
        Scanners { names: names.collect(), prompts }
    }

    /// The first thing in a JSON text that must not leave. What is no JSON is looked at as one text.
    #[must_use]
    pub fn look(&self, json: &str) -> Option<Found> {
        match serde_json::from_str::<Value>(json) {
            Ok(value) => self.value(&value, &mut String::new()),
            Err(_) => self.text(json, ""),
        }
    }

    fn value(&self, value: &Value, path: &mut String) -> Option<Found> {
        match value {
            Value::String(text) => self.text(text, path),
            Value::Number(number) => self.text(&number.to_string(), path),
            Value::Array(items) => items.iter().find_map(|item| self.value(item, path)),
            Value::Object(members) => members.iter().find_map(|(name, value)| {
                let length = path.len();
                path.push_str(if length == 0 { "" } else { "." });
                path.push_str(name);
                let found = self.text(name, path).or_else(|| self.value(value, path));
                path.truncate(length);
                found
            }),
            Value::Null | Value::Bool(_) => None,
        }
    }

    fn text(&self, text: &str, path: &str) -> Option<Found> {
        if views::is_harmless(text) {
            return None;
        }
        // One small-letter word can't be more than a name.
        if views::is_word(text) {
            let kind = self.name(text)?;
            return Some(Found { kind, path: path.to_owned(), encoded: "" });
        }
        let found = |kind, encoded| Found { kind, path: path.to_owned(), encoded };
        let mut result = None;
        views::each(text, &mut |view, depth| {
            let kind = find::in_text(view).or_else(|| self.own(view));
            if let Some(kind) = kind {
                result = Some(found(kind, if depth == 0 { "" } else { ", encoded" }));
            }
            result.is_some()
        });
        result
    }

    fn own(&self, view: &str) -> Option<&'static str> {
        let prompt = || self.prompts.as_ref().is_some_and(|is| is(view)).then_some("a prompt");
        self.name(view).or_else(prompt)
    }

    fn name(&self, view: &str) -> Option<&'static str> {
        if self.names.is_empty() {
            return None;
        }
        let squeezed = views::squeezed(view);
        self.names.iter().any(|name| names(&squeezed, name)).then_some("a name of the lab's own list")
    }
}

/// Whether a squeezed text has a name in it; short names only as words of their own.
fn names(text: &str, name: &str) -> bool {
    if name.chars().filter(|c| c.is_alphanumeric()).count() >= 6 {
        let letters = |text: &str| text.chars().filter(|c| c.is_alphanumeric()).collect::<String>();
        return letters(text).contains(&letters(name));
    }
    let edge = |c: Option<char>| c.is_none_or(|c| !c.is_alphanumeric());
    text.match_indices(name).any(|(at, found)| {
        let before = text.get(..at).and_then(|text| text.chars().next_back());
        edge(before) && edge(text.get(at + found.len()..).and_then(|text| text.chars().next()))
    })
}
