//! Reading: the shipped rules and their cases; what is wrong in a file, and where.
//! In: `docs/decisions/*.toml`, files with a fault. Out: every case holds; errors as people read them.
//! Invariant: each error names file, line and field.
//! Not here: laws over all rules (`laws.rs`).

use std::fmt::Write as _;

use stillwatch_gate::rules::{cases, simulate};
use stillwatch_gate::{Access, Rules};

use crate::fixture::{self, Tested, member, now, rules, text};

#[test]
fn the_shipped_cases_hold() -> Tested {
    let results = cases::test(&rules(), "cases.toml", &text("cases.toml"))?;
    assert!(results.len() >= 9);
    for case in results {
        assert_eq!(case.wrong, None, "{}", case.name);
    }
    Ok(())
}

#[test]
fn a_case_that_is_wrong_says_what_came() -> Tested {
    let case = |rest: &str| {
        format!(
            "[[case]]\nname = \"c\"\nnow = \"2026-06-01T12:00:00Z\"\n{rest}\n[case.facts]\nsubject = {{ kind = \"account\", value = \"acme-evals\" }}\n"
        )
    };
    let wrong = cases::test(&rules(), "cases.toml", &case("holds = \"block\""))?;
    assert_eq!(wrong[0].wrong.as_deref(), Some("`listed` holds, not `block`"));
    let silent = cases::test(&rules(), "cases.toml", &case("")).err().map(|error| error.to_string());
    insta::assert_snapshot!(silent.unwrap_or_default());
    Ok(())
}

#[test]
fn errors_name_file_line_and_field() {
    let rule = |when: &str, then: &str| {
        format!("# a comment\n\n[[rule]]\nname = \"r\"\nbecause = \"b\"\nmode = \"enforce\"\n{when}\n{then}\n")
    };
    let block = "then = { action = \"block\", for = \"1d\" }";
    let received = "when.received = { confidence_at_least = 90 }";
    let own = "when.campaign = { score_at_least = 0.9 }";
    let faults = [
        ("not TOML", "[[rule]\n".to_owned()),
        ("unknown field", rule("when.nationality = \"XX\"", block)),
        ("unknown action", rule(own, "then = { action = \"ban\", for = \"1d\" }")),
        ("wrong type", rule("when.campaign = { score_at_least = \"high\" }", block)),
        ("received alone blocks", rule(received, block)),
        ("an empty reason is none", rule("when.received = { alone_because = \" \" }", block)),
        ("own evidence in name only", rule("when.received = {}\nwhen.campaign = { score_at_least = 0.0 }", block)),
        (
            "a weak signal is no evidence",
            rule("when.signal = [{ name = \"s\", at_least = 0.1 }]\nwhen.received = {}", block),
        ),
        ("the pool alone blocks", rule("when.pooled = { members_at_least = 3 }", block)),
        ("a confidence beyond all", rule("when.pooled = { confidence_at_least = 101 }", block)),
        ("evasion blocks", rule("when.evasion_at_least = 2", block)),
        ("no ground", rule("when.verified = false", block)),
        ("always true", rule("when.evasion_at_least = 0", "then = { action = \"challenge\", for = \"1d\" }")),
        ("score out of range", rule("when.campaign = { score_at_least = 90 }", block)),
        ("throttle without rate", rule(own, "then = { action = \"throttle\", for = \"1d\" }")),
        ("stray figure", rule(own, "then = { action = \"block\", requests_per_minute = 3, for = \"1d\" }")),
        ("no lifetime", rule(own, "then = { action = \"block\" }")),
        ("a month of months", rule(own, "then = { action = \"block\", for = \"1 month\" }")),
        ("networks for a year", rule(own, "then = { action = \"block\", for = \"365d\" }")),
        (
            "grows with age",
            rule(
                own,
                "then = { action = \"challenge\", for = \"9d\", decays = [{ after = \"1d\", action = \"block\" }] }",
            ),
        ),
        ("two rules of one name", rule(own, block) + &rule(own, block)),
        (
            "allow-list without reason",
            "[[allow]]\nkind = \"account\"\nvalue = \"a\"\nreason = \"\"\nby = \"b\"\n".to_owned(),
        ),
        ("no network", "[[allow]]\nkind = \"network\"\nvalue = \"203.0.113\"\nreason = \"r\"\nby = \"b\"\n".to_owned()),
        (
            "control characters",
            "[[allow]]\nkind = \"account\"\nvalue = \"a\\nb\"\nreason = \"r\"\nby = \"b\"\n".to_owned(),
        ),
    ];
    let mut all = String::new();
    for (name, text) in faults {
        let said = Rules::read("rules.toml", &text, Access::default()).map(|_| ()).map_err(|error| error.to_string());
        let _ = writeln!(all, "== {name}\n{}\n", said.err().unwrap_or_else(|| "read without an error".to_owned()));
    }
    let said = Access::read("access.toml", "[[region]]\nname = \"XX\"\nsource = \"\"\ndate = \"2026-05-01\"\n").err();
    let _ = writeln!(all, "== a region without a source\n{}", said.map(|error| error.to_string()).unwrap_or_default());
    assert!(!all.contains("read without an error"), "{all}");
    insta::assert_snapshot!(all);
}

#[test]
fn a_simulation_says_who_would_be_hit() -> Tested {
    let mut facts: Vec<_> = (0..250).map(|n| member(&format!("acct-{n:03}"))).collect();
    facts[3].verified = Some(true);
    facts[3].verified_requests = 900;
    facts[4].subject = fixture::account("acme-evals");
    facts.push(stillwatch_gate::Facts {
        received: vec![fixture::received("lab-one.example"), fixture::received("lab-two.example")],
        ..stillwatch_gate::Facts::of(fixture::account("other"))
    });
    let simulated = simulate::simulate(&rules(), &facts, 100_000, now());
    insta::assert_snapshot!(serde_json::to_string_pretty(&simulated)?);
    Ok(())
}
