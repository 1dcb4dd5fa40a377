//! Evaluating: what the vectors of others leave out: IPv6, EXISTS, wildcards, regular expressions, exchanges, bounds.
//! In: patterns and observations written here. Out: pass or fail.
//! Invariant: each case names one rule of `docs/patterns.md`.
//! Not here: what holds in general (`laws.rs`).

use std::error::Error;

use serde_json::json;
use stillwatch_pattern::{
    Exchange, Exchanges, Hit, Limits, Looking, Observed, Pattern, PatternSet, Schema, Span, Told, Value, Watch,
    address, by_meaning,
};

type Tested = Result<(), Box<dyn Error>>;

/// Whether a comparison, written after `x:v`, holds of a text.
fn holds(comparison: &str, value: Value<'_>) -> Result<bool, Box<dyn Error>> {
    let mut schema = Schema::new();
    let (object, column) = (schema.object("x"), schema.column());
    schema.place(column, object, "x:v")?;
    let pattern: Pattern = format!("[x:v {comparison}]").parse()?;
    let values = [Some(value)];
    Ok(pattern.compile(&Limits::default())?.matches(&[schema.row(Span::at(0), &values)])?.is_some())
}

#[test]
fn networks_of_both_kinds() -> Tested {
    let cases = [
        ("ISSUBSET '2001:db8::/32'", "2001:db8:1::5", true),
        ("ISSUBSET '2001:DB8:0:0::/32'", "2001:db8::/48", true),
        ("ISSUBSET '2001:db8::/48'", "2001:db8::/32", false),
        ("ISSUBSET '203.0.113.77/24'", "203.0.113.5", true),
        ("ISSUBSET '203.0.113.0/24'", "203.0.114.5", false),
        ("ISSUBSET '0.0.0.0/0'", "203.0.113.5", true),
        ("ISSUBSET '0.0.0.0/0'", "2001:db8::1", false),
        ("ISSUBSET '203.0.113.5'", "203.0.113.5", true),
        ("ISSUPERSET '203.0.113.5'", "203.0.113.0/24", true),
        ("ISSUPERSET '203.0.113.0/24'", "203.0.113.5", false),
        ("ISSUBSET '203.0.113.0/24'", "no address", false),
        ("NOT ISSUBSET '203.0.113.0/24'", "no address", true),
    ];
    for (comparison, value, wanted) in cases {
        assert_eq!(holds(comparison, Value::Text(value))?, wanted, "{value} {comparison}");
    }
    Ok(())
}

#[test]
fn wildcards() -> Tested {
    let cases = [
        ("", "", true),
        ("%", "", true),
        ("_", "", false),
        ("a%", "abc", true),
        ("%c", "abc", true),
        ("%b%", "abc", true),
        ("a_c", "abc", true),
        ("a_c", "ac", false),
        ("a%b%c", "a-b-b-c", true),
        ("a%c%b", "a-b-b-c", false),
        ("ab%ba", "aba", false),
        ("%", "two\nlines", true),
        ("a.c", "abc", false),
        ("é%", "e\u{301}t\u{e9}", true),
    ];
    for (template, value, wanted) in cases {
        assert_eq!(holds(&format!("LIKE '{template}'"), Value::Text(value))?, wanted, "{value:?} LIKE {template:?}");
    }
    Ok(())
}

#[test]
fn perl_expressions_mean_what_perl_means() -> Tested {
    let cases = [
        ("bc", "abcd", true),
        ("^a$", "a\n", true),
        (r"^a\\Z", "a\n", true),
        (r"^a\\z", "a\n", false),
        (r"\\<b\\>", "<b>", true),
        ("a{", "a{", true),
        ("a{,2}", "a{,2}", true),
        ("^a{2}$", "aa", true),
        ("^[[a]$", "[", true),
        ("^[a&&b]$", "&", true),
        ("^[]a]$", "]", true),
        ("^[+--]$", ",", true),
        ("^[[:digit:]]$", "5", true),
        ("^[^[:digit:]]$", "5", false),
        (r"^[\\b]$", "\u{8}", true),
        ("a.b", "a\nb", false),
        ("(?s)a.b", "a\nb", true),
        ("(?i)ABC", "abc", true),
        ("^a+?$", "aa", true),
        (r"\\x41\\x{42}", "AB", true),
        (r"^\\h$", "\t", true),
    ];
    for (expression, value, wanted) in cases {
        assert_eq!(
            holds(&format!("MATCHES '{expression}'"), Value::Text(value))?,
            wanted,
            "{value:?} MATCHES {expression:?}"
        );
    }
    Ok(())
}

