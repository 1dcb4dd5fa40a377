//! Book: all decisions of this member, and the only way to change them.
//! In: what rules propose, what people say, the time. Out: changes in order, each with its number.
//! Invariant: changes are numbered without gaps; a decision that was reversed isn't made again by the same rule for a while.
//! Not here: lasting (the store writes each change before it is told to points), answering requests (`table.rs`).

use std::collections::{BTreeMap, HashMap};

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::action::Action;
use crate::decision::appeal::{Outcome, Reversal};
use crate::decision::{Author, DECISION_VERSION, Decision, Event, State, What};
use crate::entry::Entry;
use crate::error::{GateError, Result};
use crate::facts::Facts;
use crate::rules::cap::{Meter, Stopped};
use crate::rules::{Listed, Proposal, Rules};
use crate::subject::Subject;

/// How long a rule leaves a subject alone after a person reversed its decision.
const QUIET: SignedDuration = SignedDuration::from_hours(30 * 24);

/// All decisions.
#[derive(Debug, Default)]
pub struct Book {
    decisions: BTreeMap<u64, Decision>,
    by_subject: HashMap<Subject, Vec<u64>>,
    /// Number of the last decision.
    last: u64,
    /// Number of the last change.
    changed: u64,
}

/// One change, in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// Its number.
    pub number: u64,
    /// When it was made.
    pub at: Timestamp,
    /// The decision after the change.
    pub entry: Entry,
    /// What was done to the decision.
    pub done: Done,
}

/// What a change does to a decision.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Done {
    /// It is new.
    Made,
    /// Its time began anew.
    Renewed,
    /// It holds no more, before its time.
    TakenBack,
}

/// What came of asking the rules.
#[derive(Debug, Default)]
pub struct Applied {
    /// Decisions that were made or renewed.
    pub changes: Vec<Change>,
    /// What shadow rules would have done.
    pub shadow: Vec<Proposal>,
    /// Rules that the cap stopped, with all that they proposed.
    pub held: Vec<Held>,
    /// Subjects that a person's reversal protects.
    pub protected: u64,
    /// Subjects of the allow-list.
    pub listed: u64,
}

/// A rule that the cap stopped.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Held {
    /// Its name.
    pub rule: String,
    /// The question to the operator.
    pub stopped: Stopped,
    /// What it proposed; none of it was done.
    pub proposals: Vec<Proposal>,
}

/// Of what all decisions are taken back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "of", content = "name", rename_all = "kebab-case")]
pub enum Rollback {
    /// Of a rule.
    Rule(String),
    /// Of a campaign.
    Campaign(String),
}

impl Book {
    /// The book as it was kept: after a restart. `changed` is the number of the last change that was kept.
    #[must_use]
    pub fn of(decisions: impl IntoIterator<Item = Decision>, changed: u64) -> Self {
        let mut book = Book { changed, ..Book::default() };
        for decision in decisions {
            book.last = book.last.max(decision.id);
            book.by_subject.entry(decision.subject.clone()).or_default().push(decision.id);
            book.decisions.insert(decision.id, decision);
        }
        book
    }

    /// A part of the book as it was kept, enough of it for one change. `last` is the number of the last decision of the whole book.
    #[must_use]
    pub fn part(decisions: impl IntoIterator<Item = Decision>, last: u64, changed: u64) -> Self {
        let book = Self::of(decisions, changed);
        Book { last: book.last.max(last), ..book }
    }

    /// Number of the last decision.
    #[must_use]
    pub fn last(&self) -> u64 {
        self.last
    }

    /// A decision by its number.
    #[must_use]
    pub fn find(&self, id: u64) -> Option<&Decision> {
        self.decisions.get(&id)
    }

    /// All decisions, by number.
    pub fn all(&self) -> impl Iterator<Item = &Decision> {
        self.decisions.values()
    }

    /// Number of the last change.
    #[must_use]
    pub fn changed(&self) -> u64 {
        self.changed
    }

