//! Vectors: what `stix2-matcher` and `stix2-patterns` say in their own test suites, and what we say.
//! In: `tests/data/*.json`, recorded by `benches/peers/stix_vectors.py`. Out: the same verdicts, but for the departures listed here.
//! Invariant: a departure is listed by its pattern with its reason, and must still be one.
//! Not here: generated observations (`benches/peers/stix_patterns.py`).

use std::collections::BTreeMap;
use std::error::Error;

use serde::Deserialize;
use serde_json::Value as Json;
use stillwatch_pattern::{Limits, Looking, Observation, Observed, Pattern, PatternSet, Watch};

#[derive(Deserialize)]
struct Matches {
    observations: Vec<Json>,
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    observations: usize,
    pattern: String,
    verdict: String,
}

#[derive(Deserialize)]
struct Patterns {
    cases: Vec<Validity>,
}

#[derive(Deserialize)]
struct Validity {
    pattern: String,
    valid: bool,
}

/// Where we say something else than `stix2-matcher` on purpose: (pattern, we say, why).
const DEPARTURES: [(&str, &str, &str); 4] = [
    ("[test:string IN (1, true)]", "no pattern", "a set of mixed types is refused when read, not when evaluated"),
    ("[test:string IN (1, 2.2, true)]", "no pattern", "as above"),
    ("[test:string IN (1.1, 2.2, true)]", "no pattern", "as above"),
    ("[person:name = 'alice'] WITHIN 0 SECONDS", "no pattern", "no seconds are refused when read, not when evaluated"),
];

/// Where we take or refuse what `stix2-patterns` doesn't: (pattern, why).
const OTHER_PATTERNS: [(&str, &str); 7] = [
    ("[file:hashes.'SHA-256' = 'f00']", "what a property may hold is the objects' affair, not the pattern language's"),
    (
        r"[win-registry-key:key = 'hkey_local_machine\\foo\\bar'] WITHIN 5 SECONDS WITHIN 6 SECONDS",
        "the grammar has it and `stix2-matcher` evaluates it; `Pattern::doubts` tells it",
    ),
    (r"([win-registry-key:key = 'hkey_local_machine\\foo\\bar'] REPEATS 2 TIMES REPEATS 3 TIMES)", "as above"),
    (
        concat!(
            r"[win-registry-key:key = 'hkey_local_machine\\foo\\bar'] ",
            "START t'2016-06-01T01:30:00.123Z' STOP t'2016-06-01T02:20:00.123Z' ",
            "START t'2016-06-01T01:30:00.123Z' STOP t'2016-06-01T02:20:00.123Z'"
        ),
        "as above",
    ),
    ("[x:created = t'2024-02-30T12:00:00Z']", "no such day; `stix2-matcher` fails on it when it evaluates"),
    ("[x:created = t'2024-04-31T12:00:00Z']", "as above"),
    ("[x:created = t'2023-02-29T12:00:00Z']", "as above"),
];

fn verdict(pattern: &str, json: &Json) -> String {
    let limits = Limits::default();
    let Ok(pattern) = Pattern::parse(pattern, &limits) else { return "no pattern".to_owned() };
    let compiled = match pattern.compile(&limits) {
        Ok(compiled) => compiled,
        Err(refusal) => return format!("refused: {refusal}"),
    };
    let observed = match Observed::all(json) {
        Ok(observed) => observed,
        Err(error) => return format!("no observations: {error}"),
    };
    match compiled.matches(&observed) {
        Ok(Some(_)) => "match".to_owned(),
        Ok(None) => "no match".to_owned(),
        Err(_) => "undecided".to_owned(),
    }
}

/// Cases on which we say something else, by `wanted`'s lights: what it makes of (observations, pattern, their verdict).
fn disagreements(vectors: &Matches, wanted: impl Fn(&Case) -> String) -> Vec<String> {
    let mut wrong = Vec::new();
    for case in &vectors.cases {
        let (ours, wanted) = (verdict(&case.pattern, &vectors.observations[case.observations]), wanted(case));
        if ours != wanted {
            wrong.push(format!("{} over {}: {ours}, not {wanted}", case.pattern, case.observations));
        }
    }
    wrong
}

