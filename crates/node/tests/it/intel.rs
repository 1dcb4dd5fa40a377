//! Intel: what peers sent, read, weighed, looked for and answered.
//! In: objects as peers send them, through their journal. Out: standings, facts for rules, drafts, releases; on both databases.
//! Invariant: names are invented; the time is the test's own.
//! Not here: laws of the formula (`gate/tests`), the command line (`stillwatch/tests`).

use std::collections::BTreeMap;

use serde_json::{Value, json};
use stillwatch_gate::Subject;
use stillwatch_gate::standing::Decay;
use stillwatch_model::Hunted;
use stillwatch_model::hunted::{HUNTED_VERSION, Match, MatchKind};
use stillwatch_node::intel::{Weighed, Which, answers, facts, follow, opine, sight, wanted, weigh};
use stillwatch_node::release::{About, Asked, approve, propose, settle, to_folder};
use stillwatch_node::{own, profile};
use stillwatch_share::scan::Scanners;
use stillwatch_stix::campaign::Producer;
use stillwatch_stix::marking::{Pap, Tlp};
use stillwatch_stix::opinion::Opinion;
use stillwatch_stix::{Bundle, Limits, Object};
use stillwatch_track::intel::{self, Filter};
use stillwatch_track::peers::{self, Heard};
use stillwatch_track::releases::{self, Fate};
use stillwatch_track::{Place, Store};

use crate::path::Told;
use crate::places::{Tested, on_both, open};
use crate::world::{DAY, NOW, World, trusted, who};

on_both![
    what_came_is_kept_with_source_path_and_marking,
    reading_again_changes_nothing,
    the_newest_version_stands_whatever_the_order,
    an_unknown_marking_is_the_strictest_until_it_comes,
    a_flood_of_opinions_by_one_producer_is_one,
    what_we_told_ourselves_is_no_news,
    the_same_hunt_again_is_the_same_draft,
    rules_see_what_stands,
    a_sighting_goes_the_way_of_a_release,
    an_opinion_goes_the_way_of_a_release,
    pages_hold_each_indicator_once,
];

type Made<T> = Result<T, Box<dyn std::error::Error>>;

fn uuid(n: u32) -> String {
    format!("8e2e2d2b-17d4-4cbf-938f-{n:012}")
}

fn indicator(n: u32) -> String {
    format!("indicator--{}", uuid(n))
}

fn lab(name: &str) -> String {
    Producer { name: name.into(), created: String::new() }.id()
}

fn time(days: i64) -> String {
    stillwatch_stix::version::timestamp(&stillwatch_track::instant(NOW + days * DAY)).unwrap_or_default()
}

/// An indicator of lab-one's about an address, told so many days ago.
fn address(n: u32, days: i64) -> Value {
    json!({
        "type": "indicator", "spec_version": "2.1", "id": indicator(n), "created": time(-days), "modified": time(-days),
        "created_by_ref": lab("lab-one"), "object_marking_refs": [Tlp::Green.id(), Pap::Green.id()], "name": "Exit address",
        "pattern": format!("[ipv4-addr:value = '198.51.{}.{}']", n / 250, n % 250), "pattern_type": "stix",
        "valid_from": time(-days), "confidence": 80,
    })
}

fn sighted(n: u32, by: &str, of: u32, days: i64) -> Value {
    json!({
        "type": "sighting", "spec_version": "2.1", "id": format!("sighting--{}", uuid(n)), "created": time(-days),
        "modified": time(-days), "created_by_ref": lab(by), "object_marking_refs": [Tlp::Green.id()],
        "sighting_of_ref": indicator(of), "last_seen": time(-days), "count": 10,
    })
}

fn thinks(n: u32, by: &str, of: u32, word: &str, days: i64) -> Value {
    json!({
        "type": "opinion", "spec_version": "2.1", "id": format!("opinion--{}", uuid(n)), "created": time(-days),
        "modified": time(-days), "created_by_ref": lab(by), "object_marking_refs": [Tlp::Green.id()], "opinion": word,
        "object_refs": [indicator(of)],
    })
}

