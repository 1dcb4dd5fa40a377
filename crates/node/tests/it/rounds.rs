//! Rounds: everything that follows and hands over, over real nodes: a lab, a hub, and members.
//! In: a release on its way to two members, sealed over the hub and fetched at the lab; a peer that is away. Out: what each has then.
//! Invariant: the hub's store holds nothing of what was sealed; only whom it is sealed to opens it; one peer that fails stops no other.
//! Not here: single requests (`following.rs`, `handing.rs`), sealing (`sealed.rs`).

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::path::Path;

use serde_json::Value;
use stillwatch_ledger::Key;
use stillwatch_node::access::{Role, Token, grant};
use stillwatch_node::config::Config;
use stillwatch_node::http::Node;
use stillwatch_node::peer::{Round, Us, Watched, Way, With, round};
use stillwatch_node::release::{Outgoing, settle};
use stillwatch_node::seal::Identity;
use stillwatch_node::serve::{listen, serve};
use stillwatch_track::exchange::{Right, allow};
use stillwatch_track::objects::{self, Which};
use stillwatch_track::peers::{self, Route, follow, route, source};
use stillwatch_track::releases::{self, Way as Sent};
use stillwatch_track::{Missing, Place, Store};

use crate::following::WITH;
use crate::groups::made;
use crate::handing::{ONE, SIX, peer, publishes, ready, way};
use crate::hub::hub;
use crate::lab::{Tested, config};
use crate::wire::Open;
use crate::world::{NOW, World, who};

/// A member's store, and its round.
struct Member {
    store: Store,
    name: &'static str,
    identity: Identity,
}

impl Member {
    async fn new(folder: &Path, name: &'static str) -> Tested<Self> {
        let store = Store::open(&Place::Folder(folder.join(name)), Missing::Make).await?;
        Ok(Self { store, name, identity: Identity::make() })
    }

    async fn round(&self) -> Tested<Round> {
        let with = With { clock: || NOW, identity: Some(&self.identity), told: &|_, _| () };
        let us = Us { name: self.name, record: None, hourly: 100, with: &with };
        Ok(round(&self.store, &us, None, &who("zoe", 20)).await?)
    }

    async fn texts(&self, of: &str) -> Tested<BTreeSet<String>> {
        let which = Which { source: Some(source(of)), ..Which::default() };
        Ok(objects::page(&self.store, &which, 100_000, None).await?.into_iter().map(|o| o.json).collect())
    }
}

fn token(folder: &Path, whose: &str, secret: &str) -> Tested<String> {
    let file = folder.join(format!("{whose}.token"));
    std::fs::write(&file, secret)?;
    Ok(file.display().to_string())
}

/// What is for a recipient, as it would leave.
async fn texts(world: &World, release: &str, recipient: &str) -> Tested<BTreeSet<String>> {
    let all = releases::deliveries(&world.store, release).await?;
    let delivery = all.into_iter().find(|one| one.recipient == recipient).ok_or("no delivery")?;
    let outgoing = Outgoing::of(&world.store, &world.record.reader()?, &delivery, NOW).await?;
    Ok(outgoing.objects().map(|(_, text)| text.to_owned()).collect())
}

/// What objects say that nothing else says: ids, names, descriptions, patterns.
fn said(texts: &BTreeSet<String>) -> Tested<Vec<String>> {
    let mut all = Vec::new();
    for text in texts {
        let object: Value = serde_json::from_str(text)?;
        // Those of the standards are known to everybody.
        if matches!(object["type"].as_str(), Some("marking-definition" | "extension-definition")) {
            continue;
        }
        let values = ["id", "name", "description", "pattern"].into_iter().filter_map(|key| object[key].as_str());
        all.extend(values.filter(|text| text.len() >= 10).map(str::to_owned));
    }
    Ok(all)
}

