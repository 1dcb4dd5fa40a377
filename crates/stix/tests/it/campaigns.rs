//! Campaigns as bundles: what goes in, what doesn't, and that it comes back.
//! In: the fixture, and arbitrary campaigns. Out: bundles and what is read of them.
//! Invariant: nothing planted comes out.
//! Not here: others' programs (`peers.rs`).

use std::collections::BTreeSet;

use proptest::prelude::*;
use stillwatch_model::Family;
use stillwatch_model::saved::{Client, Network, TextSketch};
use stillwatch_model::tracked::{Status, Tracked};
use stillwatch_stix::campaign::{self, Options, Received};
use stillwatch_stix::extension::{floor, magnitude};
use stillwatch_stix::marking::{Pap, Tlp};
use stillwatch_stix::validate::{Rules, validate};
use stillwatch_stix::{Bundle, Limits, Object};

use crate::fixture;

fn received(text: &str) -> Received {
    let bundle = Bundle::read(text.as_bytes(), &Limits::default()).expect("a bundle of ours");
    assert_eq!(bundle.faults, []);
    campaign::receive(&bundle.objects)
}

#[test]
fn nothing_that_stays_home_goes_in() {
    for options in [fixture::options(), Options { claims: true, notes: true, ..fixture::options() }] {
        for status in Status::ALL {
            let text = campaign::bundle(&Tracked { status, ..fixture::campaign() }, &options);
            let found = text.split('"').find(|piece| piece.contains("PLANTED"));
            assert_eq!(found, None, "{status:?}");
            // Exact volumes, and an address that mostly strangers use.
            for exact in ["1234,", "567891", "88888888", "222222222", "31337", "203.0.113.77", "AML.T9999\u{0}"] {
                assert!(!text.contains(exact), "{exact} is in the bundle");
            }
        }
    }
    // A name goes only where it is asked for.
    let named = campaign::bundle(&fixture::campaign(), &Options { names: true, ..fixture::options() });
    assert!(named.contains("PLANTED-name") && !named.contains("PLANTED-assignee"));
}

#[test]
fn what_is_made_has_no_fault() {
    for status in Status::ALL {
        for tlp in Tlp::ALL {
            let options = Options { claims: true, notes: true, tlp, ..fixture::options() };
            let text = campaign::bundle(&Tracked { status, ..fixture::campaign() }, &options);
            assert_eq!(validate(text.as_bytes(), &Rules::default()), [], "{status:?} {tlp:?}");
        }
    }
}

#[test]
fn the_bundle_says_what_it_should() {
    let options = Options { claims: true, notes: true, ..fixture::options() };
    let text = campaign::bundle(&fixture::campaign(), &options);
    insta::assert_snapshot!(story(&text));
}

/// A line an object: what it is called, looks for or ties.
fn story(text: &str) -> String {
    let bundle: serde_json::Value = serde_json::from_str(text).expect("JSON");
    let objects = bundle["objects"].as_array().expect("objects");
    let called = |id: &serde_json::Value| {
        let object = objects.iter().find(|object| object["id"] == *id).expect("it is there");
        let name = ["name", "pattern", "value", "opinion", "content"].iter().find_map(|name| object[*name].as_str());
        format!(
            "{} {}",
            object["type"].as_str().unwrap_or_default(),
            name.map_or_else(|| "-".to_owned(), |name| format!("`{name}`"))
        )
    };
    let mut story = String::new();
    for object in objects {
        let line = match object["relationship_type"].as_str() {
            Some(tie) => format!("{} {tie} {}", called(&object["source_ref"]), called(&object["target_ref"])),
            None => called(&object["id"]),
        };
        let mut parts = vec![line];
        for name in [
            "pattern",
            "confidence",
            "indicator_types",
            "valid_from",
            "valid_until",
            "number_observed",
            "count",
            "revoked",
            "description",
            "explanation",
        ] {
            if let Some(value) = object.get(name).filter(|_| object["type"] != "extension-definition") {
                parts.push(format!("    {name}: {value}"));
            }
        }
        story += &parts.join("\n");
        story.push('\n');
    }
    story
}

#[test]
fn it_is_the_same_every_time_and_changes_with_what_is_known() {
    let campaign = fixture::campaign();
    let options = fixture::options();
    assert_eq!(campaign::bundle(&campaign, &options), campaign::bundle(&campaign, &options));
    let grown = Tracked { exchanges: 9_999_999, modified: "2026-06-01T00:00:00Z".to_owned(), ..campaign.clone() };
    let ids = |campaign: &Tracked| {
        let text = campaign::bundle(campaign, &options);
        let bundle = Bundle::read(text.as_bytes(), &Limits::default()).expect("a bundle of ours");
        bundle.objects.iter().map(|object| object.head.id.clone().into_owned()).collect::<BTreeSet<_>>()
    };
    assert_eq!(ids(&campaign), ids(&grown));
}

