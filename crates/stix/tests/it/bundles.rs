//! Others' bundles: read and given back unchanged, whatever is in them.
//! In: arbitrary JSON objects, broken bundles. Out: the same texts; faults with lines.
//! Invariant: import and export together change nothing.
//! Not here: whether they keep to the specification (`faults.rs`).

use proptest::prelude::*;
use stillwatch_stix::{Bundle, Limits, bundle};

const ID: &str = "8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f";

fn read(text: &str) -> Bundle<'_> {
    Bundle::read(text.as_bytes(), &Limits::default()).expect("something of a bundle")
}

/// JSON as somebody may write it: odd numbers, odd timestamps, unknown properties, any order and white space.
fn json() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        Just("null".to_owned()),
        Just("true".to_owned()),
        "-?(0|[1-9][0-9]{0,40})(\\.[0-9]{1,20})?([eE][+-]?[0-9]{1,3})?",
        "\"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9:.]{0,30}[Zz]?\"",
        "\"[ -!#-\\[\\]-~é你😀]{0,12}\"",
        "\"(\\\\n|\\\\u00e9|\\\\ud83d\\\\ude00|\\\\\\\\|\\\\\"|\\\\/){0,4}\"",
    ];
    leaf.prop_recursive(4, 32, 5, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..5).prop_map(|items| format!("[{}]", items.join(" ,\n"))),
            proptest::collection::vec(inner, 0..5).prop_map(|items| {
                let members: Vec<_> = items.iter().enumerate().map(|(n, item)| format!("\"k{n}\" : {item}")).collect();
                format!("{{ {} }}", members.join(",\t"))
            }),
        ]
    })
}

prop_compose! {
    fn object()(
        values in proptest::collection::vec(json(), 0..6),
        kind in "x-[a-z]{3,8}(-[a-z0-9]{1,5})?",
        place in any::<prop::sample::Index>(),
        uuid in "[0-9a-f]{8}-[0-9a-f]{4}-[1-5][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}",
    ) -> String {
        let mut members: Vec<_> = values.iter().enumerate().map(|(n, value)| format!("\"x_{n}\":{value}")).collect();
        let at = place.index(members.len() + 1);
        members.insert(at, format!("\"type\":\"{kind}\""));
        members.insert(place.index(at + 1), format!("\"id\" : \"{kind}--{uuid}\""));
        format!("{{{}}}", members.join(" , "))
    }
}

proptest! {
    #[test]
    fn whatever_comes_in_goes_out_unchanged(objects in proptest::collection::vec(object(), 1..6), own in json()) {
        let text = format!("{{\"type\":\"bundle\", \"id\":\"bundle--{ID}\", \"x_own\": {own},\n\"objects\" : [ {} ]}}", objects.join(" ,\n "));
        let first = read(&text);
        prop_assert_eq!(&first.faults, &vec![]);
        prop_assert_eq!(first.objects.iter().map(|o| o.raw()).collect::<Vec<_>>(), objects.iter().map(String::as_str).collect::<Vec<_>>());
        let again = first.write();
        let second = read(&again);
        prop_assert_eq!(&second, &first);
        prop_assert_eq!(second.write(), again);
        // In a bundle of our own they are the same too.
        let ours = bundle::write(first.objects.iter().map(|o| o.raw()));
        prop_assert_eq!(read(&ours).objects, first.objects);
    }

    #[test]
    fn cut_anywhere_it_keeps_what_is_whole(objects in proptest::collection::vec(object(), 1..5), cut in any::<prop::sample::Index>()) {
        let text = bundle::write(objects.iter().map(String::as_str));
        let mut at = cut.index(text.len());
        while !text.is_char_boundary(at) { at -= 1; }
        if let Ok(part) = Bundle::read(&text.as_bytes()[..at], &Limits::default()) {
            let whole = objects.iter().scan(text.find('[').unwrap_or(0) + 2, |end, object| { *end += object.len() + 2; Some(*end - 2) }).filter(|end| *end <= at).count();
            prop_assert!(part.objects.len() >= whole.min(objects.len()));
            prop_assert!(at + 2 >= text.len() || !part.faults.is_empty() || part.objects.len() <= objects.len());
        }
    }
}

