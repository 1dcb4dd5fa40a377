//! Laws: what holds for all rules, facts and decisions.
//! In: generated values. Out: passes, or the smallest that breaks a law.
//! Invariant: the table is held against a walk over all decisions.
//! Not here: streams (`streams.rs`).

use std::net::IpAddr;

use ipnet::IpNet;
use jiff::Timestamp;
use proptest::prelude::*;
use stillwatch_gate::book::{Change, Done};
use stillwatch_gate::decide::decide;
use stillwatch_gate::enforce::carve::Allowed;
use stillwatch_gate::facts::{Label, OwnCampaign, OwnSignal, Pap, Pooled, Received, Tlp};
use stillwatch_gate::rules::Step;
use stillwatch_gate::table::row::Key;
use stillwatch_gate::{Access, Action, Answer, Entry, Facts, Kind, Request, Rules, Subject, Table};

use crate::fixture::{NOW, access, now};

/// Few keys, so that they meet: nested networks, an account of an aggregator.
pub(crate) fn any_subject() -> impl Strategy<Value = Subject> {
    let net =
        (0..4_u8, 0..4_u8, prop::sample::select(vec![0_u8, 8, 20, 23, 24, 25, 30, 31, 32])).prop_map(|(a, b, len)| {
            let ip = IpAddr::from([10, 0, a, b * 64 + a]);
            IpNet::new(ip, len).map_or_else(|_| IpNet::from(ip), |net| net.trunc())
        });
    let net6 = (0..3_u16, prop::sample::select(vec![0_u8, 32, 47, 48, 64, 128])).prop_map(|(a, len)| {
        let ip = IpAddr::from([0x2001, 0xdb8, a, 0, 0, 0, 0, 1]);
        IpNet::new(ip, len).map_or_else(|_| IpNet::from(ip), |net| net.trunc())
    });
    prop_oneof![
        3 => net.prop_map(Subject::Network),
        1 => net6.prop_map(Subject::Network),
        2 => prop::sample::select(vec!["a", "b", "b/u", "b/v", "c"]).prop_map(|text| Subject::Account(text.to_owned())),
        1 => prop::sample::select(vec!["a", "k"]).prop_map(|text| Subject::Client(text.to_owned())),
        1 => Just(Subject::Ja4("t13".to_owned())),
    ]
}

pub(crate) fn any_action() -> impl Strategy<Value = Action> {
    prop_oneof![
        Just(Action::Allow),
        Just(Action::Challenge),
        (1..3_u32).prop_map(|requests_per_minute| Action::Throttle { requests_per_minute }),
        Just(Action::Degrade { withhold_reasoning: true, max_output_tokens: None, withhold_logprobs: false }),
        Just(Action::Block),
    ]
}

prop_compose! {
    pub(crate) fn any_entry()(
        subject in any_subject(),
        action in any_action(),
        step in prop::option::of((1..50_u32, Just(Action::Challenge))),
        since in -60..10_i64,
        lasts in prop::option::of(1..100_i64),
    ) -> Entry {
        let decays = step.filter(|_| action == Action::Block).map(|(after_seconds, action)| Step { after_seconds, action });
        let course = stillwatch_gate::entry::Course {
            action,
            decays: decays.into_iter().collect(),
            code: action.name().to_owned(),
            source: "rule".to_owned(),
        };
        Entry { id: 0, subject, course, since: NOW + since, expires: lasts.map_or(i64::MAX, |lasts| NOW + since + lasts) }
    }
}

pub(crate) fn numbered(entries: Vec<Entry>) -> Vec<Entry> {
    (1..).zip(entries).map(|(id, entry)| Entry { id, ..entry }).collect()
}

