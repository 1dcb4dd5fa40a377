//! Check: whether a profile means what it says.
//! In: a draft. Out: faults, errors first: rules that name nothing, forms that can't be, rules and policies that never matter.
//! Invariant: exact, not guessed: policies see finitely many questions, and all of them are asked.
//! Not here: syntax, schema and types (`draft.rs`: a draft that was read has none of these faults).

use std::collections::BTreeSet;

use stillwatch_stix::marking::{Pap, Tlp};

use crate::classes::{fields, kinds};
use crate::draft::Draft;
use crate::form::Form;
use crate::plan::{Planner, name_of, names, of_kind};
use crate::published;

/// Something that is wrong with a profile, or odd.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct PolicyFault {
    /// Whether it is an error; else a warning.
    pub warning: bool,
    /// The file.
    pub file: &'static str,
    /// What is wrong, a sentence without a full stop.
    pub because: String,
}

impl std::fmt::Display for PolicyFault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}: {}", if self.warning { "warning" } else { "error" }, self.file, self.because)
    }
}

/// Everything that is wrong with a draft.
#[must_use]
pub fn check(draft: &Draft) -> Vec<PolicyFault> {
    let mut faults = BTreeSet::new();
    rules(draft, &mut faults);
    audiences(draft, &mut faults);
    questions(draft, &mut faults);
    if !draft.files().contains_key(crate::cases::CASES) {
        faults
            .insert(warning(crate::cases::CASES, "the profile has no cases: nothing shows that it does what is meant"));
    }
    faults.into_iter().collect()
}

fn error(file: &'static str, because: impl Into<String>) -> PolicyFault {
    PolicyFault { warning: false, file, because: because.into() }
}

fn warning(file: &'static str, because: impl Into<String>) -> PolicyFault {
    PolicyFault { warning: true, file, because: because.into() }
}

const RULES: &str = "minimise.toml";

fn rules(draft: &Draft, faults: &mut BTreeSet<PolicyFault>) {
    for (at, rule) in draft.rules.iter().enumerate() {
        if draft.rules.iter().take(at).any(|other| other.id == rule.id) {
            faults.insert(error(RULES, format!("two rules are called `{}`", rule.id)));
        }
        for selector in &rule.fields {
            let named: Vec<_> = fields().iter().filter(|field| names(std::slice::from_ref(selector), field)).collect();
            if named.is_empty() {
                faults.insert(error(RULES, format!("rule `{}` names `{selector}`, which is no field", rule.id)));
            }
            for field in named.iter().filter(|field| !rule.form.suits(&field.shape)) {
                let form = rule.form.name();
                faults.insert(error(RULES, format!("rule `{}`: `{}` has no form `{form}`", rule.id, name_of(field))));
            }
        }
        let wins = |field: &&crate::Field| {
            names(&rule.fields, field)
                && draft.rules.iter().all(|other| other.form <= rule.form || !names(&other.fields, field))
        };
        if !rule.fields.is_empty() && !fields().iter().any(|field| wins(&field)) {
            faults.insert(warning(
                RULES,
                format!("rule `{}` never matters: stricter rules name all its fields", rule.id),
            ));
        }
    }
}

fn audiences(draft: &Draft, faults: &mut BTreeSet<PolicyFault>) {
    if draft.about.audience.iter().all(|audience| audience.members.is_empty() && !audience.everyone) {
        faults.insert(warning("profile.toml", "every audience is empty: nothing leaves to anybody"));
    }
}

/// Asks every question that there is.
fn questions(draft: &Draft, faults: &mut BTreeSet<PolicyFault>) {
    let mut mattered: BTreeSet<String> = BTreeSet::new();
    let (mut shared, mut revealed, mut failed) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
    // Fields of types that a policy forbids by name: switched off on purpose, and their rules wait to be switched on.
    let mut off = BTreeSet::new();
    // Each set of audiences once: policies know members by name too, so each member.
    let anybody = "somebody";
    let members: BTreeSet<&str> =
        draft.about.audience.iter().flat_map(|a| a.members.iter().map(String::as_str)).collect();
    for member in members.into_iter().chain([anybody]) {
        let planner = Planner::new(draft, member);
        if draft.audiences(member).is_empty() {
            continue;
        }
        for kind in kinds() {
            for (tlp, pap) in Tlp::ALL.into_iter().flat_map(|tlp| Pap::ALL.map(|pap| (tlp, pap))) {
                if tlp > draft.about.most_tlp || pap > draft.about.most_pap {
                    continue;
                }
                for revoked in [false, true] {
                    let Some(plan) = planner.plan(kind, tlp, pap, revoked) else { continue };
                    mattered.extend(plan.share.policies.iter().cloned());
                    failed.extend(plan.share.error.clone());
                    if plan.share.permitted {
                        shared.insert(kind);
                    } else if !plan.share.policies.is_empty() {
                        off.extend(of_kind(kind).iter().map(|field| field.index));
                    }
                    for (field, plan) in of_kind(kind).iter().zip(&plan.fields) {
                        mattered.extend(plan.verdict.policies.iter().cloned());
                        failed.extend(plan.verdict.error.clone());
                        if plan.form != Form::Drop {
                            revealed.insert(field.index);
                        }
                    }
                }
            }
        }
    }
    for because in failed {
        faults.insert(error("policies.cedar", format!("a policy fails, which means no: {because}")));
    }
    for policy in draft.policies.policies().filter(|policy| !mattered.contains(&policy.id().to_string())) {
        faults.insert(warning(
            "policies.cedar",
            format!("policy `{}` never matters: no question is decided by it", policy.id()),
        ));
    }
    for rule in draft.rules.iter().filter(|rule| rule.form != Form::Drop) {
        let named = |field: &&crate::Field| names(&rule.fields, field);
        if fields().iter().any(|field| named(&field))
            && !fields().iter().filter(named).any(|f| revealed.contains(&f.index) || off.contains(&f.index))
        {
            faults.insert(warning(
                RULES,
                format!("rule `{}` never matters: no policy permits any of its fields", rule.id),
            ));
        }
    }
    for kind in shared.into_iter().filter(|kind| !published::is(kind)) {
        let top =
            |field: &&crate::Field| field.required && !field.path.contains('.') && !revealed.contains(&field.index);
        for field in of_kind(kind).iter().filter(top) {
            let because =
                format!("objects of type `{kind}` never leave: they need `{}`, which is never let through", field.path);
            faults.insert(warning(RULES, because));
        }
    }
}