#[test]
fn one_bad_object_never_loses_the_others() {
    let good = |n: usize| format!("{{\"type\":\"mutex\",\"id\":\"mutex--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd{n:02}\"}}");
    for (bad, code, path) in [
        ("1", "type", "$.objects[1]"),
        ("null", "type", "$.objects[1]"),
        ("{}", "required", "$.objects[1].type"),
        ("{\"type\":\"tool\"}", "required", "$.objects[1].id"),
        ("{\"type\":\"tool\",\"id\":7}", "type", "$.objects[1].id"),
        ("{\"type\":\"mutex\",\"id\":\"mutex--1\"}", "id", "$.objects[1].id"),
        ("{\"type\":\"tool\" \"id\":1}", "syntax", "$.objects[1]"),
        ("{\"type\":\"tool\",\"id\":tru}", "syntax", "$.objects[1]"),
        ("{\"type\":\"tool\",\"name\":\"no end\n}", "syntax", "$.objects[1]"),
        ("{\"type\":\"tool\",\"list\":[1}", "syntax", "$.objects[1]"),
        ("{\"type\":\"tool\",\"type\":\"tool\"}", "syntax", "$.objects[1]"),
        ("[[{\"type\":\"tool\"}]]", "type", "$.objects[1]"),
        ("{\"spec_version\":\"2.0\",\"type\":\"tool\"}", "spec-version", "$.objects[1].spec_version"),
    ] {
        let text = format!(
            "{{\"type\":\"bundle\",\"id\":\"bundle--{ID}\",\"objects\":[\n{},\n{bad},\n{}\n]}}",
            good(1),
            good(2)
        );
        let bundle = read(&text);
        let ids: Vec<_> = bundle.objects.iter().map(|object| object.head.id.as_ref()[35..].to_owned()).collect();
        assert_eq!(ids.len(), 2, "{bad}: {:?}", bundle.faults);
        let fault = bundle.faults.first().expect("a fault");
        assert_eq!((fault.code, fault.path.as_str(), bundle.faults.len()), (code, path, 1), "{bad}");
        assert!((3..=4).contains(&fault.line), "{bad}: {fault}");
    }
}

#[test]
fn a_quote_that_swallows_the_rest_loses_one_object() {
    let text = r#"{"type":"bundle","objects":[{"type":"mutex","id":"mutex--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd01","name":"x},{"type":"mutex","id":"mutex--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd02"},{"type":"mutex","id":"mutex--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd03"}]}"#;
    let bundle = read(text);
    assert_eq!(bundle.objects.len(), 2, "{:?}", bundle.faults);
    assert_eq!(bundle.faults.len(), 1);
}

#[test]
fn what_is_too_much_is_refused_or_left() {
    let limits = Limits { bytes: 100, objects: 2, depth: 4, faults: 3 };
    assert_eq!(Bundle::read(&[b' '; 101], &limits).map_err(|f| f.code).map(|_| ()), Err("too-large"));
    assert_eq!(Bundle::read(b"{\"a\":\"\xff\"}", &limits).map_err(|f| f.code).map(|_| ()), Err("encoding"));
    assert_eq!(Bundle::read(b"[]", &limits).map_err(|f| f.code).map(|_| ()), Err("syntax"));
    let many = Bundle::read(b"{\"objects\":[1,2,3,4,5,6]}", &limits).expect("a bundle");
    assert_eq!((many.objects.len(), many.faults.len()), (0, 3));
    assert!(many.faults[2].message.contains("more than 2 objects"), "{:?}", many.faults);
    let deep = Bundle::read(b"{\"objects\":[{\"a\":[[[[[1]]]]]}]}", &limits).expect("a bundle");
    assert!(deep.faults[0].message.contains("nested too deeply"));
}

/// Broken brackets make the reader look through the rest; how often is bounded.
#[test]
fn a_bundle_that_is_broken_throughout_is_given_up() {
    let text = format!("{{\"objects\":[{}", "{\"type\":[,".repeat(50_000));
    let bundle = read(&text);
    assert!(bundle.objects.is_empty() && bundle.faults.len() < 100);
    assert!(
        bundle.faults.last().is_some_and(|fault| fault.message.contains("the rest isn't read")),
        "{:?}",
        bundle.faults.last()
    );
}

#[test]
fn two_lists_of_objects_are_no_bundle() {
    let text = format!(r#"{{"objects":[{{"type":"mutex","id":"mutex--{ID}"}}],"\u006fbjects":[1]}}"#);
    let bundle = read(&text);
    assert_eq!(bundle.objects.len(), 1);
    assert!(bundle.faults.first().is_some_and(|fault| fault.message.contains("comes twice")), "{:?}", bundle.faults);
}

#[test]
fn an_envelope_and_a_single_object_are_read_too() {
    let tool = format!("{{\"type\":\"mutex\",\"id\":\"mutex--{ID}\"}}");
    let envelope = format!("{{\"more\":true,\"next\":\"7\",\"objects\":[{tool}]}}");
    assert_eq!(read(&envelope).objects.len(), 1);
    assert_eq!(read(&envelope).own, [("\"more\"", "true"), ("\"next\"", "\"7\"")]);
    // Half an object isn't a bundle with an object's properties.
    assert_eq!(read(&tool.replace('}', ",\"a\":\u{3}}")).own, []);
    assert_eq!(read(&format!("\u{feff}\n{tool}\n")).objects.first().map(|o| o.raw()), Some(tool.as_str()));
}
