//! The quick look says what the whole look says.
//! In: JSON made of texts of every form, with secrets planted, again and again past one memory. Out: passes or fails.
//! Invariant: the oracle (`Scanners::look`) parses, keeps nothing and takes no short cut but those of forms.
//! Not here: which secrets are found (`secrets.rs`).

use proptest::prelude::*;
use serde_json::{Value, json};
use stillwatch_share::scan::{Kept, Scanners};

use crate::secrets::{ENCODINGS, scanners, secrets};

/// Texts of the forms that objects have, near ones, and planted ones.
fn text() -> impl Strategy<Value = String> {
    let planted = (proptest::sample::select(secrets()), proptest::sample::select(ENCODINGS.to_vec()), any::<bool>())
        .prop_map(
            |((_, secret), (_, encode), within)| {
                if within { format!("Seen: {} again", encode(&secret)) } else { encode(&secret) }
            },
        );
    prop_oneof![
        3 => "[a-z]{1,18}|[a-z]{2,8}-[a-z]{2,8}|[A-Z][a-z]{2,9} [a-z]{2,9}",
        2 => "[a-z]{3,12}--[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}",
        2 => "2026-0[1-9]-[0-2][0-9]T[0-9]{2}:[0-9]{2}:[0-9]{2}(\\.[0-9]{1,9})?Z",
        2 => "[0-9a-f]{7,9}|[0-9]{1,12}|token-[0-9a-f]{31,33}",
        2 => "\\[ipv4-addr:value = '[0-9]{1,3}\\.[0-9]{1,3}\\.[0-9]{1,3}\\.[0-9]{1,3}(/[0-9]{1,2})?'\\]",
        1 => "\\[ipv6-addr:value = '2001:db8(:[0-9a-f]{1,4}){1,6}'\\]|\\[autonomous-system:number = [0-9]{1,10}\\]",
        1 => "[0-9]{1,3}\\.[0-9]{1,3}\\.[0-9]{1,3}\\.[0-9]{1,3}(/[0-9]{1,2})?",
        1 => "network-traffic:extensions\\.'extension-definition--[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}'\\.head = '[0-9a-f]{8}'",
        1 => "\\PC{0,24}",
        1 => planted,
    ]
}

fn object() -> impl Strategy<Value = Value> {
    let list = proptest::collection::vec(text(), 0..5);
    (list, text(), text(), any::<u64>(), any::<f64>(), "[a-z_]{1,12}").prop_map(|(list, a, b, n, f, name)| {
        let mut value = json!({"a": a, "list": list, "more": {"b": b, "n": n, "f": f}});
        value[name.as_str()] = json!([{"c": a}]);
        value
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 192, ..ProptestConfig::default() })]

    #[test]
    fn what_is_kept_never_changes_a_verdict(objects in proptest::collection::vec(object(), 1..6)) {
        let (scanners, mut kept) = (scanners(), Kept::default());
        for _ in 0..2 {
            for object in &objects {
                let json = object.to_string();
                prop_assert_eq!(scanners.look_again(&json, &mut kept), scanners.look(&json), "{}", json);
            }
        }
    }

    #[test]
    fn any_text_is_looked_at_without_harm(text in "\\PC{0,80}|[%=\\\\ux&#0-9a-fA-F;+/_ <~>.-]{0,80}") {
        let scanners = scanners();
        let _ = scanners.look(&text);
        let json = json!([text]).to_string();
        prop_assert_eq!(scanners.look_again(&json, &mut Kept::default()), scanners.look(&json));
    }
}

#[test]
fn what_can_not_be_looked_through_is_held() {
    let scanners = Scanners::default();
    let kind = |text: &str| scanners.look(&json!([text]).to_string()).map(|found| found.kind);
    assert!(kind(&"word ".repeat(4_000)).is_some_and(|kind| kind.contains("longer")));
    assert_eq!(kind(&"word ".repeat(800)), None);
    // Decoys, each of which decodes to a text, and the secret behind them.
    use base64::Engine;
    let encode = |text: &str| base64::prelude::BASE64_STANDARD.encode(text);
    let decoys: String = (0..400).map(|n| format!("{} ", encode(&format!("nothing at all, number {n}")))).collect();
    assert!(kind(&format!("{decoys} {}", encode("jane.doe@customer.example"))).is_some());
    let mut deep = "nothing at all".to_owned();
    for _ in 0..8 {
        deep = encode(&deep);
    }
    assert!(kind(&deep).is_some());
}

#[test]
fn a_secret_cut_in_two_is_found() {
    let scanners = scanners();
    for parts in [
        json!(["4111 1111 ", "1111 1111"]),
        json!(["4111", "1111", "1111", "1111"]),
        json!({"labels": ["Zephyr", "corp"]}),
        json!({"description": "write to jane.doe@", "name": "customer.example"}),
        json!({"a": "amFuZS5kb2VAY3V", "b": "zdG9tZXIuZXhhbXBsZQ=="}),
        json!({"a": "+1 (202) 555", "b": "-0143"}),
    ] {
        assert!(scanners.look(&parts.to_string()).is_some(), "{parts}");
    }
    let apart = json!({"ja4": "t13d1516h2_8daaf6152771_b186095e22b6", "user_agent": "Mozilla/5.0 (X11; Linux)"});
    assert_eq!(scanners.look(&apart.to_string()), None);
}