/// As if a peer had sent them.
pub(crate) async fn came(store: &Store, peer: &str, objects: &[Value]) -> Tested {
    if peers::peers(store).await?.iter().all(|known| known.name != peer) {
        let new = peers::Peer {
            name: peer.into(),
            url: format!("https://{peer}.example/taxii2/"),
            username: None,
            token_file: None,
            ca: None,
            certificate: None,
            key: None,
            hourly: 1_000_000,
            overlap: 0,
            leaves_out: Vec::new(),
            acknowledges: false,
            ledger: None,
            checkpoint: None,
            made: NOW,
        };
        peers::add(store, &new, &who("ana", 0)).await?;
        peers::follow(store, peer, "shared").await?;
    }
    let mut feed =
        peers::feeds(store, Some(peer)).await?.into_iter().find(|feed| feed.peer == peer).ok_or("no feed")?;
    let texts: Vec<String> = objects.iter().map(ToString::to_string).collect();
    let objects = texts.iter().map(|text| Object::read(text, 16)).collect::<Result<Vec<_>, _>>()?;
    let heard: Vec<Heard<'_>> =
        objects.iter().map(|object| Heard { object: own::raw(object), date_added: "" }).collect();
    let cursor = feed.cursor.clone();
    peers::take(store, &mut feed, &heard, &[], cursor, NOW).await?;
    follow(store).await?;
    Ok(())
}

async fn weighed(store: &Store, n: u32) -> Made<Weighed> {
    let id = indicator(n);
    let now = jiff::Timestamp::from_microsecond(NOW)?;
    Ok(weigh(store, std::slice::from_ref(&id), &Decay::default(), now).await?.remove(&id).ok_or("not there")?)
}

async fn what_came_is_kept_with_source_path_and_marking(place: Place) -> Tested {
    let store = open(&place).await?;
    came(&store, "hub", &[address(1, 3), sighted(1, "lab-two", 1, 3), thinks(1, "lab-three", 1, "agree", 2)]).await?;
    came(&store, "lab-one", &[address(1, 3)]).await?;
    let one = weighed(&store, 1).await?;
    let told: Vec<_> =
        one.told.iter().map(|told| (told.peer.as_str(), told.producer.clone(), told.tlp.as_str())).collect();
    assert_eq!(told, [("hub", lab("lab-one"), "green"), ("lab-one", lab("lab-one"), "green")]);
    assert_eq!(
        (one.told[0].kind.as_str(), one.told[0].pap.as_str(), one.told[0].confidence),
        ("address", "green", Some(80))
    );
    let said: Vec<_> =
        one.remarks.iter().map(|said| (said.what.as_str(), said.peer.as_str(), said.producer.clone())).collect();
    assert_eq!(said, [("sighting", "hub", lab("lab-two")), ("opinion", "hub", lab("lab-three"))]);
    assert_eq!((one.standing.sightings, one.standing.drives, one.standing.disputed), (1, true, false));
    assert!(intel::find(&store, "8e2e2d2b").await.is_ok() && intel::find(&store, "ffff").await.is_err());
    Ok(())
}

async fn reading_again_changes_nothing(place: Place) -> Tested {
    let store = open(&place).await?;
    came(&store, "hub", &[]).await?;
    came(&store, "hub", &[address(1, 3), sighted(1, "lab-two", 1, 3)]).await?;
    let before = weighed(&store, 1).await?;
    assert_eq!(follow(&store).await?, 0);
    // As if it had been interrupted before the cursor moved.
    let pool = sqlx::AnyPool::connect(&url(&place)).await?;
    sqlx::query("DELETE FROM cursors").execute(&pool).await?;
    let arrivals = intel::waiting(&store).await?.ok_or("nothing waits")?;
    assert_eq!(follow(&store).await?, 2);
    assert_eq!(weighed(&store, 1).await?, before);
    // Somebody else was faster: nothing is written.
    assert!(!intel::keep(&store, &arrivals, &intel::Batch::default()).await?);
    pool.close().await;
    Ok(())
}

