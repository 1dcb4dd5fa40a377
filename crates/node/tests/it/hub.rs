//! Hub: a node in the middle: what it passes on, and what it refuses.
//! In: objects with every marking, and with every spelling. Out: the same bytes, or a failure that says why.
//! Invariant: what a sender's marking forbids is nowhere in the hub's store; at a member nothing changes.
//! Not here: groups (`groups.rs`), what is sealed (`sealed.rs`).

use stillwatch_node::config::{Config, Part};
use stillwatch_stix::marking::{Pap, Tlp};

use crate::lab::{Lab, Tested, config, envelope, id, object};

/// A hub's settings.
pub(crate) fn hub() -> Config {
    Config { role: Part::Hub, ..config() }
}

/// An object with these markings.
pub(crate) fn marked(n: usize, markings: &[&str]) -> String {
    let refs: Vec<String> = markings.iter().map(|id| format!("\"{id}\"")).collect();
    let plain = object("tool", n, "2020-01-02T00:00:00.000Z");
    plain.replacen("\"name\"", &format!("\"object_marking_refs\":[{}],\"name\"", refs.join(",")), 1)
}

#[tokio::test]
async fn bytes_are_passed_on_as_they_came() -> Tested {
    let lab = Lab::with(hub()).await?;
    let green = format!("\"object_marking_refs\":[ \"{}\"\t]", Tlp::Green.id());
    let odd = [
        // Order of keys, white space of every kind, a number beyond 2^53, spellings of numbers, escapes of plain letters.
        format!(
            "{{\"x_last\":1e2,\n\t\"id\" : \"{}\",\r\n\"spec_version\":\"2.1\",\"type\":\"tool\",{green},\"created\":\"2020-01-01T00:00:00.000Z\",\"modified\":\"2020-01-01T00:00:00.000Z\",\"x_a\":90071992547409931234,\"x_b\":1.0,\"x_c\":-0.0,\"x_d\":1E+2,\"name\":\"\\u0041\\/\\ud83d\\ude00\\n\"}}",
            id("tool", 1)
        ),
        // Trailing spaces within, keys that repeat deep inside, the same text composed and decomposed.
        format!(
            "{{ \"type\":\"tool\",\"spec_version\":\"2.1\",\"id\":\"{}\",{green},\"created\":\"2020-01-01T00:00:00Z\",\"modified\":\"2020-01-01T00:00:00.123456789Z\",\"name\":\"e\u{301} \u{e9} \u{202e}\",\"x\":{{\"a\":[ 0.10 ],\"b\":{{ }}}}   }}",
            id("tool", 2)
        ),
    ];
    let said = lab.post("both", "shared", &format!("{{\"objects\":\n[\n{} ,\n  {}\n]}}", odd[0], odd[1])).await?;
    assert_eq!(said.json()["success_count"], 2, "{}", said.text);
    let page = lab.get("reader", "/trust/collections/shared/objects/").await?.text;
    assert_eq!(page, format!("{{\"more\":false,\"objects\":[{}]}}", odd.join(",")));
    Ok(())
}

