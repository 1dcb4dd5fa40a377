//! Following: a peer is followed to its end, whatever it does on the way.
//! In: a node that listens; a peer of the test's own, which says what it is told to. Out: what was taken, what waits for a person.
//! Invariant: nothing is lost over a cut; a peer that lies, floods, fails or goes in circles harms nothing but itself.
//! Not here: handing over (`handing.rs`).

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::http::{Request, Response};
use serde_json::{Value, json};
use stillwatch_node::peer::{Asker, Inbox, Walked, Way, With, look, walk};
use stillwatch_track::objects::{self, Which};
use stillwatch_track::peers::{self, Cursor, Peer, Taken, drop_it, follow, let_in, source};
use stillwatch_track::{By, Missing, Place, Store};
use tempfile::TempDir;
use tokio::task::JoinHandle;

use crate::lab::{TAXII, Tested, config, envelope, id, object, some};
use crate::wire::Open;

const NOW: i64 = 1_796_115_600_000_000;

/// Walks at that time, with nothing to open what is sealed.
pub(crate) const WITH: With<'static> = With { clock: || NOW, identity: None, told: &|_, _| () };
const INBOX: Inbox<'static> = Inbox { name: "this-node", hourly: 100 };

/// What a scripted peer answers next: status, headers, body.
pub(crate) type Answer = (u16, Vec<(&'static str, String)>, String);

#[derive(Default)]
struct Script {
    answers: Mutex<VecDeque<Answer>>,
    asked: Mutex<Vec<String>>,
}

/// A peer that says what it is told to.
pub(crate) struct Scripted {
    script: Arc<Script>,
    pub(crate) address: SocketAddr,
    runs: JoinHandle<()>,
}

impl Scripted {
    pub(crate) async fn new(answers: impl IntoIterator<Item = Answer>) -> Tested<Self> {
        let script = Arc::new(Script { answers: Mutex::new(answers.into_iter().collect()), asked: Mutex::default() });
        let app = Router::new().fallback(answer).with_state(Arc::clone(&script));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let runs = tokio::spawn(async move {
            // Until the test ends it.
            let _ = axum::serve(listener, app).await;
        });
        Ok(Self { script, address, runs })
    }

    pub(crate) fn asked(&self) -> Vec<String> {
        self.script.asked.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) fn then(&self, answers: impl IntoIterator<Item = Answer>) {
        self.script.answers.lock().unwrap_or_else(PoisonError::into_inner).extend(answers);
    }
}

impl Drop for Scripted {
    fn drop(&mut self) {
        self.runs.abort();
    }
}

async fn answer(State(script): State<Arc<Script>>, request: Request<Body>) -> Response<Body> {
    script.asked.lock().unwrap_or_else(PoisonError::into_inner).push(request.uri().to_string());
    let next = script.answers.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
    let (status, headers, body) = next.unwrap_or((200, Vec::new(), "{}".into()));
    let mut response = Response::builder().status(status).header("content-type", TAXII);
    for (name, value) in headers {
        response = response.header(name, value);
    }
    response.body(Body::from(body)).unwrap_or_default()
}

/// A page: objects, `next` where there are more, the last `date_added`.
pub(crate) fn page(objects: &[String], next: Option<&str>, last: &str) -> Answer {
    let objects: Vec<Value> = objects.iter().filter_map(|o| serde_json::from_str(o).ok()).collect();
    let mut body = json!({ "more": next.is_some(), "objects": objects });
    if let Some(next) = next {
        body["next"] = json!(next);
    }
    (200, vec![("x-taxii-date-added-last", last.to_owned())], body.to_string())
}

/// A node's store that follows one peer.
pub(crate) struct Follower {
    pub(crate) store: Store,
    pub(crate) peer: Peer,
    _folder: TempDir,
}

impl Follower {
    pub(crate) async fn of(url: String, token: &str, collection: &str) -> Tested<Self> {
        let folder = tempfile::tempdir()?;
        let store = Store::open(&Place::Folder(folder.path().join("data")), Missing::Make).await?;
        let file = folder.path().join("token");
        std::fs::write(&file, token)?;
        let peer = Peer {
            name: "lab-two".into(),
            url,
            username: None,
            token_file: Some(file.display().to_string()),
            ca: None,
            certificate: None,
            key: None,
            hourly: 10_000,
            overlap: 0,
            acknowledges: false,
            leaves_out: Vec::new(),
            ledger: None,
            checkpoint: None,
            made: NOW,
        };
        peers::add(&store, &peer, &ada()).await?;
        follow(&store, &peer.name, collection).await?;
        Ok(Self { store, peer, _folder: folder })
    }

    pub(crate) async fn scripted(scripted: &Scripted) -> Tested<Self> {
        Self::of(format!("http://{}/trust/", scripted.address), "secret", "shared").await
    }

    pub(crate) async fn walk(&self) -> Tested<Walked> {
        let feed = peers::feeds(&self.store, None).await?.pop().ok_or("no feed")?;
        let asker = Asker::of(&self.peer)?;
        Ok(walk(&self.store, &self.peer, &asker, feed, &WITH).await?)
    }

    pub(crate) async fn cursor(&self) -> Tested<Cursor> {
        Ok(peers::feeds(&self.store, None).await?.pop().ok_or("no feed")?.cursor)
    }

    pub(crate) async fn texts(&self) -> Tested<Vec<String>> {
        let which = Which { source: Some(source("lab-two")), ..Which::default() };
        Ok(objects::page(&self.store, &which, 100_000, None).await?.into_iter().map(|o| o.json).collect())
    }

    pub(crate) async fn held(&self) -> Tested<Vec<String>> {
        Ok(peers::open(&self.store, None, 0, 100).await?.into_iter().map(|kept| kept.because).collect())
    }
}

fn ada() -> By {
    By { author: "ada".into(), at: NOW }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_is_followed_to_its_end_and_on_from_there() -> Tested {
    let open = Open::new(config(), None).await?;
    open.lab.put(&some(2_500)).await?;
    let token = open.lab.token("reader").to_owned();
    let follower = Follower::of(format!("http://{}/taxii2/", open.address), &token, "shared").await?;
    // Discovery leads to the root, and tells what may be used.
    let (root, offers) = look(&follower.peer).await?;
    assert_eq!(root, format!("http://{}/trust/", open.address));
    assert_eq!(offers.iter().map(|o| (o.can_read, o.can_write)).collect::<Vec<_>>(), [(true, false)]);
    let follower = Follower::of(root, &token, "shared").await?;
    let walked = follower.walk().await?;
    assert_eq!((walked.way, walked.taken, walked.pages), (Way::Whole, Taken { new: 2_500, known: 0, held: 0 }, 3));
    // Byte for byte.
    let mut sent = some(2_500);
    sent.sort();
    let mut texts = follower.texts().await?;
    texts.sort();
    assert_eq!(texts, sent);
    let later = object("tool", 3, "2020-01-03T00:00:00.000Z");
    open.lab.put(std::slice::from_ref(&later)).await?;
    let walked = follower.walk().await?;
    assert_eq!((walked.way, walked.taken.new, walked.pages), (Way::Whole, 1, 1));
    assert!(follower.texts().await?.contains(&later));
    assert_eq!(follower.walk().await?.taken, Taken::default());
    open.end().await
}

#[tokio::test]
async fn after_a_cut_it_goes_on_where_it_was() -> Tested {
    let objects = some(30);
    let (first, last) = ("2026-01-01T00:00:00.000001Z", "2026-01-01T00:00:00.000002Z");
    let scripted = Scripted::new([
        page(&objects[..10], Some("n1"), first),
        (503, vec![("retry-after", "7200".into())], json!({"title": "busy"}).to_string()),
    ])
    .await?;
    let follower = Follower::scripted(&scripted).await?;
    let Way::Failed(because, retry) = follower.walk().await?.way else { return Err("it didn't fail".into()) };
    assert_eq!((because.as_str(), retry), ("it answered 503 (busy)", NOW + 7_200_000_000));
    // It is left alone until then.
    assert_eq!(follower.walk().await?.way, Way::Later(retry));
    peers::unhold(&follower.store, "lab-two", "shared").await?;
    // What `next` was is forgotten over there: on from the last, a little back.
    scripted.then([(400, Vec::new(), "{}".into()), page(&objects[5..], None, last)]);
    let walked = follower.walk().await?;
    assert_eq!((walked.way, walked.taken), (Way::Whole, Taken { new: 20, known: 5, held: 0 }));
    let asked = scripted.asked();
    assert!(asked[2].ends_with("next=n1"), "{asked:?}");
    assert!(asked[3].contains("added_after=2025-12-31T23%3A59%3A59.000001Z"), "{asked:?}");
    assert_eq!(follower.cursor().await?.added_after, last);
    Ok(())
}

#[tokio::test]
async fn what_contradicts_itself_waits_for_a_person() -> Tested {
    let base = json!({
        "type": "tool", "id": id("tool", 1), "spec_version": "2.1", "created": "2020-01-01T00:00:00.000Z",
        "modified": "2020-01-02T00:00:00.000Z", "name": "a",
        "created_by_ref": "identity--8e2e2d2b-17d4-4cbf-938f-000000000001",
    });
    let but = |changes: Value| {
        let mut object = base.clone();
        for (key, value) in changes.as_object().into_iter().flatten() {
            object[key] = value.clone();
        }
        object.to_string()
    };
    let revoked = but(json!({"modified": "2020-01-03T00:00:00.000Z", "revoked": true}));
    let lies = [
        (but(json!({"name": "b"})), "said something else under the version"),
        (but(json!({"name": "c", "modified": "2020-01-02T01:00:00+01:00"})), "no instant"),
        (but(json!({"modified": "2020-01-04T00:00:00.000Z"})), "was revoked"),
        (
            but(json!({"modified": "2020-01-02T12:00:00.000Z", "created": "2020-01-02T00:00:00.000Z"})),
            "`created` isn't",
        ),
        (
            but(
                json!({"modified": "2020-01-02T12:00:00.000Z", "created_by_ref": "identity--8e2e2d2b-17d4-4cbf-938f-000000000002"}),
            ),
            "`created_by_ref` isn't",
        ),
        (but(json!({"id": id("tool", 2), "modified": "2027-01-01T00:00:00.000Z"})), "ahead of this node's clock"),
        (json!({"type": "tool", "id": "tool--1", "spec_version": "2.1"}).to_string(), "UUID"),
        (json!({"type": "tool", "id": id("tool", 9), "spec_version": "2.1"}).to_string(), "created"),
    ];
    let mut all = vec![but(json!({})), revoked.clone()];
    all.extend(lies.iter().map(|(text, _)| text.clone()));
    let scripted =
        Scripted::new([page(&all, None, "2026-01-01T00:00:00Z"), page(&all, None, "2026-01-01T00:00:00Z")]).await?;
    let follower = Follower::scripted(&scripted).await?;
    let walked = follower.walk().await?;
    assert_eq!((walked.way, walked.taken), (Way::Whole, Taken { new: 2, known: 0, held: lies.len() as u64 }));
    let held = follower.held().await?;
    for (because, (text, part)) in held.iter().zip(&lies) {
        // Times that aren't UTC are no STIX timestamps: another sentence may say so first.
        assert!(because.contains(part) || (*part == "no instant" && because.contains("modified")), "{because}: {text}");
    }
    // Sent again, it waits once.
    assert_eq!(follower.walk().await?.taken, Taken { new: 0, known: 2, held: 0 });
    // A person decides.
    let waits = peers::open(&follower.store, None, 0, 100).await?;
    let_in(&follower.store, waits[0].place, ("tool", "2020-01-02T00:00:00.000Z"), &ada()).await?;
    drop_it(&follower.store, waits[1].place, &ada()).await?;
    assert!(drop_it(&follower.store, waits[1].place, &ada()).await.is_err());
    assert_eq!(follower.held().await?.len(), lies.len() - 2);
    assert!(follower.texts().await?.iter().any(|text| text.contains(r#""name":"b""#)));
    Ok(())
}

#[tokio::test]
async fn a_flood_stops_until_a_person_has_looked() -> Tested {
    let objects = some(60);
    let pages =
        objects.chunks(10).enumerate().map(|(n, part)| page(part, Some(&format!("n{n}")), "2026-01-01T00:00:00Z"));
    let scripted = Scripted::new(pages).await?;
    let mut follower = Follower::scripted(&scripted).await?;
    follower.peer.hourly = 25;
    let walked = follower.walk().await?;
    assert_eq!(walked.taken.new, 30);
    assert!(matches!(&walked.way, Way::Held(because) if because.contains("25")), "{:?}", walked.way);
    let before = scripted.asked().len();
    assert!(matches!(follower.walk().await?.way, Way::Held(_)));
    assert_eq!(scripted.asked().len(), before, "it was asked while it was held");
    peers::unhold(&follower.store, "lab-two", "shared").await?;
    assert_eq!(follower.walk().await?.taken.new, 30);
    Ok(())
}

#[tokio::test]
async fn a_peer_that_is_broken_is_left_alone() -> Tested {
    let circle = page(&some(1), Some("n"), "2026-01-01T00:00:00Z");
    let no_way =
        (200, Vec::new(), json!({"more": true, "objects": [serde_json::from_str::<Value>(&some(1)[0])?]}).to_string());
    for (answers, part) in [
        (vec![(200, Vec::new(), "{\"objects\": [{".into())], "can't be read"),
        (vec![(200, Vec::new(), "<html>".into())], "can't be read"),
        (
            vec![(401, Vec::new(), json!({"title": "No", "description": "go\u{1b}away"}).to_string())],
            "401 (No: goaway)",
        ),
        (vec![(302, vec![("location", "http://127.0.0.1:1/".into())], String::new())], "302"),
        (vec![circle.clone(), circle], "circles"),
        (vec![no_way], "not how to get it"),
        (vec![(200, Vec::new(), format!("{{\"x\":\"{}\"}}", "a".repeat(33 << 20)))], "bytes"),
    ] {
        let scripted = Scripted::new(answers).await?;
        let follower = Follower::scripted(&scripted).await?;
        let way = follower.walk().await?.way;
        assert!(
            matches!(&way, Way::Failed(because, retry) if because.contains(part) && *retry > NOW),
            "{part}: {way:?}"
        );
    }
    // Nobody there.
    let scripted = Scripted::new([]).await?;
    let follower = Follower::scripted(&scripted).await?;
    drop(scripted);
    tokio::task::yield_now().await;
    let gone = Follower::of("http://127.0.0.1:9/trust/".into(), "secret", "shared").await?;
    assert!(matches!(gone.walk().await?.way, Way::Failed(because, _) if because.contains("can't be reached")));
    drop(follower);
    Ok(())
}

#[tokio::test]
async fn a_bomb_in_gzip_is_bounded() -> Tested {
    use std::io::Write;
    let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    packer.write_all(&vec![b' '; 64 << 20])?;
    let bomb = packer.finish()?;
    let app = Router::new().fallback(move || {
        let bomb = bomb.clone();
        async move { ([("content-encoding", "gzip"), ("content-type", TAXII)], bomb) }
    });
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    let runs = tokio::spawn(async move {
        let _ = axum::serve(listener, app).await;
    });
    let follower = Follower::of(format!("http://{address}/trust/"), "secret", "shared").await?;
    let way = follower.walk().await?.way;
    assert!(matches!(&way, Way::Failed(because, _) if because.contains("bytes")), "{way:?}");
    runs.abort();
    Ok(())
}

#[test]
fn addresses_that_would_tell_a_token_are_refused() {
    for (url, part) in [
        ("http://node.example/trust/", "in the clear"),
        ("ftp://node.example/", "no address of a server"),
        ("https://ada:secret@node.example/", "a password in it"),
        ("node.example", "no address"),
    ] {
        let peer = Peer {
            name: "x".into(),
            url: url.into(),
            username: None,
            token_file: None,
            ca: None,
            certificate: None,
            key: None,
            hourly: 1,
            overlap: 0,
            acknowledges: false,
            leaves_out: Vec::new(),
            ledger: None,
            checkpoint: None,
            made: 0,
        };
        let told = Asker::of(&peer).map(|_| ()).map_err(|e| e.to_string());
        assert!(told.as_ref().is_err_and(|told| told.contains(part)), "{url}: {told:?}");
        assert!(told.is_err_and(|told| !told.contains("secret")));
    }
}

#[tokio::test]
async fn what_is_put_into_an_inbox_is_taken_once() -> Tested {
    let open = Open::new(config(), None).await?;
    open.lab.put(&some(3)).await?;
    let said = open.lab.post("writer", "inbox", &envelope(&[object("tool", 7, "2020-01-02T00:00:00.000Z")])).await?;
    assert_eq!(said.status, 202);
    let store = &open.lab.node.store;
    let taken = |all: Vec<Walked>| all.into_iter().map(|w| (w.peer, w.collection, w.taken.new)).collect::<Vec<_>>();
    let first = stillwatch_node::peer::inbox(store, &INBOX, &WITH).await?;
    assert_eq!(taken(first), [("both".into(), "trust/shared".into(), 3), ("writer".into(), "trust/inbox".into(), 1)]);
    let again = stillwatch_node::peer::inbox(store, &INBOX, &WITH).await?;
    assert!(again.iter().all(|walked| walked.taken == Taken::default() && walked.pages == 0), "{again:?}");
    open.end().await
}