#[test]
fn numbers_compare_exactly() -> Tested {
    assert!(holds("= 9007199254740993", Value::Int(9_007_199_254_740_993))?);
    assert!(!holds("= 9007199254740993", Value::Float(9_007_199_254_740_992.0))?);
    assert!(holds("> 9007199254740992.0", Value::Int(9_007_199_254_740_993))?);
    assert!(holds("< 0.5", Value::Int(0))?);
    assert!(holds("> -0.5", Value::Int(0))?);
    assert!(!holds("= 1", Value::Bool(true))?);
    Ok(())
}

#[test]
fn existence() -> Tested {
    let bundle = json!({"type": "observed-data", "first_observed": "2026-01-01T00:00:00Z", "last_observed": "2026-01-01T00:00:00Z",
        "number_observed": 1, "objects": {"0": {"type": "x", "a": null, "b_refs": ["1", "9"]}, "1": {"type": "y"}}});
    let observed = Observed::all(&bundle)?;
    for (pattern, wanted) in [
        ("[EXISTS x:a]", true),
        ("[NOT EXISTS x:a]", false),
        ("[EXISTS x:c]", false),
        ("[NOT EXISTS x:c]", true),
        ("[NOT EXISTS z:c]", false),
        ("[EXISTS x:b_refs[0].type]", true),
        ("[EXISTS x:b_refs[1].type]", false),
        ("[x:b_refs[*].type = 'y']", true),
        ("[x:a != 5]", true),
        ("[x:b_refs[-1].type = 'y']", false),
    ] {
        let compiled = pattern.parse::<Pattern>()?.compile(&Limits::default())?;
        assert_eq!(compiled.matches(&observed)?.is_some(), wanted, "{pattern}");
        let set = PatternSet::new(vec![compiled]);
        assert_eq!(!set.look(&observed[0], &mut Looking::default()).is_empty(), wanted, "{pattern} in a set");
    }
    Ok(())
}

#[test]
fn exchanges_are_seen_at_the_places_of_stix() -> Tested {
    let ja4 = "network-traffic:extensions.'extension-definition--7d5c1f0e-3c52-4f3f-9a55-5b6a6d1c7f10'.ja4";
    let places = Exchanges::new(&[ja4, "x-stillwatch-text:head"])?;
    let extensions = [Some(Value::Text("t13d1516h2_8daaf6152771_02713d6af862")), Some(Value::Int(7))];
    let agent = "network-traffic:extensions.'http-request-ext'.request_header.'User-Agent'";
    for (written, is_v6) in [("203.0.113.5", false), ("::ffff:203.0.113.5", false), ("2001:DB8:0::5", true)] {
        let (text, v6) = address(written).ok_or("no address")?;
        assert_eq!(v6, is_v6);
        let seen = places.seen(Exchange {
            micros: 0,
            address: Some(&text),
            is_v6: v6,
            asn: Some(64_496),
            user_agent: Some("client/1.0"),
            extensions: &extensions,
        });
        for (pattern, wanted) in [
            ("[ipv4-addr:value = '203.0.113.5']".to_owned(), !v6),
            ("[ipv6-addr:value = '2001:db8::5']".to_owned(), v6),
            ("[ipv6-addr:value ISSUBSET '2001:db8::/32']".to_owned(), v6),
            ("[network-traffic:src_ref.type = 'ipv6-addr']".to_owned(), v6),
            ("[autonomous-system:number = 64496]".to_owned(), true),
            ("[ipv4-addr:belongs_to_refs[*].number = 64496]".to_owned(), !v6),
            (format!("[network-traffic:src_ref.value ISSUBSET '203.0.113.0/24' AND {agent} LIKE 'client/%']"), !v6),
            (format!("[{ja4} = 't13d1516h2_8daaf6152771_02713d6af862' AND {agent} = 'client/1.0']"), true),
            ("[x-stillwatch-text:head = 7]".to_owned(), true),
            ("[x-stillwatch-text:head = 8]".to_owned(), false),
        ] {
            let compiled = pattern.parse::<Pattern>()?.compile(&Limits::default())?;
            assert_eq!(compiled.matches(&[seen])?.is_some(), wanted, "{pattern} of {written}");
            let set = PatternSet::new(vec![compiled]);
            assert_eq!(!set.look(&seen, &mut Looking::default()).is_empty(), wanted, "{pattern} of {written} in a set");
        }
    }
    Ok(())
}

