//! Laws: what holds of matching, counting and saving whatever is given.
//! In: findings and campaigns made by chance. Out: nothing but failures.
//! Invariant: seeded by proptest; a failure is kept with its seed.
//! Not here: stories (`saving.rs`).

use std::collections::BTreeSet;

use proptest::prelude::*;
use stillwatch_model::tracked::Status;
use stillwatch_track::counted::counted;
use stillwatch_track::fold::{fold, periods};
use stillwatch_track::matching::{Candidate, Fate, Known, decide, fit};
use stillwatch_track::sighting::{Body, Hours, Sighting};
use stillwatch_track::{Filter, Place, list, save, show};

use crate::fixture::{DAY, Found, HOUR, START, by, run, texts};
use crate::places::{block_on, open};

fn names() -> impl Strategy<Value = BTreeSet<String>> {
    proptest::collection::btree_set((0u32..12).prop_map(|n| format!("a-{n:02}")), 1..8)
}

fn candidate() -> impl Strategy<Value = Candidate> {
    (names(), 0i64..40, 1i64..5, 0u32..4).prop_map(|(accounts, day, long, text)| Candidate {
        id: format!("campaign--{day}-{long}-{text}-{}", accounts.iter().cloned().collect::<String>()),
        accounts,
        first_seen: START + day * DAY,
        last_seen: START + (day + long) * DAY,
        texts: texts(text),
    })
}

fn known() -> impl Strategy<Value = Known> {
    (candidate(), 0usize..8, 0i64..5).prop_map(|(c, status, created)| Known {
        id: format!("{}-known", c.id),
        created,
        status: Status::ALL[status],
        verdict: None,
        size: c.accounts.len(),
        accounts: c.accounts,
        first_seen: c.first_seen,
        last_seen: c.last_seen,
        texts: c.texts,
        apart: BTreeSet::new(),
    })
}

fn unique<T>(all: Vec<T>, id: impl Fn(&T) -> &str) -> Vec<T> {
    let mut seen = BTreeSet::new();
    all.into_iter().filter(|one| seen.insert(id(one).to_owned())).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    /// The order of findings and campaigns never shows, and no campaign is given twice.
    #[test]
    fn deciding_has_no_order(
        findings in proptest::collection::vec(candidate(), 1..6),
        campaigns in proptest::collection::vec(known(), 0..6),
    ) {
        let findings = unique(findings, |f| f.id.as_str());
        let campaigns = unique(campaigns, |k| k.id.as_str());
        let fates = decide(&findings, &campaigns);
        let turned: Vec<Candidate> = findings.iter().rev().cloned().collect();
        let others: Vec<Known> = campaigns.iter().rev().cloned().collect();
        let mut again = decide(&turned, &others);
        again.reverse();
        prop_assert_eq!(&fates, &again);
        let mut given = BTreeSet::new();
        for fate in &fates {
            if let Fate::Same { id, absorbs, .. } = fate {
                for id in absorbs.iter().chain([id]) {
                    prop_assert!(given.insert(id.clone()), "{} is given twice", id);
                }
            }
        }
    }

    /// A finding is always the campaign that has just its accounts, unless another of the run is too.
    #[test]
    fn the_same_accounts_are_the_same_campaign(finding in candidate(), mut campaign in known()) {
        campaign.accounts.clone_from(&finding.accounts);
        campaign.size = finding.accounts.len();
        let same = fit(&finding, &campaign, std::slice::from_ref(&campaign));
        prop_assert_eq!((same.accounts, same.union, same.score), (1.0, 1.0, 1.0));
        let fate = decide(std::slice::from_ref(&finding), std::slice::from_ref(&campaign));
        let is_it = matches!(&fate[0], Fate::Same { id, .. } if *id == campaign.id);
        prop_assert!(is_it);
    }

    /// Scores lie between 0 and 1, and more shared accounts never lower them.
    #[test]
    fn scores_are_shares(finding in candidate(), campaign in known()) {
        let one = fit(&finding, &campaign, std::slice::from_ref(&campaign));
        prop_assert!((0.0..=1.0).contains(&one.score) && (0.0..=1.0).contains(&one.accounts) && (0.0..=1.0).contains(&one.texts));
        if let Some(more) = finding.accounts.iter().find(|a| !campaign.accounts.contains(*a)) {
            let mut grown = campaign.clone();
            grown.accounts.insert(more.clone());
            prop_assert!(fit(&finding, &grown, std::slice::from_ref(&grown)).accounts >= one.accounts);
        }
    }

    /// However windows overlap: never more than was sent in an hour by all, never less than the fullest run saw, and no order.
    #[test]
    fn counting_has_bounds_and_no_order(
        windows in proptest::collection::vec((0i64..60, 1i64..30, 1u64..50), 1..8),
    ) {
        let sightings: Vec<Sighting> = windows.iter().enumerate().map(|(at, w)| sighting(at, *w)).collect();
        let all = counted(&sightings);
        let total: u64 = all.hours.values().sum();
        prop_assert_eq!(total, all.each.iter().sum::<u64>());
        prop_assert!(total <= sightings.iter().map(|s| s.exchanges).sum());
        prop_assert!(total >= sightings.iter().map(|s| s.exchanges).max().unwrap_or(0));
        let turned: Vec<Sighting> = sightings.iter().rev().cloned().collect();
        prop_assert_eq!(fold(&sightings), fold(&turned));
        let none = std::collections::BTreeMap::new();
        prop_assert_eq!(periods(&sightings, &none), periods(&turned, &none));
        let apart = sightings.iter().enumerate().all(|(at, s)| {
            sightings.iter().skip(at + 1).all(|o| o.to < s.from || s.to < o.from)
        });
        if apart {
            prop_assert_eq!(total, sightings.iter().map(|s| s.exchanges).sum::<u64>());
        }
    }
}

