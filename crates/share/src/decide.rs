//! Decide: what of a set of objects leaves to one recipient.
//! In: a set, a draft, a recipient, scanners. Out: for each object the bytes that would leave, or why it is held.
//! Invariant: an object that may not leave takes those with it that say nothing without it, and is named by none; an object
//! is marked at least as strictly as everything it names; the result is a fixed point, whatever the order.
//! Not here: the right to put it on the wire (`release.rs`): this may be asked of drafts too.

use std::cell::RefCell;

use jiff::Timestamp;
use stillwatch_stix::marking::{Pap, Tlp};

use crate::classes::Field;
use crate::draft::Draft;
use crate::form::TokenKey;
use crate::plan::{FieldPlan, Plan, Planner, of_kind};
use crate::published;
use crate::scan::{Kept, Scanners};
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
    /// Texts in which the scanners found nothing.
    kept: RefCell<Kept>,
    now: Option<Timestamp>,
}

/// How objects stand while they are decided, by their place in the set.
struct Standings {
    /// Whether it leaves, as far as is known.
    open: Vec<bool>,
    /// As what it is marked: at least as strictly as everything it names that leaves.
    levels: Vec<(Tlp, Pap)>,
    /// What was decided last, and at which level.
    decided: Vec<Option<Decided>>,
}

type Decided = (Result<Preview, Held>, (Tlp, Pap));

impl<'d> Desk<'d> {
    /// A desk.
    #[must_use]
    pub fn new(draft: &'d Draft, recipient: Recipient, scanners: &'d Scanners) -> Self {
        Desk {
            planner: Planner::new(draft, &recipient.member),
            recipient,
            scanners,
            kept: RefCell::default(),
            now: None,
        }
    }

    /// The same at a moment: what has expired by then is held.
    #[must_use]
    pub fn at(self, now: Timestamp) -> Self {
        Desk { now: Some(now), ..self }
    }

    /// What leaves of each object of a set, in its order.
    #[must_use]
    pub fn decide(&self, set: &Set) -> Vec<Result<Preview, Held>> {
        let undecided = || Held { id: String::new(), why: "it was not decided".to_owned(), policies: Vec::new() };
        self.standings(set).decided.into_iter().map(|decided| decided.ok_or_else(undecided)?.0).collect()
    }

    /// Whether the policies permit each object by its own type and marking: the decision without references, values and
    /// scanners. No right to anything: `decide` says what would leave.
    #[must_use]
    pub fn verdicts(&self, set: &Set) -> Vec<bool> {
        let permitted = |item: &Item| {
            let (tlp, pap) = self.own(item);
            let about = &self.planner.draft.about;
            let plan = self.planner.plan(&item.kind, tlp, pap, item.revoked);
            tlp <= about.most_tlp && pap <= about.most_pap && plan.is_some_and(|plan| plan.share.permitted)
        };
        set.items.iter().map(permitted).collect()
    }

    /// What becomes of one object of a set, and of each of its fields.
    #[must_use]
    pub fn explain(&self, set: &Set, id: &str) -> Option<(Result<Preview, Held>, Vec<Note>)> {
        let at = set.places.get(id).copied()?;
        self.noted(set, &self.standings(set), at)
    }

    /// What leaves of each object of a set, in its order, and what becomes of its fields.
    #[must_use]
    pub fn review(&self, set: &Set) -> Vec<(Result<Preview, Held>, Vec<Note>)> {
        let standings = self.standings(set);
        (0..set.len()).filter_map(|at| self.noted(set, &standings, at)).collect()
    }

    fn noted(&self, set: &Set, standings: &Standings, at: usize) -> Option<(Result<Preview, Held>, Vec<Note>)> {
        let item = set.items.get(at)?;
        let (result, (tlp, pap)) = standings.decided.get(at).cloned().flatten()?;
        let mut notes = Vec::new();
        // What is published leaves as it was published, or not at all: its fields are not looked at.
        if let Some(plan) = self.planner.plan(&item.kind, tlp, pap, item.revoked).filter(|_| !published::is(&item.kind))
        {
            let leaves = |id: &str| set.leaves(&standings.open, id);
            let mut walk = self.walk(item, &plan, tlp, pap, &leaves);
            walk.notes = Some(Vec::new());
            // A walk that ends early has said why; the result says it too.
            let _ = walk.object(&item.value);
            notes = walk.notes.unwrap_or_default();
        }
        Some((result, notes))
    }

    /// What the plan says of one field of an object that was decided: `path` as `fields` writes it, with its type before it or not.
    pub(crate) fn field(&self, set: &Set, id: &str, path: &str) -> Option<(&'static Field, FieldPlan)> {
        let at = set.places.get(id).copied()?;
        let item = set.items.get(at)?;
        let (_, (tlp, pap)) = self.standings(set).decided.get(at).cloned().flatten()?;
        let plan = self.planner.plan(&item.kind, tlp, pap, item.revoked)?;
        let path = path.strip_prefix(item.kind.as_str()).and_then(|path| path.strip_prefix('.')).unwrap_or(path);
        let bare = |path: &str| path.replace("[]", "");
        let field = of_kind(&item.kind).iter().find(|field| bare(&field.path) == bare(path))?;
        Some((field, plan.field(field)?.clone()))
    }