#[test]
fn addresses_by_meaning() -> Tested {
    for (written, meant) in [
        ("[ipv4-addr:value = '203.0.113.5']", "[ipv4-addr:value = '203.0.113.5']"),
        ("[ipv4-addr:value = '203.0.113.5/32']", "[ipv4-addr:value ISSUBSET '203.0.113.5/32']"),
        ("[ipv4-addr:value != '203.0.113.0/24']", "[ipv4-addr:value NOT ISSUBSET '203.0.113.0/24']"),
        ("[ipv6-addr:value = '2001:DB8::5']", "[ipv6-addr:value ISSUBSET '2001:DB8::5']"),
        (
            "[network-traffic:src_ref.value IN ('203.0.113.5', '203.0.114.0/24')] REPEATS 2 TIMES",
            "[network-traffic:src_ref.value IN ('203.0.113.5') OR network-traffic:src_ref.value ISSUBSET '203.0.114.0/24'] REPEATS 2 TIMES",
        ),
        (
            "[ipv4-addr:value NOT IN ('203.0.113.5', '203.0.114.0/24')]",
            "[ipv4-addr:value NOT IN ('203.0.113.5') AND ipv4-addr:value NOT ISSUBSET '203.0.114.0/24']",
        ),
        ("[ipv4-addr:value IN ('203.0.114.0/24')]", "[ipv4-addr:value ISSUBSET '203.0.114.0/24']"),
        ("[domain-name:value = '203.0.113.0/24']", "[domain-name:value = '203.0.113.0/24']"),
        ("[ipv4-addr:value LIKE '203.0.113.%']", "[ipv4-addr:value LIKE '203.0.113.%']"),
    ] {
        assert_eq!(by_meaning(&written.parse()?).to_string(), meant, "{written}");
    }
    Ok(())
}

#[test]
fn threads_share_a_set_and_carry_the_rest() {
    fn shared<T: Send + Sync>() {}
    fn carried<T: Send>() {}
    shared::<PatternSet>();
    shared::<Exchanges>();
    carried::<Looking>();
    carried::<Watch<'_>>();
}

/// Hits, what was told, and how many observations are held at the end.
type Watched = (Vec<Hit>, Vec<Told>, usize);

/// Feeds texts, one a second, to a watch over one pattern.
fn watched(pattern: &str, limits: Limits, texts: &[&str]) -> Result<Watched, Box<dyn Error>> {
    let mut schema = Schema::new();
    let (object, column) = (schema.object("x"), schema.column());
    schema.place(column, object, "x:v")?;
    let set = PatternSet::new(vec![pattern.parse::<Pattern>()?.compile(&limits)?]);
    let (mut watch, mut looking, mut hits) = (Watch::new(&set, limits), Looking::default(), Vec::new());
    for (second, text) in texts.iter().enumerate() {
        let values = [Some(Value::Text(text))];
        watch.observe(
            &schema.row(Span::at(second as i64 * 1_000_000), &values),
            second as u64,
            &mut looking,
            &mut |hit| hits.push(hit),
        );
    }
    let held = watch.held();
    Ok((hits, watch.told().map(|(_, told)| told).collect(), held))
}