fn sighting(at: usize, (from, long, count): (i64, i64, u64)) -> Sighting {
    let (begin, end) = (START + from * HOUR, START + (from + long) * HOUR - 1);
    let counts = vec![count; usize::try_from(long).unwrap_or(1)];
    let exchanges = counts.iter().sum();
    let hours = Hours { first: begin / HOUR, counts, estimated: false };
    let body = Body {
        technique: format!("of {at}"),
        score: 0.9,
        severity: stillwatch_model::Severity::High,
        actionable: true,
        families: Vec::new(),
        first_seen: begin,
        last_seen: end,
        techniques: Vec::new(),
        capabilities: Vec::new(),
        evasions: Vec::new(),
        signals: Vec::new(),
        links: Vec::new(),
        tokens: stillwatch_model::Tokens::default(),
        texts: texts(1),
        models: vec![("model".into(), exchanges)],
        networks: Vec::new(),
        clients: Vec::new(),
        hours,
    };
    Sighting { run: format!("run-{at}"), finding: "f".into(), from: begin, to: end, exchanges, accounts: 1, body }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    /// Saving again what was saved, in whatever order, changes nothing.
    #[test]
    fn saving_is_idempotent(
        runs in proptest::collection::vec((0i64..200, 6i64..48, proptest::collection::vec((0u32..40, 2u32..12, 0u32..3), 1..4)), 1..5),
    ) {
        let folder = tempfile::tempdir()?;
        let place = Place::Folder(folder.path().into());
        let saved: Vec<_> = runs.iter().map(|(from, long, findings)| {
            let mut taken = BTreeSet::new();
            let findings: Vec<Found> = findings.iter().filter_map(|(first, many, text)| {
                // An account is in one finding of a run.
                let accounts: Vec<String> = (*first..first + many).map(|n| format!("x-{n:03}")).filter(|a| taken.insert(a.clone())).collect();
                (!accounts.is_empty()).then(|| Found { accounts, text: *text, each: 10, signals: vec!["template"], score: 0.9 })
            }).collect();
            run(*from, from + long, &findings)
        }).collect();
        let all = block_on(async {
            let store = open(&place).await?;
            for run in &saved {
                save(&store, run, &by(1)).await?;
            }
            let mut states = Vec::new();
            for _ in 0..2 {
                let mut courses = Vec::new();
                for one in list(&store, &Filter::default(), 100, None).await?.campaigns {
                    courses.push((show(&store, &one.id).await?, stillwatch_track::members(&store, &one.id).await?));
                }
                states.push(courses);
                for run in saved.iter().rev() {
                    assert!(save(&store, run, &by(9)).await?.already);
                }
            }
            Ok(states)
        }).map_err(|e: stillwatch_track::Error| TestCaseError::fail(e.to_string()))?;
        prop_assert_eq!(&all[0], &all[1]);
        // No account of any run is lost.
        let kept: BTreeSet<String> = all[0].iter().flat_map(|(_, members)| members.iter().map(|m| m.account.clone())).collect();
        let given: BTreeSet<String> = saved.iter().flat_map(|s| &s.findings.campaigns).flat_map(|c| c.accounts.clone()).collect();
        prop_assert_eq!(kept, given);
    }
}
