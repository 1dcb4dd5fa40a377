//! Decide: what of a set of objects leaves to one recipient.
//! In: a set, a draft, a recipient, scanners. Out: for each object the bytes that would leave, or why it is held.
//! Invariant: an object that may not leave takes those with it that say nothing without it, and is named by none; an object
//! is marked at least as strictly as everything it names; the result is a fixed point, whatever the order.
//! Not here: the right to put it on the wire (`release.rs`): this may be asked of drafts too.

use std::cell::RefCell;
use std::collections::VecDeque;

use stillwatch_model::canonical;
use stillwatch_stix::marking::{Pap, Tlp};

use crate::draft::Draft;
use crate::form::TokenKey;
use crate::plan::{Plan, Planner};
use crate::published;
use crate::scan::Scanners;
use crate::set::{Item, Set};
use crate::walk::{Note, Walk};

/// Who it would go to.
#[derive(Debug, Clone)]
pub struct Recipient {
    /// The member's name, as the profile's audiences write it.
    pub member: String,
    /// Key of its tokens; without one fields that leave as tokens don't leave.
    pub key: Option<TokenKey>,
}

/// What would leave of one object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Preview {
    /// The object's id.
    pub id: String,
    /// Its type.
    pub kind: String,
    /// The bytes: canonical JSON (RFC 8785).
    pub text: String,
    /// Who may know.
    pub tlp: Tlp,
    /// What may be done with it.
    pub pap: Pap,
    /// How many different people must approve first.
    pub approvals: u32,
    /// Policies that permit it.
    pub policies: Vec<String>,
}

/// An object that does not leave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    /// The object's id.
    pub id: String,
    /// Why.
    pub why: String,
    /// Policies that forbid it, where some do.
    pub policies: Vec<String>,
}

/// Decides for one recipient under one draft. One a thread.
#[derive(Debug)]
pub struct Desk<'d> {
    planner: Planner<'d>,
    recipient: Recipient,
    scanners: &'d Scanners,
}

/// How an object stands while it is decided.
#[derive(Clone)]
enum Standing {
    /// It leaves unless something is found; marked at least so.
    Open {
        tlp: Tlp,
        pap: Pap,
        done: Option<Preview>,
    },
    Held(Held),
}

impl<'d> Desk<'d> {
    /// A desk.
    #[must_use]
    pub fn new(draft: &'d Draft, recipient: Recipient, scanners: &'d Scanners) -> Self {
        Desk { planner: Planner::new(draft, &recipient.member), recipient, scanners }
    }

    /// What leaves of each object of a set, in its order.
    #[must_use]
    pub fn decide(&self, set: &Set) -> Vec<Result<Preview, Held>> {
        let standings = self.standings(set);
        let last = |standing| match standing {
            Standing::Open { done: Some(preview), .. } => Ok(preview),
            Standing::Held(held) => Err(held),
            Standing::Open { done: None, .. } => {
                Err(Held { id: String::new(), why: "it was not decided".to_owned(), policies: Vec::new() })
            }
        };
        standings.into_iter().map(last).collect()
    }

    /// What becomes of one object of a set, and of each of its fields.
    #[must_use]
    pub fn explain(&self, set: &Set, id: &str) -> Option<(Result<Preview, Held>, Vec<Note>)> {
        let at = set.places.get(id).copied()?;
        let standings = RefCell::new(self.standings(set));
        let item = set.items.get(at)?;
        let standing = standings.borrow().get(at).cloned()?;
        let (tlp, pap) = match &standing {
            Standing::Open { tlp, pap, .. } => (*tlp, *pap),
            // What is held is explained as if its own marking alone counted.
            Standing::Held(_) => item.level.clone().unwrap_or((Tlp::Red, Pap::Red)),
        };
        let mut notes = Vec::new();
        if let Some(plan) = self.planner.plan(&item.kind, tlp, pap, item.revoked) {
            let leaves = |id: &str| set.leaves(&standings.borrow(), id);
            let mut walk = self.walk(item, &plan, tlp, pap, &leaves);
            walk.notes = Some(Vec::new());
            // A walk that ends early has said why; the standing says it too.
            let _ = walk.object(&item.value);
            notes = walk.notes.unwrap_or_default();
        }
        let result = match standing {
            Standing::Open { done: Some(preview), .. } => Ok(preview),
            Standing::Open { .. } => return None,
            Standing::Held(held) => Err(held),
        };
        Some((result, notes))
    }

