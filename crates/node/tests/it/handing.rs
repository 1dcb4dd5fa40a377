//! Handing over: the outbox reaches recipients through collections, and what they say comes back.
//! In: a lab with an approved release; another node that listens. Out: objects there, deliveries here, entries in the ledger.
//! Invariant: what a peer has is byte for byte what the ledger says; a peer that refuses keeps the delivery waiting; a withdrawal follows.
//! Not here: fetching (`following.rs`).

use std::net::SocketAddr;

use sha2::{Digest, Sha256};
use stillwatch_ledger::{Outcome, What};
use stillwatch_node::access::{Role, Token, grant};
use stillwatch_node::http::Node;
use stillwatch_node::peer::{Asker, push, walk};
use stillwatch_node::release::{approve, settle, withdraw};
use stillwatch_node::serve::{listen, serve};
use stillwatch_track::exchange::{Collection, NewCollection, Right, make_collection};
use stillwatch_track::objects::{self, Which};
use stillwatch_track::peers::{self, Peer, Route, follow, route, source};
use stillwatch_track::releases::{self, Way};
use stillwatch_track::{By, Missing, Place, Store};

use crate::following::WITH;
use crate::lab::{Tested, config};
use crate::wire::Open;
use crate::world::{NOW, World, trusted, who};

pub(crate) const ONE: &str = "lab-one.example";
pub(crate) const SIX: &str = "lab-six.example";

pub(crate) fn peer(name: &str, url: String, token_file: String) -> Peer {
    Peer {
        name: name.into(),
        url,
        username: None,
        token_file: Some(token_file),
        ca: None,
        certificate: None,
        key: None,
        hourly: 10_000,
        overlap: 0,
        acknowledges: true,
        leaves_out: Vec::new(),
        ledger: None,
        checkpoint: None,
        made: NOW,
    }
}

pub(crate) fn way(recipient: &str, peer: Option<&str>, collection: &str) -> Route {
    Route {
        recipient: recipient.into(),
        peer: peer.map(str::to_owned),
        collection: collection.into(),
        seal_to: None,
        failures: 0,
        retry: 0,
        because: String::new(),
    }
}

/// A collection of the world's, into which releases for a recipient are published from then on.
pub(crate) async fn publishes(world: &World, recipient: &str, alias: &str) -> Tested<Collection> {
    let new = NewCollection {
        id: None,
        root: "trust".into(),
        alias: Some(alias.into()),
        title: format!("For {recipient}"),
        description: None,
        can_read: true,
        can_write: false,
        profile: None,
        most_tlp: 4,
        most_pap: 3,
    };
    let collection = make_collection(&world.store, &new, NOW).await?;
    route(&world.store, &way(recipient, None, &format!("trust/{alias}"))).await?;
    Ok(collection)
}

/// A lab with a release in the outbox; returns its id too.
pub(crate) async fn ready(world: &World) -> Tested<String> {
    let campaign = world.campaign(1).await?;
    let release = world.propose(&campaign, &who("ada", 1)).await?;
    for (n, name) in ["ben", "cleo"].iter().enumerate() {
        // Further approvals than asked for are refused.
        if releases::release(&world.store, &release.id).await?.state == releases::State::Proposed {
            approve(&world.store, &release.id, &trusted(), &who(name, 2 + n as i64)).await?;
        }
    }
    settle(&world.store, &world.record, &who("ada", 5)).await?;
    Ok(release.id)
}