    /// What points need of all decisions that hold.
    pub fn entries(&self, now: Timestamp) -> impl Iterator<Item = Entry> + '_ {
        self.decisions.values().filter(move |decision| decision.holds(now)).map(Entry::of)
    }

    /// Asks the rules about subjects and does what they say, within the cap.
    pub fn apply(
        &mut self,
        rules: &Rules,
        meter: &mut Meter,
        facts: &[Facts],
        verified_requests_per_hour: u64,
        now: Timestamp,
    ) -> Applied {
        let mut applied = Applied::default();
        let mut by_rule: BTreeMap<String, Vec<Proposal>> = BTreeMap::new();
        for facts in facts {
            let judged = rules.judge(facts, now);
            applied.listed += u64::from(judged.listed.is_some());
            applied.shadow.extend(judged.shadow);
            let Some(proposal) = judged.holds else { continue };
            if self.protected(&proposal, now) {
                applied.protected += 1;
            } else if !self.stands(&proposal, now) {
                by_rule.entry(proposal.rule.clone()).or_default().push(proposal);
            }
        }
        for (rule, proposals) in by_rule {
            let (renewed, fresh): (Vec<_>, Vec<_>) =
                proposals.into_iter().partition(|proposal| self.same(proposal, now).is_some());
            // What was hit already isn't hit anew by renewing it: only what is fresh counts.
            applied.changes.extend(renewed.into_iter().map(|proposal| self.put(proposal, now)));
            if fresh.is_empty() {
                continue;
            }
            match meter.admit(&rules.cap, &rule, &fresh, verified_requests_per_hour, now) {
                Ok(()) => applied.changes.extend(fresh.into_iter().flat_map(|p| self.supersede(p, now))),
                Err(stopped) => applied.held.push(Held { rule, stopped, proposals: fresh }),
            }
        }
        applied
    }

    /// Does what the cap held, after a person said that it is meant.
    pub fn approve(&mut self, meter: &mut Meter, held: Held, now: Timestamp) -> Vec<Change> {
        // What a person reversed, or what was decided, since the question was asked isn't done again.
        let due = |proposal: &Proposal| !self.protected(proposal, now) && !self.stands(proposal, now);
        let proposals: Vec<Proposal> = held.proposals.into_iter().filter(due).collect();
        meter.approve(&held.rule, &proposals, now);
        proposals.into_iter().flat_map(|proposal| self.supersede(proposal, now)).collect()
    }

    /// Brings the allow-list of the rules into the book: new lines are added, lines that are gone are taken back.
    pub fn allow(&mut self, list: &[Listed], now: Timestamp) -> Vec<Change> {
        let of_list = |d: &&Decision| matches!(d.author, Author::AllowList(_)) && d.holds(now);
        let same = |d: &Decision, l: &Listed| d.subject == l.subject && d.expires == l.until && d.reason == l.reason;
        let gone: Vec<u64> = (self.decisions.values().filter(of_list))
            .filter(|d| !list.iter().any(|listed| same(d, listed)))
            .map(|d| d.id)
            .collect();
        let missing: Vec<&Listed> =
            (list.iter()).filter(|listed| !self.decisions.values().filter(of_list).any(|d| same(d, listed))).collect();
        let mut changes = Vec::new();
        for listed in missing {
            self.last += 1;
            changes.push(self.insert(Decision::of_listed(self.last, listed, now), now));
        }
        for id in gone {
            changes.extend(self.take_back(id, "allow-list", "the line is no longer there", now));
        }
        changes
    }

    /// A person decides.
    ///
    /// # Errors
    /// When no reason is given, it would never end, or the allow-list of the book names the subject.
    pub fn decide(
        &mut self,
        person: &str,
        subject: Subject,
        action: Action,
        lifetime: SignedDuration,
        because: &str,
        now: Timestamp,
    ) -> Result<Change> {
        if because.trim().is_empty() || person.trim().is_empty() {
            return Err(GateError::new("a decision says who made it, and why"));
        }
        let expires = now.saturating_add(lifetime).ok().filter(|at| *at > now && *at < Timestamp::MAX);
        if expires.is_none() {
            return Err(GateError::new("a decision ends, and later than now").hint("write `7d`"));
        }
        self.last += 1;
        let author = Author::Person(person.to_owned());
        let history = vec![Event { at: now, by: person.to_owned(), what: What::Made, because: because.to_owned() }];
        let decision = Decision {
            schema: DECISION_VERSION,
            id: self.last,
            subject,
            action,
            decays: Vec::new(),
            author,
            reason: because.to_owned(),
            code: "reviewed".to_owned(),
            evidence: Vec::new(),
            campaign: None,
            made: now,
            since: now,
            expires,
            state: State::InForce,
            history,
        };
        Ok(self.insert(decision, now))
    }

    /// Takes back all decisions of a rule or a campaign that hold.
    pub fn rollback(&mut self, what: &Rollback, by: &str, because: &str, now: Timestamp) -> Vec<Change> {
        let of = |decision: &&Decision| match what {
            Rollback::Rule(name) => matches!(&decision.author, Author::Rule(rule) if rule == name),
            Rollback::Campaign(id) => decision.campaign.as_ref() == Some(id),
        };
        let ids: Vec<u64> = self.decisions.values().filter(of).filter(|d| d.holds(now)).map(|d| d.id).collect();
        ids.into_iter().filter_map(|id| self.take_back(id, by, because, now)).collect()
    }

    /// An account contests a decision.
    ///
    /// # Errors
    /// See [`Decision::contest`].
    pub fn contest(&mut self, id: u64, by: &str, statement: &str, now: Timestamp) -> Result<()> {
        self.decision(id)?.contest(by, statement, now)
    }

    /// A person reviews a decision.
    ///
    /// # Errors
    /// See [`Decision::review`].
    pub fn review(
        &mut self,
        id: u64,
        reviewer: &str,
        outcome: Outcome,
        because: &str,
        shared: &[String],
        now: Timestamp,
    ) -> Result<Option<(Reversal, Change)>> {
        let reversal = self.decision(id)?.review(reviewer, outcome, because, shared, now)?;
        let Some(decision) = self.decisions.get(&id) else { return Ok(None) };
        let entry = Entry::of(decision);
        Ok(reversal.map(|reversal| (reversal, self.change(entry, Done::TakenBack, now))))
    }

    fn decision(&mut self, id: u64) -> Result<&mut Decision> {
        self.decisions.get_mut(&id).ok_or_else(|| GateError::new(format!("there is no decision {id}")))
    }

    /// Decisions of the rule of a proposal about its subject.
    fn earlier<'a>(&'a self, proposal: &'a Proposal) -> impl Iterator<Item = &'a Decision> {
        let ids = self.by_subject.get(&proposal.subject).map(Vec::as_slice).unwrap_or_default();
        let of_rule = |d: &&Decision| matches!(&d.author, Author::Rule(rule) if *rule == proposal.rule);
        ids.iter().filter_map(|id| self.decisions.get(id)).filter(of_rule)
    }

    /// Whether a person reversed this not long ago.
    fn protected(&self, proposal: &Proposal, now: Timestamp) -> bool {
        self.earlier(proposal).any(|decision| {
            let last = decision.history.last();
            decision.state == State::Reversed && last.is_some_and(|event| now.duration_since(event.at) < QUIET)
        })
    }

    /// Whether what is proposed is done already, and for long enough; a harder decision of the same rule ages out by itself.
    fn stands(&self, proposal: &Proposal, now: Timestamp) -> bool {
        self.earlier(proposal).filter(|decision| decision.holds(now)).any(|decision| {
            let left = decision.expires.map_or(SignedDuration::MAX, |expires| expires.duration_since(now));
            let rank = decision.action.rank();
            rank > proposal.action.rank() || (rank == proposal.action.rank() && left > proposal.lifetime / 2)
        })
    }

    /// The decision that a proposal would renew.
    fn same(&self, proposal: &Proposal, now: Timestamp) -> Option<u64> {
        let same = |decision: &&Decision| decision.holds(now) && decision.action == proposal.action;
        self.earlier(proposal).find(same).map(|decision| decision.id)
    }

    fn put(&mut self, proposal: Proposal, now: Timestamp) -> Change {
        let found = self.same(&proposal, now);
        if let Some(decision) = found.and_then(|id| self.decisions.get_mut(&id)) {
            decision.renew(proposal, now);
            let entry = Entry::of(decision);
            return self.change(entry, Done::Renewed, now);
        }
        self.last += 1;
        self.insert(Decision::of_proposal(self.last, proposal, now), now)
    }

    /// Makes a decision, and takes back the weaker one of the same rule in whose place it comes.
    fn supersede(&mut self, proposal: Proposal, now: Timestamp) -> Vec<Change> {
        let weaker: Vec<u64> = (self.earlier(&proposal))
            .filter(|decision| decision.holds(now) && decision.action.rank() < proposal.action.rank())
            .map(|decision| decision.id)
            .collect();
        let rule = proposal.rule.clone();
        let mut changes = vec![self.put(proposal, now)];
        changes.extend(
            weaker.into_iter().filter_map(|id| self.take_back(id, &rule, "a stronger one took its place", now)),
        );
        changes
    }

    fn insert(&mut self, decision: Decision, now: Timestamp) -> Change {
        let entry = Entry::of(&decision);
        self.by_subject.entry(decision.subject.clone()).or_default().push(decision.id);
        self.decisions.insert(decision.id, decision);
        self.change(entry, Done::Made, now)
    }

    fn take_back(&mut self, id: u64, by: &str, because: &str, now: Timestamp) -> Option<Change> {
        let decision = self.decisions.get_mut(&id)?;
        if !decision.withdraw(by, because, now) {
            return None;
        }
        let entry = Entry::of(decision);
        Some(self.change(entry, Done::TakenBack, now))
    }

    fn change(&mut self, entry: Entry, done: Done, now: Timestamp) -> Change {
        self.changed += 1;
        Change { number: self.changed, at: now, entry, done }
    }
}
