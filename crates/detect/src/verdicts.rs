//! Verdicts: what people concluded, learnt from: how far the detector's log-odds are to be stretched and shifted.
//! In: log-odds of campaigns, each with a verdict. Out: `Shift`; a report scored anew.
//! Invariant: a score stays the sum of what is printed: the shift is told as a signal; few verdicts change little.
//! Not here: reading labels (`engine`), weights of single signals (`signals/`).
//!
//! Platt scaling (Platt 1999), held near "as it is" by pseudo-verdicts: slope and intercept are found by Newton's method
//! on the penalised log-likelihood, which has one optimum.

use serde::{Deserialize, Serialize};
use stillwatch_model::{Family, Report, Signal};

use crate::calibrate::{logistic, round, score};
use crate::campaign;

/// Name of the shift among a score's signals.
pub const NAME: &str = "verdicts";
/// Weight of "as it is", in verdicts.
const HELD: f64 = 8.0;
/// Verdicts below which nothing is learnt.
const FEWEST: usize = 10;

/// How log-odds are stretched and shifted.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Shift {
    /// Version of this format.
    pub version: u32,
    /// Log-odds are multiplied by this; 1 leaves them.
    pub slope: f64,
    /// And this is added; 0 leaves them.
    pub intercept: f64,
    /// Verdicts that it was learnt from.
    pub verdicts: u64,
    /// Mean log-loss of these verdicts with the detector's own scores.
    pub before: f64,
    /// The same with the shift, each verdict judged by a shift learnt without it.
    pub after: f64,
}

/// One verdict: the detector's log-odds, and whether a person says that it harvests.
pub type Verdict = (f64, bool);

/// Learns a shift; `None` with fewer than ten verdicts, or all of one kind.
#[must_use]
pub fn learn(verdicts: &[Verdict]) -> Option<Shift> {
    let harvests = verdicts.iter().filter(|verdict| verdict.1).count();
    if verdicts.len() < FEWEST || harvests == 0 || harvests == verdicts.len() {
        return None;
    }
    let (slope, intercept) = fit(verdicts.iter().copied());
    let without =
        |at: usize| fit(verdicts.iter().enumerate().filter(|&(other, _)| other != at).map(|(_, verdict)| *verdict));
    let count = verdicts.len() as f64;
    let before = verdicts.iter().map(|&verdict| loss(verdict, (1.0, 0.0))).sum::<f64>() / count;
    let after = verdicts.iter().enumerate().map(|(at, &verdict)| loss(verdict, without(at))).sum::<f64>() / count;
    Some(Shift {
        version: 1,
        slope: round(slope),
        intercept: round(intercept),
        verdicts: verdicts.len() as u64,
        before: round(before),
        after: round(after),
    })
}

/// Log-loss of one verdict.
fn loss((odds, harvests): Verdict, (slope, intercept): (f64, f64)) -> f64 {
    let likely = logistic(slope * odds + intercept).clamp(1e-6, 1.0 - 1e-6);
    -(if harvests { likely } else { 1.0 - likely }).ln()
}

/// Slope and intercept of least penalised loss.
fn fit(verdicts: impl Iterator<Item = Verdict> + Clone) -> (f64, f64) {
    let (mut slope, mut intercept) = (1.0, 0.0);
    for _ in 0..50 {
        // Gradient and Hessian; the penalty holds both near (1, 0).
        let (mut gs, mut gi) = (HELD * (slope - 1.0), HELD / 4.0 * intercept);
        let (mut ss, mut si, mut ii) = (HELD, 0.0, HELD / 4.0);
        for (odds, harvests) in verdicts.clone() {
            let likely = logistic(slope * odds + intercept);
            let error = likely - f64::from(u8::from(harvests));
            let weight = likely * (1.0 - likely);
            gs += error * odds;
            gi += error;
            ss += weight * odds * odds;
            si += weight * odds;
            ii += weight;
        }
        let determinant = ss * ii - si * si;
        let (ds, di) = ((ii * gs - si * gi) / determinant, (ss * gi - si * gs) / determinant);
        // Halved steps never overshoot for long; fifty are plenty.
        let pace = (1.0 / (ds.abs() + di.abs()).max(1.0)).min(1.0);
        (slope, intercept) = (slope - pace * ds, intercept - pace * di);
        if ds.abs() + di.abs() < 1e-9 {
            break;
        }
    }
    (slope.max(0.0), intercept)
}

impl Shift {
    /// Scores a report anew.
    pub fn apply(&self, report: &mut Report) {
        let findings = &mut report.findings;
        for campaign in &mut findings.campaigns {
            self.tell(&mut campaign.signals);
            campaign.score = score(&campaign.signals);
            campaign::judge(campaign);
        }
        for suspect in &mut findings.suspects {
            self.tell(&mut suspect.signals);
            suspect.score = score(&suspect.signals);
        }
    }

    fn tell(&self, signals: &mut Vec<Signal>) {
        let odds: f64 = signals.iter().map(|signal| signal.contribution).sum();
        signals.push(Signal {
            name: NAME.into(),
            family: Family::Content,
            value: self.slope,
            contribution: round((self.slope - 1.0) * odds + self.intercept),
            because: format!("what people concluded of {} campaigns before", self.verdicts),
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_verdicts_or_all_alike_teach_nothing() {
        assert_eq!(learn(&[(3.0, true); 9]), None);
        assert_eq!(learn(&[(3.0, true); 40]), None);
    }

    #[test]
    fn verdicts_that_agree_leave_scores_and_false_alarms_pull_them_down() {
        let agree: Vec<Verdict> = (0..40).map(|n| (if n % 2 == 0 { 4.0 } else { -4.0 }, n % 2 == 0)).collect();
        let same = learn(&agree).expect("a shift");
        assert!((same.slope - 1.0).abs() < 0.3 && same.intercept.abs() < 0.1, "{same:?}");
        let wrong: Vec<Verdict> = (0..40).map(|n| (2.0 + f64::from(n % 5) * 0.2, n % 4 == 0)).collect();
        let down = learn(&wrong).expect("a shift");
        assert!(logistic(down.slope * 2.4 + down.intercept) < 0.6, "{down:?}");
        assert!(down.after < down.before, "{down:?}");
    }
}
