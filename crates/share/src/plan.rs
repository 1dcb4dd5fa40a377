//! Plan: what one recipient gets of objects of one type and marking, decided once.
//! In: a draft, a recipient, a type, TLP and PAP. Out: whether such objects leave, and each field's form, with the policies
//! and rule that say so.
//! Invariant: policies see nothing else than what a plan is made from, so that a kept plan is the decision and no guess;
//! a policy that errs, a request that the schema refuses and a field that no rule names all mean no.
//! Not here: what single values look like (`walk.rs`), references (`decide.rs`).

use std::cell::RefCell;
use std::collections::{HashMap, HashSet};
use std::rc::Rc;

use cedar_policy::{
    Authorizer, Context, Decision, Entities, Entity, EntityUid, PolicySet, Request, RestrictedExpression, Schema,
};
use stillwatch_stix::marking::{Pap, Tlp};

use crate::classes::{self, Field};
use crate::draft::Draft;
use crate::form::Form;

/// Whether something is permitted, and by which policies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// Whether.
    pub permitted: bool,
    /// Policies that permit, or that forbid; none: no policy permits it.
    pub policies: Vec<String>,
    /// A policy or request failed, which means no.
    pub error: Option<String>,
}

/// What happens to one field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldPlan {
    /// The form in which it leaves.
    pub form: Form,
    /// What the policies say of it.
    pub verdict: Verdict,
    /// Names of the rules that ask for this form.
    pub rules: Vec<String>,
}

/// What happens to objects of one type and marking.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// Whether such objects leave.
    pub share: Verdict,
    /// Fields of the type, by their place in the table.
    pub(crate) fields: Vec<FieldPlan>,
    first: usize,
}

impl Plan {
    /// What happens to a field of the type.
    #[must_use]
    pub fn field(&self, field: &Field) -> Option<&FieldPlan> {
        field.index.checked_sub(self.first).and_then(|at| self.fields.get(at))
    }
}

/// What a plan is made from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Key {
    kind: &'static str,
    tlp: Tlp,
    pap: Pap,
    revoked: bool,
}

/// Plans for one recipient. One a thread: they are kept without locks.
#[derive(Debug)]
pub(crate) struct Planner<'d> {
    pub(crate) draft: &'d Draft,
    recipient: Option<EntityUid>,
    asker: Asker<'d>,
    kept: RefCell<HashMap<Key, Rc<Plan>>>,
}

impl<'d> Planner<'d> {
    pub(crate) fn new(draft: &'d Draft, member: &str) -> Self {
        let audiences = draft.audiences(member);
        // In no audience: nobody.
        let recipient = if audiences.is_empty() { None } else { uid("Member", member) };
        let asker = Asker::new(draft, member, &audiences);
        Planner { draft, recipient, asker, kept: RefCell::default() }
    }

    /// The plan; `None` for types that aren't exported.
    pub(crate) fn plan(&self, kind: &str, tlp: Tlp, pap: Pap, revoked: bool) -> Option<Rc<Plan>> {
        let fields = of_kind(kind);
        let first = fields.first()?;
        let key = Key { kind: first.kind, tlp, pap, revoked };
        if let Some(plan) = self.kept.borrow().get(&key) {
            return Some(Rc::clone(plan));
        }
        let plan = Rc::new(self.make(key, fields, first.index));
        self.kept.borrow_mut().insert(key, Rc::clone(&plan));
        Some(plan)
    }

    fn make(&self, key: Key, fields: &[Field], first: usize) -> Plan {
        let ask = |action, kind, name: &str| match &self.recipient {
            Some(recipient) => self.asker.ask(recipient, action, uid(kind, name), key),
            None => refused("the recipient belongs to no audience of the profile"),
        };
        let share = ask("share", "Kind", key.kind);
        let field = |field: &Field| {
            let verdict = ask("reveal", "Field", &name_of(field));
            let (form, rules) = self.rules(field);
            let form = if share.permitted && verdict.permitted { form } else { Form::Drop };
            FieldPlan { form, verdict, rules }
        };
        Plan { fields: fields.iter().map(field).collect(), share, first }
    }

    /// The strictest form that a rule asks for, and these rules; none names it: dropped.
    fn rules(&self, field: &Field) -> (Form, Vec<String>) {
        let naming: Vec<_> = self.draft.rules.iter().filter(|rule| names(&rule.fields, field)).collect();
        let form = naming.iter().map(|rule| rule.form).max().unwrap_or(Form::Drop);
        (form, naming.iter().filter(|rule| rule.form == form).map(|rule| rule.id.clone()).collect())
    }
}