pub(crate) fn url(place: &Place) -> String {
    match place {
        Place::Folder(folder) => {
            let folder = folder.display().to_string().replace('%', "%25").replace('#', "%23").replace('?', "%3F");
            format!("sqlite://{}/stillwatch.sqlite", folder.replace(' ', "%20"))
        }
        Place::Server(url) => url.clone(),
    }
}

async fn the_newest_version_stands_whatever_the_order(place: Place) -> Tested {
    let store = open(&place).await?;
    let changed = |days: i64, confidence: u8, address: &str| {
        let mut version = address_of(1, address);
        version["modified"] = json!(time(-days));
        version["confidence"] = json!(confidence);
        version
    };
    // In one page, and over several.
    came(&store, "hub", &[changed(1, 60, "198.51.100.1"), changed(3, 80, "198.51.100.3")]).await?;
    came(&store, "hub", &[changed(2, 70, "198.51.100.2")]).await?;
    let one = weighed(&store, 1).await?;
    assert_eq!(one.told.iter().map(|told| told.confidence).collect::<Vec<_>>(), [Some(60)]);
    let of = |address: &str| vec![("network".to_owned(), format!("{address}/32"))];
    assert_eq!(intel::of_values(&store, &of("198.51.100.1")).await?.len(), 1);
    assert!(intel::of_values(&store, &of("198.51.100.2")).await?.is_empty(), "older versions are looked for no more");
    let mut opinion = thinks(1, "lab-two", 1, "strongly-disagree", 2);
    came(&store, "hub", &[opinion.clone()]).await?;
    assert!(weighed(&store, 1).await?.standing.disputed);
    opinion["modified"] = json!(time(-1));
    opinion["revoked"] = json!(true);
    came(&store, "hub", &[opinion]).await?;
    assert!(!weighed(&store, 1).await?.standing.disputed, "a revoked opinion counts no more");

    let mut back = changed(0, 60, "198.51.100.1");
    back["revoked"] = json!(true);
    came(&store, "hub", &[back]).await?;
    let one = weighed(&store, 1).await?;
    assert!(one.is_withdrawn() && !one.standing.drives);

    // What the peer no longer has is gone, until it comes again.
    came(&store, "hub", &[address(2, 1)]).await?;
    assert!(weighed(&store, 2).await?.standing.drives);
    let pool = sqlx::AnyPool::connect(&url(&place)).await?;
    for (what, stands) in [("gone", false), ("let", true)] {
        sqlx::query(
            "INSERT INTO received (place, peer, collection, id, version, type, date_added, recorded, what) \
             SELECT MAX(place) + 1, 'hub', 'shared', $1, $2, 'indicator', '', 5, $3 FROM received",
        )
        .bind(indicator(2))
        .bind(time(-1))
        .bind(what)
        .execute(&pool)
        .await?;
        follow(&store).await?;
        assert_eq!(weighed(&store, 2).await?.standing.drives, stands, "{what}");
    }
    pool.close().await;
    Ok(())
}

fn address_of(n: u32, value: &str) -> Value {
    let mut object = address(n, 5);
    object["pattern"] = json!(format!("[ipv4-addr:value = '{value}']"));
    object
}

async fn an_unknown_marking_is_the_strictest_until_it_comes(place: Place) -> Tested {
    let store = open(&place).await?;
    let own = format!("marking-definition--{}", uuid(77));
    let mut object = address(1, 1);
    object["object_marking_refs"] = json!([own]);
    came(&store, "hub", &[object]).await?;
    let told = &weighed(&store, 1).await?.told[0];
    assert_eq!((told.tlp.as_str(), told.pap.as_str(), told.unread), ("red", "red", true));
    let marking = json!({
        "type": "marking-definition", "spec_version": "2.1", "id": own, "created": time(-1), "definition_type": "tlp",
        "definition": {"tlp": "green"},
    });
    came(&store, "hub", &[marking]).await?;
    let told = &weighed(&store, 1).await?.told[0];
    assert_eq!((told.tlp.as_str(), told.pap.as_str(), told.unread), ("green", "amber", false));
    Ok(())
}