#[test]
fn we_say_what_stix2_matcher_says() -> Result<(), Box<dyn Error>> {
    let vectors: Matches = serde_json::from_str(include_str!("../data/stix2_matcher.json"))?;
    assert!(vectors.cases.len() > 800, "{} cases", vectors.cases.len());
    let departures: BTreeMap<&str, &str> = DEPARTURES.iter().map(|(pattern, ours, _)| (*pattern, *ours)).collect();
    let wrong = disagreements(&vectors, |case| {
        departures.get(case.pattern.as_str()).map_or_else(|| case.verdict.clone(), |ours| (*ours).to_owned())
    });
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), vectors.cases.len(), wrong.join("\n"));
    Ok(())
}

/// The specification's own patterns, over a bundle made to match them (0) and one that narrowly doesn't (1).
#[test]
fn we_say_what_stix2_matcher_says_of_the_examples_of_the_specification() -> Result<(), Box<dyn Error>> {
    let vectors: Matches = serde_json::from_str(include_str!("../data/spec_examples.json"))?;
    assert!(vectors.cases.len() >= 46, "{} cases", vectors.cases.len());
    let wrong = disagreements(&vectors, |case| match (case.verdict.as_str(), case.observations) {
        // IPv6, which `stix2-matcher` doesn't know.
        ("undecided", 0) if case.pattern.contains("ISSUBSET '2001") => "match".to_owned(),
        ("undecided", 1) if case.pattern.contains("ISSUBSET '2001") => "no match".to_owned(),
        (theirs, _) => theirs.to_owned(),
    });
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), vectors.cases.len(), wrong.join("\n"));
    Ok(())
}

/// The same vectors, all patterns of an observation list as one set under a watch, one observation after the other.
#[test]
fn a_watch_says_what_stix2_matcher_says() -> Result<(), Box<dyn Error>> {
    let limits = Limits::default();
    let mut wrong = Vec::new();
    let mut compared = 0;
    for file in [include_str!("../data/stix2_matcher.json"), include_str!("../data/spec_examples.json")] {
        let vectors: Matches = serde_json::from_str(file)?;
        for (list, json) in vectors.observations.iter().enumerate() {
            let of_list = vectors.cases.iter().filter(|case| case.observations == list);
            let decided: Vec<&Case> =
                of_list.filter(|case| matches!(case.verdict.as_str(), "match" | "no match")).collect();
            let compiled: Result<Vec<_>, _> = decided
                .iter()
                .map(|case| Ok::<_, Box<dyn Error>>(case.pattern.parse::<Pattern>()?.compile(&limits)?))
                .collect();
            let set = PatternSet::new(compiled?);
            let mut observed = Observed::all(json)?;
            observed.sort_by_key(|observed| observed.span().first);
            let (mut watch, mut looking) = (Watch::new(&set, limits), Looking::default());
            let mut matched = vec![false; decided.len()];
            for (number, one) in observed.iter().enumerate() {
                watch.observe(one, number as u64, &mut looking, &mut |hit| matched[hit.pattern] = true);
            }
            assert_eq!(watch.told().count(), 0);
            compared += decided.len();
            let differ = decided.iter().zip(matched).filter(|(case, matched)| (case.verdict == "match") != *matched);
            wrong.extend(
                differ.map(|(case, matched)| format!("{} over {list}: {matched}, not {}", case.pattern, case.verdict)),
            );
        }
    }
    assert!(compared > 780, "{compared} compared");
    assert!(wrong.is_empty(), "{} of {compared}:\n{}", wrong.len(), wrong.join("\n"));
    Ok(())
}

#[test]
fn we_take_what_stix2_patterns_takes() -> Result<(), Box<dyn Error>> {
    let vectors: Patterns = serde_json::from_str(include_str!("../data/stix2_patterns.json"))?;
    assert!(vectors.cases.len() > 60, "{} cases", vectors.cases.len());
    let mut wrong = Vec::new();
    for case in &vectors.cases {
        let ours = Pattern::parse(&case.pattern, &Limits::default());
        let other = OTHER_PATTERNS.iter().any(|(pattern, _)| *pattern == case.pattern);
        if ours.is_ok() != (case.valid != other) {
            wrong.push(format!("{}: {:?}, not {}", case.pattern, ours.map(|p| p.to_string()), case.valid));
        }
    }
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), vectors.cases.len(), wrong.join("\n"));
    Ok(())
}
