//! Matching: whether a finding is a campaign that is known already.
//! In: a run's findings, and the campaigns that share accounts or texts with them. Out: a `Fate` for each finding.
//! Invariant: pure and deterministic; the order of findings, campaigns or accounts never shows.
//! Not here: looking campaigns up, writing anything (`save.rs`).
//!
//! The score that finding *f* is campaign *c* is `1 - (1 - a) (1 - w t)`:
//!
//! - `a`, accounts: shared accounts over the smaller of both, so that a campaign that doubled still is all there. One shared
//!   account, where both have more, says nothing: accounts are resold.
//! - `t`, texts: how far the fixed slots of *f*'s texts agree with those of *c*'s, weighted by the share of exchanges that each
//!   text covers; texts with fewer than four fixed slots don't count, and texts that cover less than half of *f* count in
//!   proportion. When more than three campaigns have the texts, they are
//!   public, and `t` shrinks to `3 t / campaigns`.
//! - `w` is 0.8 when one succeeds the other: it begins at most a day before the other's end and at most 14 days after it
//!   (90 days after a campaign that was disrupted or closed). Else `w` is 0.45: texts alone never make two campaigns one.
//!   It is the same backwards, so that runs may be saved in any order.
//!
//! Payment, devices and addresses tie accounts within a run (`detect`), and so are in the accounts.
//!
//! From 0.5 up it is the same. Pairs are taken best first, one to one: ties go to the larger share of both accounts' union, then
//! more shared accounts, then the campaign made first, then the smaller id. A campaign that is left over and of whose accounts
//! a finding has half or more is absorbed, unless a person took the two apart or gave them different verdicts; the one that
//! people worked on keeps its id, else the one made first. A finding that is left over and shares accounts with a campaign that
//! another finding took has split off from it.

use std::collections::BTreeSet;

use stillwatch_model::saved::TextSketch;
use stillwatch_model::tracked::Status;
use stillwatch_model::{Micros, Verdict};

use crate::time::DAY;

/// From this score up, a finding is a known campaign.
pub const SAME: f64 = 0.5;
/// Share of a campaign's accounts that a finding must have to absorb it.
pub const COVERED: f64 = 0.5;
/// Fixed slots that a text needs to count.
const FIXED: usize = 4;
/// Campaigns that may have a text before it counts as public.
const FEW: usize = 3;
/// How far texts agree when a campaign counts as having them.
const HAS: f64 = 0.75;

/// A finding.
#[derive(Debug, Clone, Default)]
pub struct Candidate {
    /// Its id.
    pub id: String,
    /// Its accounts.
    pub accounts: BTreeSet<String>,
    /// First exchange.
    pub first_seen: Micros,
    /// Last exchange.
    pub last_seen: Micros,
    /// Its texts.
    pub texts: Vec<TextSketch>,
}

/// A campaign that is known.
#[derive(Debug, Clone)]
pub struct Known {
    /// Its id.
    pub id: String,
    /// When it was made.
    pub created: Micros,
    /// Where it stands.
    pub status: Status,
    /// What a person concluded.
    pub verdict: Option<Verdict>,
    /// Its accounts: those that the findings share, and how many there are in all.
    pub accounts: BTreeSet<String>,
    /// Accounts in all.
    pub size: usize,
    /// First exchange.
    pub first_seen: Micros,
    /// Last exchange.
    pub last_seen: Micros,
    /// Its texts.
    pub texts: Vec<TextSketch>,
    /// Campaigns that people took apart from it.
    pub apart: BTreeSet<String>,
}

/// How well a finding and a campaign fit.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Fit {
    /// The score.
    pub score: f64,
    /// Shared accounts.
    pub shared: usize,
    /// Shared over the smaller.
    pub accounts: f64,
    /// Shared over the union.
    pub union: f64,
    /// Agreement of texts.
    pub texts: f64,
    /// Whether one succeeds the other.
    pub succeeds: bool,
}

/// What becomes of a finding.
#[derive(Debug, Clone, PartialEq)]
pub enum Fate {
    /// A campaign that was not known.
    New {
        /// The campaign that it split off from.
        split_from: Option<String>,
    },
    /// A known campaign.
    Same {
        /// Which.
        id: String,
        /// How well it fits.
        fit: Fit,
        /// Campaigns that turn out to be this one.
        absorbs: Vec<String>,
    },
}

/// How well they fit; `others` are all known campaigns, by which public texts are told.
#[must_use]
pub fn fit(finding: &Candidate, known: &Known, others: &[Known]) -> Fit {
    let shared = finding.accounts.intersection(&known.accounts).count();
    let smaller = finding.accounts.len().min(known.size);
    let accounts = if shared == 0 || (shared == 1 && smaller > 1) { 0.0 } else { shared as f64 / smaller as f64 };
    let union = (finding.accounts.len() + known.size).saturating_sub(shared).max(1);
    let texts = rare_agreement(&finding.texts, &known.texts, others.iter().map(|other| other.texts.as_slice()));
    let succeeds = succeeds(finding, known);
    let weight = if succeeds { 0.8 } else { 0.45 };
    Fit {
        score: 1.0 - (1.0 - accounts.min(1.0)) * (1.0 - weight * texts),
        shared,
        accounts,
        union: shared as f64 / union as f64,
        texts,
        succeeds,
    }
}

