//! Contents: a campaign's case as the files of a bundle.
//! In: a case, what was asked for. Out: files by path, each canonical JSON.
//! Invariant: what the store says, and nothing else; without `--accounts` no field holds an account's name.
//! Not here: the manifest (`facts.rs`), the ledger's files (`ledger.rs`).

use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde_json::{Value, json};
use stillwatch_model::{Change, Tracked};
use stillwatch_stix::campaign::{Options, Producer};
use stillwatch_track::case::Case;
use stillwatch_track::objects::Object;
use stillwatch_track::{Label, Said};

use super::manifest::{Accounts, Named, json as canonical};

/// Types of objects that don't speak of one campaign: releases of these are no part of its case.
const COMMON: [&str; 5] = ["identity", "marking-definition", "extension-definition", "attack-pattern", "location"];

/// What is asked for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Asked<'a> {
    pub(super) accounts: Accounts,
    pub(super) examples: bool,
    /// In whose name STIX objects are made.
    pub(super) producer: Option<&'a str>,
}

/// The files, and ids by which a ledger may speak of the campaign.
#[derive(Debug)]
pub(super) struct Contents {
    pub(super) files: BTreeMap<String, Vec<u8>>,
    pub(super) ids: BTreeSet<String>,
}

/// Makes the files.
pub(super) fn contents(case: &Case, asked: Asked<'_>) -> Result<Contents, String> {
    let course = &case.course;
    let names = Names::of(case, asked.accounts);
    let campaign = Tracked { evidence: Vec::new(), claims: Vec::new(), notes: Vec::new(), ..course.campaign.clone() };
    let mut campaign = serde_json::to_value(campaign).map_err(bug)?;
    if let Value::Object(fields) = &mut campaign {
        // They have files of their own.
        for field in ["evidence", "claims", "notes"] {
            fields.remove(field);
        }
    }
    let mut members = case.members.clone();
    members.iter_mut().for_each(|member| member.account = names.told(&member.account));
    let mut examples = case.examples.clone();
    examples.iter_mut().for_each(|example| example.account = names.told(&example.account));
    let labels: Vec<Label> = case.labels.iter().map(|label| names.label(label)).collect();
    let history: Vec<Change> = case.history.iter().map(|change| names.change(change)).collect();

    let told = told(case);
    let mut ids: BTreeSet<String> = course.aliases.iter().cloned().collect();
    ids.insert(course.campaign.id.clone());
    ids.extend(case.releases.iter().map(|course| course.release.id.clone()));
    ids.extend(told.iter().map(|object| object.id.clone()).filter(|id| is_its(id)));

    let mut files = BTreeMap::new();
    let mut put = |path: &str, value: Vec<u8>| files.insert(path.to_owned(), value);
    put("campaign.json", canonical(&campaign)?);
    put(
        "course.json",
        canonical(&json!({
            "verdict": course.verdict, "periods": course.periods, "days": course.days, "aliases": course.aliases,
        }))?,
    );
    put("runs.json", canonical(&case.runs)?);
    put("members.json", canonical(&members)?);
    put("evidence.json", canonical(&course.campaign.evidence)?);
    put("claims.json", canonical(&course.campaign.claims)?);
    put("notes.json", canonical(&course.campaign.notes)?);
    put("history.json", canonical(&history)?);
    put("labels.json", canonical(&labels)?);
    put("releases.json", canonical(&case.releases)?);
    put("tombstones.json", canonical(&case.tombstones)?);
    let as_told = told.iter().map(|o| json!({"id": o.id, "version": o.version, "kept": o.received, "object": o.json}));
    put("told.json", canonical(&as_told.collect::<Vec<_>>())?);
    if asked.examples {
        put("examples.json", canonical(&examples)?);
    }
    if let Some(producer) = asked.producer {
        let options =
            Options { producer: Producer { name: producer.into(), ..Producer::default() }, ..Options::default() };
        let texts = stillwatch_stix::campaign::objects(&course.campaign, &options);
        ids.extend(texts.iter().filter_map(|text| id_of(text)).filter(|id| is_its(id)));
        let bundle: Value =
            serde_json::from_str(&stillwatch_stix::bundle::write(texts.iter().map(String::as_str))).map_err(bug)?;
        put("stix.json", canonical(&bundle)?);
    }
    Ok(Contents { files, ids })
}

/// Texts that name accounts where these have numbers, by file.
pub(super) fn named(files: &BTreeMap<String, Vec<u8>>, case: &Case, accounts: Accounts) -> Result<Vec<Named>, String> {
    if accounts == Accounts::Names {
        return Ok(Vec::new());
    }
    let names = Names::of(case, Accounts::Numbers);
    let mut found = Vec::new();
    for (file, bytes) in files.iter().filter(|(path, _)| path.ends_with(".json")) {
        let value: Value = serde_json::from_slice(bytes).map_err(bug)?;
        let texts = names.count(&value);
        if texts > 0 {
            found.push(Named { file: file.clone(), texts });
        }
    }
    Ok(found)
}