#[test]
fn what_didnt_change_is_sent_as_it_was() {
    let options = fixture::options();
    let campaign = fixture::campaign();
    let sent = campaign::objects(&campaign, &options);
    let id = |text: &str| Object::read(text, 16).expect("an object").head.id.into_owned();
    let before = |wanted: &str| sent.iter().find(|text| id(text) == wanted).cloned();
    let at = "2026-07-01T00:00:00Z";
    // A note of ours changes nothing that is told; ten times the volume changes the campaign and its sighting.
    let touched = Tracked { modified: at.to_owned(), ..campaign.clone() };
    let changed = |now: &Tracked| -> Vec<String> {
        let now = campaign::versions(now, &options, before, at);
        now.iter()
            .filter(|text| !sent.contains(text))
            .map(|text| id(text).split("--").next().unwrap_or_default().to_owned())
            .collect()
    };
    assert!(changed(&touched).is_empty());
    let grown = Tracked { exchanges: campaign.exchanges * 10, ..touched };
    assert_eq!(changed(&grown), ["campaign", "sighting"]);
    let newer = campaign::versions(&grown, &options, before, at);
    let campaign = newer.iter().find(|text| id(text) == grown.id).expect("the campaign");
    assert!(
        campaign.contains(r#""created":"2026-05-15T00:00:00.000Z""#)
            && campaign.contains(r#""modified":"2026-07-01T00:00:00.000Z""#)
    );
}

#[test]
fn every_reference_leads_somewhere_and_everything_is_marked() {
    let options = Options { claims: true, notes: true, pap: Some(Pap::Green), ..fixture::options() };
    let text = campaign::bundle(&fixture::campaign(), &options);
    let bundle = Bundle::read(text.as_bytes(), &Limits::default()).expect("a bundle of ours");
    let ids: BTreeSet<&str> = bundle.objects.iter().map(|object| object.head.id.as_ref()).collect();
    assert_eq!(ids.len(), bundle.objects.len(), "an object is there twice");
    for object in &bundle.objects {
        for id in object.head.refs.iter().chain(&object.head.markings).chain(&object.head.created_by) {
            assert!(ids.contains(id.as_ref()), "{} refers to {id}, which isn't there", object.head.id);
        }
        let markings = &object.head.markings;
        let public = [Tlp::Clear.id()];
        let own = [Tlp::AmberStrict.id(), Pap::Green.id()];
        assert!(
            object.head.kind == "marking-definition" || markings == &public || markings == &own,
            "{}",
            object.raw()
        );
    }
}

#[test]
fn a_campaign_comes_back() {
    let options = Options { claims: true, ..fixture::options() };
    let campaign = Tracked { status: Status::Disrupted, ..fixture::campaign() };
    let received = received(&campaign::bundle(&campaign, &options));
    let back = received.campaigns.first().expect("one campaign");
    assert_eq!(back.name, "templated harvest 0c4f1b4c");
    assert_eq!(back.confidence, Some(95));
    assert_eq!(back.attributed, [("Invented Actor".to_owned(), Some(85))]);
    assert_eq!((back.levels.tlp, back.levels.pap), (Some(Tlp::AmberStrict), Some(Pap::Amber)));
    assert_eq!(back.standing.agree, 1);
    assert_eq!(
        back.responses.iter().map(|r| (r.action.as_str(), r.accounts_log10)).collect::<Vec<_>>(),
        [("suspend-accounts", Some(3))]
    );
    assert_eq!(back.handling.as_ref().and_then(|h| h.expires.as_deref()), Some("2027-03-01T00:00:00.000Z"));
    let kinds: BTreeSet<&str> =
        received.indicators.iter().map(|i| i.pattern.split(':').next().unwrap_or_default()).collect();
    assert_eq!(kinds, BTreeSet::from(["[autonomous-system", "[ipv4-addr", "[ipv6-addr", "[network-traffic"]));
    assert!(
        received.indicators.iter().all(|i| i.indicates.contains(&campaign.id) && i.valid_until.is_some() && !i.revoked)
    );
}

#[test]
fn a_false_positive_is_taken_back() {
    let campaign = Tracked { status: Status::FalsePositive, ..fixture::campaign() };
    let received = received(&campaign::bundle(&campaign, &fixture::options()));
    assert!(received.campaigns.iter().all(|campaign| campaign.revoked && campaign.standing.disagree == 1));
    assert!(received.indicators.len() > 5 && received.indicators.iter().all(|indicator| indicator.revoked));
}

fn sketch() -> impl Strategy<Value = TextSketch> {
    let slot = prop_oneof![Just(0u32), any::<u32>()];
    (
        proptest::collection::vec(slot.clone(), 16),
        proptest::collection::vec(slot.clone(), 4),
        slot.clone(),
        slot,
        0.0..=1.0f64,
        any::<u64>(),
    )
        .prop_map(|(body, system, head, tail, share, fills)| TextSketch { body, system, head, tail, share, fills })
}

prop_compose! {
    fn tracked()(
        texts in proptest::collection::vec(sketch(), 0..4),
        addresses in proptest::collection::vec((any::<std::net::IpAddr>(), any::<Option<u32>>(), 1..50u64, 0..10u64), 0..8),
        agents in proptest::collection::vec("\\PC{0,40}", 0..4),
        (accounts, exchanges, input) in any::<(u64, u64, u64)>(),
        score in 0.0..=1.0f64,
        status in 0..8usize,
        name in any::<Option<String>>(),
        times in (0..4_000_000_000i64, 0..4_000_000_000i64),
    ) -> Tracked {
        let time = |seconds| jiff::Timestamp::from_second(seconds).map(|time| time.to_string()).unwrap_or_default();
        Tracked {
            name, score, accounts, exchanges, texts,
            status: Status::ALL[status],
            tokens: stillwatch_model::Tokens { input, ..Default::default() },
            first_seen: time(times.0),
            last_seen: time(times.1),
            families: vec![Family::Focus],
            networks: addresses.into_iter().map(|(address, asn, accounts, strangers)| Network { address: address.to_string(), asn, exchanges: accounts, accounts, strangers }).collect(),
            clients: agents.into_iter().map(|agent| Client { user_agent: Some(agent), tls_ja4: Some(fixture::JA4.to_owned()), accounts: 3, ..Client::default() }).collect(),
            ..fixture::campaign()
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]
    #[test]
    fn what_goes_out_comes_back(campaign in tracked()) {
        let options = Options { names: true, ..fixture::options() };
        let text = campaign::bundle(&campaign, &options);
        prop_assert_eq!(validate(text.as_bytes(), &Rules::default()), vec![]);
        let received = received(&text);
        prop_assert_eq!(received.campaigns.len(), 1);
        let back = &received.campaigns[0];
        let metrics = back.metrics.clone().unwrap_or_default();
        prop_assert_eq!(&back.id, &campaign.id);
        prop_assert_eq!(metrics.exchanges_log10, magnitude(campaign.exchanges));
        prop_assert_eq!(metrics.accounts_log10, magnitude(campaign.accounts));
        prop_assert_eq!(metrics.input_tokens_log10, magnitude(campaign.tokens.input));
        prop_assert_eq!(metrics.capabilities, ["reasoning", "tool-use"]);
        let techniques: BTreeSet<_> = campaign.techniques.iter().filter(|t| t.starts_with("AML")).cloned().collect();
        prop_assert_eq!(&back.techniques, &techniques);
        let told = |members: u64, strangers: u64| strangers == 0 || strangers as f64 <= 0.5 * (members + strangers) as f64;
        let addresses: BTreeSet<_> = campaign.networks.iter().filter(|n| told(n.accounts, n.strangers)).map(|n| n.address.clone()).collect();
        prop_assert_eq!(back.networks.iter().map(|n| n.address.clone()).collect::<BTreeSet<_>>(), addresses);
        // Each sketch with something fixed is there, exactly; its share and fillings are rounded.
        let mut expected: Vec<_> = campaign.texts.iter().filter(|text| text.fixed() > 0).map(|text| {
            (text.body.clone(), text.system.clone(), text.head, text.tail, (text.share * 10.0).round() as u64, if text.fills == 0 { 0 } else { 10u64.pow(text.fills.ilog10()) })
        }).collect();
        let mut found: Vec<_> = received.indicators.iter().filter_map(|indicator| indicator.text.as_ref()).map(|text| {
            let s = &text.sketch;
            (s.body.clone(), s.system.clone(), s.head, s.tail, (s.share * 10.0).round() as u64, s.fills)
        }).collect();
        expected.sort();
        found.sort();
        prop_assert_eq!(found, expected);
        let agents: BTreeSet<_> = campaign.clients.iter().filter_map(|client| client.user_agent.clone()).filter(|agent| !agent.is_empty() && !agent.contains('@') && !agent.chars().any(char::is_control)).collect();
        prop_assert_eq!(received.indicators.iter().filter_map(|i| i.client.as_ref()?.user_agent.clone()).collect::<BTreeSet<_>>(), agents);
        prop_assert!(floor(campaign.exchanges) <= campaign.exchanges);
    }
}
