//! The page that explains the format holds what the code makes, and the schemas hold what it says.
//! In: `docs/stix.md`, `schemas/stix/`. Out: the page's made blocks, compared or (`STILLWATCH_UPDATE=1`) written.
//! Invariant: an example on the page is an object that we make.
//! Not here: whether others' programs agree (`peers.rs`).

use std::fmt::Write as _;
use std::process::Command;

use serde_json::Value;
use stillwatch_model::tracked::{Status, Tracked};
use stillwatch_stix::campaign;
use stillwatch_stix::extension::{DEFINITIONS, PUBLISHER};

use crate::fixture;

const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/stix.md");

#[test]
fn the_page_holds_what_the_code_makes() {
    let page = std::fs::read_to_string(PAGE).expect("the page");
    let mut made = String::new();
    let mut lines = page.lines();
    while let Some(line) = lines.next() {
        made.push_str(line);
        made.push('\n');
        if let Some(what) = line.strip_prefix("<!-- made: ").and_then(|rest| rest.strip_suffix(" -->")) {
            made += &block(what);
            made.push_str("<!-- end -->\n");
            for skipped in lines.by_ref() {
                if skipped == "<!-- end -->" {
                    break;
                }
            }
        }
    }
    if std::env::var_os("STILLWATCH_UPDATE").is_some() {
        std::fs::write(PAGE, &made).expect("the page");
    }
    assert_eq!(made, std::fs::read_to_string(PAGE).expect("the page"), "STILLWATCH_UPDATE=1 writes the page anew");
}

fn block(what: &str) -> String {
    match what.split(' ').collect::<Vec<_>>().as_slice() {
        ["definitions"] => definitions(),
        ["properties", name] => properties(&schema(name)),
        ["properties", name, part] => properties(&schema(name)["$defs"][*part]),
        ["example", what] => example(what),
        _ => unreachable!("no such block: {what}"),
    }
}

fn schema(name: &str) -> Value {
    let definition = DEFINITIONS.iter().find(|definition| definition.name == name).expect("a definition");
    serde_json::from_str(definition.schema).expect("JSON")
}

fn definitions() -> String {
    let mut text = String::from("| name | version | id | on |\n| --- | --- | --- | --- |\n");
    for definition in DEFINITIONS {
        let on = if definition.on.is_empty() { "any domain object".to_owned() } else { definition.on.join(", ") };
        writeln!(text, "| [{0}](#{0}) | {1} | `{2}` | {on} |", definition.name, definition.version, definition.id)
            .expect("text");
    }
    writeln!(text, "\nPublished by `{PUBLISHER}`.").expect("text");
    text
}

/// A table of a schema's properties.
fn properties(schema: &Value) -> String {
    let required: Vec<_> = schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let mut text = String::from("| property | type | meaning |\n| --- | --- | --- |\n");
    let all: std::collections::BTreeMap<_, _> = schema["properties"].as_object().expect("properties").iter().collect();
    for (name, property) in all {
        // What every object has (STIX 2.1, section 3.2), and what an extension says by its place.
        if ["extension_type", "extensions", "type"].contains(&name.as_str()) || property.is_boolean() {
            continue;
        }
        let kind = match property {
            _ if property["$ref"].is_string() => {
                format!("object: {}", property["$ref"].as_str().and_then(|r| r.rsplit('/').next()).unwrap_or_default())
            }
            _ if property["enum"].is_array() => {
                let words: Vec<_> =
                    property["enum"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
                format!("one of: {}", words.join(", "))
            }
            _ if property["type"] == "array" => "list of strings".to_owned(),
            _ if name.ends_with("_log10") => "integer, 0 to 19".to_owned(),
            _ if property["format"] == "date-time" => "timestamp".to_owned(),
            _ => property["type"].as_str().unwrap_or_default().to_owned(),
        };
        let required = if required.contains(&name.as_str()) { ", required" } else { "" };
        let meaning = property["description"].as_str().expect("every property is described");
        writeln!(text, "| `{name}` | {kind}{required} | {meaning} |").expect("text");
    }
    text
}

/// An object of the fixture's bundle, laid out.
fn example(what: &str) -> String {
    if let Some(text) = fixture::notices().iter().find(|text| text.contains(&format!("\"type\":\"{what}\""))) {
        let object: Value = serde_json::from_str(text).expect("JSON");
        return format!("```json\n{}\n```\n", serde_json::to_string_pretty(&object).expect("JSON"));
    }
    let campaign = Tracked { status: Status::Disrupted, ..fixture::campaign() };
    let bundle: Value = serde_json::from_str(&campaign::bundle(&campaign, &fixture::options())).expect("JSON");
    let is = |object: &&Value| match what {
        "campaign" => object["type"] == "campaign",
        "text" => object["name"] == "Prompt template",
        "client" => object["name"] == "Client",
        "response" => object["type"] == "course-of-action",
        "marking" => object["name"] == "TLP:AMBER+STRICT",
        _ => false,
    };
    let object = bundle["objects"].as_array().expect("objects").iter().find(is).expect("it is there");
    format!("```json\n{}\n```\n", serde_json::to_string_pretty(object).expect("JSON"))
}

#[test]
fn schemas_are_schemas_and_say_what_everything_means() {
    for definition in DEFINITIONS {
        let schema = schema(definition.name);
        assert_eq!(schema["$schema"], "https://json-schema.org/draft/2020-12/schema");
        assert!(jsonschema::meta::is_valid(&schema), "{}", definition.name);
        assert!(jsonschema::validator_for(&schema).is_ok(), "{}", definition.name);
    }
}

/// Every extension that we make, on whatever object, fits its schema; with a property that isn't in it, it doesn't.
#[test]
fn schemas_hold_what_is_made() {
    let mut seen = std::collections::BTreeSet::new();
    let told = |status| campaign::bundle(&Tracked { status, ..fixture::campaign() }, &fixture::options());
    let notices = stillwatch_stix::bundle::write(fixture::notices().iter().map(String::as_str));
    for text in Status::ALL.into_iter().map(told).chain([notices]) {
        let bundle: Value = serde_json::from_str(&text).expect("JSON");
        for object in bundle["objects"].as_array().expect("objects") {
            for (id, content) in object["extensions"].as_object().into_iter().flatten() {
                let Some(definition) = DEFINITIONS.iter().find(|definition| definition.id == id) else { continue };
                let validator = jsonschema::validator_for(&schema(definition.name)).expect("a schema");
                let content = if definition.is_object() { object } else { content };
                assert!(validator.is_valid(content), "{content:#}");
                let mut odd = content.clone();
                odd["accounts"] = Value::from(1234);
                assert!(!validator.is_valid(&odd), "{} lets exact counts through", definition.name);
                seen.insert(definition.name);
            }
        }
    }
    assert_eq!(seen.len(), DEFINITIONS.len(), "{seen:?}");
}

/// The reference implementation in the page's words gives the published vectors.
#[test]
fn the_algorithm_in_words_gives_the_vectors() {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../../schemas/stix/text_sketch.py");
    let Ok(output) = Command::new("python3").arg(script).output() else {
        assert!(std::env::var_os("STILLWATCH_REQUIRE_TOOLS").is_none_or(|value| value != "1"), "needs python3");
        eprintln!("skipped: needs python3");
        return;
    };
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
}
