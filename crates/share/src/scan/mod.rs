//! Scan: what a rule let slip, on the exact bytes that would leave.
//! In: canonical JSON; the lab's own names, a checker of prompts. Out: the first thing that must not leave, and where.
//! Invariant: refuses, never repairs; looks at every string in every encoding that `views.rs` undoes, and at what neighbours
//! say together; tells what kind of thing was found, never the thing itself; what is kept (`kept.rs`) never changes a verdict.
//! Not here: what may leave (`plan.rs`).

mod decode;
mod find;
mod forms;
mod kept;
mod names;
mod plain;
mod prompts;
mod seam;
mod tokens;
mod views;

use serde_json::Value;

use find::Reading;
pub use kept::Kept;
use names::Names;
pub use prompts::prompts;
use seam::Seam;
use tokens::Token;
use views::End;

/// Whether a text is one of the lab's own prompts; the caller compares it with its local sketches (`prompts`). It must say
/// the same of the same text, always.
pub type PromptCheck = Box<dyn Fn(&str) -> bool + Send + Sync>;

/// What is looked for.
#[derive(Default)]
pub struct Scanners {
    names: Names,
    prompts: Option<PromptCheck>,
}

impl std::fmt::Debug for Scanners {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Scanners").field("names", &self.names.len()).field("prompts", &self.prompts.is_some()).finish()
    }
}

/// What was found.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the scanner found {kind} in `{path}`{how}\nhint: take it out of the object, or have a rule drop the field")]
pub struct Found {
    /// What kind of thing.
    pub kind: &'static str,
    /// Where.
    pub path: String,
    how: &'static str,
}

/// What was found in one text: its kind, and how.
type Slip = (&'static str, &'static str);

impl Scanners {
    /// Scanners that look for these names too; names of fewer than three letters are passed over.
    #[must_use]
    pub fn new(names: &[String], prompts: Option<PromptCheck>) -> Self {
        Scanners { names: Names::of(names), prompts }
    }

    /// The first thing in a JSON text that must not leave. What is no JSON is looked at as one text.
    #[must_use]
    pub fn look(&self, json: &str) -> Option<Found> {
        match serde_json::from_str::<Value>(json) {
            Ok(value) => self.value(&value, false, &mut Seam::default(), &mut String::new()),
            Err(_) => self.text(json, Reading::Whole).map(|slip| found(slip, "")),
        }
    }

    /// The same verdict, sooner: texts that were looked through before are passed over. The tokens are read off the bytes
    /// themselves; only to say where a thing stands they are parsed. `kept` must be of these scanners only.
    #[must_use]
    pub fn look_again(&self, json: &str, kept: &mut Kept) -> Option<Found> {
        let (mut slip, mut seam) = (None, std::mem::take(&mut kept.seam));
        seam.clear();
        let mut holds = |text: &str, reading| {
            if !kept.has(text, reading) {
                slip = self.text(text, reading);
                if slip.is_none() {
                    kept.keep(text, reading);
                }
            }
            slip.is_some()
        };
        let whole = tokens::each(json, &mut |token| match token {
            Token::Name(name) => holds(&name, Reading::Whole),
            Token::Number(number) => !forms::is_number(number) && holds(number, Reading::Whole),
            Token::Text(text, listed) => {
                (!forms::is_harmless(&text) && holds(&text, Reading::Whole))
                    || seam.join(&text, listed).is_some_and(|joined| holds(joined, Reading::Seam))
            }
        });
        kept.seam = seam;
        if whole && slip.is_none() {
            return None;
        }
        self.look(json).or_else(|| slip.map(|slip| found(slip, "")))
    }

    fn value(&self, value: &Value, listed: bool, seam: &mut Seam, path: &mut String) -> Option<Found> {
        match value {
            Value::String(text) => self.text(text, Reading::Whole).map(|slip| found(slip, path)).or_else(|| {
                let (kind, _) = self.text(seam.join(text, listed)?, Reading::Seam)?;
                Some(found((kind, ", put together with what stands before it"), path))
            }),
            Value::Number(number) => {
                let number = number.to_string();
                let looked = if forms::is_number(&number) { None } else { self.text(&number, Reading::Whole) };
                looked.map(|slip| found(slip, path))
            }
            Value::Array(items) => items.iter().find_map(|item| self.value(item, true, seam, path)),
            Value::Object(members) => members.iter().find_map(|(name, value)| {
                let length = path.len();
                path.push_str(if length == 0 { "" } else { "." });
                path.push_str(name);
                let named = self.text(name, Reading::Whole).map(|slip| found(slip, path));
                let found = named.or_else(|| self.value(value, false, seam, path));
                path.truncate(length);
                found
            }),
            Value::Null | Value::Bool(_) => None,
        }
    }

    fn text(&self, text: &str, reading: Reading) -> Option<Slip> {
        if forms::is_harmless(text) {
            return None;
        }
        if forms::is_technical(text) {
            return self.name(text).map(|kind| (kind, ""));
        }
        // One small-letter word can't be more than a name.
        if forms::is_word(text) {
            let back: String = text.chars().rev().collect();
            let name = self.name(text).or_else(|| self.name(&back)).or_else(|| self.name(&decode::rot13(text)));
            return name.map(|kind| (kind, ""));
        }
        let mut slip = None;
        let end = views::each(text, &mut |view| {
            let reading = if view.backwards { Reading::Backwards } else { reading };
            let kind = find::in_text(view.text, reading).or_else(|| self.own(view.text));
            slip = kind.map(|kind| (kind, if view.encoded { ", encoded" } else { "" }));
            slip.is_some()
        });
        match end {
            End::Whole | End::Enough => slip,
            End::TooMuch => Some(("a text longer or encoded more often than can be looked through", "")),
            End::Packed => Some(("compressed data", ", encoded")),
        }
    }

    fn own(&self, view: &str) -> Option<&'static str> {
        let prompt = || self.prompts.as_ref().is_some_and(|is| is(view)).then_some("a prompt");
        self.name(view).or_else(prompt)
    }

    fn name(&self, view: &str) -> Option<&'static str> {
        self.names.are_in(view).then_some("a name of the lab's own list")
    }
}

fn found((kind, how): Slip, path: &str) -> Found {
    Found { kind, path: path.to_owned(), how }
}