/// How many files there are, and those in which one of these texts is.
fn found(folder: &Path, texts: &[String]) -> Tested<(usize, Vec<String>)> {
    let (mut count, mut found, mut folders) = (0, Vec::new(), vec![folder.to_owned()]);
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder)? {
            let entry = entry?;
            if entry.file_type()?.is_dir() {
                folders.push(entry.path());
                continue;
            }
            count += 1;
            let bytes = String::from_utf8_lossy(&std::fs::read(entry.path())?).into_owned();
            let there = texts.iter().filter(|text| bytes.contains(text.as_str()));
            found.extend(there.map(|text| format!("{}: {text}", entry.path().display())));
        }
    }
    Ok((count, found))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sealed_over_a_hub_and_fetched_at_the_lab() -> Tested {
    let folder = tempfile::tempdir()?;
    let place = Place::Folder(folder.path().join("harbor"));
    let world = World::new(&place).await?;
    let release = ready(&world).await?;
    let open = Open::new(hub(), None).await?;
    let at_hub = format!("http://{}/trust/", open.address);
    let shared = open.lab.collections[0].number;
    // `both` is the lab, `reader` lab-one; `nobody` is a third member that may read there.
    allow(&open.lab.node.store, "nobody", Right { collection: shared, can_read: true, can_write: false }).await?;
    let group = made(&open.lab, "three", &["both", "reader"]).await?;
    let hub_of = |name: &str| -> Tested<_> {
        Ok(peer("hub", at_hub.clone(), token(folder.path(), name, open.lab.token(name))?))
    };
    let (one, other) = (Member::new(folder.path(), "one").await?, Member::new(folder.path(), "other").await?);

    // The lab: to lab-one sealed over the hub, for lab-six here.
    peers::add(&world.store, &hub_of("both")?, &who("ada", 6)).await?;
    let seal_to = Some(one.identity.recipient().to_string());
    route(&world.store, &Route { seal_to, ..way(ONE, Some("hub"), "shared") }).await?;
    let collection = publishes(&world, SIX, "for-six").await?;
    let us = Us { name: "harbor", record: Some(&world.record), hourly: 100, with: &WITH };
    let went = round(&world.store, &us, None, &who("ada", 9)).await?;
    assert!(!went.is_bad(), "{went:?}");
    assert_eq!(went.groups[0].1.changed, std::slice::from_ref(&group.id));
    assert_eq!(went.pushed.len(), 2, "{went:?}");

    // The hub has what is sealed, and nothing of what is in it.
    let plain = texts(&world, &release, ONE).await?;
    let said = said(&plain)?;
    assert!(said.len() > plain.len() / 2, "{said:?}");
    let (files, there) = found(open.lab.folder.path(), &said)?;
    assert!(files > 0 && there.is_empty(), "{there:?}");
    let (_, there) = found(open.lab.folder.path(), &["application/x-age".to_owned()])?;
    assert!(!there.is_empty(), "the sealed object itself wasn't looked at");

    // Whom it is sealed to opens it, though another peer is away and a third can't be asked.
    for (member, name) in [(&one, "reader"), (&other, "nobody")] {
        peers::add(&member.store, &hub_of(name)?, &who("zoe", 10)).await?;
        let away = peer("away", "http://127.0.0.1:9/trust/".into(), token(folder.path(), "away", "x")?);
        peers::add(&member.store, &away, &who("zoe", 10)).await?;
        let lost = peer("lost", at_hub.clone(), folder.path().join("none").display().to_string());
        peers::add(&member.store, &lost, &who("zoe", 10)).await?;
        for (called, collection) in [("away", "shared"), ("hub", "shared"), ("lost", "shared")] {
            follow(&member.store, called, collection).await?;
        }
        let came = member.round().await?;
        assert!(came.is_bad());
        let ways: Vec<_> = came.walked.iter().map(|one| (one.peer.as_str(), &one.way)).collect();
        assert!(matches!(ways[..], [("away", Way::Failed(..)), ("hub", Way::Whole)]), "{ways:?}");
        let failed: Vec<&str> = came.failed.iter().map(|(peer, _)| peer.as_str()).collect();
        assert_eq!(failed, ["away", "lost"], "{came:?}");
        let told: Vec<_> = came.groups.iter().map(|(peer, learned)| (peer.as_str(), learned.changed.len())).collect();
        assert_eq!(told, [("hub", usize::from(name == "reader"))]);
    }
    let opened = one.texts("hub").await?;
    assert!(opened.is_superset(&plain), "byte for byte");
    let closed = other.texts("hub").await?;
    assert!(!closed.is_empty() && closed.iter().all(|text| text.contains("application/x-age")), "{closed:?}");
    assert_eq!(opened.len(), plain.len() + closed.len());
    let (_, there) = found(&folder.path().join("other"), &said)?;
    assert!(there.is_empty(), "{there:?}");

    // Lab-six fetches at the lab, watches its ledger, and says what it has.
    let secret = Token::make();
    let rights = [Right { collection: collection.number, can_read: true, can_write: false }];
    grant(&world.store, SIX, Role::Member, &secret, &rights, &who("ada", 8)).await?;
    let (record, key) = (world.folder.join("record"), world.folder.join("record.key"));
    let settings = Config { ledger: Some(record), ledger_key: Some(key.clone()), ..config() };
    let node = Node::new(settings, Store::open(&place, Missing::Refuse).await?).await?;
    let listener = listen(SocketAddr::from(([127, 0, 0, 1], 0))).await?;
    let address = listener.local_addr()?;
    let runs = tokio::spawn(serve(node, listener, None, std::future::pending()));
    let six = Member::new(folder.path(), "six").await?;
    let secret = token(folder.path(), "six", secret.show())?;
    let mut harbor = peer("harbor", format!("http://{address}/trust/"), secret);
    harbor.ledger = Some(Key::read(&key)?.public().to_line());
    peers::add(&six.store, &harbor, &who("zoe", 10)).await?;
    follow(&six.store, "harbor", "for-six").await?;
    let came = six.round().await?;
    assert!(!came.is_bad(), "{came:?}");
    assert!(matches!(came.ledgers[..], [(_, Watched::Good(size))] if size > 0), "{came:?}");
    assert_eq!(six.texts("harbor").await?, texts(&world, &release, SIX).await?);
    settle(&world.store, &world.record, &who("ada", 30)).await?;
    let ways = releases::deliveries(&world.store, &release).await?;
    let ways: Vec<_> = ways.iter().map(|one| (one.recipient.as_str(), one.state)).collect();
    assert_eq!(ways, [(ONE, Sent::Delivered), (SIX, Sent::Acknowledged)]);
    // The ledger has grown since, and proves it; a second round brings nothing twice.
    let again = six.round().await?;
    assert!(matches!((&came.ledgers[0].1, &again.ledgers[0].1), (Watched::Good(a), Watched::Good(b)) if b > a));
    assert_eq!(again.walked[0].taken.new, 0);
    let again = one.round().await?;
    assert!(again.walked.iter().all(|one| one.taken.new == 0), "{again:?}");
    runs.abort();
    open.end().await
}
