//! Read: `rules.toml` into rules that can't be wrong.
//! In: a file's name and text. Out: rules, or an error that names file, line and field.
//! Invariant: bounded; unknown fields are errors; what is read passed `check.rs`.
//! Not here: access lists (`access.rs`), cases (`cases.rs`).

use jiff::SignedDuration;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use toml::Spanned;

use crate::access::Access;
use crate::action::Action;
use crate::error::{GateError, Result};
use crate::rules::cap::Cap;
use crate::rules::{Listed, Mode, Rule, Rules, Step, When, check};
use crate::span::span;
use crate::subject::{Kind, Subject};

/// Longest file.
pub const MAX_BYTES: usize = 1 << 20;
/// Most rules, and most lines of the allow-list.
pub const MAX_RULES: usize = 1_000;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    cap: Cap,
    #[serde(default)]
    allow: Vec<Spanned<AllowLine>>,
    #[serde(default)]
    rule: Vec<Spanned<RuleLine>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AllowLine {
    kind: Kind,
    value: String,
    reason: String,
    by: String,
    #[serde(default)]
    until: Option<jiff::Timestamp>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RuleLine {
    name: String,
    because: String,
    code: Option<String>,
    #[serde(default)]
    mode: Mode,
    when: Spanned<When>,
    then: Spanned<Then>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Then {
    action: Word,
    requests_per_minute: Option<u32>,
    withhold_reasoning: Option<bool>,
    max_output_tokens: Option<u32>,
    withhold_logprobs: Option<bool>,
    #[serde(rename = "for")]
    lifetime: String,
    #[serde(default)]
    decays: Vec<Decay>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Decay {
    after: String,
    action: Word,
    requests_per_minute: Option<u32>,
    withhold_reasoning: Option<bool>,
    max_output_tokens: Option<u32>,
    withhold_logprobs: Option<bool>,
}

#[derive(Deserialize, Clone, Copy)]
#[serde(rename_all = "lowercase")]
enum Word {
    Allow,
    Challenge,
    Throttle,
    Degrade,
    Block,
}

/// The figures beside an action's word.
struct Figures {
    requests_per_minute: Option<u32>,
    withhold_reasoning: Option<bool>,
    max_output_tokens: Option<u32>,
    withhold_logprobs: Option<bool>,
}

impl Rules {
    /// Reads `rules.toml`, beside access lists that were read already.
    ///
    /// # Errors
    /// File, line and field of what is wrong.
    pub fn read(file: &str, text: &str, access: Access) -> Result<Self> {
        if text.len() > MAX_BYTES {
            return Err(GateError::new(format!("the file has more than {MAX_BYTES} bytes")).file(file));
        }
        let read: File = parse(file, text)?;
        if read.rule.len() > MAX_RULES || read.allow.len() > MAX_RULES {
            return Err(GateError::new(format!("there are at most {MAX_RULES} rules and lines of `allow`")).file(file));
        }
        read.cap.check().map_err(|error| error.file(file))?;
        let mut rules = Rules { cap: read.cap, access, ..Rules::default() };
        for line in read.allow {
            let at = line.span().start;
            rules.allow.push(allow(line.into_inner()).map_err(|error| error.at(file, text, at))?);
        }
        for line in read.rule {
            let at = line.span().start;
            let line = line.into_inner();
            let (when, then) = (line.when.span().start, line.then.span().start);
            let rule = rule(line).map_err(|(place, error)| {
                let byte = match place {
                    Place::Rule => at,
                    Place::When => when,
                    Place::Then => then,
                };
                error.at(file, text, byte)
            })?;
            let rule = Rule { line: text.as_bytes().iter().take(at).filter(|b| **b == b'\n').count() + 1, ..rule };
            if rules.rules.iter().any(|other| other.name == rule.name) {
                return Err(GateError::new(format!("there are two rules `{}`", rule.name))
                    .at(file, text, at)
                    .field("rule.name")
                    .hint("decisions are rolled back by the rule's name: give each its own"));
            }
            rules.rules.push(rule);
        }
        Ok(rules)
    }
}

/// Which part of a rule is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    Rule,
    When,
    Then,
}

fn allow(line: AllowLine) -> Result<Listed> {
    let subject = Subject::new(line.kind, &line.value).map_err(|error| error.field("allow.value"))?;
    if line.reason.trim().is_empty() || line.by.trim().is_empty() {
        return Err(GateError::new("the allow-list says who lets through, and why").field("allow.reason"));
    }
    Ok(Listed { subject, reason: line.reason, by: line.by, until: line.until })
}

fn rule(line: RuleLine) -> Result<Rule, (Place, GateError)> {
    let (when, then) = (line.when.into_inner(), line.then.into_inner());
    let wrong = |error: GateError| (Place::Then, error);
    let figures = Figures {
        requests_per_minute: then.requests_per_minute,
        withhold_reasoning: then.withhold_reasoning,
        max_output_tokens: then.max_output_tokens,
        withhold_logprobs: then.withhold_logprobs,
    };
    let action = action(then.action, &figures).map_err(wrong)?;
    let lifetime = duration(&then.lifetime).map_err(|error| wrong(error.field("rule.then.for")))?;
    let mut decays = Vec::new();
    for decay in then.decays {
        decays.push(step(&decay).map_err(wrong)?);
    }
    let rule = Rule {
        code: line.code.unwrap_or_else(|| "policy".to_owned()),
        name: line.name,
        because: line.because,
        mode: line.mode,
        when,
        action,
        lifetime,
        decays,
        line: 0,
    };
    check::rule(&rule)?;
    Ok(rule)
}

fn step(decay: &Decay) -> Result<Step> {
    let figures = Figures {
        requests_per_minute: decay.requests_per_minute,
        withhold_reasoning: decay.withhold_reasoning,
        max_output_tokens: decay.max_output_tokens,
        withhold_logprobs: decay.withhold_logprobs,
    };
    let after = duration(&decay.after).map_err(|error| error.field("rule.then.decays.after"))?;
    let after_seconds = u32::try_from(after.as_secs()).unwrap_or(u32::MAX);
    Ok(Step { after_seconds, action: action(decay.action, &figures)? })
}

fn action(word: Word, figures: &Figures) -> Result<Action> {
    let degrades = figures.withhold_reasoning.is_some()
        || figures.max_output_tokens.is_some()
        || figures.withhold_logprobs.is_some();
    let stray = match word {
        Word::Throttle => degrades,
        Word::Degrade => figures.requests_per_minute.is_some(),
        Word::Allow | Word::Challenge | Word::Block => degrades || figures.requests_per_minute.is_some(),
    };
    if stray {
        return Err(GateError::new("a figure belongs to another action").field("rule.then").hint(
            "`requests_per_minute` goes with `throttle`; `withhold_reasoning`, `max_output_tokens` and `withhold_logprobs` with `degrade`",
        ));
    }
    match word {
        Word::Allow => Ok(Action::Allow),
        Word::Challenge => Ok(Action::Challenge),
        Word::Block => Ok(Action::Block),
        Word::Throttle => match figures.requests_per_minute {
            Some(requests_per_minute) if requests_per_minute > 0 => Ok(Action::Throttle { requests_per_minute }),
            _ => Err(GateError::new("`throttle` needs a rate above 0")
                .field("rule.then.requests_per_minute")
                .hint("to serve nothing, write `block`")),
        },
        Word::Degrade if degrades => Ok(Action::Degrade {
            withhold_reasoning: figures.withhold_reasoning.unwrap_or(false),
            max_output_tokens: figures.max_output_tokens,
            withhold_logprobs: figures.withhold_logprobs.unwrap_or(false),
        }),
        Word::Degrade => Err(GateError::new("`degrade` says nothing of what is degraded")
            .field("rule.then.action")
            .hint("set one of `withhold_reasoning`, `max_output_tokens`, `withhold_logprobs`")),
    }
}

/// A span such as `7d`, `12h` or `1w`; a day has 24 hours.
fn duration(text: &str) -> Result<SignedDuration> {
    let wrong = || GateError::new(format!("`{text}` is no span of time")).hint("write `30m`, `12h`, `7d` or `2w`");
    span(text).ok_or_else(wrong)
}

/// TOML of a file, with line and field of what is wrong.
pub(crate) fn parse<T: DeserializeOwned>(file: &str, text: &str) -> Result<T> {
    let described = |error: &toml::de::Error| {
        let found = GateError::new(error.message());
        match error.span() {
            Some(span) => found.at(file, text, span.start),
            None => found.file(file),
        }
    };
    let read = toml::Deserializer::parse(text).map_err(|error| described(&error))?;
    serde_path_to_error::deserialize(read).map_err(|error| {
        // Where a value's place in the file is kept, the reader goes through a field of its own.
        let path = error.path().iter().map(ToString::to_string).filter(|part| !part.contains("__serde_spanned"));
        let field = path.reduce(|path, part| if part.starts_with('[') { path + &part } else { path + "." + &part });
        let field = field.unwrap_or_else(|| ".".to_owned());
        let found = described(error.inner());
        if field == "." { found } else { found.field(field) }
    })
}