async fn a_flood_of_opinions_by_one_producer_is_one(place: Place) -> Tested {
    let store = open(&place).await?;
    let seen = (0..3).map(|n| sighted(n, ["lab-two", "lab-three", "lab-four"][n as usize], 1, 1));
    came(&store, "hub", &[vec![address(1, 3)], seen.collect()].concat()).await?;
    came(&store, "hub", &[thinks(1, "lab-six", 1, "disagree", 1)]).await?;
    let one = weighed(&store, 1).await?.standing;
    let flood: Vec<Value> = (2..2000).map(|n| thinks(n, "lab-six", 1, "disagree", i64::from(n % 9))).collect();
    came(&store, "hub", &flood).await?;
    assert_eq!(weighed(&store, 1).await?.standing, one);
    assert!(one.drives && !one.disputed);
    Ok(())
}

async fn what_we_told_ourselves_is_no_news(place: Place) -> Tested {
    let world = World::new(&place).await?;
    let us = Producer { name: "Harbor Lab".into(), created: String::new() };
    own::told(&world.store, &[own::identity(&world.store, &us, &who("ana", 0)).await?], &who("ana", 0)).await?;
    let mut echo = address(1, 1);
    echo["created_by_ref"] = json!(us.id());
    came(&world.store, "hub", &[echo, address(2, 1), sighted(1, "Harbor Lab", 2, 0)]).await?;
    let standing = weighed(&world.store, 1).await?.standing;
    assert!(!standing.drives && !standing.stands && standing.sightings == 0, "{standing:?}");
    assert_eq!(weighed(&world.store, 2).await?.standing.sightings, 0);
    Ok(())
}

/// What a hunt found of an indicator.
fn found(n: u32, accounts: &[String], days: (i64, i64), count: u64) -> Match {
    Match {
        indicator: indicator(n),
        name: "Exit address".into(),
        kind: MatchKind::Pattern,
        strength: 0.8,
        exchanges: count,
        accounts: accounts.len() as u64,
        among: accounts.to_vec(),
        first_seen: Some(time(days.0)),
        last_seen: Some(time(days.1)),
        indicates: Vec::new(),
        because: format!("{count} exchanges came from it"),
    }
}

fn hunt(matches: Vec<Match>) -> Hunted {
    Hunted { schema: HUNTED_VERSION, generated: time(0), exchanges: 1000, wanted: 3, matches, ..Hunted::default() }
}