    /// Works until nothing changes: objects only ever become stricter or held, so that it ends.
    fn standings(&self, set: &Set) -> Vec<Standing> {
        let begin = |item: &Item| match &item.level {
            _ if published::is(&item.kind) => Standing::Open { tlp: Tlp::Clear, pap: Pap::Clear, done: None },
            Ok((tlp, pap)) => {
                let about = &self.planner.draft.about;
                Standing::Open { tlp: (*tlp).max(about.mark_tlp), pap: (*pap).max(about.mark_pap), done: None }
            }
            Err(why) => Standing::Held(held(item, why, &[])),
        };
        let standings = RefCell::new(set.items.iter().map(begin).collect::<Vec<_>>());
        let mut queue: VecDeque<usize> = (0..set.items.len()).collect();
        let mut queued = vec![true; set.items.len()];
        while let Some(at) = queue.pop_front() {
            if let Some(mark) = queued.get_mut(at) {
                *mark = false;
            }
            if self.visit(set, &standings, at) {
                for other in set.referring.get(at).into_iter().flatten() {
                    if let Some(mark) = queued.get_mut(*other)
                        && !std::mem::replace(mark, true)
                    {
                        queue.push_back(*other);
                    }
                }
            }
        }
        standings.into_inner()
    }

    /// Decides one object anew; whether those who refer to it must be too.
    fn visit(&self, set: &Set, standings: &RefCell<Vec<Standing>>, at: usize) -> bool {
        let Some(item) = set.items.get(at) else { return false };
        let (before, tlp, pap) = {
            let standings = standings.borrow();
            let Some(Standing::Open { tlp, pap, .. }) = standings.get(at) else { return false };
            let mut level = (*tlp, *pap);
            if !published::is(&item.kind) {
                for other in &item.refs {
                    if let Some(Standing::Open { tlp, pap, .. }) = standings.get(*other) {
                        level = (level.0.max(*tlp), level.1.max(*pap));
                    }
                }
            }
            ((*tlp, *pap), level.0, level.1)
        };
        let leaves = |id: &str| set.leaves(&standings.borrow(), id);
        let standing = match self.one(item, tlp, pap, &leaves) {
            Ok(preview) => Standing::Open { tlp, pap, done: Some(preview) },
            Err(held) => Standing::Held(held),
        };
        let changed = matches!(standing, Standing::Held(_)) || before != (tlp, pap);
        if let Some(place) = standings.borrow_mut().get_mut(at) {
            *place = standing;
        }
        changed
    }

    fn one(&self, item: &Item, tlp: Tlp, pap: Pap, leaves: &dyn Fn(&str) -> bool) -> Result<Preview, Held> {
        let about = &self.planner.draft.about;
        let Some(plan) = self.planner.plan(&item.kind, tlp, pap, item.revoked) else {
            return Err(held(item, &format!("objects of type `{}` are not exported", item.kind), &[]));
        };
        if tlp > about.most_tlp || pap > about.most_pap {
            let why = format!(
                "TLP:{} PAP:{} is stricter than what the profile lets leave",
                upper(tlp.name()),
                upper(pap.name())
            );
            return Err(held(item, &why, &[]));
        }
        if !plan.share.permitted {
            let because = match &plan.share.error {
                Some(error) => error.clone(),
                None if plan.share.policies.is_empty() => "no policy permits it".to_owned(),
                None => "a policy forbids it".to_owned(),
            };
            return Err(held(item, &because, &plan.share.policies));
        }
        let text = if published::is(&item.kind) {
            // Fields are not looked at: it is what was published, or it stays.
            published::text(&item.id, &item.value)
                .ok_or_else(|| held(item, "it is not one of the published ones", &[]))?
        } else {
            let left =
                self.walk(item, &plan, tlp, pap, leaves).object(&item.value).map_err(|why| held(item, &why, &[]))?;
            let text = canonical::encode(&left).ok().and_then(|bytes| String::from_utf8(bytes).ok());
            let text = text.ok_or_else(|| held(item, "it can't be written as canonical JSON", &[]))?;
            if let Some(found) = self.scanners.look(&text) {
                return Err(held(item, &found.to_string(), &[]));
            }
            text
        };
        let approvals = about.approvals.max(about.approvals_of.get(&item.kind).copied().unwrap_or(0));
        let policies = plan.share.policies.clone();
        Ok(Preview { id: item.id.clone(), kind: item.kind.clone(), text, tlp, pap, approvals, policies })
    }

    fn walk<'w>(
        &'w self,
        item: &'w Item,
        plan: &'w Plan,
        tlp: Tlp,
        pap: Pap,
        leaves: &'w dyn Fn(&str) -> bool,
    ) -> Walk<'w> {
        let key = self.recipient.key.as_ref();
        Walk { plan, kind: &item.kind, key, leaves, markings: [tlp.id(), pap.id()], notes: None }
    }
}

impl Set {
    fn leaves(&self, standings: &[Standing], id: &str) -> bool {
        self.places.get(id).and_then(|at| standings.get(*at)).is_some_and(|s| matches!(s, Standing::Open { .. }))
    }
}

fn held(item: &Item, why: &str, policies: &[String]) -> Held {
    Held { id: item.id.clone(), why: why.to_owned(), policies: policies.to_vec() }
}

fn upper(word: &str) -> String {
    word.to_uppercase()
}
