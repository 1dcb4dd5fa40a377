//! Test vectors of the text sketch, for those who implement it anew.
//! In: texts. Out: `schemas/stix/text-sketch.vectors.json`, their slots as they travel.
//! Invariant: the algorithm's name, `stillwatch-anchors-1`, stands for these values for good.
//! Not here: the algorithm in words (`docs/stix.md`), or in another language (`schemas/stix/text_sketch.py`).

use serde_json::{Value, json};
use stillwatch_detect::fingerprint::Fingerprinter;
use stillwatch_detect::text::Tokens;

const TEXTS: [&str; 12] = [
    "",
    "Hello",
    "two words",
    "You are a careful analyst. List 10 diverse tasks that a Plumber can solve together with a Nurse. Be concise. Be creative.",
    "You are a careful analyst. List 25 diverse tasks that a Pilot can solve together with a Chemist. Be concise. Be creative.",
    "Send 12 invoices by 2026-03-02, PLEASE; v2 of 3.14 and 10,000 more",
    "<thinking>{reasoning}</thinking> [1] # heading * item | cell",
    "über-fast naïve café façade señor Straße",
    "请一步一步地思考，然后写出你的推理过程。",
    "こんにちは、世界。 안녕하세요 세계",
    "Emoji 😀 and 𠀀 rare Han — dashes… “quotes” ’s",
    "a_very_long_identifier_that_is_longer_than_eight_bytes and ANOTHER_ONE_OF_THEM tab\tnew\nline",
];

fn hex(slots: &[u32]) -> Vec<String> {
    slots.iter().map(|slot| format!("{slot:08x}")).collect()
}

/// After a change of the texts: `STILLWATCH_UPDATE=1 cargo test -p stillwatch-detect --test it vectors`.
#[test]
fn sketches_are_what_was_published() -> Result<(), Box<dyn std::error::Error>> {
    let (mut tokens, mut make) = (Tokens::default(), Fingerprinter::default());
    let mut vectors = Vec::new();
    for text in TEXTS {
        let read = tokens.read(text);
        let (anchors, system) = (make.anchors(read), make.system(read));
        vectors.push(json!({
            "text": text, "tokens": read.len(),
            "body": hex(&anchors.body), "system": hex(&system), "head": hex(&[anchors.head])[0], "tail": hex(&[anchors.tail])[0],
        }));
    }
    let made =
        serde_json::to_string_pretty(&json!({"algorithm": "stillwatch-anchors-1", "vectors": Value::from(vectors)}))?
            + "\n";
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../schemas/stix/text-sketch.vectors.json");
    if std::env::var_os("STILLWATCH_UPDATE").is_some() {
        std::fs::write(path, &made)?;
    }
    // As values: the order of keys depends on what else is built.
    let published: Value = serde_json::from_str(&std::fs::read_to_string(path)?)?;
    assert_eq!(published, serde_json::from_str::<Value>(&made)?);
    Ok(())
}
