//! Streams: a bouncer that plays every answer holds what the full list says.
//! In: decisions that come, go, end and weaken; polls at odd times. Out: passes, or the history that breaks it.
//! Invariant: bouncers are modelled as the real ones are: a map by value, deletions first.
//! Not here: real bouncers (`node`).

use std::collections::BTreeMap;

use proptest::prelude::*;
use stillwatch_gate::book::{Change, Done};
use stillwatch_gate::enforce::crowdsec::{Asked, Cursor, Decision, Filter, Stream, delta, everything};
use stillwatch_gate::{Entry, Feed, Live, Table};

use crate::fixture::{NOW, Tested, now, table};
use crate::laws::{any_entry, numbered};

/// A bouncer as `pycrowdsec` is: by value alone, in one map a scope, as it should be used where accounts and clients may have one name.
#[derive(Default)]
struct Bouncer(BTreeMap<String, String>);

impl Bouncer {
    fn play(&mut self, stream: &Stream<'_>) {
        for gone in &stream.deleted {
            self.0.remove(&name(gone));
        }
        for new in &stream.new {
            self.0.insert(name(new), new.remediation.to_string());
        }
    }
}

/// A bouncer as the firewall bouncer is: deletes only the kind that it knows.
#[derive(Default)]
struct Firewall(BTreeMap<String, ()>);

impl Firewall {
    fn play(&mut self, stream: &Stream<'_>) {
        for gone in stream.deleted.iter().filter(|d| d.remediation == "ban") {
            self.0.remove(&name(gone));
        }
        for new in stream.new.iter().filter(|d| d.remediation == "ban") {
            self.0.insert(name(new), ());
        }
    }
}

fn name(decision: &Decision<'_>) -> String {
    format!("{}/{}", decision.scope, decision.value)
}

#[derive(Debug, Clone)]
enum Step {
    Make(Entry),
    Renew(prop::sample::Index, i64),
    TakeBack(prop::sample::Index),
    Wait(i64),
    Poll,
}

fn any_step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => any_entry().prop_map(Step::Make),
        1 => (any::<prop::sample::Index>(), 1..80_i64).prop_map(|(which, lasts)| Step::Renew(which, lasts)),
        2 => any::<prop::sample::Index>().prop_map(Step::TakeBack),
        2 => (1..30_i64).prop_map(Step::Wait),
        2 => Just(Step::Poll),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn playing_the_feed_gives_the_full_list(
        entries in prop::collection::vec(any_entry(), 0..20),
        steps in prop::collection::vec(any_step(), 1..40),
        lossy in any::<bool>(),
    ) {
        let scopes = [("scopes", "ip,range,account,client,ja4")];
        let filter = Filter::of(scopes);
        let mut held = numbered(entries);
        let live = Live::new(Table::build(held.clone(), 0));
        let mut feed = Feed::after(0, 1_000);
        let (mut at, mut number, mut next) = (NOW, 0, 10_000);
        let (mut bouncer, mut firewall) = (Bouncer::default(), Firewall::default());
        let first = live.keep();
        bouncer.play(&everything(&first, &filter, false, at));
        firewall.play(&everything(&first, &filter, false, at));
        let (mut cursor, mut polls) = (Cursor { number, at }, 0);
        // As in the book: what ended is neither renewed nor taken back.
        let holding = |held: &[Entry], which: prop::sample::Index, at: i64| {
            let which = (!held.is_empty()).then(|| which.index(held.len()))?;
            held[which].acts(at).map(|_| which)
        };
        for step in steps.into_iter().chain([Step::Poll, Step::Poll]) {
            let (entry, done) = match step {
                Step::Make(entry) => {
                    next += 1;
                    let entry = Entry { id: next, since: at, expires: entry.expires.saturating_add(at - NOW), ..entry };
                    held.push(entry.clone());
                    (entry, Done::Made)
                }
                Step::Renew(which, lasts) => {
                    let Some(which) = holding(&held, which, at) else { continue };
                    held[which] = Entry { since: at, expires: at + lasts, ..held[which].clone() };
                    (held[which].clone(), Done::Renewed)
                }
                Step::TakeBack(which) => {
                    let Some(which) = holding(&held, which, at) else { continue };
                    (held.remove(which), Done::TakenBack)
                }
                Step::Wait(seconds) => {
                    at += seconds;
                    continue;
                }
                Step::Poll => {
                    polls += 1;
                    let table = live.keep();
                    let stream = delta(&table, &feed, cursor, &filter, at);
                    let stream = stream.ok_or_else(|| TestCaseError::fail("the feed was lost"))?;
                    // Of two answers one is lost on the way: the next one begins where the last one that arrived ended.
                    if lossy && polls % 2 == 1 {
                        continue;
                    }
                    bouncer.play(&stream);
                    firewall.play(&stream);
                    cursor = Cursor { number: table.number(), at };
                    let full = everything(&table, &filter, false, at);
                    let (mut wanted, mut bans) = (Bouncer::default(), Firewall::default());
                    wanted.play(&full);
                    bans.play(&full);
                    prop_assert_eq!(&bouncer.0, &wanted.0, "{:?}", stream);
                    prop_assert_eq!(&firewall.0, &bans.0, "{:?}", stream);
                    continue;
                }
            };
            number += 1;
            let change = [Change { number, at: now(), entry, done }];
            live.change(&change);
            if number % 3 == 0 {
                live.settle(at);
            }
            feed.push(&change);
        }
    }

    #[test]
    fn the_full_list_says_what_the_table_says(entries in prop::collection::vec(any_entry(), 0..30), a in 0..4_u8, b in any::<u8>()) {
        let table = Table::build(numbered(entries), 0);
        let ip = std::net::IpAddr::from([10, 0, a, b]);
        let list = everything(&table, &Filter::default(), false, NOW);
        let hit = list.new.iter().filter(|d| {
            let net = d.value.parse::<ipnet::IpNet>().or_else(|_| d.value.parse::<std::net::IpAddr>().map(ipnet::IpNet::from));
            net.is_ok_and(|net| net.contains(&ip))
        });
        let strongest = |word: &str| ["captcha", "throttle", "degrade", "ban"].iter().position(|w| *w == word);
        let listed = hit.filter_map(|d| strongest(&d.remediation)).max();
        let asked = Asked { ip: Some(ip.to_string()), ..Asked::default() };
        let one = asked.find(&table, NOW).map_err(|e| TestCaseError::fail(e.to_string()))?;
        prop_assert_eq!(listed, one.and_then(|d| strongest(&d.remediation)));
    }
}

