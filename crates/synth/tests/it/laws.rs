//! Laws: determinism, order, truth, volumes, windows.
//! In: small plans. Out: assertions over every exchange.
//! Invariant: what holds for these plans holds for any.
//! Not here: reading plans (`plans.rs`).

use std::collections::{HashMap, HashSet};

use stillwatch_model::{Exchange, TruthLabel};
use stillwatch_synth::{CampaignPlan, Plan, Shape, World, accounts};

fn small() -> Plan {
    Plan { honest_accounts: 120, exchanges: Some(12_000), ..Plan::demo() }
}

fn micros(time: &str) -> i64 {
    time.parse::<jiff::Timestamp>().map(|t| t.as_microsecond()).unwrap()
}

/// The name that the truth knows the sender by.
fn sender(e: &Exchange) -> String {
    e.end_user.as_ref().map_or_else(|| e.account.clone(), |user| format!("{}/{user}", e.account))
}

fn labels(world: &World) -> HashMap<String, (TruthLabel, String)> {
    world.truth().into_iter().map(|t| (t.account, (t.label, t.group))).collect()
}

#[test]
fn the_same_plan_gives_the_same_bytes_and_another_seed_others() {
    let bytes =
        |plan: &Plan| accounts(plan).exchanges().map(|e| serde_json::to_string(&e).unwrap()).collect::<Vec<_>>();
    let plan = small();
    let first = bytes(&plan);
    assert!(first == bytes(&plan));
    let other = bytes(&Plan { seed: 8, ..plan.clone() });
    let same: HashSet<&String> = first.iter().collect();
    assert_eq!(other.iter().filter(|line| same.contains(line)).count(), 0);
    assert_eq!(accounts(&plan).accounts(), accounts(&plan).accounts());
}

#[test]
fn slices_and_starting_points_do_not_show() {
    let world = accounts(&small());
    let whole: Vec<Exchange> = world.exchanges().collect();
    for hours in [1, 5, 24, 168] {
        assert!(world.exchanges().with_slice(hours).eq(whole.iter().cloned()), "slices of {hours} h");
    }
    let (start, middle) = (micros("2026-03-02T00:00:00Z"), micros("2026-03-05T13:30:00Z"));
    let mut parts: Vec<Exchange> = world.exchanges_between(start, middle).collect();
    parts.extend(world.exchanges_between(middle, start + 7 * 86_400_000_000));
    assert!(parts == whole);
}

#[test]
fn reused_buffers_hold_nothing_of_the_exchange_before() {
    let world = accounts(&small());
    let mut out = Exchange::default();
    let mut filled = world.exchanges();
    for fresh in world.exchanges() {
        assert!(filled.fill(&mut out));
        assert_eq!(out, fresh);
    }
    assert!(!filled.fill(&mut out));
}

#[test]
fn time_runs_forward_within_the_window_and_after_the_accounts_creation() {
    let plan = Plan { campaigns: Plan::default().campaigns, ..small() };
    let world = accounts(&plan);
    let created: HashMap<&str, i64> =
        world.accounts().iter().map(|a| (a.account.as_str(), micros(a.created.as_deref().unwrap()))).collect();
    let mut last = i64::MIN;
    for e in world.exchanges() {
        let time = micros(&e.time);
        assert!(time >= last);
        assert!((plan.start..plan.end()).contains(&time));
        assert!(time > created[e.account.as_str()], "{} sends before it is created", e.account);
        last = time;
    }
}

#[test]
fn the_truth_covers_every_sender_once_and_nearly_all_of_them_send() {
    let world = accounts(&small());
    let truth = labels(&world);
    assert_eq!(truth.len(), world.truth().len());
    for account in world.accounts() {
        assert!(truth.contains_key(&account.account));
    }
    let mut seen = HashSet::new();
    for e in world.exchanges() {
        let name = sender(&e);
        assert!(truth.contains_key(&name), "{name}");
        seen.insert(name);
    }
    for (name, (label, group)) in &truth {
        // An account that was opened at the very end may have nothing to say; an aggregator speaks through its users.
        if *label == TruthLabel::Campaign {
            assert!(seen.contains(name), "{group}: {name} is silent");
        }
    }
    assert!(seen.len() * 100 > truth.len() * 95, "{} of {}", seen.len(), truth.len());
}

#[test]
fn volumes_are_near_what_was_asked() {
    for wanted in [20_000, 60_000] {
        let plan = Plan { exchanges: Some(wanted), ..Plan::demo() };
        let world = accounts(&plan);
        let truth = labels(&world);
        let mut groups: HashMap<String, u64> = HashMap::new();
        let mut all = 0;
        for e in world.exchanges() {
            all += 1;
            *groups.entry(truth[&sender(&e)].1.clone()).or_default() += 1;
        }
        assert!(all * 100 > wanted * 92 && all * 100 < wanted * 108, "{all} of {wanted}");
        if wanted > 40_000 {
            for campaign in &plan.campaigns {
                let got = groups[&campaign.name];
                let asked = campaign.exchanges + u64::from(campaign.probes);
                assert!(got * 100 > asked * 80 && got * 100 < asked * 120, "{}: {got} of {asked}", campaign.name);
            }
        }
    }
}

