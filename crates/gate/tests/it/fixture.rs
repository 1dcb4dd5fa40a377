//! Fixture: the shipped rules, and decisions of every kind.
//! In: nothing. Out: values that tests share.
//! Invariant: the same each time.
//! Not here: tests.

#![expect(clippy::unwrap_used, reason = "a fixture that can't be made should stop its test")]

use jiff::{SignedDuration, Timestamp};
use stillwatch_gate::facts::{Label, OwnCampaign, Received, Tlp};
use stillwatch_gate::rules::{Listed, Proposal, Step};
use stillwatch_gate::{Access, Action, Book, Decision, Facts, Kind, Rules, Subject, Table};

pub(crate) type Tested = Result<(), Box<dyn std::error::Error>>;

pub(crate) const NOW: i64 = 1_780_315_200;

pub(crate) fn now() -> Timestamp {
    Timestamp::from_second(NOW).unwrap()
}

pub(crate) fn text(name: &str) -> String {
    let path = format!("{}/../../docs/decisions/{name}", env!("CARGO_MANIFEST_DIR"));
    std::fs::read_to_string(path).unwrap()
}

pub(crate) fn rules() -> Rules {
    Rules::read("rules.toml", &text("rules.toml"), access()).unwrap()
}

pub(crate) fn access() -> Access {
    Access::read("access.toml", &text("access.toml")).unwrap()
}

pub(crate) fn subject(kind: Kind, value: &str) -> Subject {
    Subject::new(kind, value).unwrap()
}

pub(crate) fn account(value: &str) -> Subject {
    subject(Kind::Account, value)
}

pub(crate) fn member(name: &str) -> Facts {
    let campaign = OwnCampaign {
        id: "campaign--1".to_owned(),
        score: 0.95,
        label: Label::Confirmed,
        actionable: true,
        membership: 0.9,
    };
    Facts { campaign: Some(campaign), ..Facts::of(account(name)) }
}

pub(crate) fn received(producer: &str) -> Received {
    Received {
        indicator: format!("indicator--{producer}"),
        producer: producer.to_owned(),
        confidence: 90,
        tlp: Tlp::Amber,
        pap: stillwatch_gate::facts::Pap::Clear,
        sightings: 3,
        valid_until: None,
        disputed: false,
    }
}

/// A proposal that rests on nothing: for tests of what comes after the rules.
pub(crate) fn proposal(subject: Subject, action: Action, hours: i64) -> Proposal {
    Proposal {
        subject,
        rule: "rule-one".to_owned(),
        code: "policy".to_owned(),
        action,
        decays: Vec::new(),
        lifetime: SignedDuration::from_hours(hours),
        reason: "a test".to_owned(),
        evidence: Vec::new(),
        accounts: 1,
        verified: 0,
        verified_requests: 0,
    }
}

/// A decision of each kind, with odd keys.
pub(crate) fn book() -> Book {
    let degrade = Action::Degrade { withhold_reasoning: true, max_output_tokens: Some(2048), withhold_logprobs: true };
    let throttle = Action::Throttle { requests_per_minute: 30 };
    let mut all = vec![
        proposal(account("acct-1"), Action::Block, 24),
        proposal(account("acct-2/user \"x\"; }"), Action::Challenge, 24),
        proposal(account("default"), throttle, 24),
        proposal(account("#hash"), Action::Block, 24),
        proposal(account("~^.*$"), degrade, 24),
        proposal(account("back\\slash"), Action::Block, 24),
        proposal(subject(Kind::Client, "key-9"), degrade, 24),
        proposal(subject(Kind::Ja4, "t13d1516h2_8daaf6152771_b186095e22b6"), Action::Challenge, 24),
        proposal(subject(Kind::Network, "203.0.113.0/24"), Action::Block, 24),
        proposal(subject(Kind::Network, "203.0.113.77"), Action::Challenge, 48),
        proposal(subject(Kind::Network, "198.51.100.9"), Action::Challenge, 24),
        proposal(subject(Kind::Network, "2001:db8:1::/48"), Action::Block, 24),
    ];
    all[0].decays = vec![Step { after_seconds: 3_600, action: Action::Challenge }];
    let mut decisions: Vec<Decision> =
        (1..).zip(all).map(|(id, proposal)| Decision::of_proposal(id, proposal, now())).collect();
    let listed =
        |subject, reason: &str| Listed { subject, reason: reason.to_owned(), by: "legal".to_owned(), until: None };
    for listed in
        [listed(subject(Kind::Network, "203.0.113.8/31"), "an office"), listed(account("acme-evals"), "contract")]
    {
        decisions.push(Decision::of_listed(decisions.len() as u64 + 1, &listed, now()));
    }
    let changed = decisions.len() as u64;
    Book::of(decisions, changed)
}

pub(crate) fn table() -> Table {
    let book = book();
    Table::build(book.entries(now()), book.changed())
}