#[test]
fn who_was_away_too_long_is_told_everything() {
    let mut feed = Feed::after(5, 2);
    let table = table();
    let entry = table.lines().next().map(|line| Entry {
        id: line.id,
        subject: stillwatch_gate::Subject::Account("acct-1".to_owned()),
        course: line.course.clone(),
        since: NOW,
        expires: NOW + 10,
    });
    let change = |number| Change { number, at: now(), entry: entry.clone().unwrap(), done: Done::Renewed };
    feed.push(&[change(6), change(7), change(8)]);
    assert!(feed.since(5).is_none(), "one of them isn't kept");
    assert_eq!(feed.since(6).map(Iterator::count), Some(2));
    assert_eq!(feed.since(8).map(Iterator::count), Some(0));
    assert!(feed.since(9).is_none(), "a number of another life");
    feed.push(&[change(20)]);
    assert!(feed.since(8).is_none(), "a gap is never overlooked");
    assert_eq!(feed.since(19).map(Iterator::count), Some(1));
}

#[test]
fn the_wire_is_crowdsecs() -> Tested {
    let table = table();
    let full = everything(&table, &Filter::default(), true, NOW + 3_661);
    insta::assert_snapshot!(serde_json::to_string_pretty(&full)?);
    let all = Filter::of([("scopes", "account"), ("scenarios_not_containing", "none-such")]);
    assert!(everything(&table, &all, false, NOW).new.iter().all(|d| d.scope == "account"));
    for nothing in
        [("origins", "cscli,CAPI"), ("scenarios_containing", "ssh"), ("scenarios_not_containing", "stillwatch")]
    {
        assert!(everything(&table, &Filter::of([nothing]), false, NOW).new.is_empty(), "{nothing:?}");
    }
    let ended = everything(&table, &Filter::default(), true, NOW + 49 * 3_600);
    assert!(ended.new.is_empty() && !ended.deleted.is_empty());
    Ok(())
}

#[test]
fn one_address_or_key_is_looked_up() -> Tested {
    let table = table();
    let ask =
        |asked: Asked| asked.find(&table, NOW).map(|d| d.map(|d| (d.value.to_string(), d.remediation.to_string())));
    let ip = |text: &str| ask(Asked { ip: Some(text.to_owned()), ..Asked::default() });
    let pair = |value: &str, word: &str| Some((value.to_owned(), word.to_owned()));
    assert_eq!(ip("203.0.113.200")?, pair("203.0.113.0/24", "ban"));
    assert_eq!(ip("203.0.113.77")?, pair("203.0.113.0/24", "ban"), "the hardest of the networks around it");
    assert_eq!(ip("203.0.113.9")?, None, "let through");
    assert_eq!(ip("2001:db8:1::5")?, pair("2001:db8:1::/48", "ban"));
    assert!(ip("not an address").is_err());
    let scoped = |scope: &str, value: &str| {
        ask(Asked { scope: Some(scope.to_owned()), value: Some(value.to_owned()), ..Asked::default() })
    };
    assert_eq!(scoped("Account", "acct-1")?, pair("acct-1", "ban"));
    assert_eq!(scoped("Ip", "198.51.100.9")?, pair("198.51.100.9", "captcha"));
    assert_eq!(scoped("Country", "XX")?, None);
    assert_eq!(ask(Asked::default())?, None);
    Ok(())
}