#[test]
fn every_honest_archetype_is_there_at_its_volume_and_with_its_mark() {
    let plan = Plan { exchanges: None, ..Plan::quiet() };
    let world = accounts(&plan);
    let truth = labels(&world);
    let mut groups: HashMap<&str, Vec<Exchange>> = HashMap::new();
    let mut all = 0u64;
    for e in world.exchanges() {
        all += 1;
        let list = groups.entry(truth[&sender(&e)].1.as_str()).or_default();
        if list.len() < 4000 {
            list.push(e);
        }
    }
    assert!((80_000..400_000).contains(&all), "{all}");
    assert_eq!(groups.len(), 26, "{:?}", groups.keys());
    let any = |group: &str, what: fn(&Exchange) -> bool| groups[group].iter().any(what);
    let every = |group: &str, what: fn(&Exchange) -> bool| groups[group].iter().all(what);
    assert!(every("aggregator", |e| e.end_user.is_some() && e.access.as_deref() == Some("aggregator")));
    assert!(every("stripped", |e| e.ip.is_none() && e.user_agent.is_none()));
    assert!(every("batch", |e| e.batch == Some(true) && e.temperature == Some(0.0)));
    assert!(any("failover", |e| e.status == Some(503)));
    assert!(any("coding-agent", |e| e.reasoning_presented.is_some() && e.tools.is_some() && e.messages.is_some()));
    assert!(any("day-one", |e| e.model.as_deref() == Some("atlas-5")));
    let distinct = |group: &str, of: fn(&Exchange) -> Option<&String>| {
        groups[group].iter().filter_map(of).collect::<HashSet<_>>().len()
    };
    assert!(distinct("quality-drift", |e| e.prompt.as_ref()) < 400);
    assert!(distinct("ci", |e| e.ip.as_ref()) * 10 > groups["ci"].len() * 9);
    assert!(distinct("campus", |e| e.ip.as_ref()) <= 6);
    assert_eq!(distinct("coding-agent", |e| e.system.as_ref()), 3);
    assert!(distinct("popular-app", |e| e.system.as_ref()) <= 5);
}

#[test]
fn sealed_reasoning_crosses_accounts_in_campaigns_only_and_never_before_it_was_minted() {
    let world = accounts(&small());
    let truth = labels(&world);
    let mut minted: HashMap<String, (String, String)> = HashMap::new();
    let (mut crossed, mut unknown) = (0, 0);
    for e in world.exchanges() {
        for reference in e.reasoning_presented.iter().flatten() {
            match minted.get(reference) {
                Some((by, _)) if *by != sender(&e) => {
                    let (label, group) = &truth[&sender(&e)];
                    crossed += usize::from(*label == TruthLabel::Campaign);
                    assert!(*label == TruthLabel::Campaign || group == "agent-fleet", "{group}");
                    assert_eq!(truth[by].1, *group);
                }
                Some((_, time)) => assert!(*time <= e.time),
                None => unknown += 1,
            }
        }
        for reference in e.reasoning_minted.iter().flatten() {
            minted.insert(reference.clone(), (sender(&e), e.time.clone()));
        }
    }
    assert!(crossed > 200, "{crossed}");
    // What was refused or failed minted nothing, yet somebody may think that it did.
    assert!(unknown * 8 < minted.len(), "{unknown} of {}", minted.len());
}

#[test]
fn successors_take_over_after_the_ban_with_the_same_wording() {
    let ban = 3.0;
    let campaign = CampaignPlan {
        name: "heirs".to_owned(),
        shape: Shape::Rewriting,
        accounts: 20,
        exchanges: 2000,
        paraphrase: 0.0,
        banned_day: Some(ban),
        successors: 25,
        ..CampaignPlan::default()
    };
    let plan = Plan { honest_accounts: 0, campaigns: vec![campaign], ..Plan::default() };
    let world = accounts(&plan);
    let at = plan.start + (ban * 86_400e6) as i64;
    let (mut before, mut after, mut refused) = (HashSet::new(), HashSet::new(), 0);
    let mut prefixes = (HashSet::new(), HashSet::new());
    for e in world.exchanges() {
        let late = micros(&e.time) >= at;
        let prefix: String = e.prompt.clone().unwrap_or_default().chars().take(12).collect();
        if e.status == Some(403) {
            assert!(late && micros(&e.time) < at + 3 * 3_600_000_000);
            assert!(before.contains(&e.account));
            refused += 1;
        } else if late {
            after.insert(e.account.clone());
            prefixes.1.insert(prefix);
        } else {
            before.insert(e.account.clone());
            prefixes.0.insert(prefix);
        }
    }
    assert_eq!((before.len(), after.len()), (20, 25));
    assert!(before.is_disjoint(&after) && refused > 0);
    assert!(prefixes.0 == prefixes.1 && prefixes.0.len() <= 3, "{prefixes:?}");
}

#[test]
fn a_pivot_moves_half_of_the_traffic_to_the_new_model_within_a_day() {
    let campaign = CampaignPlan { pivot: 0.5, exchanges: 4000, ..CampaignPlan::default() };
    let plan = Plan { honest_accounts: 0, campaigns: vec![campaign], release_day: Some(3.0), ..Plan::default() };
    let (mut new, mut all) = (0, 0);
    for e in accounts(&plan).exchanges() {
        let time = micros(&e.time);
        let is_new = e.model.as_deref() == Some("atlas-5");
        assert!(!is_new || time >= plan.release());
        if time > plan.release() + 86_400_000_000 {
            all += 1;
            new += usize::from(is_new);
        }
    }
    assert!(new * 100 > all * 42 && new * 100 < all * 58, "{new} of {all}");
}
