//! Notices: from when somebody acts, from proposal to acknowledgement, between two labs; and what it may never become.
//! In: two labs with ledgers, profiles as shipped and with the one word turned. Out: bundles, lists, ledgers; on both databases.
//! Invariant: names are invented; the time is the test's own.
//! Not here: the form (`stix`), which fields leave (`share/tests`), rules (`deciding.rs`), the command line (`stillwatch/tests`).

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::{Value, json};
use stillwatch_ledger::{Outcome, What};
use stillwatch_model::tracked::Status;
use stillwatch_node::notices::{Notice, Ready, acknowledgement, find, list, notice, read_here};
use stillwatch_node::release::{About, Asked, approve, propose, settle, to_folder, withdraw};
use stillwatch_node::{Result, profile};
use stillwatch_share::scan::Scanners;
use stillwatch_share::{Files, TokenKey};
use stillwatch_stix::campaign::Producer;
use stillwatch_stix::marking::Tlp;
use stillwatch_track::releases::{Release, State, release};
use stillwatch_track::{By, Place, change};

use crate::intel::came;
use crate::path::Told;
use crate::places::{Tested, on_both};
use crate::world::{DAY, NOW, World, sign, signed, trusted, who};

on_both![
    no_shipped_profile_lets_one_be_proposed,
    a_notice_is_told_read_and_taken_back,
    words_beside_the_form_are_counted_and_shown_nowhere,
    what_may_not_be_told,
    a_campaign_that_was_none_takes_its_notice_back,
    nothing_is_sent_after_its_hour,
];

type Made<T> = std::result::Result<T, Box<dyn std::error::Error>>;

const PROFILES: [(&str, &str); 5] = [
    ("conservative", "lab-one.example"),
    ("expanded", "lab-one.example"),
    ("government", "authority.example"),
    ("internal", "team-one.example"),
    ("public", "anybody.example"),
];

/// The files of `expanded` as lawyers switch notices on: `permit` in place of `forbid`, in one policy.
fn switched() -> Made<Files> {
    let mut files = signed("expanded", str::to_owned)?;
    let text = String::from_utf8(files.remove("policies.cedar").ok_or("no policies")?)?;
    let (before, policy) = text.split_once("@id(\"no-notices\")").ok_or("no such policy")?;
    let turned = format!("{before}@id(\"no-notices\"){}", policy.replacen("forbid (", "permit (", 1));
    files.insert("policies.cedar".into(), turned.into_bytes());
    sign(files)
}

fn us(name: &str) -> Producer {
    Producer { name: name.into(), created: String::new() }
}

fn hour(days: i64) -> Made<Timestamp> {
    Ok(Timestamp::from_microsecond(NOW + days * DAY)?)
}

/// A lab that may tell notices, with a campaign that it proposed to others.
async fn lab(place: &Place) -> Made<(World, String)> {
    let world = World::new(place).await?;
    profile::adopt(&world.store, switched()?, &trusted(), &who("law", 1)).await?;
    let campaign = world.campaign(1).await?;
    world.propose(&campaign, &who("ada", 2)).await?;
    Ok((world, campaign))
}

async fn put(world: &World, ready: &Ready, (profile, to): (&str, &str), by: &By) -> Made<Result<Release>> {
    let profile = profile::in_force(&world.store, profile, &trusted(), by).await?;
    let key = TokenKey::new(&[9; 32]).ok_or("too short")?;
    let asked = Asked {
        about: About::Objects { subject: &ready.subject, texts: &ready.texts, known: &ready.known },
        to: &[to.to_owned()],
        keys: &BTreeMap::from([(to.to_owned(), key)]),
        profile: &profile,
        scanners: &Scanners::default(),
        days: 14,
    };
    Ok(propose(&world.store, &asked, by).await)
}

async fn notice_of(world: &World, campaign: &str, days: i64, later: i64) -> Made<Result<Ready>> {
    let by = us("Harbor Lab");
    Ok(notice(&world.store, campaign, hour(days)?, (&by, Tlp::Amber), &who("ada", later)).await)
}

async fn told(world: &World, campaign: &str, days: i64, later: i64) -> Made<Release> {
    let ready = notice_of(world, campaign, days, later).await??;
    Ok(put(world, &ready, ("expanded", "lab-one.example"), &who("ada", later)).await??)
}