/// How far `mine` are found in `theirs`; less where many of `all` have them: then they are public.
pub(crate) fn rare_agreement<'a>(
    mine: &[TextSketch],
    theirs: &[TextSketch],
    all: impl Iterator<Item = &'a [TextSketch]>,
) -> f64 {
    let texts = agreement(mine, theirs);
    if texts == 0.0 {
        return 0.0;
    }
    let have = all.filter(|other| agreement(mine, other) >= HAS).count();
    texts * (FEW as f64 / have.max(1) as f64).min(1.0)
}

/// How far `mine` are found in `theirs`, by the share of exchanges that each covers.
fn agreement(mine: &[TextSketch], theirs: &[TextSketch]) -> f64 {
    let telling = |text: &&TextSketch| text.fixed() >= FIXED;
    let (mut sum, mut all) = (0.0, 0.0);
    for text in mine.iter().filter(telling) {
        let weight = if text.share.is_finite() { text.share.max(0.001) } else { 0.001 };
        let best = theirs.iter().filter(telling).map(|other| text.agreement(other).min(other.agreement(text)));
        sum += weight * best.fold(0.0, f64::max);
        all += weight;
    }
    if all == 0.0 { 0.0 } else { sum / all * (2.0 * all).min(1.0) }
}

fn succeeds(finding: &Candidate, known: &Known) -> bool {
    let patience = if crate::lifecycle::has_ended(known.status) { 90 * DAY } else { 14 * DAY };
    let after = |later: Micros, end: Micros| later >= end.saturating_sub(DAY) && later <= end.saturating_add(patience);
    after(finding.first_seen, known.last_seen) || after(known.first_seen, finding.last_seen)
}

/// What becomes of each finding, in the order given.
#[must_use]
pub fn decide(findings: &[Candidate], known: &[Known]) -> Vec<Fate> {
    let mut pairs: Vec<(Fit, usize, usize)> = Vec::new();
    for (f, finding) in findings.iter().enumerate() {
        for (k, one) in known.iter().enumerate() {
            let fit = fit(finding, one, known);
            if fit.score >= SAME {
                pairs.push((fit, f, k));
            }
        }
    }
    pairs.sort_by(|(x, xf, xk), (y, yf, yk)| {
        let (a, b) = (&known[*xk], &known[*yk]);
        (y.score.total_cmp(&x.score))
            .then(y.union.total_cmp(&x.union))
            .then(y.shared.cmp(&x.shared))
            .then(a.created.cmp(&b.created))
            .then_with(|| a.id.cmp(&b.id))
            .then_with(|| findings[*xf].id.cmp(&findings[*yf].id))
    });
    let mut of_finding: Vec<Option<(usize, Fit)>> = vec![None; findings.len()];
    let mut taken: Vec<Option<usize>> = vec![None; known.len()];
    for &(fit, f, k) in &pairs {
        if of_finding[f].is_none() && taken[k].is_none() {
            of_finding[f] = Some((k, fit));
            taken[k] = Some(f);
        }
    }
    let mut absorbed: Vec<Vec<usize>> = vec![Vec::new(); findings.len()];
    for &(fit, f, k) in &pairs {
        let covers = fit.shared as f64 >= COVERED * known[k].size as f64;
        if let (Some((own, _)), true, true) = (of_finding[f], taken[k].is_none(), covers)
            && absorbed[f].iter().chain([&own]).all(|&other| may_be_one(&known[k], &known[other]))
        {
            absorbed[f].push(k);
            taken[k] = Some(f);
        }
    }
    findings
        .iter()
        .enumerate()
        .map(|(f, _)| match of_finding[f] {
            Some((own, fit)) => {
                let mut all: Vec<usize> = absorbed[f].iter().copied().chain([own]).collect();
                all.sort_by_key(|&k| (known[k].status == Status::New, known[k].created, &known[k].id));
                let mut ids = all.into_iter().map(|k| known[k].id.clone());
                Fate::Same { id: ids.next().unwrap_or_default(), fit, absorbs: ids.collect() }
            }
            None => {
                let from = pairs.iter().find(|(fit, of, k)| *of == f && fit.shared > 0 && taken[*k].is_some());
                Fate::New { split_from: from.map(|(_, _, k)| known[*k].id.clone()) }
            }
        })
        .collect()
}

/// Whether a run may put two campaigns together.
fn may_be_one(a: &Known, b: &Known) -> bool {
    let agree = match (a.verdict, b.verdict) {
        (Some(a), Some(b)) => a == b,
        // What a person found honest doesn't swallow what nobody has judged, nor the other way round.
        (Some(one), None) | (None, Some(one)) => one == Verdict::TruePositive,
        (None, None) => true,
    };
    agree && !a.apart.contains(&b.id) && !b.apart.contains(&a.id)
}