    /// Decides in rounds until nothing changes. In each round everything is decided from what the last one left, so that
    /// order never shows; what is held stays held, so that it ends.
    fn standings(&self, set: &Set) -> Standings {
        let own: Vec<(Tlp, Pap)> = set.items.iter().map(|item| self.own(item)).collect();
        let count = set.items.len();
        let mut standings = Standings { open: vec![true; count], levels: own.clone(), decided: vec![None; count] };
        let mut waiting: Vec<usize> = (0..count).collect();
        while !waiting.is_empty() {
            let mut fallen = Vec::new();
            for &at in &waiting {
                if let (Some(item), Some(&level)) = (set.items.get(at), standings.levels.get(at)) {
                    let leaves = |id: &str| set.leaves(&standings.open, id);
                    let result = self.stays(set, at, item).unwrap_or_else(|| self.one(item, level.0, level.1, &leaves));
                    if result.is_err() {
                        fallen.push(at);
                    }
                    if let Some(place) = standings.decided.get_mut(at) {
                        *place = Some((result, level));
                    }
                }
            }
            for &at in &fallen {
                if let Some(open) = standings.open.get_mut(at) {
                    *open = false;
                }
            }
            standings.levels = raised(set, &standings.open, &own);
            let alive = |at: &usize| standings.open.get(*at).copied().unwrap_or(false);
            let lost = fallen.iter().filter_map(|at| set.referring.get(*at)).flatten().copied().filter(alive);
            let moved = (0..count).filter(alive).filter(|at| {
                standings.decided.get(*at).and_then(Option::as_ref).map(|(_, level)| level) != standings.levels.get(*at)
            });
            waiting = lost.chain(moved).collect();
            waiting.sort_unstable();
            waiting.dedup();
        }
        standings
    }

    /// As what an object is marked by itself, or by the profile.
    fn own(&self, item: &Item) -> (Tlp, Pap) {
        let about = &self.planner.draft.about;
        match &item.level {
            _ if published::is(&item.kind) => (Tlp::Clear, Pap::Clear),
            Ok((tlp, pap)) => ((*tlp).max(about.mark_tlp), (*pap).max(about.mark_pap)),
            Err(_) => (Tlp::Red, Pap::Red),
        }
    }

    /// What keeps an object back whatever its fields: its time is over, or it is somebody who tells nothing here.
    fn stays(&self, set: &Set, at: usize, item: &Item) -> Option<Result<Preview, Held>> {
        let over = self.now.is_some_and(|now| set.expires(at).is_some_and(|expires| expires <= now));
        if over {
            return Some(Err(held(item, "it says that it was to be deleted by now", &[])));
        }
        let tells = set.tells.get(at).copied().unwrap_or(false);
        (item.kind == "identity" && !tells).then(|| {
            let why = "an organisation leaves only as the one who tells, and nothing here was made or seen by it";
            Err(held(item, why, &[]))
        })
    }

    fn one(&self, item: &Item, tlp: Tlp, pap: Pap, leaves: &dyn Fn(&str) -> bool) -> Result<Preview, Held> {
        let about = &self.planner.draft.about;
        if let Err(why) = item.level.as_ref().map_err(String::as_str)
            && !published::is(&item.kind)
        {
            return Err(held(item, why, &[]));
        }
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
                None => {
                    let policies = plan.share.policies.iter();
                    let grounds: Vec<&str> = policies.filter_map(|id| self.planner.draft.because(id)).collect();
                    [vec!["a policy forbids it"], grounds].concat().join(": ")
                }
            };
            return Err(held(item, &because, &plan.share.policies));
        }
        let text = if published::is(&item.kind) {
            // Fields are not looked at: it is what was published, or it stays.
            published::text(&item.id, &item.value)
                .ok_or_else(|| held(item, "it is not one of the published ones", &[]))?
        } else {
            let text =
                self.walk(item, &plan, tlp, pap, leaves).object(&item.value).map_err(|why| held(item, &why, &[]))?;
            if let Some(found) = self.scanners.look_again(&text, &mut self.kept.borrow_mut()) {
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
        Walk { plan, kind: &item.kind, key, leaves, markings: [tlp.id(), pap.id()], notes: None, out: String::new() }
    }
}

/// Levels raised to those of everything that is named and leaves, through any number of steps.
fn raised(set: &Set, open: &[bool], own: &[(Tlp, Pap)]) -> Vec<(Tlp, Pap)> {
    let is_open = |at: usize| open.get(at).copied().unwrap_or(false);
    let mut levels = own.to_vec();
    let mut waiting: Vec<usize> = (0..levels.len()).filter(|at| is_open(*at)).collect();
    while let Some(at) = waiting.pop() {
        let Some(&(tlp, pap)) = levels.get(at) else { continue };
        for &other in set.referring.get(at).into_iter().flatten().filter(|other| is_open(**other)) {
            let published = set.items.get(other).is_none_or(|item| published::is(&item.kind));
            if let Some(level) = levels.get_mut(other).filter(|_| !published) {
                let higher = (level.0.max(tlp), level.1.max(pap));
                if *level != higher {
                    *level = higher;
                    waiting.push(other);
                }
            }
        }
    }
    levels
}

impl Set {
    fn leaves(&self, open: &[bool], id: &str) -> bool {
        self.places.get(id).and_then(|at| open.get(*at)).copied().unwrap_or(false)
    }
}

fn held(item: &Item, why: &str, policies: &[String]) -> Held {
    Held { id: item.id.clone(), why: why.to_owned(), policies: policies.to_vec() }
}

fn upper(word: &str) -> String {
    word.to_uppercase()
}
