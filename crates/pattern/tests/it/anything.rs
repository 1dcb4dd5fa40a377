//! Anything: what must hold whatever bytes come in; the body of the fuzz target and of `mutated.rs`.
//! In: bytes: a pattern, and after a line `---` observed-data as JSON, if there is some. Out: a panic, if a promise is broken.
//! Invariant: reading, printing, compiling and evaluating end, soon and without a panic; a set never matches where the pattern does not.
//! Not here: where the bytes come from.

use serde_json::{Value as Json, json};
use stillwatch_pattern::{Found, Limits, Looking, Observed, Pattern, PatternSet, Watch, reach};

/// Small, so that bounds are met.
const LIMITS: Limits =
    Limits { bytes: 4_096, depth: 16, regex: 64 << 10, scenarios: 32, demand: 64, steps: 20_000, held: 8 };

/// Two observations that many patterns find something in.
fn usual() -> Json {
    let at = |second: u32, number: u32, address: &str| {
        json!({
            "type": "observed-data", "first_observed": format!("2026-01-01T00:00:0{second}Z"), "last_observed": "2026-01-01T00:00:09.5Z",
            "number_observed": number,
            "objects": {
                "0": {"type": "ipv4-addr", "value": address, "belongs_to_refs": ["1"]},
                "1": {"type": "autonomous-system", "number": 64496, "name": "ḍ̇"},
                "2": {"type": "network-traffic", "src_ref": "0", "dst_port": 443, "payload_bin": "YWxpY2U=", "ratio": 0.5, "on": true,
                    "extensions": {"http-request-ext": {"request_header": {"User-Agent": "client/1.0"}}}},
            },
        })
    };
    json!([at(0, 1, "203.0.113.5"), at(5, 2, "203.0.113.77")])
}

/// Panics when a promise is broken.
#[expect(clippy::panic, reason = "that is how a broken promise is told, to libFuzzer as to a test")]
pub(crate) fn goes(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let (text, json) = text.split_once("\n---\n").unwrap_or((text.as_ref(), ""));
    let pattern = match Pattern::parse(text, &LIMITS) {
        Ok(pattern) => pattern,
        Err(error) => {
            assert!(error.line >= 1 && error.column >= 1 && !error.to_string().is_empty());
            return;
        }
    };
    let printed = pattern.to_string();
    // Printing writes numbers and escapes in full, so it may be longer than what came in.
    match Pattern::parse(&printed, &Limits { bytes: usize::MAX, ..LIMITS }) {
        Ok(again) => assert!(again == pattern, "{printed} is another pattern"),
        Err(error) => panic!("{printed}: {error}"),
    }
    let _ = (pattern.doubts(), reach(&pattern, [], "a test"));
    let Ok(compiled) = pattern.compile(&LIMITS) else { return };
    let json = serde_json::from_str::<Json>(json).unwrap_or_else(|_| usual());
    let Ok(observed) = Observed::all(&json) else { return };
    let _ = compiled.matches(&observed);
    let set = PatternSet::new(vec![compiled.clone()]);
    let (mut watch, mut looking) = (Watch::new(&set, LIMITS), Looking::default());
    for (number, one) in observed.iter().enumerate() {
        let found = set.look(one, &mut looking).to_vec();
        if let Ok(alone) = compiled.matches(std::slice::from_ref(one)) {
            assert!(
                alone.is_some() || !found.iter().any(|found| matches!(found, Found::Match { .. })),
                "{printed}: a set finds more"
            );
            assert!(alone.is_none() || !found.is_empty(), "{printed}: a set finds less");
        }
        watch
            .observe(one, number as u64, &mut looking, &mut |hit| assert!(hit.observations.contains(&(number as u64))));
        assert!(watch.held() <= set.len() * LIMITS.scenarios * LIMITS.demand.max(LIMITS.held));
    }
}
