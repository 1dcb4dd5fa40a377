//! Sealed: attacks on sealed objects, and what a hub has of them.
//! In: bundles sealed to invented members, then changed. Out: the same bundle for who it is for; nothing, and why, for all others.
//! Invariant: no byte that is changed anywhere gives another bundle; the hub's store holds nothing of what is sealed.
//! Not here: the cryptography's own vectors (the crate `age`).

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use stillwatch_node::seal::{Fault, Identity, MOST_BYTES, MOST_RECIPIENTS, is_sealed, open, seal};
use stillwatch_stix::id;
use stillwatch_stix::validate::Rules;

use crate::hub::hub;
use crate::lab::{Lab, Tested, envelope, object};

const SECRET: &str = "the template of the pool in the harbour";

fn bundle() -> String {
    let told = object("tool", 1, "2020-01-02T00:00:00.000Z").replace("é 1", SECRET);
    format!("{{\"type\":\"bundle\", \"id\":\"{}\",\"objects\":[ {told} ]}}", crate::lab::id("bundle", 1))
}

/// An artifact around other bytes, with the hash and the id that it must have.
fn artifact(sealed: &[u8]) -> Tested<String> {
    let hash = json!({"SHA-256": hex::encode(Sha256::digest(sealed))});
    let mut all = serde_json::Map::new();
    all.insert("hashes".into(), hash);
    all.insert("payload_bin".into(), STANDARD.encode(sealed).into());
    let id = id::observable("artifact", &all).ok_or("an id")?;
    for (name, value) in [("type", "artifact"), ("id", &id), ("mime_type", "application/x-age")] {
        all.insert(name.into(), value.into());
    }
    all.insert("encryption_algorithm".into(), "mime-type-indicated".into());
    Ok(Value::Object(all).to_string())
}

fn payload(artifact: &str) -> Tested<Vec<u8>> {
    let json: Value = serde_json::from_str(artifact)?;
    Ok(STANDARD.decode(json["payload_bin"].as_str().ok_or("a payload")?)?)
}

#[test]
fn what_is_sealed_is_opened_by_who_it_is_for() -> Tested {
    let (one, two, other) = (Identity::make(), Identity::make(), Identity::make());
    let sealed = seal(&bundle(), &[one.recipient(), two.recipient()])?;
    assert!(is_sealed(&sealed) && !is_sealed(&object("tool", 1, "2020-01-02T00:00:00Z")));
    for identity in [&one, &two] {
        assert_eq!(open(&sealed, identity)?, bundle());
    }
    assert_eq!(open(&sealed, &other), Err(Fault::NotForUs));
    // It is an artifact of STIX 2.1, without a fault.
    let whole = format!("{{\"type\":\"bundle\",\"id\":\"{}\",\"objects\":[{sealed}]}}", crate::lab::id("bundle", 2));
    let faults = stillwatch_stix::validate::validate(whole.as_bytes(), &Rules::default());
    assert!(faults.is_empty(), "{faults:?}");
    // Nothing of the text is in it, and the same bundle is another object each time.
    let bytes = payload(&sealed)?;
    assert!(!sealed.contains(SECRET) && !bytes.windows(8).any(|part| part == &SECRET.as_bytes()[..8]));
    assert_ne!(seal(&bundle(), &[one.recipient()])?, seal(&bundle(), &[one.recipient()])?);
    Ok(())
}

#[test]
fn no_byte_may_be_changed() -> Tested {
    let one = Identity::make();
    let sealed = seal(&bundle(), &[one.recipient()])?;
    let bytes = payload(&sealed)?;
    for at in 0..bytes.len() {
        let mut changed = bytes.clone();
        changed[at] ^= 1 << (at % 8);
        // By who doesn't know the rules, and by who makes hash and id anew.
        let new = STANDARD.encode(&changed);
        assert!(open(&sealed.replace(&STANDARD.encode(&bytes), &new), &one).is_err(), "byte {at}");
        let told = open(&artifact(&changed)?, &one);
        assert!(matches!(told, Err(Fault::Damaged(_) | Fault::NotForUs)), "byte {at}: {told:?}");
        assert!(open(&artifact(&bytes[..at])?, &one).is_err(), "cut at {at}");
    }
    assert_eq!(open(&artifact(&bytes)?, &one)?, bundle());
    for behind in [&b"\0"[..], b"\n", &bytes] {
        let more = [bytes.as_slice(), behind].concat();
        assert!(matches!(open(&artifact(&more)?, &one), Err(Fault::Damaged(_))));
    }
    Ok(())
}

