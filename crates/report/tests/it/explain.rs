//! Explain: campaigns, members and suspects at length, and names that fit nothing.
//! In: `fixture`. Out: snapshots.
//! Invariant: every kind of subject and of error is shown once.
//! Not here: tables.

use stillwatch_report::explain;

use crate::fixture;

/// The explanation, or the error as it is printed.
fn explained(asked: &str) -> String {
    match explain(&fixture::sample(), asked) {
        Ok(text) => text,
        Err(error) => error.to_string(),
    }
}

#[test]
fn a_campaign() {
    insta::assert_snapshot!(explained("3f9a41c7"));
}

#[test]
fn a_campaign_of_one_family() {
    insta::assert_snapshot!(explained("3f90c2d8"));
}

#[test]
fn a_prefix_and_the_whole_id_name_the_same() {
    let whole = explained("campaign--b81d02e6-0c4f-5a19-8d35-90aa71e4cc02");
    assert_eq!(explained("b8"), whole);
    assert_eq!(explained("campaign--b81d"), whole);
}

#[test]
fn a_member() {
    insta::assert_snapshot!(explained("acct-kestrel-004"));
}

#[test]
fn the_beginning_of_one_account_names_it() {
    let mut report = fixture::sample();
    report.findings.suspects[0].account = "heron/7741".into();
    assert_eq!(explain(&report, "heron"), explain(&report, "heron/7741"));
    let several = explained("acct-lone-0");
    assert!(several.contains("the closest are `acct-lone-00`, `acct-lone-01`, `acct-lone-02`"), "{several}");
}

#[test]
fn a_user_inside_an_aggregator() {
    insta::assert_snapshot!(explained("relay-orchard/eu-002"));
}

#[test]
fn a_suspect() {
    insta::assert_snapshot!(explained("acct-lone-00"));
}

#[test]
fn an_unknown_name() {
    insta::assert_snapshot!(explained("acct-kestrell-04"));
}

#[test]
fn an_ambiguous_prefix() {
    insta::assert_snapshot!(explained("3f9"));
}

#[test]
fn nothing_typed_names_nothing() {
    assert!(explain(&fixture::sample(), "").is_err());
    assert!(explain(&fixture::sample(), "campaign--").is_err());
}

#[test]
fn nothing_to_explain() {
    let error = explain(&fixture::empty(), "3f9a").map_err(|error| error.to_string());
    insta::assert_snapshot!(error.err().unwrap_or_default());
}

#[test]
fn a_score_that_does_not_add_up_is_said() {
    let mut report = fixture::sample();
    report.findings.suspects[0].score = 0.5;
    let text = explain(&report, "acct-lone-00").unwrap_or_default();
    assert!(text.contains("which is not what these contributions add up to"), "{text}");
}

#[test]
fn strangers_cannot_steer_the_terminal() {
    let report = fixture::hostile();
    let names = report.findings.campaigns.iter().flat_map(|campaign| [&campaign.id, &campaign.accounts[0]]);
    for name in names.chain([&report.findings.suspects[0].account]) {
        let text = explain(&report, name).unwrap_or_else(|error| error.to_string());
        assert!(!text.contains('\u{1b}') && !text.contains('\u{202e}'), "{text}");
    }
}
