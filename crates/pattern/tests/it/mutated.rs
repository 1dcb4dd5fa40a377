//! Mutated: random strings, and real patterns with something cut out, doubled or swapped in.
//! In: the recorded vectors and proptest's choices. Out: pass or fail.
//! Invariant: what the fuzz target runs, CI runs, on strings that come far.
//! Not here: the promises (`anything.rs`).

use proptest::prelude::*;
use serde_json::Value as Json;

use crate::anything::goes;

/// Every pattern of both suites, good and bad.
fn known() -> Vec<String> {
    let files = [include_str!("../data/stix2_matcher.json"), include_str!("../data/stix2_patterns.json")];
    let parsed = files.iter().filter_map(|file| serde_json::from_str::<Json>(file).ok());
    let cases = parsed.flat_map(|file| file["cases"].as_array().cloned().unwrap_or_default());
    cases.filter_map(|case| case["pattern"].as_str().map(str::to_owned)).collect()
}

/// Pieces of the grammar.
const PIECES: [&str; 24] = [
    "[",
    "]",
    "(",
    ")",
    "'",
    "\\",
    " AND ",
    " OR ",
    " FOLLOWEDBY ",
    " NOT ",
    " REPEATS 3 TIMES",
    " WITHIN 2.5 SECONDS",
    " START t'2026-01-01T00:00:00Z' STOP t'2026-01-01T00:00:09Z'",
    "EXISTS ",
    " MATCHES ",
    " LIKE ",
    " IN (",
    ",",
    "[*]",
    "_ref",
    "/*",
    "h'",
    "é",
    "-9223372036854775808",
];

fn cut(text: &str, at: usize) -> usize {
    (0..=at.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0)
}

proptest! {
    #[test]
    fn random_bytes(data in proptest::collection::vec(any::<u8>(), 0..200)) {
        goes(&data);
    }

    #[test]
    fn pieces_in_any_order(pieces in proptest::collection::vec(prop_oneof![
        proptest::sample::select(&PIECES[..]).prop_map(str::to_owned),
        proptest::sample::select(vec!["x:a", "ipv4-addr:value", "network-traffic:src_ref.value", "5", "'a'", "true", " = ", "b'YQ=='"]).prop_map(str::to_owned),
        any::<String>(),
    ], 0..20)) {
        goes(pieces.concat().as_bytes());
    }

    #[test]
    fn patterns_with_a_mishap(
        one in proptest::sample::select(known()),
        other in proptest::sample::select(known()),
        (from, to, at) in (0usize..200, 0usize..200, 0usize..200),
        piece in proptest::sample::select(&PIECES[..]),
        what in 0u8..5,
    ) {
        let (from, to) = (cut(&one, from.min(to)), cut(&one, from.max(to)));
        let mutated = match what {
            0 => [&one[..from], &one[to..]].concat(),
            1 => [&one[..to], &one[from..]].concat(),
            2 => [&one[..from], piece, &one[from..]].concat(),
            3 => [&one[..from], &other[cut(&other, at)..]].concat(),
            _ => format!("({one}) AND ({other}) {piece}"),
        };
        goes(mutated.as_bytes());
    }
}