async fn the_same_hunt_again_is_the_same_draft(place: Place) -> Tested {
    let world = World::new(&place).await?;
    let store = &world.store;
    let campaign = world.campaign(1).await?;
    let mut gone = address(3, 1);
    gone["revoked"] = json!(true);
    came(store, "lab-one", &[address(1, 3), address(2, 3), gone]).await?;
    let accounts = crate::fixture::accounts("pool-1", 0..3);
    let first =
        hunt(vec![found(1, &accounts, (-2, -1), 31_337), found(3, &accounts, (-2, -1), 5), found(9, &[], (-2, -1), 5)]);
    let decay = Decay::default();
    let sights = sight(store, &first, &decay, &who("ana", 0)).await?;
    assert_eq!((sights.new, sights.known), (vec![indicator(1)], 0));
    assert_eq!(sights.passed_over, [indicator(3), indicator(9)], "taken back, and unknown");
    let draft = weighed(store, 1).await?.hit.ok_or("no draft")?;
    assert_eq!((draft.count, draft.accounts, draft.state.as_str()), (31_337, 3, "draft"));
    assert_eq!(draft.campaign.as_ref(), Some(&campaign));
    for _ in 0..2 {
        let again = sight(store, &first, &decay, &who("ben", DAY)).await?;
        assert_eq!((again.new.len(), again.known), (0, 1));
        assert_eq!(weighed(store, 1).await?.hit.as_ref(), Some(&draft));
    }
    // A later hunt adds up; one of the same time doesn't.
    let later = hunt(vec![found(1, &accounts, (0, 0), 3), found(1, &accounts, (-2, -2), 4)]);
    sight(store, &later, &decay, &who("ana", 5)).await?;
    let hit = weighed(store, 1).await?.hit.ok_or("no draft")?;
    assert_eq!((hit.count, hit.id == draft.id), (31_340, true));
    // Put aside, it counts no more and stays aside.
    intel::state(store, &[indicator(1)], "dismissed", None, "T-1", &who("ana", 6)).await?;
    assert_eq!(weighed(store, 1).await?.standing.sightings, 0);
    sight(store, &hunt(vec![found(1, &accounts, (0, 0), 9)]), &decay, &who("ana", 7)).await?;
    assert_eq!(weighed(store, 1).await?.hit.map(|hit| hit.state), Some("dismissed".into()));
    let steps: Vec<String> = intel::history(store, &indicator(1)).await?.into_iter().map(|step| step.what).collect();
    assert_eq!(steps, ["seen", "seen", "seen", "dismissed", "seen"]);
    Ok(())
}

async fn rules_see_what_stands(place: Place) -> Tested {
    let store = open(&place).await?;
    let range = address_of(2, "198.51.100.0/24");
    let mut over = address_of(3, "198.51.100.9");
    over["valid_until"] = json!(time(-1));
    came(&store, "hub", &[address_of(1, "198.51.100.7"), range, over, address_of(4, "203.0.113.5")]).await?;
    let (decay, now) = (Decay::default(), jiff::Timestamp::from_microsecond(NOW)?);
    let known = async |subject: Subject| facts(&store, &subject, &decay, now).await;
    let address = |text: &str| text.parse().map(Subject::address);
    let ids =
        |all: &[stillwatch_gate::facts::Received]| all.iter().map(|one| one.indicator.clone()).collect::<Vec<_>>();
    let all = known(address("198.51.100.7")?).await?;
    assert_eq!(ids(&all), [indicator(1), indicator(2)]);
    // Told 80, half a week and more ago: less is left.
    assert!(all.iter().all(|one| one.confidence < 80 && one.confidence > 30 && one.usable(now)));
    assert_eq!(ids(&known(address("198.51.100.9")?).await?), [indicator(2)], "what is over is no fact");
    assert!(known(address("192.0.2.1")?).await?.is_empty());
    // An account is known by what matched its traffic.
    sight(&store, &hunt(vec![found(4, &["acct-1".into()], (-1, -1), 5)]), &decay, &who("ana", 0)).await?;
    let account = known(Subject::Account("acct-1".into())).await?;
    assert_eq!((ids(&account), account[0].sightings), (vec![indicator(4)], 1));
    // What we found wrong is no ground, and no rule can rest on it.
    opine(&store, &indicator(4), Opinion::StronglyDisagree, "library", &who("ana", 1)).await?;
    let account = known(Subject::Account("acct-1".into())).await?;
    assert!(account.iter().all(|one| one.disputed && !one.usable(now)) && account.len() == 1);
    let texts = wanted(&store, &Filter::default(), &decay, now).await?;
    assert_eq!(texts.len(), 2, "what is disputed or over isn't looked for");
    assert!(opine(&store, &indicator(4), Opinion::Agree, "with words", &who("ana", 1)).await.is_err());
    Ok(())
}