/// A walk over all decisions.
fn naive(entries: &[Entry], request: &Request, at: i64) -> (Action, Option<u64>) {
    let best = |fits: &dyn Fn(&Subject) -> bool| {
        let acting =
            entries.iter().filter(|entry| fits(&entry.subject)).filter_map(|entry| Some((entry.acts(at)?, entry)));
        acting.max_by_key(|(action, entry)| {
            (*action == Action::Allow, action.rank(), entry.expires, std::cmp::Reverse(entry.id))
        })
    };
    let of_account = |wanted: Option<&str>| {
        best(&|subject| matches!((subject, wanted), (Subject::Account(key), Some(wanted)) if key == wanted))
    };
    let own = of_account(request.account.as_deref());
    let container = of_account(request.account.as_deref().and_then(|text| text.split_once('/')).map(|(text, _)| text));
    let container = container.filter(|(action, _)| own.is_none() || *action != Action::Allow);
    let rest = best(&|subject| match subject {
        Subject::Account(_) => false,
        Subject::Client(key) => Some(key) == request.client.as_ref(),
        Subject::Ja4(key) => Some(key) == request.ja4.as_ref(),
        Subject::Network(net) => request.ip.is_some_and(|ip| net.contains(&ip)),
    });
    let all = [own, container, rest].into_iter().flatten().max_by_key(|(action, entry)| {
        (*action == Action::Allow, action.rank(), entry.expires, std::cmp::Reverse(entry.id))
    });
    all.map_or((Action::Allow, None), |(action, entry)| (action, Some(entry.id)))
}

fn any_request() -> impl Strategy<Value = Request> {
    let text = |words: Vec<&'static str>| prop::option::of(prop::sample::select(words).prop_map(str::to_owned));
    let v4 = (0..4_u8, any::<u8>()).prop_map(|(a, b)| IpAddr::from([10, 0, a, b]));
    let v6 = (0..3_u16, 0..2_u16).prop_map(|(a, b)| IpAddr::from([0x2001, 0xdb8, a, 0, 0, 0, 0, b]));
    let ip = prop::option::of(prop_oneof![v4, v6]);
    (text(vec!["a", "b", "b/u", "b/w", "c/u"]), text(vec!["a", "k"]), text(vec!["t13"]), ip)
        .prop_map(|(account, client, ja4, ip)| Request { account, client, ja4, ip })
}

