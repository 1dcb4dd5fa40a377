//! Draft: a profile as it stands in its directory, read and checked, but not trusted.
//! In: the directory's files as bytes. Out: the profile's parts; errors that name file and place.
//! Invariant: bounded (`MAX_BYTES`, `MAX_FILES`); unknown keys are errors; nothing can be released with a draft.
//! Not here: whether it was signed, and is valid now (`sign.rs`).

use std::collections::BTreeMap;

use cedar_policy::{PolicySet, Schema, ValidationMode, Validator};
use jiff::Timestamp;
use serde::Deserialize;
use stillwatch_stix::marking::{Pap, Tlp};

use crate::error::PolicyError;
use crate::form::Form;

/// Most bytes of one file of a profile.
pub const MAX_BYTES: usize = 1 << 20;
/// Most files of a profile.
pub const MAX_FILES: usize = 64;

/// The directory's files by name; folders within it are not read.
pub type Files = BTreeMap<String, Vec<u8>>;

/// `profile.toml`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct About {
    /// Its name.
    pub name: String,
    /// Its version: a profile of the same name with a lower one is not loaded any more.
    pub version: u64,
    /// What may be done with what is shared.
    pub purpose: String,
    /// Ground on which it is shared.
    pub legal_basis: String,
    /// From when it holds.
    pub valid_from: Timestamp,
    /// Until when, that moment not included.
    pub valid_until: Timestamp,
    /// Whom it is for; empty: nobody.
    #[serde(default)]
    pub audience: Vec<Audience>,
    /// Most restrictive marking that may leave.
    pub most_tlp: Tlp,
    /// Markings that what leaves has at least.
    pub mark_tlp: Tlp,
    /// The same for permissible actions; what says less is marked so.
    pub mark_pap: Pap,
    /// Most restrictive permissible actions that may leave.
    pub most_pap: Pap,
    /// Days that recipients may keep it.
    pub keep_days: u32,
    /// How many different people must approve.
    pub approvals: u32,
    /// The same for some types, where it is more.
    #[serde(default)]
    pub approvals_of: BTreeMap<String, u32>,
}

/// Recipients of one kind.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Audience {
    /// Its name, as policies write it.
    pub name: String,
    /// Its members' names.
    #[serde(default)]
    pub members: Vec<String>,
    /// Whether anybody belongs to it, named or not.
    #[serde(default)]
    pub everyone: bool,
}

/// One minimisation rule of `minimise.toml`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// Its name.
    pub id: String,
    /// Fields that it names: `campaign.first_seen`, or `*.first_seen` for every type that has it.
    pub fields: Vec<String>,
    /// In which form they leave.
    pub form: Form,
    /// Why.
    pub because: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Rules {
    #[serde(default)]
    rule: Vec<Rule>,
}

/// A profile that was read, and may be looked at, tested and signed.
#[derive(Debug)]
pub struct Draft {
    /// What `profile.toml` says.
    pub about: About,
    /// What `minimise.toml` says, in order.
    pub rules: Vec<Rule>,
    pub(crate) schema: Schema,
    pub(crate) policies: PolicySet,
    pub(crate) files: Files,
}

impl Draft {
    /// Reads a profile's files.
    ///
    /// # Errors
    /// The file, the place in it and what is wrong.
    pub fn read(files: Files) -> Result<Self, PolicyError> {
        if files.len() > MAX_FILES || files.values().any(|bytes| bytes.len() > MAX_BYTES) {
            return Err(PolicyError::TooLarge);
        }
        let about: About = toml(&files, "profile.toml")?;
        check(&about)?;
        let rules = toml::<Rules>(&files, "minimise.toml")?.rule;
        let (schema, _) = Schema::from_cedarschema_str(text(&files, "schema.cedarschema")?)
            .map_err(|error| PolicyError::file("schema.cedarschema", &report(&error)))?;
        let policies = policies(text(&files, "policies.cedar")?)?;
        let result = Validator::new(schema.clone()).validate(&policies, ValidationMode::Strict);
        if let Some(error) = result.validation_errors().next() {
            return Err(PolicyError::file("policies.cedar", &report(error)));
        }
        Ok(Draft { about, rules, schema, policies, files })
    }

    /// The files that it was read from.
    #[must_use]
    pub fn files(&self) -> &Files {
        &self.files
    }

    /// Why a policy is as it is, where it says so (`@because("…")`).
    #[must_use]
    pub fn because(&self, policy: &str) -> Option<&str> {
        self.policies.policy(&cedar_policy::PolicyId::new(policy))?.annotation("because").filter(|why| !why.is_empty())
    }

    /// Audiences that a member belongs to.
    pub(crate) fn audiences(&self, member: &str) -> Vec<&str> {
        let belongs = |audience: &&Audience| audience.everyone || audience.members.iter().any(|name| name == member);
        self.about.audience.iter().filter(belongs).map(|audience| audience.name.as_str()).collect()
    }
}

/// Policies, each by its `@id`: explanations and ledgers name it.
fn policies(text: &str) -> Result<PolicySet, PolicyError> {
    let broken = |because: &str| PolicyError::file("policies.cedar", because);
    let read: PolicySet = text.parse().map_err(|error| broken(&report(&error)))?;
    if read.templates().next().is_some() {
        return Err(broken("templates are not used here: write each policy out"));
    }
    let mut named = PolicySet::new();
    for policy in read.policies() {
        let Some(id) = policy.annotation("id").filter(|id| !id.is_empty()) else {
            return Err(broken(&format!("a policy has no name: write `@id(\"…\")` above `{policy}`")));
        };
        named.add(policy.new_id(cedar_policy::PolicyId::new(id))).map_err(|error| broken(&report(&error)))?;
    }
    Ok(named)
}

fn check(about: &About) -> Result<(), PolicyError> {
    let broken = |because: &str| Err(PolicyError::file("profile.toml", because));
    if about.name.is_empty() || !about.name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-') {
        return broken("`name` should be lower-case letters, digits and hyphens");
    }
    if about.valid_from >= about.valid_until {
        return broken("`valid_until` is not after `valid_from`");
    }
    if about.purpose.trim().is_empty() || about.legal_basis.trim().is_empty() {
        return broken("`purpose` and `legal_basis` must say something");
    }
    if about.mark_tlp > about.most_tlp || about.mark_pap > about.most_pap {
        return broken("`mark_tlp` and `mark_pap` may not be stricter than what may leave (`most_tlp`, `most_pap`)");
    }
    Ok(())
}

fn text<'a>(files: &'a Files, name: &str) -> Result<&'a str, PolicyError> {
    let bytes = files.get(name).ok_or_else(|| PolicyError::file(name, "the file is missing"))?;
    std::str::from_utf8(bytes).map_err(|error| PolicyError::file(name, &format!("no UTF-8: {error}")))
}

pub(crate) fn toml<T: for<'de> Deserialize<'de>>(files: &Files, name: &str) -> Result<T, PolicyError> {
    toml::from_str(text(files, name)?).map_err(|error| PolicyError::file(name, error.to_string().trim_end()))
}

/// An error with what caused it, in one line.
fn report(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text += &format!(": {error}");
        cause = error.source();
    }
    text
}
