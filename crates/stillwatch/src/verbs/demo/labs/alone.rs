//! Alone: what each lab finds by itself, day by day.
//! In: the labs' traffic. Out: on which day a trace, and on which the campaign, by whom.
//! Invariant: every figure is what `detect` says of the log up to that day; a trace is a campaign that `detect` calls not actionable.
//! Not here: sharing (`mod.rs`).

use stillwatch_model::Findings;

use super::super::{Ended, bare, findings};
use super::traffic::{DAYS, LABS, Traffic};

/// What a lab finds on one day.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Day {
    /// The score of the strongest trace, and how many accounts it has.
    pub(super) trace: Option<(f64, usize)>,
    /// The same of the strongest campaign that can be acted on.
    pub(super) found: Option<(f64, usize)>,
}

/// Of each lab, each day from the first on.
pub(super) struct Alone(pub(super) [Vec<Day>; 3]);

impl Alone {
    /// Runs `detect` for each lab and day.
    pub(super) fn of(traffic: &Traffic) -> Result<Self, Ended> {
        let mut all = [Vec::new(), Vec::new(), Vec::new()];
        for (days, lab) in all.iter_mut().zip(LABS) {
            for day in 1..=DAYS {
                let mut detect = bare("detect");
                detect.arg(traffic.until(lab, day)?).arg("--accounts").arg(traffic.accounts(lab));
                days.push(read(&findings(&mut detect)?));
            }
        }
        Ok(Self(all))
    }

    /// On which day a lab finds the campaign by itself, if it does.
    pub(super) fn day(&self, lab: usize) -> Option<u32> {
        let days = self.0.get(lab)?;
        days.iter().zip(1..).find(|(day, _)| day.found.is_some()).map(|(_, n)| n)
    }

    /// The last day on which nobody has found it and somebody has a trace; and the lab with the strongest.
    pub(super) fn share(&self) -> Option<(u32, usize)> {
        let first = (0..3).filter_map(|lab| self.day(lab)).min().unwrap_or(DAYS + 1);
        (1..first).rev().find_map(|day| {
            let trace = |lab: &usize| Some((self.0.get(*lab)?.get(day as usize - 1)?.trace?.0, *lab));
            let best = (0..3).filter_map(|lab| trace(&lab)).max_by(|a, b| a.0.total_cmp(&b.0))?;
            Some((day, best.1))
        })
    }

    /// A lab's days, told.
    pub(super) fn told(&self, lab: usize) -> String {
        let Some(days) = self.0.get(lab) else { return String::new() };
        let traces: Vec<String> = days
            .iter()
            .zip(1..)
            .filter_map(|(day, n): (&Day, u32)| day.trace.map(|(score, accounts)| (n, score, accounts)))
            .take_while(|(n, ..)| self.day(lab).is_none_or(|found| *n < found))
            .map(|(n, score, accounts)| format!("day {n} ({score:.2}, {accounts} accounts)"))
            .collect();
        let traces =
            if traces.is_empty() { "no trace".to_owned() } else { format!("a trace on {}", traces.join(", ")) };
        let found = match self.day(lab) {
            Some(day) => format!("the campaign on day {day}"),
            None => format!("the campaign not within {DAYS} days"),
        };
        format!("{traces}; {found}")
    }
}

fn read(findings: &Findings) -> Day {
    let strongest = |actionable: bool| {
        let mine = findings.campaigns.iter().filter(|campaign| campaign.actionable == actionable);
        mine.map(|campaign| (campaign.score, campaign.accounts.len())).max_by(|a, b| a.0.total_cmp(&b.0))
    };
    Day { trace: strongest(false), found: strongest(true) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_shared_on_the_last_day_before_anybody_finds_it_alone() {
        let nothing = Day::default;
        let trace = |score| Day { trace: Some((score, 2)), found: None };
        let found = || Day { trace: None, found: Some((0.9, 9)) };
        let alone = Alone([
            vec![nothing(), trace(0.3), nothing(), found()],
            vec![nothing(), trace(0.4), nothing(), nothing()],
            vec![nothing(); 4],
        ]);
        assert_eq!((alone.share(), alone.day(0), alone.day(1)), (Some((2, 1)), Some(4), None));
        assert_eq!(Alone([vec![found()], vec![trace(0.4)], vec![nothing()]]).share(), None);
    }
}