#[test]
fn the_artifact_around_it_is_checked() -> Tested {
    let one = Identity::make();
    let sealed = seal(&bundle(), &[one.recipient()])?;
    let json: Value = serde_json::from_str(&sealed)?;
    let with = |name: &str, value: Value| {
        let mut json = json.clone();
        json[name] = value;
        json.to_string()
    };
    for wrong in [
        with("mime_type", "text/plain".into()),
        with("mime_type", Value::Null),
        with("encryption_algorithm", "AES-256-GCM".into()),
        with("hashes", json!({})),
        with("hashes", json!({"MD5": "1717b7fff97d37a1e1a0029d83492de1"})),
        with("hashes", Value::Null),
        with("payload_bin", Value::Null),
        with("payload_bin", "====".into()),
        with("payload_bin", "".into()),
        with("id", "artifact--8e2e2d2b-17d4-5cbf-938f-98ee46b3cd3f".into()),
        with("type", "tool".into()),
        format!("{sealed} x"),
        format!("{sealed}{sealed}"),
        sealed[..sealed.len() - 1].to_owned(),
        sealed.replacen("{", "{\"mime_type\":\"application/x-age\",", 1),
        String::new(),
        "null".into(),
    ] {
        assert!(open(&wrong, &one).is_err(), "{wrong}");
    }
    // Properties that others add change nothing.
    assert_eq!(open(&with("x_note", "from the hub".into()), &one)?, bundle());
    Ok(())
}

#[test]
fn recipients_may_not_be_taken_away_or_added() -> Tested {
    let (one, two) = (Identity::make(), Identity::make());
    let bytes = payload(&seal(&bundle(), &[one.recipient(), two.recipient()])?)?;
    let end = bytes.windows(5).position(|part| part == b"\n--- ").ok_or("a header")?;
    let header = std::str::from_utf8(&bytes[..end])?;
    let stanzas: Vec<&str> = header.split("\n-> ").skip(1).collect();
    let of = |keep: &dyn Fn(&(usize, &&str)) -> bool| -> Vec<u8> {
        let kept: Vec<String> =
            stanzas.iter().enumerate().filter(|s| keep(s)).map(|(_, s)| format!("\n-> {s}")).collect();
        let first = header.lines().next().unwrap_or_default();
        [format!("{first}{}", kept.concat()).as_bytes(), &bytes[end..]].concat()
    };
    assert_eq!(of(&|_| true), bytes);
    for gone in 0..stanzas.len() {
        let changed = artifact(&of(&|(at, _)| *at != gone))?;
        for identity in [&one, &two] {
            assert!(open(&changed, identity).is_err(), "stanza {gone}");
        }
    }
    // One of another object's, put into this one.
    let other = payload(&seal(&bundle(), &[one.recipient()])?)?;
    let other_end = other.windows(5).position(|part| part == b"\n--- ").ok_or("a header")?;
    let mixed = [&bytes[..end], &other[other_end..]].concat();
    assert!(open(&artifact(&mixed)?, &one).is_err());
    Ok(())
}

