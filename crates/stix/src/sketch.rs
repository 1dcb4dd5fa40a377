//! Sketch: what is fixed in a family of prompts, as it travels.
//! In: a text sketch. Out: the extension's content, the pattern that narrows down, and the sketch again.
//! Invariant: what goes out comes back slot by slot; another algorithm's sketch is never compared.
//! Not here: making sketches of texts (`docs/stix.md` says how), looking for matches.

use serde::{Deserialize, Serialize};
use stillwatch_model::saved::TextSketch;

use crate::extension::TEXT_SKETCH;

/// A text sketch as it travels: slots as 8 hexadecimal digits.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sketch {
    /// How the values were made.
    pub algorithm: String,
    /// Slots of the prompt.
    pub body: Vec<String>,
    /// Slots of the system prompt.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub system: Vec<String>,
    /// Hash of the first tokens.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub head: Option<String>,
    /// Hash of the last tokens.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tail: Option<String>,
}

/// The value of a free slot.
const FREE: &str = "00000000";

impl Sketch {
    /// The sketch as it travels.
    #[must_use]
    pub fn of(sketch: &TextSketch) -> Self {
        let slots = |slots: &[u32]| slots.iter().map(|slot| format!("{slot:08x}")).collect::<Vec<_>>();
        let edge = |edge: u32| (edge != 0).then(|| format!("{edge:08x}"));
        let system = if sketch.system.iter().all(|&slot| slot == 0) { Vec::new() } else { slots(&sketch.system) };
        Sketch {
            algorithm: stillwatch_model::saved::TEXT_SKETCH.to_owned(),
            body: slots(&sketch.body),
            system,
            head: edge(sketch.head),
            tail: edge(sketch.tail),
        }
    }

    /// Back again; `None` when it was made by another algorithm, or is none.
    #[must_use]
    pub fn read(&self) -> Option<TextSketch> {
        let slot = |text: &String| if text.len() == 8 { u32::from_str_radix(text, 16).ok() } else { None };
        let slots = |texts: &[String]| texts.iter().map(slot).collect::<Option<Vec<_>>>();
        if self.algorithm != stillwatch_model::saved::TEXT_SKETCH || self.body.len() != 16 {
            return None;
        }
        let system = if self.system.is_empty() { vec![0; 4] } else { slots(&self.system)? };
        if system.len() != 4 {
            return None;
        }
        Some(TextSketch {
            body: slots(&self.body)?,
            system,
            head: self.head.as_ref().map_or(Some(0), slot)?,
            tail: self.tail.as_ref().map_or(Some(0), slot)?,
            ..TextSketch::default()
        })
    }

    /// A STIX pattern that every prompt meets which agrees at all: it has one of the fixed values. It narrows down; how much
    /// must agree is said by the extension. `None` when nothing is fixed.
    #[must_use]
    pub fn pattern(&self) -> Option<String> {
        let at = format!("network-traffic:extensions.'{TEXT_SKETCH}'");
        let list = |name: &str, slots: &[String]| {
            let mut values: Vec<_> =
                slots.iter().filter(|slot| *slot != FREE).map(|slot| format!("'{slot}'")).collect();
            values.sort();
            values.dedup();
            (!values.is_empty()).then(|| format!("{at}.{name}[*] IN ({})", values.join(",")))
        };
        let edge = |name: &str, edge: &Option<String>| edge.as_ref().map(|edge| format!("{at}.{name} = '{edge}'"));
        let parts: Vec<String> = [
            list("body", &self.body),
            list("system", &self.system),
            edge("head", &self.head),
            edge("tail", &self.tail),
        ]
        .into_iter()
        .flatten()
        .collect();
        (!parts.is_empty()).then(|| format!("[{}]", parts.join(" OR ")))
    }
}

/// What a sketch is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SketchKind {
    /// Fixed text with slots that are filled anew.
    Template,
    /// Fixed text before or behind otherwise free prompts.
    Injected,
}

impl SketchKind {
    /// Injected text fixes an edge or the system prompt, and next to nothing of the body.
    #[must_use]
    pub fn of(sketch: &TextSketch) -> Self {
        let body = sketch.body.iter().filter(|&&slot| slot != 0).count();
        let around = sketch.head != 0 || sketch.tail != 0 || sketch.system.iter().any(|&slot| slot != 0);
        if around && body * 4 <= sketch.body.len() { SketchKind::Injected } else { SketchKind::Template }
    }
}

/// On an indicator: how like a prompt must be.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SketchMatch {
    /// Always `property-extension`.
    pub extension_type: String,
    /// What is fixed.
    pub sketch: Sketch,
    /// What it is of.
    pub kind: SketchKind,
    /// Least share of the fixed slots that must agree.
    pub minimum_agreement: f64,
    /// Share of the campaign's exchanges, rounded to tens of percent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub coverage_percent: Option<u8>,
    /// Order of magnitude of the distinct fillings.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fillings_log10: Option<u32>,
}
