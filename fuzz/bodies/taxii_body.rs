//! Laws of reading what clients add, for the fuzzer and for tests.
//! In: any bytes. Out: a panic where a law is broken.
//! Invariant: nothing panics; there are no more objects than allowed; each object is JSON and stands in what was sent, byte for byte; what
//! is told of the others can be shown.
//! Not here: the fuzzer.

use stillwatch_node::taxii::media::Sent;
use stillwatch_node::taxii::received::read;
use stillwatch_stix::Limits;

pub(crate) fn run(bytes: &[u8]) {
    let limits = Limits { bytes: 1 << 20, objects: 100, depth: 16, ..Limits::default() };
    for sent in [Sent::Envelope, Sent::Bundle] {
        let Ok(all) = read(bytes, sent, &limits) else { continue };
        assert!((1..=limits.objects).contains(&all.len()));
        let text = std::str::from_utf8(bytes).unwrap_or_default();
        for one in all {
            match one {
                Ok(item) => {
                    assert!(text.contains(&item.json));
                    let whole: serde_json::Value = serde_json::from_str(&item.json).unwrap_or_default();
                    assert_eq!(whole["id"], item.id);
                    assert!(item.id.starts_with(&format!("{}--", item.kind)));
                    assert!(item.tlp <= 4 && item.pap <= 3, "{} {}", item.tlp, item.pap);
                }
                Err(bad) => {
                    assert!(bad.id.chars().count() <= 300 && !bad.id.chars().any(char::is_control));
                    assert!(!bad.message.is_empty());
                }
            }
        }
    }
}