/// What the store says was told of the campaign: objects that name it, and objects that these name.
fn told(case: &Case) -> Vec<&Object> {
    let meant: BTreeSet<&str> =
        case.course.aliases.iter().map(String::as_str).chain([case.course.campaign.id.as_str()]).collect();
    let mut near: BTreeSet<String> = BTreeSet::new();
    for object in &case.told {
        let Ok(value) = serde_json::from_str::<Value>(&object.json) else { continue };
        let mut named = BTreeSet::new();
        references(&value, &mut named);
        if named.iter().any(|id| meant.contains(id.as_str())) {
            near.extend(named);
        }
    }
    case.told.iter().filter(|object| meant.contains(object.id.as_str()) || near.contains(&object.id)).collect()
}

/// Every id in an object: `type--` and a UUID.
fn references(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::String(text) if text.split_once("--").is_some_and(|(_, uuid)| uuid.len() == 36) => {
            found.insert(text.clone());
        }
        Value::Array(values) => values.iter().for_each(|value| references(value, found)),
        Value::Object(fields) => fields.values().for_each(|value| references(value, found)),
        _ => {}
    }
}

fn is_its(id: &str) -> bool {
    id.split_once("--").is_some_and(|(kind, _)| !COMMON.contains(&kind))
}

fn id_of(object: &str) -> Option<String> {
    serde_json::from_str::<Value>(object).ok()?.get("id")?.as_str().map(str::to_owned)
}

/// What accounts are called.
struct Names {
    /// By account; empty where they keep their names.
    numbers: HashMap<String, String>,
}

impl Names {
    fn of(case: &Case, accounts: Accounts) -> Self {
        let numbers = case.members.iter().zip(1..).map(|(member, n)| (member.account.clone(), format!("member-{n}")));
        Self { numbers: if accounts == Accounts::Numbers { numbers.collect() } else { HashMap::new() } }
    }

    fn told(&self, account: &str) -> String {
        if self.numbers.is_empty() {
            return account.to_owned();
        }
        // Whoever has no number is no member: there is nothing by which to tell them apart.
        self.numbers.get(account).cloned().unwrap_or_else(|| "no member".into())
    }

    /// A verdict on an account is written in the history as `account: verdict`.
    fn change(&self, change: &Change) -> Change {
        let mut told = change.clone();
        if change.what == "account" && !self.numbers.is_empty() {
            for text in [&mut told.before, &mut told.after] {
                if let Some((account, verdict)) = text.rsplit_once(": ") {
                    *text = format!("{}: {verdict}", self.told(account));
                }
            }
        }
        told
    }

    fn label(&self, label: &Label) -> Label {
        let mut told = label.clone();
        if let Label::Account { account, .. } = &mut told {
            *account = self.told(account);
        }
        told
    }

    /// Texts that name an account as a word.
    fn count(&self, value: &Value) -> u64 {
        match value {
            Value::String(text) => u64::from(self.is_in(text)),
            Value::Array(values) => values.iter().map(|value| self.count(value)).sum(),
            Value::Object(fields) => fields.values().map(|value| self.count(value)).sum(),
            _ => 0,
        }
    }

    fn is_in(&self, text: &str) -> bool {
        let is = |word: &str| self.numbers.contains_key(word);
        let ends = |c: char| c.is_ascii_punctuation();
        let parts = |c: char| matches!(c, ',' | ';' | ':' | '(' | ')' | '[' | ']' | '"' | '\'' | '`' | '=');
        let word = |word: &str| {
            is(word)
                || is(word.trim_matches(ends))
                || word.split(parts).any(|part| is(part) || is(part.trim_matches(ends)))
        };
        is(text) || text.split_whitespace().any(word)
    }
}

/// Verdicts on single accounts, and of these those that say that the detector was wrong.
pub(super) fn wrong_accounts(case: &Case) -> (usize, usize) {
    let own = |label: &&Label| matches!(label, Label::Account { said: Said::Account, .. });
    let wrong = |label: &&Label| {
        matches!(label, Label::Account { said: Said::Account, verdict: stillwatch_model::Verdict::FalsePositive, .. })
    };
    (case.labels.iter().filter(own).count(), case.labels.iter().filter(wrong).count())
}

#[expect(clippy::needless_pass_by_value, reason = "it stands in `map_err`")]
fn bug(error: serde_json::Error) -> String {
    format!("error: what the store holds can't be read as JSON: {error}\nhint: report this as a bug")
}
