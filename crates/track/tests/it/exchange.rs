//! Exchange: collections, their objects and clients, as the node uses them.
//! In: objects of several senders, many at once. Out: pages that hold exactly what a naive model holds, on both databases.
//! Invariant: who reads on from the last `date_added` misses nothing, whoever writes meanwhile.
//! Not here: HTTP (`node/tests`).

use std::collections::BTreeSet;

use stillwatch_track::exchange::{
    Added, Asked, Came, Collection, Kept, NewCollection, Outcome, Page, Pick, Removed, Right, Versions, add,
    add_client, allow, changes, clients, collections, instant_key, make_collection, page, remove, revoke, stamp,
    status, tie, untie,
};
use stillwatch_track::{Fault, Place, Store, backup};

use crate::places::{Tested, on_both, open};

on_both![
    pages_follow_each_other_without_gaps,
    duplicates_are_told_apart_from_contradictions,
    eight_writers_and_a_reader_lose_nothing,
    a_clock_that_goes_back_changes_nothing,
    what_is_too_strict_is_not_shown,
    a_status_is_its_senders,
    clients_and_collections_are_kept,
    a_certificate_is_one_clients_as_long_as_it_may_come_in,
    an_exchange_is_restored_from_a_backup,
    pages_hold_what_a_naive_model_holds,
];

fn now() -> i64 {
    jiff::Timestamp::now().as_microsecond()
}

async fn collection(store: &Store, alias: &str) -> Result<Collection, stillwatch_track::Error> {
    let new = NewCollection {
        id: None,
        root: "trust".into(),
        alias: Some(alias.into()),
        title: alias.into(),
        description: None,
        can_read: true,
        can_write: true,
        profile: None,
        most_tlp: 2,
        most_pap: 3,
    };
    make_collection(store, &new, 1).await
}

fn id(n: usize) -> String {
    format!("tool--8e2e2d2b-17d4-4cbf-938f-{n:012}")
}

fn came<'a>(id: &'a str, version: Option<&'a str>, json: &'a str) -> Came<'a> {
    Came { id, version, kind: id.split("--").next().unwrap_or_default(), tlp: 0, pap: 0, json }
}

const NOTHING: &(dyn Fn(&Added) -> Result<Option<Kept>, stillwatch_track::Error> + Sync) = &|_| Ok(None);