#[test]
fn sizes_are_bounded() -> Tested {
    let one = Identity::make();
    let bytes = payload(&seal(&bundle(), &[one.recipient()])?)?;
    let line = bytes.iter().position(|byte| *byte == b'\n').ok_or("a line")?;
    // Megabytes of stanzas before the end, and a header that never ends.
    let stanza = format!("\n-> grease {}\n", "x".repeat(60)).repeat(40_000);
    let long = [&bytes[..line], stanza.trim_end().as_bytes(), &bytes[line..]].concat();
    assert_eq!(open(&artifact(&long)?, &one), Err(Fault::TooLarge));
    let endless = [&bytes[..=line], "-> X25519 ".repeat(300_000).as_bytes()].concat();
    assert_eq!(open(&artifact(&endless)?, &one), Err(Fault::TooLarge));
    // A header that is short, of a great many lines, each of which would be read again and again.
    let lines = [&bytes[..line], "\n-> x\n".repeat(5_000).trim_end().as_bytes(), &bytes[line..]].concat();
    assert_eq!(open(&artifact(&lines)?, &one), Err(Fault::TooLarge));
    let huge = format!("{{\"type\":\"artifact\",\"payload_bin\":\"{}\"}}", "A".repeat(2 * MOST_BYTES));
    assert_eq!(open(&huge, &one), Err(Fault::TooLarge));

    let recipient = one.recipient();
    let large = format!("{{\"type\":\"bundle\",\"x\":\"{}\",\"objects\":[]}}", "x".repeat(MOST_BYTES));
    assert_eq!(seal(&large, std::slice::from_ref(&recipient)), Err(Fault::TooLarge));
    assert_eq!(seal(&bundle(), &[]), Err(Fault::Recipients(0)));
    assert!(matches!(seal(&bundle(), &vec![recipient.clone(); MOST_RECIPIENTS + 1]), Err(Fault::Recipients(_))));
    // As many and as large as may be is opened again.
    let most = bundle().replacen("{", &format!("{{\"x\":\"{}\",", "x".repeat(MOST_BYTES - 1_000)), 1);
    let sealed = seal(&most, &vec![recipient.clone(); MOST_RECIPIENTS])?;
    assert_eq!(open(&sealed, &one)?, most);
    for none in
        ["", "x", "{}", "[]", "{\"type\":\"tool\"}", &format!("{} x", bundle()), &bundle().replace("bundle", "report")]
    {
        assert!(matches!(seal(none, std::slice::from_ref(&recipient)), Err(Fault::NoBundle(_))), "{none}");
    }
    Ok(())
}

#[test]
fn one_layer_is_opened_and_no_more() -> Tested {
    let (one, two) = (Identity::make(), Identity::make());
    let inner = seal(&bundle(), &[two.recipient()])?;
    let of = |inner: &str| {
        format!("{{\"type\":\"bundle\",\"id\":\"{}\",\"objects\":[{inner}]}}", crate::lab::id("bundle", 3))
    };
    let outer = seal(&of(&inner), &[one.recipient()])?;
    let opened = open(&outer, &one)?;
    assert_eq!(opened, of(&inner));
    assert!(!opened.contains(SECRET));
    assert_eq!(open(&inner, &one), Err(Fault::NotForUs));
    // What somebody seals without our rules is held against them when it is opened.
    for (plain, whole) in [("no bundle", false), ("{\"type\":\"bundle\"}", false), (&bundle(), true)] {
        let recipient: age::x25519::Recipient = one.recipient().to_string().parse()?;
        let bytes = age::encrypt(&recipient, plain.as_bytes())?;
        assert_eq!(open(&artifact(&bytes)?, &one).is_ok(), whole, "{plain}");
    }
    // A passphrase isn't tried, however much work it names.
    let scrypt = "age-encryption.org/v1\n-> scrypt bBjlhJVYZeE4aqUdmtRHfw 30\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n--- AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n";
    assert!(open(&artifact(scrypt.as_bytes())?, &one).is_err());
    Ok(())
}

#[tokio::test]
async fn the_hub_holds_nothing_of_it() -> Tested {
    let lab = Lab::with(hub()).await?;
    let (one, two) = (Identity::make(), Identity::make());
    let sealed = seal(&bundle(), &[one.recipient(), two.recipient()])?;
    let said = lab.post("both", "shared", &envelope(std::slice::from_ref(&sealed))).await?;
    assert_eq!(said.json()["success_count"], 1, "{}", said.text);
    // Another client gets the same bytes, and opens them.
    let page = lab.get("reader", "/trust/collections/shared/objects/").await?.text;
    let (_, rest) = page.split_once("\"objects\":[").ok_or("objects")?;
    let there = rest.strip_suffix("]}").ok_or("an end")?;
    assert_eq!(there, sealed);
    assert_eq!(open(there, &two)?, bundle());
    let mut files = 0;
    let mut folders = vec![lab.folder.path().to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder)? {
            let entry = entry?;
            if entry.file_type()?.is_dir() {
                folders.push(entry.path());
                continue;
            }
            let bytes = std::fs::read(entry.path())?;
            files += usize::from(bytes.windows(20).any(|part| part == &sealed.as_bytes()[..20]));
            for part in SECRET.as_bytes().windows(8) {
                assert!(!bytes.windows(8).any(|there| there == part), "{}", entry.path().display());
            }
        }
    }
    assert!(files > 0, "the sealed object itself was looked at");
    Ok(())
}
