//! Laws of reading profiles and deciding with them, for the fuzzer and for tests.
//! In: any bytes: a profile's files, each after a line `=== name`; files that aren't there are the conservative profile's. Out: a
//! panic where a law is broken.
//! Invariant: nothing panics; nothing leaves that no rule names, to nobody outside an audience, above no marking that may leave.
//! Not here: the fuzzer.

use std::collections::BTreeSet;

use serde_json::Value;
use stillwatch_share::scan::Scanners;
use stillwatch_share::{Desk, Draft, Files, Recipient, Set, TokenKey, check, test};
use stillwatch_stix::extension::DEFINITIONS;

const SHIPPED: [(&str, &str); 5] = [
    ("profile.toml", include_str!("../../profiles/conservative/profile.toml")),
    ("schema.cedarschema", include_str!("../../profiles/conservative/schema.cedarschema")),
    ("policies.cedar", include_str!("../../profiles/conservative/policies.cedar")),
    ("minimise.toml", include_str!("../../profiles/conservative/minimise.toml")),
    ("cases.toml", include_str!("../../profiles/conservative/cases.toml")),
];

/// A small set: what leaves under many profiles, what leaves under few, what never should.
const OBJECTS: [&str; 5] = [
    r#"{"type":"indicator","id":"indicator--8e2e2d2b-17d4-4cbf-938f-000000000001","spec_version":"2.1","created":"2026-05-01T00:00:00.000Z","modified":"2026-05-01T00:00:00.000Z","object_marking_refs":["marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb"],"created_by_ref":"identity--8e2e2d2b-17d4-4cbf-938f-000000000003","name":"Exit address","description":"Seen by somebody","pattern":"[ipv4-addr:value = '198.51.100.7']","pattern_type":"stix","valid_from":"2026-05-01T10:11:12.000Z","confidence":95,"x_ticket":"INC-7"}"#,
    r#"{"type":"campaign","id":"campaign--8e2e2d2b-17d4-4cbf-938f-000000000002","spec_version":"2.1","created":"2026-05-01T00:00:00.000Z","modified":"2026-05-01T00:00:00.000Z","object_marking_refs":["marking-definition--939a9414-2ddd-4d32-a0cd-375ea402b003"],"name":"Quiet Heron","first_seen":"2026-05-01T10:11:12.000Z","extensions":{"extension-definition--ef0b59c3-985c-5859-ad6f-feaa09319bf5":{"extension_type":"property-extension","severity":"critical","exchanges_log10":5}}}"#,
    r#"{"type":"identity","id":"identity--8e2e2d2b-17d4-4cbf-938f-000000000003","spec_version":"2.1","created":"2026-05-01T00:00:00.000Z","modified":"2026-05-01T00:00:00.000Z","object_marking_refs":["marking-definition--94868c89-83c2-464b-929b-a1a8aa3c8487"],"name":"Example Lab","identity_class":"organization","contact_information":"somebody"}"#,
    r#"{"type":"relationship","id":"relationship--8e2e2d2b-17d4-4cbf-938f-000000000004","spec_version":"2.1","created":"2026-05-01T00:00:00.000Z","modified":"2026-05-01T00:00:00.000Z","object_marking_refs":["marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb"],"relationship_type":"indicates","source_ref":"indicator--8e2e2d2b-17d4-4cbf-938f-000000000001","target_ref":"campaign--8e2e2d2b-17d4-4cbf-938f-000000000002"}"#,
    r#"{"type":"note","id":"note--8e2e2d2b-17d4-4cbf-938f-000000000005","spec_version":"2.1","created":"2026-05-01T00:00:00.000Z","modified":"2026-05-01T00:00:00.000Z","object_marking_refs":["marking-definition--e828b379-4e03-4974-9ac4-e53a884c97c1"],"content":"Came back.","object_refs":["campaign--8e2e2d2b-17d4-4cbf-938f-000000000002"]}"#,
];

/// A profile's files as one text, as `run` reads them.
#[must_use]
pub(crate) fn written(files: &Files) -> Vec<u8> {
    files.iter().flat_map(|(name, bytes)| [b"=== ", name.as_bytes(), b"\n", bytes, b"\n"].concat()).collect()
}

fn files(bytes: &[u8]) -> Files {
    let mut files: Files = SHIPPED.iter().map(|(name, text)| ((*name).to_owned(), text.as_bytes().to_vec())).collect();
    let mut name: Option<String> = None;
    for line in bytes.split_inclusive(|byte| *byte == b'\n') {
        if let Some(named) = line.strip_prefix(b"=== ") {
            let named = String::from_utf8_lossy(named).trim().to_owned();
            files.insert(named.clone(), Vec::new());
            name = Some(named);
        } else if let Some(file) = name.as_ref().and_then(|name| files.get_mut(name)) {
            file.extend(line);
        }
    }
    files
}

/// Paths of everything in a value that isn't an object, extensions by name.
fn paths(value: &Value, path: &str, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(members) => {
            for (name, value) in members {
                let known = DEFINITIONS.iter().find(|definition| definition.id == name);
                let name = known.map_or(name.clone(), |definition| format!("<{}>", definition.name));
                paths(value, &if path.is_empty() { name } else { format!("{path}.{name}") }, found);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| paths(item, &format!("{path}[]"), found)),
        _ => {
            found.insert(path.to_owned());
        }
    }
}

/// A path of an object that leaves which no rule names.
#[must_use]
pub(crate) fn unnamed(draft: &Draft, kind: &str, text: &str) -> Option<String> {
    // These leave as they were published, or not at all.
    if kind == "marking-definition" || kind == "extension-definition" {
        return None;
    }
    let Ok(value) = serde_json::from_str::<Value>(text) else { return Some(text.to_owned()) };
    let mut found = BTreeSet::new();
    paths(&value, "", &mut found);
    found.into_iter().find(|path| {
        let named = [format!("{kind}.{path}"), format!("*.{path}")];
        !draft.rules.iter().any(|rule| rule.fields.iter().any(|field| named.contains(field)))
    })
}

pub(crate) fn run(bytes: &[u8]) {
    let Ok(draft) = Draft::read(files(bytes)) else { return };
    // Every question is asked for every member: few are enough.
    if draft.about.audience.iter().map(|audience| audience.members.len()).sum::<usize>() <= 4 {
        let _ = check(&draft);
    }
    let _ = test(&draft);
    let set = Set::of(OBJECTS);
    let scanners = Scanners::default();
    let members = draft.about.audience.iter().flat_map(|audience| audience.members.iter());
    for member in members.map(String::as_str).take(3).chain(["lab-one.example", "stranger.example"]) {
        let recipient = Recipient { member: member.to_owned(), key: TokenKey::new(&[9; 32]) };
        for preview in Desk::new(&draft, recipient, &scanners).decide(&set).into_iter().flatten() {
            assert_eq!(unnamed(&draft, &preview.kind, &preview.text), None, "{}", preview.text);
            let of_it = |audience: &&stillwatch_share::Audience| {
                audience.everyone || audience.members.iter().any(|known| known == member)
            };
            assert!(draft.about.audience.iter().any(|audience| of_it(&audience)), "{member}");
            assert!(preview.tlp <= draft.about.most_tlp && preview.pap <= draft.about.most_pap, "{}", preview.text);
        }
    }
}