async fn put(
    store: &Store,
    into: &Collection,
    source: &str,
    objects: &[Came<'_>],
) -> Result<Added, stillwatch_track::Error> {
    add(store, into, source, objects, now, NOTHING).await
}

async fn read(
    store: &Store,
    of: &Collection,
    pick: &Pick,
    after: Option<i64>,
    limit: usize,
) -> Result<Page, stillwatch_track::Error> {
    page(store, of, &Asked { pick, after, limit, bytes: usize::MAX, texts: true }).await
}

async fn pages_follow_each_other_without_gaps(place: Place) -> Tested {
    let store = open(&place).await?;
    let into = collection(&store, "a").await?;
    let other = collection(&store, "b").await?;
    let ids: Vec<String> = (0..25).map(id).collect();
    for id in &ids {
        put(&store, &into, "lab-one", &[came(id, Some("2020-01-01T00:00:00Z"), "{\"a\" : 1}")]).await?;
        put(&store, &other, "lab-one", &[came(id, Some("2020-01-01T00:00:00Z"), "{}")]).await?;
    }
    for limit in [1, 4, 5, 24, 25, 26] {
        let (mut seen, mut after, mut pages) = (Vec::new(), None, 0);
        loop {
            let page = read(&store, &into, &Pick::default(), after, limit).await?;
            after = page.entries.last().map(|e| e.date_added);
            seen.extend(page.entries.into_iter().map(|e| (e.id, e.json, e.version)));
            pages += 1;
            if !page.more {
                break;
            }
        }
        assert_eq!(pages, 25usize.div_ceil(limit), "`more` is exact at limit {limit}");
        let all = ids.iter().map(|id| (id.clone(), "{\"a\" : 1}".to_owned(), "2020-01-01T00:00:00Z".to_owned()));
        assert_eq!(seen, all.collect::<Vec<_>>());
    }
    // A page is cut where it gets too large, but has one object at least.
    let asked = Asked { pick: &Pick::default(), after: None, limit: 10, bytes: 20, texts: true };
    let cut = page(&store, &into, &asked).await?;
    assert_eq!((cut.entries.len(), cut.more), (2, true));
    let cut = page(&store, &into, &Asked { bytes: 1, ..asked }).await?;
    assert_eq!((cut.entries.len(), cut.more), (1, true));
    Ok(())
}

async fn duplicates_are_told_apart_from_contradictions(place: Place) -> Tested {
    let store = open(&place).await?;
    let into = collection(&store, "a").await?;
    let (a, b) = (id(1), "mutex--8e2e2d2b-17d4-5cbf-938f-98ee46b3cd3f".to_owned());
    let first = [
        came(&a, Some("2020-01-01T00:00:00Z"), r#"{"name":"x","n":1}"#),
        // The same instant and content, written otherwise.
        came(&a, Some("2020-01-01T00:00:00.000Z"), r#"{ "n":1, "name":"x" }"#),
        came(&a, Some("2020-01-01T00:00:00.000Z"), r#"{"name":"y"}"#),
        came(&a, Some("yesterday"), "{}"),
        came(&b, None, r#"{"name":"m"}"#),
        came(&b, None, r#"{"name":"m","x":1}"#),
        came(&a, Some("2020-01-02T00:00:00Z"), "{\"odd\":\"\0\"}"),
    ];
    let told = put(&store, &into, "lab-one", &first).await?;
    let (from, to) = told.between.ok_or("nothing is new")?;
    let (version, when) = ("2020-01-01T00:00:00Z".to_owned(), stamp(to));
    let expected = vec![
        Outcome::Added(version.clone()),
        Outcome::There(version.clone()),
        Outcome::Contradicts,
        Outcome::NoTimestamp,
        Outcome::Added(when.clone()),
        Outcome::FirstStays(when.clone()),
        Outcome::OddText,
    ];
    assert_eq!(told.outcomes, expected);
    assert_eq!(to, from + 1);
    // Again, as what is in the store: nothing is new.
    let again = put(&store, &into, "lab-one", &first).await?;
    let there = [Outcome::There(version.clone()), Outcome::There(version)];
    assert_eq!((&again.outcomes[..2], again.between), (&there[..], None));
    assert_eq!(again.outcomes[4], Outcome::There(when.clone()));
    // Another sender's words are kept, aren't shown, and it isn't told of the first's.
    let others = put(&store, &into, "lab-two", &[came(&a, Some("2020-01-01T00:00:00Z"), r#"{"name":"z"}"#)]).await?;
    assert_eq!(others.outcomes, [Outcome::Added("2020-01-01T00:00:00Z".into())]);
    let all = read(&store, &into, &Pick { versions: Versions::all(), ..Pick::default() }, None, 10).await?;
    let shown: Vec<_> = all.entries.iter().map(|e| (e.json.as_str(), e.version.as_str())).collect();
    assert_eq!(shown, [(r#"{"name":"x","n":1}"#, "2020-01-01T00:00:00Z"), (r#"{"name":"m"}"#, when.as_str())]);
    Ok(())
}

async fn eight_writers_and_a_reader_lose_nothing(place: Place) -> Tested {
    let store = open(&place).await?;
    let into = collection(&store, "a").await?;
    let (writers, each) = (8, 12);
    let threads: Vec<_> = (0..writers)
        .map(|w| {
            let (place, into) = (place.clone(), into.clone());
            std::thread::spawn(move || {
                crate::places::block_on(async {
                    let store = open(&place).await?;
                    for n in 0..each {
                        let ids: Vec<String> = (0..3).map(|k| id(w * 1000 + n * 10 + k)).collect();
                        let all: Vec<_> = ids.iter().map(|id| came(id, Some("2020-01-01T00:00:00Z"), "{}")).collect();
                        put(&store, &into, &format!("lab-{w}"), &all).await?;
                    }
                    store.close().await;
                    Ok(())
                })
                .map_err(|e: stillwatch_track::Error| e.to_string())
            })
        })
        .collect();
    // Follows while they write; when all have ended, one more look must find the rest.
    let (mut seen, mut after) = (Vec::new(), None);
    loop {
        let ended = threads.iter().all(std::thread::JoinHandle::is_finished);
        let page = read(&store, &into, &Pick::default(), after, 7).await?;
        after = page.entries.last().map(|e| e.date_added).or(after);
        let none = page.entries.is_empty();
        seen.extend(page.entries.into_iter().map(|e| (e.date_added, e.id)));
        if ended && none {
            break;
        }
    }
    for thread in threads {
        thread.join().map_err(|_| "a writer panicked")??;
    }
    assert!(seen.is_sorted_by(|a, b| a.0 < b.0), "`date_added` counts up");
    let ids: BTreeSet<&String> = seen.iter().map(|(_, id)| id).collect();
    assert_eq!((ids.len(), seen.len()), (writers * each * 3, writers * each * 3));
    Ok(())
}

async fn a_clock_that_goes_back_changes_nothing(place: Place) -> Tested {
    let store = open(&place).await?;
    let into = collection(&store, "a").await?;
    let version = Some("2020-01-01T00:00:00Z");
    let early: fn() -> i64 = || 1_000;
    let late: fn() -> i64 = || 5_000;
    let first =
        add(&store, &into, "one", &[came(&id(1), version, "{}"), came(&id(2), version, "{}")], late, NOTHING).await?;
    assert_eq!(first.between, Some((5_000, 5_001)));
    let second = add(&store, &into, "one", &[came(&id(3), version, "{}")], early, NOTHING).await?;
    assert_eq!(second.between, Some((5_002, 5_002)));
    // Not even where the last is gone.
    assert_eq!(remove(&store, &into, &id(3), &Versions::all(), None).await?, Removed::Gone(1));
    let third = add(&store, &into, "one", &[came(&id(4), version, "{}")], early, NOTHING).await?;
    assert_eq!(third.between, Some((5_003, 5_003)));
    Ok(())
}

async fn what_is_too_strict_is_not_shown(place: Place) -> Tested {
    let store = open(&place).await?;
    let into = collection(&store, "a").await?;
    let a = id(1);
    let (old, new) = (Some("2020-01-01T00:00:00Z"), Some("2021-01-01T00:00:00Z"));
    put(&store, &into, "one", &[came(&a, old, "{\"v\":1}"), Came { tlp: 3, ..came(&a, new, "{\"v\":2}") }]).await?;
    // The newest that may be seen is the newest: nothing tells of the other.
    let last = read(&store, &into, &Pick::default(), None, 10).await?;
    assert_eq!((last.entries.len(), last.more, last.entries[0].json.as_str()), (1, false, "{\"v\":1}"));
    let at = |at: &str| Versions { last: false, at: instant_key(at).into_iter().collect(), ..Versions::default() };
    let named = Pick { versions: at("2021-01-01T00:00:00Z"), ..Pick::default() };
    assert!(read(&store, &into, &named, None, 10).await?.entries.is_empty());
    assert_eq!(remove(&store, &into, &a, &named.versions, None).await?, Removed::Nothing);
    // Another sender may say it more openly.
    put(&store, &into, "two", &[came(&a, new, "{\"v\":3}")]).await?;
    let last = read(&store, &into, &Pick::default(), None, 10).await?;
    assert_eq!(last.entries.iter().map(|e| e.json.as_str()).collect::<Vec<_>>(), ["{\"v\":3}"]);
    // Only who sent it takes it away; then the other version is the newest again.
    assert_eq!(remove(&store, &into, &a, &Versions::default(), Some("one")).await?, Removed::Others);
    assert_eq!(remove(&store, &into, &a, &Versions::default(), Some("two")).await?, Removed::Gone(1));
    let last = read(&store, &into, &Pick::default(), None, 10).await?;
    assert_eq!(last.entries.iter().map(|e| e.json.as_str()).collect::<Vec<_>>(), ["{\"v\":1}"]);
    Ok(())
}

async fn a_status_is_its_senders(place: Place) -> Tested {
    let store = open(&place).await?;
    let into = collection(&store, "a").await?;
    let keep: &(dyn Fn(&Added) -> Result<Option<Kept>, stillwatch_track::Error> + Sync) = &|added| {
        let body = format!("{} added", added.outcomes.len());
        Ok(Some(Kept { id: "s-1".into(), root: "trust".into(), client: "one".into(), body, owes: None }))
    };
    add(&store, &into, "one", &[came(&id(1), None, "{}")], now, keep).await?;
    store.close().await;
    let store = open(&place).await?;
    assert_eq!(status(&store, "trust", "s-1").await?, Some(("one".into(), "1 added".into())));
    assert_eq!(status(&store, "trust", "s-2").await?, None);
    assert_eq!(status(&store, "elsewhere", "s-1").await?, None);
    Ok(())
}

async fn clients_and_collections_are_kept(place: Place) -> Tested {
    let store = open(&place).await?;
    assert_eq!(changes(&store).await?, 0);
    let into = collection(&store, "a").await?;
    assert_eq!(
        make_collection(&store, &NewCollection { id: Some("no".into()), ..like("b") }, 1).await.map_err(|e| e.fault()),
        Err(Fault::Refused)
    );
    assert_eq!(make_collection(&store, &like("a"), 1).await.map_err(|e| e.fault()), Err(Fault::Refused));
    assert_eq!(collections(&store).await?, std::slice::from_ref(&into));
    let right = Right { collection: into.number, can_read: true, can_write: false };
    add_client(&store, "lab-one", "member", "hash-1", &[right], 10, &owes).await?;
    for (name, fault) in [("lab-one", Fault::Refused), ("Lab One", Fault::Refused), ("", Fault::Refused)] {
        assert_eq!(
            add_client(&store, name, "member", "hash-2", &[], 10, &owes).await.map_err(|e| e.fault()),
            Err(fault)
        );
    }
    allow(&store, "lab-one", Right { can_write: true, ..right }).await?;
    let all = clients(&store).await?;
    assert_eq!((all.len(), all[0].rights[0].can_write, all[0].revoked), (1, true, None));
    let before = changes(&store).await?;
    revoke(&store, "lab-one", 20, &owes).await?;
    assert_eq!(revoke(&store, "lab-one", 21, &owes).await.map_err(|e| e.fault()), Err(Fault::Unknown));
    assert_eq!(changes(&store).await?, before + 1);
    assert_eq!(clients(&store).await?[0].revoked, Some(20));
    add_client(&store, "lab-one", "member", "hash-3", &[], 30, &owes).await?;
    let all = clients(&store).await?;
    assert_eq!((all[0].token.as_str(), all[0].revoked, all[0].rights.len()), ("hash-3", None, 0));
    Ok(())
}

async fn a_certificate_is_one_clients_as_long_as_it_may_come_in(place: Place) -> Tested {
    let store = open(&place).await?;
    add_client(&store, "lab-one", "member", "hash-1", &[], 10, &owes).await?;
    add_client(&store, "lab-two", "member", "hash-2", &[], 10, &owes).await?;
    let (one, two) = ("1".repeat(64), "2".repeat(64));
    let before = changes(&store).await?;
    tie(&store, "lab-one", &one, 11).await?;
    tie(&store, "lab-one", &two, 12).await?;
    assert_eq!(changes(&store).await?, before + 2);
    // Again changes nothing.
    tie(&store, "lab-one", &two, 13).await?;
    assert_eq!(changes(&store).await?, before + 2);
    for (client, certificate, fault) in [
        ("lab-two", one.as_str(), Fault::Refused),
        ("lab-two", "1", Fault::Refused),
        ("lab-two", &"A".repeat(64), Fault::Refused),
        ("lab-three", &"3".repeat(64), Fault::Unknown),
    ] {
        assert_eq!(tie(&store, client, certificate, 14).await.map_err(|e| e.fault()), Err(fault), "{certificate}");
    }
    assert_eq!(clients(&store).await?[0].certificates, [one.clone(), two.clone()]);
    assert_eq!(untie(&store, "lab-two", &one).await.map_err(|e| e.fault()), Err(Fault::Unknown));
    untie(&store, "lab-one", &one).await?;
    assert_eq!(clients(&store).await?[0].certificates, std::slice::from_ref(&two));
    // A backup has them too.
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("b");
    backup::backup(&store, &file).await?;
    let again = open(&Place::Folder(folder.path().join("again"))).await?;
    backup::restore(&again, &file, false).await?;
    assert_eq!(clients(&again).await?, clients(&store).await?);
    // Who is revoked has none, and has none when it comes back.
    revoke(&store, "lab-one", 20, &owes).await?;
    assert_eq!(clients(&store).await?[0].certificates, [""; 0]);
    assert_eq!(tie(&store, "lab-one", &one, 21).await.map_err(|e| e.fault()), Err(Fault::Unknown));
    tie(&store, "lab-two", &two, 22).await?;
    add_client(&store, "lab-one", "member", "hash-3", &[], 30, &owes).await?;
    let all = clients(&store).await?;
    assert_eq!((all[0].certificates.len(), all[1].certificates.as_slice()), (0, &[two][..]));
    Ok(())
}

fn like(alias: &str) -> NewCollection {
    NewCollection {
        id: None,
        root: "trust".into(),
        alias: Some(alias.into()),
        title: alias.into(),
        description: Some("what is in it".into()),
        can_read: true,
        can_write: true,
        profile: Some("members".into()),
        most_tlp: 4,
        most_pap: 3,
    }
}

async fn an_exchange_is_restored_from_a_backup(place: Place) -> Tested {
    let folder = tempfile::tempdir()?;
    let store = open(&place).await?;
    let into = collection(&store, "a").await?;
    add_client(&store, "lab-one", "member", "hash-1", &[], 10, &owes).await?;
    put(
        &store,
        &into,
        "one",
        &[came(&id(1), None, "{\"a\":\"\\u0000 \u{1f600}\"}"), came(&id(2), Some("2020-01-01T00:00:00Z"), "{}")],
    )
    .await?;
    let before = read(&store, &into, &Pick::default(), None, 10).await?;
    let file = folder.path().join("b");
    backup::backup(&store, &file).await?;
    let again = open(&Place::Folder(folder.path().join("again"))).await?;
    backup::restore(&again, &file, false).await?;
    assert_eq!(read(&again, &into, &Pick::default(), None, 10).await?, before);
    assert_eq!(collections(&again).await?, std::slice::from_ref(&into));
    // What is added there comes behind what was.
    let early: fn() -> i64 = || 0;
    let added = add(&again, &into, "one", &[came(&id(3), None, "{}")], early, NOTHING).await?;
    assert_eq!(added.between.map(|b| b.0), before.entries.last().map(|e| e.date_added + 1));
    Ok(())
}

/// What the model holds of one row.
#[derive(Clone)]
struct Row {
    date: i64,
    id: String,
    instant: String,
    source: String,
    fits: bool,
    json: String,
}

/// What is shown: of each id and instant the first that fits.
fn shown(rows: &[Row]) -> Vec<Row> {
    let mut seen = BTreeSet::new();
    rows.iter().filter(|r| r.fits && seen.insert((r.id.clone(), r.instant.clone()))).cloned().collect()
}

fn picked(rows: &[Row], pick: &Pick) -> Vec<(i64, String)> {
    let all = shown(rows);
    let edge = |row: &Row, newest: bool| {
        let of = all.iter().filter(|r| r.id == row.id).map(|r| &r.instant);
        Some(&row.instant) == if newest { of.max() } else { of.min() }
    };
    all.iter()
        .filter(|r| pick.ids.is_empty() || pick.ids.contains(&r.id))
        .filter(|r| pick.types.is_empty() || pick.types.iter().any(|t| r.id.starts_with(&format!("{t}--"))))
        .filter(|r| {
            let v = &pick.versions;
            v.all || (v.first && edge(r, false)) || (v.last && edge(r, true)) || v.at.contains(&r.instant)
        })
        .map(|r| (r.date, r.json.clone()))
        .collect()
}

async fn pages_hold_what_a_naive_model_holds(place: Place) -> Tested {
    let store = open(&place).await?;
    let into = collection(&store, "a").await?;
    let mut seed = 7u64;
    let mut dice = move |sides: u64| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from((seed >> 33) % sides).unwrap_or(0)
    };
    let ids: Vec<String> =
        ["tool", "malware", "indicator"].iter().flat_map(|t| (0..3).map(move |n| id(n).replace("tool", t))).collect();
    let versions: Vec<String> = (1..6).map(|n| format!("2020-01-0{n}T00:00:00.50Z")).collect();
    let sources = ["one", "two"];
    let mut rows: Vec<Row> = Vec::new();
    for step in 0..40 {
        if dice(5) == 0 {
            let (id, source) = (&ids[dice(9)], if dice(2) == 0 { Some(sources[dice(2)]) } else { None });
            let which = Versions { last: dice(2) == 0, first: dice(2) == 0, all: dice(4) == 0, at: Vec::new() };
            let pick = Pick { ids: vec![id.clone()], types: Vec::new(), versions: which.clone() };
            let dates: Vec<i64> = picked(&rows, &pick).iter().map(|p| p.0).collect();
            let asked: Vec<Row> = rows.iter().filter(|r| dates.contains(&r.date)).cloned().collect();
            let expected = match source {
                _ if asked.is_empty() => Removed::Nothing,
                Some(source) if asked.iter().any(|r| r.source != source) => Removed::Others,
                Some(_) => {
                    rows.retain(|r| !dates.contains(&r.date));
                    Removed::Gone(asked.len())
                }
                None => {
                    rows.retain(|r| !asked.iter().any(|a| (&a.id, &a.instant) == (&r.id, &r.instant)));
                    Removed::Gone(asked.len())
                }
            };
            assert_eq!(remove(&store, &into, id, &which, source).await?, expected, "step {step}");
        } else {
            let source = sources[dice(2)];
            let given: Vec<(usize, usize, u8, String)> = (0..1 + dice(4))
                .map(|n| (dice(9), dice(5), u8::try_from(dice(4)).unwrap_or(0), format!("{{\"n\":{}}}", step * 10 + n)))
                .collect();
            let all: Vec<Came<'_>> = given
                .iter()
                .map(|(id, v, tlp, json)| Came { tlp: *tlp, ..came(&ids[*id], Some(&versions[*v]), json) })
                .collect();
            let added = put(&store, &into, source, &all).await?;
            let mut date = added.between.map_or(0, |b| b.0);
            for (came, outcome) in all.iter().zip(&added.outcomes) {
                let instant = came.version.and_then(instant_key).unwrap_or_default();
                let there = rows.iter().any(|r| r.id == came.id && r.instant == instant && r.source == source);
                assert_eq!(*outcome == Outcome::Contradicts, there, "step {step}");
                if there {
                    continue;
                }
                let (id, json, fits) = (came.id.to_owned(), came.json.to_owned(), came.tlp <= 2);
                rows.push(Row { date, id, instant, source: source.to_owned(), fits, json });
                date += 1;
            }
        }
        for _ in 0..6 {
            let some = |n: usize, of: &[String]| of.iter().take(n).cloned().collect::<Vec<_>>();
            let at: Vec<String> = versions.iter().filter_map(|v| instant_key(v)).collect();
            let pick = Pick {
                ids: if dice(2) == 0 { Vec::new() } else { some(1 + dice(9), &ids) },
                types: some(dice(3), &["malware".to_owned(), "tool".to_owned()]),
                versions: Versions {
                    first: dice(2) == 0,
                    last: dice(2) == 0,
                    all: dice(4) == 0,
                    at: if dice(3) == 0 { at.get(dice(5)..).unwrap_or_default().to_vec() } else { Vec::new() },
                },
            };
            if pick.versions == (Versions { last: false, ..Versions::default() }) {
                continue;
            }
            let expected = picked(&rows, &pick);
            let (mut got, mut after) = (Vec::new(), None);
            loop {
                let page = read(&store, &into, &pick, after, 3).await?;
                after = page.entries.last().map(|e| e.date_added);
                got.extend(page.entries.into_iter().map(|e| (e.date_added, e.json)));
                assert_eq!(page.more, got.len() < expected.len(), "step {step}: {pick:?}");
                if !page.more {
                    break;
                }
            }
            assert_eq!(got, expected, "step {step}: {pick:?}");
        }
    }
    Ok(())
}

/// What the ledger is owed for a role.
fn owes(role: &str, is_granted: bool) -> stillwatch_track::Result<String> {
    Ok(format!("{role}: {is_granted}"))
}