async fn ways(world: &World, release: &str) -> Tested<Vec<(String, Way)>> {
    let all = releases::deliveries(&world.store, release).await?;
    Ok(all.into_iter().map(|d| (d.recipient, d.state)).collect())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_release_reaches_a_peer_and_a_withdrawal_follows() -> Tested {
    let folder = tempfile::tempdir()?;
    let world = World::new(&Place::Folder(folder.path().join("data"))).await?;
    let release = ready(&world).await?;
    let open = Open::new(config(), None).await?;
    let token = folder.path().join("token");
    std::fs::write(&token, open.lab.token("reader"))?;
    let there = peer("lab-one", format!("http://{}/trust/", open.address), token.display().to_string());
    peers::add(&world.store, &there, &who("ada", 6)).await?;
    // Whoever has no way waits; a way that may not write is told.
    route(&world.store, &way(ONE, Some("lab-one"), "shared")).await?;
    let pushed = push(&world.store, &world.record, "harbor", None, &who("ada", 7)).await?;
    assert_eq!(pushed.len(), 1);
    assert!(pushed[0].because.as_ref().is_some_and(|b| b.contains("403")), "{pushed:?}");
    assert_eq!(ways(&world, &release).await?, [(ONE.into(), Way::Waiting), (SIX.into(), Way::Waiting)]);
    // It isn't tried again before its time.
    let soon = push(&world.store, &world.record, "harbor", None, &who("ada", 8)).await?;
    assert!(soon[0].retry.is_some_and(|retry| retry > NOW) && soon[0].objects == 0, "{soon:?}");
    std::fs::write(&token, open.lab.token("both"))?;
    route(&world.store, &way(ONE, Some("lab-one"), "shared")).await?;
    let pushed = push(&world.store, &world.record, "harbor", None, &who("ada", 9)).await?;
    assert_eq!((pushed.len(), pushed[0].because.as_deref()), (1, None), "{pushed:?}");
    assert_eq!(ways(&world, &release).await?, [(ONE.into(), Way::Delivered), (SIX.into(), Way::Waiting)]);
    settle(&world.store, &world.record, &who("ada", 10)).await?;
    let outcomes = |world: &World| -> Tested<Vec<Outcome>> {
        let decided = |what| if let What::Decision { outcome, .. } = what { Some(outcome) } else { None };
        Ok(world.entries()?.into_iter().filter_map(|entry| decided(entry.what)).collect())
    };
    assert!(outcomes(&world)?.contains(&Outcome::Delivered));
    // What is there is what the ledger has.
    let released = world.released()?;
    let has = |json: &str| {
        let hash = format!("sha256:{}", hex::encode(Sha256::digest(json)));
        released.iter().any(|(_, known, to)| *known == hash && to == ONE)
    };
    let put = peers::put_by(&open.lab.node.store, &open.lab.collections[0], "both", 0, 100_000).await?;
    assert_eq!(put.len(), pushed[0].objects);
    assert!(put.iter().all(|put| has(&put.json)));
    // Taken back: everybody who has it is told, over the same way.
    let (_, tombstones) = withdraw(&world.store, &release, "T-1", &who("ben", 20)).await?;
    assert!(tombstones.is_some());
    settle(&world.store, &world.record, &who("ada", 21)).await?;
    let pushed = push(&world.store, &world.record, "harbor", None, &who("ada", 22)).await?;
    assert!(pushed.iter().all(|p| p.because.is_none()) && !pushed.is_empty(), "{pushed:?}");
    let put = peers::put_by(&open.lab.node.store, &open.lab.collections[0], "both", 0, 100_000).await?;
    assert!(put.iter().any(|put| put.json.contains("\"revoked\":true")));
    open.end().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_published_here_is_fetched_and_acknowledged() -> Tested {
    let folder = tempfile::tempdir()?;
    // The lab's node and its releases have one store.
    let place = Place::Folder(folder.path().join("data"));
    let world = World::new(&place).await?;
    let release = ready(&world).await?;
    let collection = publishes(&world, ONE, "for-one").await?;
    let pushed = push(&world.store, &world.record, "harbor", Some(ONE), &who("ada", 9)).await?;
    assert_eq!((pushed.len(), pushed[0].because.as_deref()), (1, None), "{pushed:?}");
    let (address, secret, runs) = serve_world(&world, &place, collection.number).await?;
    // The other side fetches, and says what it has.
    let other = Store::open(&Place::Folder(folder.path().join("other")), Missing::Make).await?;
    let token = folder.path().join("token");
    std::fs::write(&token, secret)?;
    let harbor = peer("harbor", format!("http://{address}/trust/"), token.display().to_string());
    peers::add(&other, &harbor, &By { author: "zoe".into(), at: NOW }).await?;
    follow(&other, "harbor", "for-one").await?;
    let feed = peers::feeds(&other, None).await?.pop().ok_or("no feed")?;
    let walked = walk(&other, &harbor, &Asker::of(&harbor)?, feed, &WITH).await?;
    assert_eq!((walked.taken.new, walked.taken.held), (pushed[0].objects as u64, 0), "{walked:?}");
    let which = Which { source: Some(source("harbor")), ..Which::default() };
    let released = world.released()?;
    for object in objects::page(&other, &which, 100_000, None).await? {
        let hash = format!("sha256:{}", hex::encode(Sha256::digest(&object.json)));
        assert!(
            released.iter().any(|(id, known, to)| *id == object.id && *known == hash && to == ONE),
            "{}",
            object.id
        );
    }
    settle(&world.store, &world.record, &who("ada", 30)).await?;
    assert_eq!(ways(&world, &release).await?, [(ONE.into(), Way::Acknowledged), (SIX.into(), Way::Waiting)]);
    runs.abort();
    Ok(())
}

/// A node over the world's store, with the recipient as its client; its address, the client's token, and what it runs in.
pub(crate) async fn serve_world(
    world: &World,
    place: &Place,
    collection: i64,
) -> Tested<(SocketAddr, String, tokio::task::JoinHandle<()>)> {
    let token = Token::make();
    let rights = [Right { collection, can_read: true, can_write: false }];
    grant(&world.store, ONE, Role::Member, &token, &rights, &who("ada", 8)).await?;
    let node = Node::new(config(), Store::open(place, Missing::Refuse).await?).await?;
    let listener = listen(SocketAddr::from(([127, 0, 0, 1], 0))).await?;
    let address = listener.local_addr()?;
    let runs = tokio::spawn(serve(node, listener, None, std::future::pending()));
    Ok((address, token.show().to_owned(), runs))
}