/// Whether one of a rule's selectors names a field.
pub(crate) fn names(selectors: &[String], field: &Field) -> bool {
    selectors.iter().any(|selector| {
        selector.split_once('.').is_some_and(|(kind, path)| (kind == "*" || kind == field.kind) && path == field.path)
    })
}

/// A field's name: `campaign.first_seen`.
pub(crate) fn name_of(field: &Field) -> String {
    format!("{}.{}", field.kind, field.path)
}

/// The fields of a type.
pub(crate) fn of_kind(kind: &str) -> &'static [Field] {
    static PLACES: std::sync::LazyLock<HashMap<&'static str, std::ops::Range<usize>>> =
        std::sync::LazyLock::new(|| {
            let mut places: HashMap<&'static str, std::ops::Range<usize>> = HashMap::new();
            for field in classes::fields() {
                places.entry(field.kind).or_insert(field.index..field.index).end = field.index + 1;
            }
            places
        });
    PLACES.get(kind).and_then(|place| classes::fields().get(place.clone())).unwrap_or_default()
}

/// Asks Cedar.
#[derive(Debug)]
pub(crate) struct Asker<'d> {
    authorizer: Authorizer,
    schema: &'d Schema,
    policies: &'d PolicySet,
    entities: Option<Entities>,
}

impl<'d> Asker<'d> {
    fn new(draft: &'d Draft, member: &str, audiences: &[&str]) -> Self {
        Asker {
            authorizer: Authorizer::new(),
            schema: &draft.schema,
            policies: &draft.policies,
            // Where these don't fit the profile's schema nothing is permitted.
            entities: entities(&draft.schema, member, audiences),
        }
    }

    fn ask(&self, recipient: &EntityUid, action: &str, resource: Option<EntityUid>, key: Key) -> Verdict {
        let Some(entities) = &self.entities else {
            return refused("the schema has not the entities that are asked about (docs/policy/README.md)");
        };
        let context = [
            ("tlp", RestrictedExpression::new_long(key.tlp as i64)),
            ("pap", RestrictedExpression::new_long(key.pap as i64)),
            ("kind", RestrictedExpression::new_string(key.kind.to_owned())),
            ("revoked", RestrictedExpression::new_bool(key.revoked)),
        ];
        let context = Context::from_pairs(context.map(|(name, value)| (name.to_owned(), value)));
        let (Some(action), Some(resource), Ok(context)) = (uid("Action", action), resource, context) else {
            return refused("the question can't be asked");
        };
        let request = match Request::new(recipient.clone(), action, resource, context, Some(self.schema)) {
            Ok(request) => request,
            Err(error) => return refused(&error.to_string()),
        };
        let response = self.authorizer.is_authorized(&request, self.policies, entities);
        let mut policies: Vec<String> = response.diagnostics().reason().map(ToString::to_string).collect();
        policies.sort();
        match response.diagnostics().errors().next() {
            Some(error) => Verdict { permitted: false, policies, error: Some(error.to_string()) },
            None => Verdict { permitted: response.decision() == Decision::Allow, policies, error: None },
        }
    }
}

fn refused(because: &str) -> Verdict {
    Verdict { permitted: false, policies: Vec::new(), error: Some(because.to_owned()) }
}

fn uid(kind: &str, name: &str) -> Option<EntityUid> {
    Some(EntityUid::from_type_name_and_id(kind.parse().ok()?, cedar_policy::EntityId::new(name)))
}

/// Everything that policies can speak of: the recipient and its audiences, types, classes and fields.
fn entities(schema: &Schema, member: &str, audiences: &[&str]) -> Option<Entities> {
    let mut all = Vec::new();
    let parents = audiences.iter().map(|name| uid("Audience", name)).collect::<Option<HashSet<_>>>()?;
    all.extend(parents.iter().map(|audience| Entity::new_no_attrs(audience.clone(), HashSet::new())));
    all.push(Entity::new_no_attrs(uid("Member", member)?, parents));
    for class in classes::Class::ALL {
        all.push(Entity::new_no_attrs(uid("Class", class.name())?, HashSet::new()));
    }
    for kind in classes::kinds() {
        all.push(Entity::new_no_attrs(uid("Kind", kind)?, HashSet::new()));
    }
    for field in classes::fields() {
        let parents = HashSet::from([uid("Class", field.class.name())?]);
        all.push(Entity::new_no_attrs(uid("Field", &name_of(field))?, parents));
    }
    Entities::from_entities(all, Some(schema)).ok()
}