/// Approved by two, recorded and sent; the objects that went out.
async fn sent(world: &World, release: &Release, later: i64) -> Made<Vec<Value>> {
    for name in ["ben", "cleo"] {
        approve(&world.store, &release.id, &trusted(), &who(name, later)).await?;
    }
    out(world, later + 1).await
}

async fn out(world: &World, later: i64) -> Made<Vec<Value>> {
    settle(&world.store, &world.record, &who("ben", later)).await?;
    let mut all = Vec::new();
    for one in to_folder(&world.store, &world.record, &world.outbox, None, &who("cron", later)).await? {
        let bundle: Value = serde_json::from_slice(&std::fs::read(&one.file)?)?;
        all.extend(bundle["objects"].as_array().cloned().unwrap_or_default());
    }
    settle(&world.store, &world.record, &who("ben", later)).await?;
    Ok(all)
}

/// What the ledger decided about something: outcome and reason.
fn recorded(world: &World, id: &str) -> Made<Vec<(Outcome, String)>> {
    let entries = world.entries()?.into_iter().filter_map(|entry| match entry.what {
        What::Decision { about, outcome, reason } if about == id => Some((outcome, reason)),
        _ => None,
    });
    Ok(entries.collect())
}

async fn all(world: &World) -> Made<Vec<Notice>> {
    Ok(list(&world.store, hour(0)?).await?)
}

fn of_type<'a>(objects: &'a [Value], kind: &str) -> Made<&'a Value> {
    Ok(objects.iter().find(|object| object["type"] == kind).ok_or(format!("no {kind}"))?)
}

async fn no_shipped_profile_lets_one_be_proposed(place: Place) -> Tested {
    let world = World::new(&place).await?;
    let campaign = world.campaign(1).await?;
    world.propose(&campaign, &who("ada", 1)).await?;
    for (name, to) in PROFILES {
        profile::adopt(&world.store, signed(name, str::to_owned)?, &trusted(), &who("law", 1)).await?;
        let tlp = if name == "public" { Tlp::Clear } else { Tlp::Amber };
        let ready = notice(&world.store, &campaign, hour(2)?, (&us("Harbor Lab"), tlp), &who("ada", 2)).await?;
        let why = put(&world, &ready, (name, to), &who("ada", 2)).await?.expect_err_told()?;
        let reason = if name == "public" { "warns the actor" } else { "may be read as an invitation to act together" };
        assert!(why.contains(&ready.id) && why.contains(reason) && why.contains("(no-notices)"), "{name}: {why}");
    }
    assert_eq!(all(&world).await?, [], "what was held back is no notice");
    Ok(())
}