#[tokio::test]
async fn what_its_marking_forbids_is_refused() -> Tested {
    let (hub, member) = (Lab::with(hub()).await?, Lab::new().await?);
    let unknown = "marking-definition--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f";
    // `inbox` takes up to TLP:AMBER, `shared` anything, and PAP:RED both.
    let table = [
        ("shared", &[Tlp::Clear.id()][..], ""),
        ("shared", &[Tlp::Green.id()], ""),
        ("shared", &[Tlp::Amber.id(), Pap::Red.id()], ""),
        ("shared", &[Tlp::AmberStrict.id()], "it is marked TLP:AMBER+STRICT: it may not leave"),
        ("shared", &[Tlp::Red.id()], "it is marked TLP:RED: only the recipients that are named"),
        ("shared", &["marking-definition--5e57c739-391a-4eb3-b6be-7d15ca92d5ed"], "TLP:RED"),
        ("shared", &[Tlp::Green.id(), Tlp::Red.id()], "TLP:RED"),
        ("shared", &[], "it has no TLP marking, which counts as TLP:AMBER+STRICT"),
        ("shared", &[Pap::Clear.id()], "it has no TLP marking"),
        ("shared", &[Tlp::Clear.id(), unknown], unknown),
        ("inbox", &[Tlp::Amber.id()], ""),
        ("inbox", &[Tlp::Red.id()], "TLP:RED"),
    ];
    for (n, (collection, markings, part)) in (10..).zip(table) {
        let one = envelope(&[marked(n, markings), marked(2, &[Tlp::Clear.id()])]);
        let said = hub.post("both", collection, &one).await?;
        let json = said.json();
        let (taken, failed) = (json["success_count"].clone(), json["failure_count"].clone());
        // The other object of the request is taken whatever became of this one.
        assert_eq!(
            (taken, failed),
            if part.is_empty() { (2.into(), 0.into()) } else { (1.into(), 1.into()) },
            "{json}"
        );
        if !part.is_empty() {
            let told = &json["failures"][0];
            assert!(told["message"].as_str().is_some_and(|m| m.contains(part) && m.contains("seal")), "{told}");
            assert_eq!(
                (told["id"].as_str(), told["version"].as_str()),
                (Some(&*id("tool", n)), Some("2020-01-02T00:00:00.000Z"))
            );
        }
        // A member's node takes them all, and shows what may be shown.
        assert_eq!(member.post("both", collection, &one).await?.json()["success_count"], 2);
    }
    Ok(())
}

#[tokio::test]
async fn what_a_collection_does_not_take_is_refused() -> Tested {
    let lab = Lab::with(hub()).await?;
    let strict = stillwatch_track::exchange::NewCollection {
        id: None,
        root: "trust".into(),
        alias: Some("strict".into()),
        title: "Strict".into(),
        description: None,
        can_read: true,
        can_write: true,
        profile: None,
        most_tlp: 1,
        most_pap: 1,
    };
    stillwatch_track::exchange::make_collection(&lab.node.store, &strict, 1).await?;
    lab.node.refresh().await?;
    let clear = Pap::Clear.id();
    let all = [
        marked(1, &[Tlp::Green.id(), clear]),
        marked(2, &[Tlp::Amber.id(), clear]),
        marked(3, &[Tlp::Green.id(), Pap::Amber.id()]),
        marked(4, &[Tlp::Green.id()]),
    ];
    let json = lab.post("admin", "strict", &envelope(&all)).await?.json();
    let told: Vec<&str> =
        json["failures"].as_array().ok_or("failures")?.iter().filter_map(|f| f["message"].as_str()).collect();
    assert!(told[0].contains("TLP:AMBER") && told[0].contains("TLP:GREEN at most"), "{told:?}");
    assert!(told[1].contains("it is marked PAP:AMBER") && told[1].contains("PAP:GREEN at most"), "{told:?}");
    assert!(told[2].contains("it has no PAP marking, which counts as PAP:AMBER"), "{told:?}");
    assert_eq!(lab.get("admin", "/trust/collections/strict/objects/").await?.ids(), [id("tool", 1)]);
    // What was refused was not kept either: another may still say it first.
    let status = json["status"].as_str();
    assert_eq!(status, Some("complete"));
    Ok(())
}

#[tokio::test]
async fn a_marking_that_comes_along_is_read() -> Tested {
    let lab = Lab::with(hub()).await?;
    let own = "marking-definition--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f";
    let definition = Tlp::Green.object().replace(Tlp::Green.id(), own);
    let said = lab.post("both", "shared", &envelope(&[definition, marked(1, &[own])])).await?;
    assert_eq!(said.json()["success_count"], 2, "{}", said.text);
    // Later it is not there any more: what a marking meant then isn't guessed.
    let said = lab.post("both", "shared", &envelope(&[marked(2, &[own])])).await?;
    assert_eq!(said.json()["failure_count"], 1, "{}", said.text);
    // A marking on a part counts for the whole.
    let part =
        format!("\"granular_markings\":[{{\"marking_ref\":\"{}\",\"selectors\":[\"name\"]}}],\"name\"", Tlp::Red.id());
    let said =
        lab.post("both", "shared", &envelope(&[marked(3, &[Tlp::Clear.id()]).replacen("\"name\"", &part, 1)])).await?;
    assert_eq!(said.json()["failure_count"], 1, "{}", said.text);
    Ok(())
}