/// Proposes an answer, has it approved and sent; what one member got.
async fn answered(world: &World, which: Which, ids: &[String]) -> Made<(releases::Release, Vec<Value>)> {
    let by = who("ana", 10);
    let us = Producer { name: "Harbor Lab".into(), created: String::new() };
    let answer = answers(&world.store, which, ids, &us, &by).await?;
    let profile = profile::in_force(&world.store, "conservative", &trusted(), &by).await?;
    let asked = Asked {
        about: About::Objects { subject: &ids[0], texts: &answer.texts, known: &answer.known },
        to: &["lab-one.example".into()],
        keys: &BTreeMap::new(),
        profile: &profile,
        scanners: &Scanners::default(),
        days: 14,
    };
    let release = propose(&world.store, &asked, &by).await?;
    match which {
        Which::Opinion => intel::opined(&world.store, ids, &release.id, &by).await?,
        Which::Sighting => intel::state(&world.store, ids, "proposed", Some(&release.id), &release.id, &by).await?,
    }
    approve(&world.store, &release.id, &trusted(), &who("ben", 11)).await?;
    settle(&world.store, &world.record, &who("ben", 12)).await?;
    let sent = to_folder(&world.store, &world.record, &world.outbox, None, &who("cron", 13)).await?;
    let text = std::fs::read(&sent.first().ok_or("nothing was sent")?.file)?;
    let bundle = Bundle::read(&text, &Limits::default())?;
    let objects = bundle.objects.iter().map(|object| serde_json::from_str(object.raw()));
    Ok((release, objects.collect::<Result<_, _>>()?))
}

async fn a_sighting_goes_the_way_of_a_release(place: Place) -> Tested {
    let world = World::new(&place).await?;
    came(&world.store, "lab-one", &[address(1, 3), address(2, 3)]).await?;
    let us = Producer { name: "Harbor Lab".into(), created: String::new() };
    let none = answers(&world.store, Which::Sighting, &[indicator(1)], &us, &who("ana", 0)).await.expect_err_told()?;
    assert!(none.contains("no draft sighting"), "{none}");
    let accounts = ["acct-secret".to_owned()];
    let hunted = hunt(vec![found(1, &accounts, (-2, -1), 31_337), found(2, &accounts, (-2, -1), 5)]);
    sight(&world.store, &hunted, &Decay::default(), &who("ana", 0)).await?;
    let (release, objects) = answered(&world, Which::Sighting, &[indicator(1)]).await?;
    let kinds: Vec<&str> = objects.iter().filter_map(|object| object["type"].as_str()).collect();
    assert!(!kinds.contains(&"indicator"), "what they told isn't sent back: {kinds:?}");
    let seen = objects.iter().find(|object| object["type"] == "sighting").ok_or("no sighting")?;
    assert_eq!((&seen["sighting_of_ref"], &seen["where_sighted_refs"]), (&json!(indicator(1)), &json!([us.id()])));
    assert!(seen["count"].is_null(), "volumes stay: {seen}");
    for (field, day) in [("first_seen", -2), ("last_seen", -1)] {
        assert_eq!(seen[field], json!(format!("{}T00:00:00.000Z", &time(day)[..10])), "days, no moments");
    }
    assert!(objects.iter().all(|object| !object.to_string().contains("acct-")));
    assert!(objects.iter().any(|object| object["type"] == "identity" && object["name"] == "Harbor Lab"));
    let items = releases::items(&world.store, &release.id).await?;
    assert!(items.iter().all(|item| item.object != indicator(1) && item.fate != Fate::Known));
    intel::judged(&world.store, &who("cron", 14)).await?;
    assert_eq!(weighed(&world.store, 1).await?.hit.map(|hit| hit.state), Some("sent".into()));
    let entries = world.released()?;
    assert!(entries.iter().any(|(object, ..)| object.starts_with("sighting--")), "{entries:?}");

    // What its author took back meanwhile is not sighted, be it proposed already.
    let answer = answers(&world.store, Which::Sighting, &[indicator(2)], &us, &who("ana", 15)).await?;
    let profile = profile::in_force(&world.store, "conservative", &trusted(), &who("ana", 15)).await?;
    let waits = Asked {
        about: About::Objects { subject: &indicator(2), texts: &answer.texts, known: &answer.known },
        to: &["lab-one.example".into()],
        keys: &BTreeMap::new(),
        profile: &profile,
        scanners: &Scanners::default(),
        days: 14,
    };
    let waits = propose(&world.store, &waits, &who("ana", 16)).await?;
    let mut back = address(2, 3);
    back["modified"] = json!(time(0));
    back["revoked"] = json!(true);
    came(&world.store, "lab-one", &[back]).await?;
    let gone = answers(&world.store, Which::Sighting, &[indicator(2)], &us, &who("ana", 20)).await.expect_err_told()?;
    assert!(gone.contains("was taken back"), "{gone}");
    let gone = approve(&world.store, &waits.id, &trusted(), &who("ben", 21)).await.expect_err_told()?;
    assert!(gone.contains("was taken back"), "{gone}");
    Ok(())
}