async fn a_notice_is_told_read_and_taken_back(place: Place) -> Tested {
    let (world, campaign) = lab(&place).await?;
    let released = told(&world, &campaign, 2, 3).await?;
    assert_eq!((released.subject.as_str(), released.needed, released.lapses), (campaign.as_str(), 2, NOW + 2 * DAY));
    let objects = sent(&world, &released, 4).await?;
    let notice = of_type(&objects, "action-notice")?;
    let id = notice["id"].as_str().ok_or("no id")?;
    assert_eq!((&notice["campaign_ref"], &notice["acts_from"]), (&json!(campaign), &json!("2026-12-03T09:00:00.000Z")));
    assert_eq!(notice.as_object().map(serde_json::Map::len), Some(10), "{notice}");
    let kinds: Vec<_> = objects.iter().filter_map(|object| object["type"].as_str()).collect();
    assert!(!kinds.contains(&"campaign") && kinds.contains(&"extension-definition"), "{kinds:?}");
    let in_ledger = world.released()?;
    assert_eq!(in_ledger.iter().filter(|(object, ..)| object == id).count(), 1);

    // Another lab, which knows the campaign from its peer too.
    let folder = tempfile::tempdir()?;
    let (other, _) = lab(&Place::Folder(folder.path().join("data"))).await?;
    let known = stillwatch_track::objects::Which { id: Some(campaign.clone()), ..Default::default() };
    let known = stillwatch_track::objects::page(&world.store, &known, 10, None).await?;
    came(&other.store, "harbor", &[serde_json::from_str(&known[0].json)?]).await?;
    came(&other.store, "harbor", &objects).await?;
    settle(&other.store, &other.record, &who("node", 5)).await?;
    settle(&other.store, &other.record, &who("node", 6)).await?;
    assert_eq!(recorded(&other, id)?, [(Outcome::Received, "from harbor".to_owned())], "once");
    let heard = find(&other.store, &id[15..23], hour(0)?).await?;
    assert_eq!((heard.len(), heard[0].state.as_str(), heard[0].peer.as_deref()), (1, "standing", Some("harbor")));
    assert!(read_here(&other.store, &heard[0], &who("dora", 7)).await?);
    assert!(!read_here(&other.store, &heard[0], &who("dora", 8)).await?, "once a person");

    let ready = acknowledgement(&other.store, &heard, &us("Quay Lab"), &who("dora", 9)).await?;
    let answer = put(&other, &ready, ("expanded", "lab-one.example"), &who("dora", 9)).await??;
    let answers = sent(&other, &answer, 10).await?;
    let read = of_type(&answers, "notice-acknowledgement")?;
    assert_eq!(read["notice_ref"], id);
    assert!(!answers.iter().any(|object| object.to_string().contains("acts_from\":\"")), "an answer has no instant");
    let outcomes: Vec<_> = recorded(&other, id)?.into_iter().map(|(outcome, _)| outcome).collect();
    assert_eq!(outcomes, [Outcome::Received, Outcome::Read]);
    assert_eq!(all(&other).await?[0].courses.last().map(|last| last.state.clone()), Some("recorded".to_owned()));

    came(&world.store, "quay", &answers).await?;
    settle(&world.store, &world.record, &who("node", 11)).await?;
    let by = us("Quay Lab").id();
    assert_eq!(recorded(&world, id)?, [(Outcome::Read, format!("by {by}, as quay tells"))]);
    let ours = all(&world).await?;
    assert_eq!((ours.len(), ours[0].state.as_str(), ours[0].read_by[0].by.as_str()), (1, "recorded", by.as_str()));
    // A hub hands back what we told it: that is no news.
    came(&world.store, "quay", &objects).await?;
    settle(&world.store, &world.record, &who("node", 12)).await?;
    assert_eq!((all(&world).await?.len(), recorded(&world, id)?.len()), (1, 1));

    withdraw(&world.store, &released.id, "T-9", &who("ada", 13)).await?;
    let back = out(&world, 14).await?;
    let revoked = of_type(&back, "action-notice")?;
    assert_eq!((&revoked["revoked"], revoked["id"].as_str()), (&json!(true), Some(id)));
    came(&other.store, "harbor", &back).await?;
    settle(&other.store, &other.record, &who("node", 15)).await?;
    assert_eq!(all(&other).await?[0].state, "withdrawn");
    assert_eq!(
        recorded(&other, id)?.last(),
        Some(&(Outcome::Received, "withdrawn, from harbor".to_owned())),
        "taking back is recorded too"
    );
    let heard = find(&other.store, id, hour(0)?).await?;
    assert!(acknowledgement(&other.store, &heard, &us("Quay Lab"), &who("dora", 16)).await.is_err());
    let again = notice_of(&world, &campaign, 2, 17).await?;
    assert!(again.expect_err_told()?.contains("isn't said again"));
    assert!(told(&world, &campaign, 3, 18).await.is_ok(), "another hour is another notice");
    Ok(())
}

async fn words_beside_the_form_are_counted_and_shown_nowhere(place: Place) -> Tested {
    let (world, campaign) = lab(&place).await?;
    let text =
        stillwatch_stix::notice::notice(&us("Quay Lab"), &campaign, hour(1)?, "2026-12-01T08:00:00Z", Tlp::Amber);
    let mut odd: Value = serde_json::from_str(&text)?;
    odd["description"] = json!("PLANTED: we count on you to do the same");
    odd["x_terms"] = json!({"reply": "PLANTED"});
    came(&world.store, "quay", &[odd]).await?;
    settle(&world.store, &world.record, &who("node", 3)).await?;
    let heard = all(&world).await?;
    assert_eq!((heard.len(), heard[0].ignored), (1, 2));
    assert!(!serde_json::to_string(&heard)?.contains("PLANTED"));
    assert!(!format!("{:?}", world.entries()?).contains("PLANTED"));
    // What only looks like one is none, and the ledger has that something came.
    let mut none: Value = serde_json::from_str(&text)?;
    none["id"] = json!("action-notice--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f");
    none["acts_from"] = json!("whenever you do");
    came(&world.store, "quay", &[none]).await?;
    settle(&world.store, &world.record, &who("node", 4)).await?;
    assert_eq!(all(&world).await?.len(), 1);
    let entries = recorded(&world, "action-notice--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f")?;
    assert_eq!(entries, [(Outcome::Received, "from quay, not understood".to_owned())]);
    Ok(())
}