fn plain(answer: &Answer) -> (Action, Option<u64>) {
    (answer.action, answer.decision)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn the_table_says_what_a_walk_over_all_says(
        entries in prop::collection::vec(any_entry(), 0..40),
        later in prop::collection::vec((any_entry(), 0..3_u8, any::<prop::sample::Index>()), 0..20),
        request in any_request(),
        after in 0..60_i64,
    ) {
        let mut all = numbered(entries);
        let table = Table::build(all.clone(), 0);
        let at = NOW + after;
        prop_assert_eq!(plain(&decide(&table, &request, at)), naive(&all, &request, at));
        // Changes: made, renewed, taken back; first in one go, then one by one.
        let mut changes = Vec::new();
        for (entry, what, which) in later {
            let number = changes.len() as u64 + 1;
            let change = |entry, done| Change { number, at: now(), entry, done };
            if what == 0 || all.is_empty() {
                let entry = Entry { id: 1_000 + number, ..entry };
                all.push(entry.clone());
                changes.push(change(entry, Done::Made));
            } else if what == 1 {
                let old = which.index(all.len());
                all[old] = Entry { id: all[old].id, subject: all[old].subject.clone(), ..entry };
                changes.push(change(all[old].clone(), Done::Renewed));
            } else {
                changes.push(change(all.remove(which.index(all.len())), Done::TakenBack));
            }
        }
        let wanted = naive(&all, &request, at);
        prop_assert_eq!(plain(&decide(&table.after(&changes), &request, at)), wanted);
        let one_by_one = changes.iter().fold(table, |table, one| table.after(std::slice::from_ref(one)));
        prop_assert_eq!(plain(&decide(&one_by_one, &request, at)), wanted);
        prop_assert_eq!(one_by_one.number(), changes.len() as u64);
        let live = stillwatch_gate::Live::new(one_by_one);
        live.settle(at);
        prop_assert_eq!(plain(&decide(&live.now(), &request, at)), wanted, "settled");
        let one_by_one = live.keep();
        let answer = decide(&one_by_one, &request, at);
        prop_assert!(answer.ttl > 0);
        let kept = decide(&one_by_one, &request, at + i64::from(answer.ttl) - 1);
        prop_assert_eq!(plain(&kept), wanted, "an answer may be kept for as long as it says");
    }

    #[test]
    fn whoever_is_let_through_is_let_through(
        entries in prop::collection::vec(any_entry(), 0..30),
        listed in any_subject(),
        request in any_request(),
    ) {
        let mut all = numbered(entries);
        let course = stillwatch_gate::entry::Course {
            action: Action::Allow, decays: Vec::new(), code: "allow-list".to_owned(), source: "allow-list".to_owned(),
        };
        let covers = match &listed {
            Subject::Account(key) => request.account.as_ref() == Some(key),
            Subject::Client(key) => request.client.as_ref() == Some(key),
            Subject::Ja4(key) => request.ja4.as_ref() == Some(key),
            Subject::Network(net) => request.ip.is_some_and(|ip| net.contains(&ip)),
        };
        all.push(Entry { id: 999, subject: listed, course, since: NOW, expires: i64::MAX });
        let answer = decide(&Table::build(all, 0), &request, NOW).action;
        prop_assert!(!covers || answer == Action::Allow);
    }

    #[test]
    fn pieces_and_exceptions_make_up_the_network(
        net in any_subject(),
        through in prop::collection::vec(any_subject(), 0..8),
        a in 0..4_u8, b in any::<u8>(),
    ) {
        let Subject::Network(net) = net else { return Ok(()) };
        let nets = through.into_iter().filter_map(|s| if let Subject::Network(net) = s { Some(net) } else { None });
        let nets: Vec<IpNet> = nets.collect();
        let pieces = Allowed::new(nets.clone()).cut(net);
        let ip = IpAddr::from([10, 0, a, b]);
        let wanted = net.contains(&ip) && !nets.iter().any(|through| through.contains(&ip));
        prop_assert_eq!(pieces.iter().filter(|piece| piece.contains(&ip)).count(), usize::from(wanted));
    }

    #[test]
    fn received_intelligence_alone_never_goes_beyond_a_challenge(
        rule in any_rule(),
        received in prop::collection::vec(any_received(), 0..5),
        pooled in prop::option::of((0..5_u32, prop::option::of(0..=100_u8))),
        verified in prop::option::of(any::<bool>()),
        place in any_place(),
    ) {
        // Rules that can't be read don't act; what can be read is asked with nothing but others' word.
        let Ok(rules) = Rules::read("rules.toml", &rule, access()) else { return Ok(()) };
        let pooled = pooled.map(|(members, confidence)| Pooled { members, confidence });
        let facts = Facts { received, pooled, verified, place, ..Facts::of(Subject::Account("a".to_owned())) };
        let judged = rules.judge(&facts, now());
        for proposal in judged.holds.into_iter().chain(judged.outdone).chain(judged.shadow) {
            prop_assert!(!proposal.action.beyond_challenge(), "{rule}\n{proposal:?}");
            prop_assert!(!proposal.evidence.is_empty(), "no ground: {rule}");
        }
    }

    #[test]
    fn a_written_reason_is_kept(confidence in 0..=100_u8) {
        let rule = "[[rule]]\nname = \"r\"\nbecause = \"b\"\nmode = \"enforce\"\nwhen.received = { alone_because = \"incident 7\" }\nthen = { action = \"block\", for = \"1d\" }\n";
        let rules = Rules::read("rules.toml", rule, Access::default()).map_err(|e| TestCaseError::fail(e.to_string()))?;
        let received = vec![Received { confidence, ..crate::fixture::received("lab-one.example") }];
        let judged = rules.judge(&Facts { received, ..Facts::of(Subject::Account("a".to_owned())) }, now());
        let proposal = judged.holds.ok_or_else(|| TestCaseError::fail("nothing"))?;
        prop_assert_eq!(proposal.action, Action::Block);
        let kept = serde_json::to_string(&proposal.evidence).map_err(|e| TestCaseError::fail(e.to_string()))?;
        prop_assert!(kept.contains("incident 7"));
    }

    #[test]
    fn what_members_have_in_common_counts_from_where_the_rule_says(
        least in 0..4_u32, sure in 0..=100_u8, members in 0..5_u32, confidence in prop::option::of(0..=100_u8),
        is_alone in any::<bool>(),
    ) {
        let alone = if is_alone { ", alone_because = \"incident 8\"" } else { "" };
        let action = if is_alone { "block" } else { "challenge" };
        let rule = format!(
            "[[rule]]\nname = \"r\"\nbecause = \"b\"\nmode = \"enforce\"\nwhen.pooled = {{ members_at_least = {least}, confidence_at_least = {sure}{alone} }}\nthen = {{ action = \"{action}\", for = \"1d\" }}\n"
        );
        let rules = Rules::read("rules.toml", &rule, Access::default()).map_err(|e| TestCaseError::fail(e.to_string()))?;
        let facts = Facts { pooled: Some(Pooled { members, confidence }), ..Facts::of(Subject::Account("a".to_owned())) };
        let holds = rules.judge(&facts, now()).holds;
        let wanted = members >= least.max(1) && confidence.unwrap_or(0) >= sure;
        prop_assert_eq!(holds.as_ref().map(|proposal| proposal.action.name()), wanted.then_some(action));
        let said = serde_json::to_string(&holds.map(|p| p.evidence)).map_err(|e| TestCaseError::fail(e.to_string()))?;
        prop_assert_eq!(said.contains("incident 8"), wanted && is_alone);
    }

    #[test]
    fn the_allow_list_wins_over_any_rule(rule in any_rule(), facts in any_facts()) {
        let listed = "[[allow]]\nkind = \"account\"\nvalue = \"a\"\nreason = \"r\"\nby = \"b\"\n";
        let Ok(rules) = Rules::read("rules.toml", &(listed.to_owned() + &rule), access()) else { return Ok(()) };
        let judged = rules.judge(&facts, now());
        prop_assert!(judged.listed.is_some() && judged.holds.is_none() && judged.shadow.is_empty());
    }

    #[test]
    fn any_text_is_read_or_refused(text in "(?s).{0,200}", rule in any_rule(), cut in any::<prop::sample::Index>()) {
        let _ = Rules::read("rules.toml", &text, Access::default());
        let at = cut.index(rule.len().max(1));
        let _ = Rules::read("rules.toml", &rule.chars().take(at).collect::<String>(), Access::default());
        let _ = Access::read("access.toml", &text);
    }
}