#[test]
fn what_is_held_is_bounded_and_told() -> Tested {
    let limits = Limits { held: 4, demand: 4, ..Limits::default() };
    let many = ["a"; 100];
    // Only the newest can matter: nothing is lost, nothing is told.
    let (hits, told, held) = watched("[x:v = 'a'] AND [x:v = 'b']", limits, &many)?;
    assert_eq!((hits.len(), told.len(), held), (0, 0, 2));
    // Only the oldest can matter on the left of FOLLOWEDBY alone.
    let (hits, told, held) = watched("[x:v = 'a'] FOLLOWEDBY [x:v = 'b']", limits, &many)?;
    assert_eq!((hits.len(), told.len(), held), (0, 0, 2));
    // With a window, any may matter: beyond the room, the oldest are let go, and told.
    let (hits, told, held) = watched("([x:v = 'a'] FOLLOWEDBY [x:v = 'b']) WITHIN 1000 SECONDS", limits, &many)?;
    assert_eq!((hits.len(), held), (0, 4));
    assert_eq!(told, [Told { let_go: 96, late: 0, given_up: 0 }]);
    // What is out of the window is gone without a word.
    let (_, told, held) = watched("([x:v = 'a'] FOLLOWEDBY [x:v = 'b']) WITHIN 2 SECONDS", limits, &many)?;
    assert_eq!((told.len(), held), (0, 3));
    Ok(())
}

#[test]
fn each_observation_is_used_for_one_hit() -> Tested {
    let (hits, told, held) = watched("[x:v = 'a'] REPEATS 3 TIMES WITHIN 10 SECONDS", Limits::default(), &["a"; 7])?;
    let numbers: Vec<&[u64]> = hits.iter().map(|hit| hit.observations.as_slice()).collect();
    assert_eq!(numbers, [[0, 1, 2], [3, 4, 5]]);
    assert_eq!((told.len(), held), (0, 1));
    Ok(())
}

/// Found by the laws: a part of a way that can never be is no match by itself.
#[test]
fn what_can_never_be_matches_nothing() -> Tested {
    let never = "START t'2026-01-02T00:00:00Z' STOP t'2026-01-01T00:00:00Z'";
    for pattern in [
        format!("[x:v = 'a'] {never} FOLLOWEDBY [x:v = 'b']"),
        format!("([x:v = 'b'] FOLLOWEDBY [x:v = 'a'] {never}) OR [x:v = 'c']"),
    ] {
        let (hits, ..) = watched(&pattern, Limits::default(), &["b", "a", "b"])?;
        assert!(hits.is_empty(), "{pattern}");
    }
    Ok(())
}

#[test]
fn a_search_that_takes_too_long_is_told() -> Tested {
    let limits = Limits { steps: 10, ..Limits::default() };
    let pattern = "[x:v = 'a'] FOLLOWEDBY [x:v LIKE 'b%'] FOLLOWEDBY [x:v = 'c']";
    let (hits, told, _) = watched(pattern, limits, &["b1", "b2", "b3", "a", "a", "c", "c"])?;
    assert!(hits.is_empty());
    assert_eq!(told, [Told { let_go: 0, late: 0, given_up: 2 }]);
    Ok(())
}

#[test]
fn bad_observed_data_is_told() {
    for (json, wanted) in [
        (
            json!({"type": "observed-data", "id": "observed-data--1"}),
            "`observed-data--1`: `first_observed` is no timestamp: ``",
        ),
        (
            json!({"type": "observed-data", "id": "o", "first_observed": "2026-01-01T00:00:00Z", "last_observed": "2025-01-01T00:00:00Z"}),
            "`o`: `last_observed` is before `first_observed`",
        ),
        (
            json!({"type": "observed-data", "id": "o", "first_observed": "2026-01-01T00:00:00Z", "last_observed": "2026-01-01T00:00:00Z", "number_observed": 0}),
            "`o`: `number_observed` is no whole number from 1",
        ),
    ] {
        assert_eq!(Observed::all(&json).err().map(|error| error.to_string()).as_deref(), Some(wanted));
    }
}