async fn an_opinion_goes_the_way_of_a_release(place: Place) -> Tested {
    let world = World::new(&place).await?;
    came(&world.store, "lab-one", &[address(1, 3)]).await?;
    opine(&world.store, &indicator(1), Opinion::StronglyDisagree, "library", &who("ana", 0)).await?;
    let (_, objects) = answered(&world, Which::Opinion, &[indicator(1)]).await?;
    let opinion = objects.iter().find(|object| object["type"] == "opinion").ok_or("no opinion")?;
    assert_eq!((&opinion["opinion"], &opinion["object_refs"]), (&json!("strongly-disagree"), &json!([indicator(1)])));
    assert!(opinion["explanation"].is_null(), "words stay under `conservative`");
    // Thinking again makes a later version of the same opinion.
    opine(&world.store, &indicator(1), Opinion::Agree, "T-2", &who("ana", 20)).await?;
    assert_eq!(weighed(&world.store, 1).await?.verdict.map(|one| one.state), Some("draft".into()));
    let us = Producer { name: "Harbor Lab".into(), created: String::new() };
    let answer = answers(&world.store, Which::Opinion, &[indicator(1)], &us, &who("ana", DAY)).await?;
    let texts = own::told(&world.store, &answer.texts, &who("ana", DAY)).await?;
    let again: Value = serde_json::from_str(texts.last().ok_or("nothing")?)?;
    assert_eq!(again["id"], opinion["id"]);
    assert!(again["modified"].as_str() > opinion["modified"].as_str() && again["opinion"] == "agree");
    Ok(())
}

async fn pages_hold_each_indicator_once(place: Place) -> Tested {
    let store = open(&place).await?;
    let all: Vec<Value> = (1..=25).map(|n| address(n, 1)).collect();
    came(&store, "hub", &all).await?;
    came(&store, "lab-one", &all[5..15]).await?;
    let read = async |peer: Option<&str>| -> Made<Vec<String>> {
        let filter = Filter { peer: peer.map(str::to_owned), kind: Some("address".into()) };
        let (mut ids, mut after) = (Vec::new(), None);
        loop {
            let page = intel::list(&store, &filter, 4, after.as_deref()).await?;
            ids.extend(page.all.iter().map(|told| told.id.clone()));
            match page.all.last().filter(|_| page.more) {
                Some(last) => after = Some(intel::Page::after(last)),
                None => return Ok(ids),
            }
        }
    };
    let mut every = read(None).await?;
    assert_eq!(every.len(), 25);
    every.sort();
    every.dedup();
    assert_eq!(every.len(), 25);
    assert_eq!((read(Some("hub")).await?.len(), read(Some("lab-one")).await?.len()), (25, 10));
    assert!(intel::list(&store, &Filter::default(), 4, Some("nonsense")).await.is_err());
    Ok(())
}