/// Rules of all sorts, most of which can be read, none of which writes a reason or rests on terms of service.
fn any_rule() -> impl Strategy<Value = String> {
    let campaign = prop::option::of((0..=10_u8, prop::bool::ANY)).prop_map(|given| {
        given.map(|(score, label)| {
            let label = if label { ", label = [\"confirmed\", \"new\"]" } else { "" };
            format!("campaign = {{ score_at_least = {}{label}, actionable = false }}\n", f64::from(score) / 10.0)
        })
    });
    let signal = prop::option::of(-2..3_i8)
        .prop_map(|given| given.map(|least| format!("signal = [{{ name = \"s\", at_least = {least} }}]\n")));
    let received = prop::option::of((0..=100_u8, 0..3_u8)).prop_map(|given| {
        given.map(|(confidence, sightings)| {
            format!("received = {{ confidence_at_least = {confidence}, sightings_at_least = {sightings} }}\n")
        })
    });
    let pooled = prop::option::of((0..4_u8, 0..=100_u8)).prop_map(|given| {
        given.map(|(members, confidence)| {
            format!("pooled = {{ members_at_least = {members}, confidence_at_least = {confidence} }}\n")
        })
    });
    let evasion =
        prop::option::of(1..3_u8).prop_map(|given| given.map(|least| format!("evasion_at_least = {least}\n")));
    let verified = prop::option::of(any::<bool>()).prop_map(|given| given.map(|v| format!("verified = {v}\n")));
    let then = prop::sample::select(vec![
        "action = \"challenge\"",
        "action = \"throttle\"\nrequests_per_minute = 5",
        "action = \"degrade\"\nwithhold_reasoning = true",
        "action = \"block\"",
    ]);
    let mode = prop::sample::select(vec!["enforce", "shadow"]);
    (campaign, signal, received, pooled, evasion, verified, then, mode).prop_map(
        |(campaign, signal, received, pooled, evasion, verified, then, mode)| {
            let when: String = [campaign, signal, received, pooled, evasion, verified].into_iter().flatten().collect();
            format!("[[rule]]\nname = \"r\"\nbecause = \"b\"\nmode = \"{mode}\"\n[rule.when]\n{when}[rule.then]\n{then}\nfor = \"1d\"\n")
        },
    )
}