async fn what_may_not_be_told(place: Place) -> Tested {
    let (world, campaign) = lab(&place).await?;
    let us = us("Harbor Lab");
    let try_it = async |campaign: &str, at: Timestamp| {
        notice(&world.store, campaign, at, (&us, Tlp::Amber), &who("ada", 3)).await.expect_err_told()
    };
    assert!(try_it(&campaign, hour(-1)?).await?.contains("year to come"));
    assert!(try_it(&campaign, hour(400)?).await?.contains("year to come"));
    assert!(try_it("campaign--ffffffff", hour(1)?).await?.contains("neither ours nor one that a peer told"));
    let untold = world.campaign(2).await?;
    assert!(try_it(&untold, hour(1)?).await?.contains("never proposed"));
    // One that a peer told will do, under the notice's own name; one that was taken back won't.
    let other = "campaign--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f";
    let mut object = json!({
        "type": "campaign", "spec_version": "2.1", "id": other, "created": "2026-11-01T00:00:00.000Z",
        "modified": "2026-11-01T00:00:00.000Z", "name": "Quiet Heron", "object_marking_refs": [Tlp::Amber.id()],
    });
    came(&world.store, "quay", std::slice::from_ref(&object)).await?;
    let ready = notice(&world.store, other, hour(1)?, (&us, Tlp::Amber), &who("ada", 4)).await?;
    assert_eq!(ready.subject, ready.id);
    let open = put(&world, &ready, ("expanded", "lab-one.example"), &who("ada", 4)).await??;
    assert!(try_it(other, hour(2)?).await?.contains(&open.id), "one that waits or stands is enough");
    stillwatch_node::release::reject(&world.store, &open.id, "no", &who("ben", 5)).await?;
    assert!(notice(&world.store, other, hour(2)?, (&us, Tlp::Amber), &who("ada", 6)).await.is_ok());
    (object["modified"], object["revoked"]) = (json!("2026-11-02T00:00:00.000Z"), json!(true));
    came(&world.store, "quay", &[object]).await?;
    assert!(try_it(other, hour(2)?).await?.contains("taken back"));
    // Nobody acknowledges their own.
    told(&world, &campaign, 1, 7).await?;
    let ours: Vec<Notice> = all(&world).await?.into_iter().filter(|one| one.campaign == campaign).collect();
    assert!(acknowledgement(&world.store, &ours, &us, &who("ada", 8)).await.expect_err_told()?.contains("our own"));
    Ok(())
}

async fn a_campaign_that_was_none_takes_its_notice_back(place: Place) -> Tested {
    let (world, campaign) = lab(&place).await?;
    let released = told(&world, &campaign, 2, 3).await?;
    sent(&world, &released, 4).await?;
    change::label(&world.store, &campaign, Status::FalsePositive, None, "T-4", &who("ada", 5)).await?;
    let back = out(&world, 6).await?;
    assert_eq!(of_type(&back, "action-notice")?["revoked"], json!(true));
    assert_eq!(release(&world.store, &released.id).await?.state, State::Withdrawn);
    let why = notice(&world.store, &campaign, hour(3)?, (&us("Harbor Lab"), Tlp::Amber), &who("ada", 7)).await;
    assert!(why.expect_err_told()?.contains("false-positive"));
    Ok(())
}

async fn nothing_is_sent_after_its_hour(place: Place) -> Tested {
    let (world, campaign) = lab(&place).await?;
    let released = told(&world, &campaign, 1, 3).await?;
    approve(&world.store, &released.id, &trusted(), &who("ben", 4)).await?;
    approve(&world.store, &released.id, &trusted(), &who("cleo", 5)).await?;
    settle(&world.store, &world.record, &who("ben", 6)).await?;
    let late = to_folder(&world.store, &world.record, &world.outbox, None, &who("cron", DAY)).await?;
    assert!(late.iter().all(|one| one.objects == 0), "{late:?}");
    let others = told(&world, &campaign, 1, 7).await;
    assert!(others.is_err(), "one that stands is enough");
    let campaign = world.campaign(2).await?;
    world.propose(&campaign, &who("ada", 8)).await?;
    let second = told(&world, &campaign, 1, 9).await?;
    let why = approve(&world.store, &second.id, &trusted(), &who("ben", DAY + 1)).await.expect_err_told()?;
    assert!(why.contains("had to be decided by"), "{why}");
    Ok(())
}
