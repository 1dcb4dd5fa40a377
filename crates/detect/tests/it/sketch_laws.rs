//! Laws of sketches: merge is associative and commutative; order and split never change the bytes; bytes round-trip.
//! In: random exchanges. Out: nothing.
//! Invariant: this is what makes batch, stream and cluster give the same sketch.
//! Not here: what the figures mean.

use proptest::prelude::*;
use stillwatch_detect::sketch::{Observation, Reader, Sketch, SketchError};

/// An exchange with owned columns, for making random ones.
#[derive(Debug, Clone)]
struct Row {
    time: i64,
    prompt: Option<String>,
    system: Option<String>,
    ip: Option<String>,
    model: Option<String>,
    output: Option<i64>,
    status: Option<i64>,
    refs: Vec<String>,
}

fn rows() -> impl Strategy<Value = Vec<Row>> {
    let text = prop_oneof![
        "[a-f ]{0,40}",
        Just("a fixed prompt that comes again and again in the log".to_owned()),
        "\\PC{0,30}"
    ];
    let row = (
        // Few instants and few texts, so that equal sampling keys are met.
        prop_oneof![0i64..50, 1_700_000_000_000_000i64..1_700_900_000_000_000],
        proptest::option::of(text),
        proptest::option::of("[xy]{1,3} system"),
        proptest::option::of("10\\.0\\.0\\.[0-9]{1,2}"),
        proptest::option::of("model-[a-k]"),
        proptest::option::of(-5i64..5000),
        proptest::option::of(prop_oneof![Just(200i64), Just(403), Just(429), Just(500)]),
        proptest::collection::vec("r[0-9]{1,3}", 0..3),
    );
    let row = row.prop_map(|(time, prompt, system, ip, model, output, status, refs)| Row {
        time,
        prompt,
        system,
        ip,
        model,
        output,
        status,
        refs,
    });
    proptest::collection::vec(row, 0..120)
}

fn sketch<'a>(rows: impl Iterator<Item = &'a Row>) -> Sketch {
    let (mut sketch, mut reader) = (Sketch::default(), Reader::default());
    for row in rows {
        let refs: Vec<&str> = row.refs.iter().map(String::as_str).collect();
        let observation = Observation {
            time: row.time,
            prompt: row.prompt.as_deref(),
            system: row.system.as_deref(),
            ip: row.ip.as_deref(),
            user_agent: row.ip.as_deref(),
            organization: row.model.as_deref(),
            model: row.model.as_deref(),
            output_tokens: row.output,
            status: row.status,
            minted: &refs,
            presented: &refs,
            ..Observation::default()
        };
        sketch.observe(&observation, &mut reader);
    }
    sketch
}

fn merged(a: &Sketch, b: &Sketch) -> Sketch {
    let mut out = a.clone();
    out.merge(b);
    out
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn order_never_changes_the_bytes(mut rows in rows(), seed in any::<u64>()) {
        let straight = sketch(rows.iter()).to_bytes();
        // A seeded shuffle.
        let mut state = seed | 1;
        for i in (1..rows.len()).rev() {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            rows.swap(i, (state >> 33) as usize % (i + 1));
        }
        prop_assert_eq!(straight, sketch(rows.iter()).to_bytes());
    }

    #[test]
    fn split_never_changes_the_bytes(rows in rows(), parts in 1usize..6) {
        let whole = sketch(rows.iter()).to_bytes();
        let mut together = Sketch::default();
        for part in 0..parts {
            together.merge(&sketch(rows.iter().skip(part).step_by(parts)));
        }
        prop_assert_eq!(whole, together.to_bytes());
    }

    #[test]
    fn merge_is_associative_and_commutative(a in rows(), b in rows(), c in rows()) {
        let (a, b, c) = (sketch(a.iter()), sketch(b.iter()), sketch(c.iter()));
        prop_assert_eq!(merged(&a, &b).to_bytes(), merged(&b, &a).to_bytes());
        prop_assert_eq!(merged(&merged(&a, &b), &c).to_bytes(), merged(&a, &merged(&b, &c)).to_bytes());
    }

    #[test]
    fn bytes_round_trip_and_altered_bytes_never_panic(rows in rows(), at in any::<prop::sample::Index>(), byte in any::<u8>()) {
        let one = sketch(rows.iter());
        let mut bytes = one.to_bytes();
        let back = Sketch::from_bytes(&bytes);
        prop_assert_eq!(back.as_ref(), Ok(&one));
        prop_assert_eq!(Sketch::from_bytes(&bytes[..bytes.len() - 1]), Err(SketchError::Malformed));
        let at = at.index(bytes.len());
        bytes[at] = byte;
        // Some alterations are other valid sketches; none may panic, now or in use.
        if let Ok(other) = Sketch::from_bytes(&bytes) {
            prop_assert!(!merged(&one, &other).to_bytes().is_empty());
        }
    }

    #[test]
    fn size_is_bounded(rows in rows(), times in 1usize..40) {
        let mut all = Sketch::default();
        for shift in 0..times {
            let shifted: Vec<Row> = rows.iter().map(|r| Row { time: r.time + shift as i64 * 7_000_000, ..r.clone() }).collect();
            all.merge(&sketch(shifted.iter()));
        }
        prop_assert!(all.to_bytes().len() < 8192, "{} bytes", all.to_bytes().len());
    }
}