fn any_received() -> impl Strategy<Value = Received> {
    (0..=100_u8, 0..4_u32, prop::sample::select(vec!["x", "y", "z"])).prop_map(|(confidence, sightings, producer)| {
        Received {
            indicator: "indicator--1".to_owned(),
            producer: producer.to_owned(),
            confidence,
            tlp: Tlp::Green,
            pap: Pap::Clear,
            sightings,
            valid_until: None::<Timestamp>,
            disputed: false,
        }
    })
}

fn any_place() -> impl Strategy<Value = stillwatch_gate::access::Place> {
    let country = || prop::option::of(prop::sample::select(vec!["XY", "XZ"]).prop_map(str::to_owned));
    let network = prop::option::of(prop::sample::select(vec!["XX", "XY"]).prop_map(str::to_owned));
    (country(), network, prop::option::of(-12.0..14.0_f64))
        .prop_map(|(billing, network, clock)| stillwatch_gate::access::Place { billing, network, clock, owner: None })
}

fn any_facts() -> impl Strategy<Value = Facts> {
    let campaign = prop::option::of((0.0..=1.0_f64, any::<bool>())).prop_map(|given| {
        given.map(|(score, actionable)| OwnCampaign {
            id: "campaign--1".to_owned(),
            score,
            label: Label::Confirmed,
            actionable,
            membership: score,
        })
    });
    let received = prop::collection::vec(any_received(), 0..4);
    let signals = prop::collection::vec(
        (-2.0..4.0_f64).prop_map(|contribution| OwnSignal { name: "s".to_owned(), contribution }),
        0..2,
    );
    (campaign, received, signals, any_place()).prop_map(|(campaign, received, signals, place)| Facts {
        campaign,
        received,
        signals,
        place,
        ..Facts::of(Subject::Account("a".to_owned()))
    })
}

#[test]
fn kinds_do_not_mix() {
    let entry = |subject: Subject| Entry {
        id: 1,
        subject,
        course: stillwatch_gate::entry::Course {
            action: Action::Block,
            decays: Vec::new(),
            code: "c".to_owned(),
            source: "r".to_owned(),
        },
        since: NOW,
        expires: i64::MAX,
    };
    let table = Table::build([entry(Subject::Account("x".to_owned()))], 0);
    assert!(table.find(Key::Exact(Kind::Client, "x"), NOW).is_none());
    let every_v6 = Subject::new(Kind::Network, "::/0").unwrap();
    let table = Table::build([entry(every_v6)], 0);
    assert!(table.find(Key::address([203, 0, 113, 7].into()), NOW).is_none(), "no IPv6 network holds IPv4");
    let mapped: IpAddr = "::ffff:203.0.113.7".parse().unwrap();
    let v4 = Table::build([entry(Subject::new(Kind::Network, "203.0.113.0/24").unwrap())], 0);
    assert!(v4.find(Key::address(mapped), NOW).is_some(), "IPv4 written as IPv6 is IPv4");
}
