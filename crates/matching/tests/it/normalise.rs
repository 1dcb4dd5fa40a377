//! Normalise: the table's vectors, and that it changes nothing twice.
//! In: `vectors/normalise.json`, random text. Out: nothing.
//! Invariant: another implementation that passes the vectors makes the same elements.
//! Not here: bands of sketches.

use proptest::prelude::*;
use serde_json::Value;
use stillwatch_matching::templates::{SLOTS, bands};
use stillwatch_matching::{Element, Namespace, normalise};

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
fn what_is_shown_of_an_element_is_that_element() {
    for vector in vectors().iter().filter(|vector| !vector["element"].is_null()) {
        let namespace = Namespace::named(vector["namespace"].as_str().unwrap()).unwrap();
        let element = normalise(namespace, vector["given"].as_str().unwrap()).unwrap();
        assert_eq!(normalise(namespace, &element.shown()).as_ref(), Ok(&element), "{}", element.shown());
        assert_eq!(Element::from_bytes(namespace, element.as_bytes()).as_ref(), Ok(&element));
        for other in Namespace::ALL.into_iter().filter(|other| *other != namespace) {
            assert!(Element::from_bytes(other, element.as_bytes()).is_err());
        }
    }
}

#[test]
fn elements_are_shown_as_people_write_them() {
    let shown = |namespace, given| normalise(namespace, given).unwrap().shown();
    assert_eq!(shown(Namespace::Address, "::ffff:198.51.100.7"), "198.51.100.7");
    assert_eq!(shown(Namespace::Address, "2001:db8:0:0:1::1"), "2001:db8::/64");
    assert_eq!(shown(Namespace::Prefix, "198.51.100.7/24"), "198.51.100.0/24");
    assert_eq!(shown(Namespace::Prefix, "2001:db8:1::5/48"), "2001:db8:1::/48");
    assert_eq!(shown(Namespace::Domain, "EXAMPLE.com."), "example.com");
    assert_eq!(shown(Namespace::Email, "A.b+c@Gmail.com"), "ab@gmail.com");
    let band = &bands(&[7; SLOTS]).unwrap()[3];
    let hash = hex::encode(&band.canonical()[1..]);
    assert_eq!(band.shown(), format!("band 3 of {hash}"));
    assert_eq!(Element::from_bytes(Namespace::Template, band.as_bytes()).as_ref(), Ok(band));
}

#[test]
fn bytes_without_the_form_of_an_element_are_refused() {
    let bad: [(Namespace, &[u8]); 12] = [
        (Namespace::Address, &[1, 4, 1, 2, 3]),
        (Namespace::Address, &[1, 5, 1, 2, 3, 4]),
        (Namespace::Address, &[1, 6, 1, 2, 3, 4]),
        (Namespace::Address, &[]),
        (Namespace::Prefix, &[2, 4, 1, 2, 3, 4, 33]),
        (Namespace::Prefix, &[2, 4, 1, 2, 3, 4, 7]),
        (Namespace::Domain, b"\x03a\x1b[2J.example"),
        (Namespace::Domain, b"\x03"),
        (Namespace::Email, b"\x04a@\xff"),
        (Namespace::Email, b"\x04a b@example.com"),
        (Namespace::Template, &[10, 32, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]),
        (Namespace::Template, &[10, 1, 0]),
    ];
    for (namespace, bytes) in bad {
        assert!(Element::from_bytes(namespace, bytes).is_err(), "{bytes:?}");
    }
    let long = [&[Namespace::Device as u8], [b'a'; 512].as_slice()].concat();
    assert!(Element::from_bytes(Namespace::Device, &long).is_err());
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
