//! Normalise: the table's vectors, and that it changes nothing twice.
//! In: `vectors/normalise.json`, random text. Out: nothing.
//! Invariant: another implementation that passes the vectors makes the same elements.
//! Not here: bands of sketches.

use proptest::prelude::*;
use serde_json::Value;
use stillwatch_matching::{Namespace, normalise};

fn vectors() -> Vec<Value> {
    let all: Value = serde_json::from_str(include_str!("../../vectors/normalise.json")).unwrap();
    all["vectors"].as_array().unwrap().clone()
}

#[test]
fn the_vectors_hold() {
    let mut wrong = Vec::new();
    for vector in vectors() {
        let namespace = Namespace::named(vector["namespace"].as_str().unwrap()).unwrap();
        let given = vector["given"].as_str().unwrap();
        let made = match normalise(namespace, given) {
            Ok(element) => Value::from(hex::encode(element.as_bytes())),
            Err(_) => Value::Null,
        };
        if made != vector["element"] {
            wrong.push(format!("{} `{given}`: {made}, not {}", namespace.name(), vector["element"]));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_namespace_has_vectors_both_ways() {
    for namespace in Namespace::ALL {
        let of = |null: bool| {
            vectors().iter().filter(|v| v["namespace"] == namespace.name() && v["element"].is_null() == null).count()
        };
        assert!(of(true) > 0, "{} has none that is refused", namespace.name());
        assert!(of(false) > 0 || namespace == Namespace::Template, "{}", namespace.name());
        assert_eq!(Namespace::named(namespace.name()), Some(namespace));
    }
}

proptest! {
    #[test]
    fn anything_is_taken_or_refused(text in "\\PC{0,40}", which in 0usize..10) {
        let _ = normalise(Namespace::ALL[which], &text);
    }

    #[test]
    fn names_stay_what_they_became(text in "[a-zA-ZäöüßéñЖ中.-]{1,12}\\.[a-zA-Zä]{2,6}") {
        if let Ok(once) = normalise(Namespace::Domain, &text) {
            let text = String::from_utf8(once.canonical().to_vec()).unwrap();
            prop_assert_eq!(normalise(Namespace::Domain, &text).unwrap(), once);
        }
    }

    #[test]
    fn emails_stay_what_they_became(local in "[a-zA-Z0-9.+_-]{1,12}", host in "[a-z]{1,8}\\.(com|example)") {
        if let Ok(once) = normalise(Namespace::Email, &format!("{local}@{host}")) {
            let text = String::from_utf8(once.canonical().to_vec()).unwrap();
            prop_assert_eq!(normalise(Namespace::Email, &text).unwrap(), once);
        }
    }

    #[test]
    fn addresses_are_their_bytes(a in 1u8..100, b: u8, c: u8, d: u8) {
        prop_assume!(a != 10);
        let text = format!("{a}.{b}.{c}.{d}");
        let element = normalise(Namespace::Address, &text).unwrap();
        prop_assert_eq!(element.canonical(), &[4, a, b, c, d]);
        prop_assert_eq!(normalise(Namespace::Address, &format!("::ffff:{text}")).unwrap(), element);
    }
}
