//! Path: a release from proposal to acknowledgement, and its other ends.
//! In: a lab. Out: what was sent, to whom, what the ledger has of it.
//! Invariant: each rule of the path has a test that breaks it.
//! Not here: interruptions (`kill.rs`).

use std::collections::BTreeSet;

use stillwatch_ledger::{Outcome, What};
use stillwatch_model::tracked::Status;
use stillwatch_node::release::{Outgoing, acknowledge, approve, reject, settle, to_folder, withdraw};
use stillwatch_stix::{Bundle, Limits};
use stillwatch_track::releases::{self, Fate, State, Way, Which};
use stillwatch_track::{Place, change};

use crate::places::{Tested, on_both};
use crate::world::{DAY, World, signed, trusted, who};

on_both![
    all_the_way,
    nobody_approves_their_own_and_each_counts_once,
    nothing_is_sent_before_it_is_recorded,
    what_is_there_already_is_not_sent_again,
    another_profile_means_another_version,
    what_is_withdrawn_is_taken_back_from_all_who_got_it,
    a_false_positive_takes_back_by_itself,
    what_others_stand_for_stays,
    rejected_and_lapsed_releases_stay_home,
    a_profile_that_changed_needs_a_new_proposal,
    bytes_that_were_changed_are_not_sent,
];

async fn all_the_way(place: Place) -> Tested {
    let world = World::new(&place).await?;
    let campaign = world.campaign(1).await?;
    let release = world.propose(&campaign, &who("ana", 0)).await?;
    assert_eq!((release.state, release.needed, release.approved), (State::Proposed, 1, 0));
    let items = releases::items(&world.store, &release.id).await?;
    assert!(items.iter().any(|item| item.fate == Fate::Held && !item.because.is_empty()));
    assert!(items.iter().filter(|item| item.fate == Fate::Leaves).all(|item| !item.body.contains("pool-1-")));

    approve(&world.store, &release.id, &trusted(), &who("ben", 1)).await?;
    let ready = settle(&world.store, &world.record, &who("ben", 2)).await?;
    assert_eq!(ready, std::slice::from_ref(&release.id));
    let sent = to_folder(&world.store, &world.record, &world.outbox, None, &who("cron", 3)).await?;
    let members: BTreeSet<&str> = sent.iter().map(|sent| sent.recipient.as_str()).collect();
    assert_eq!(members, BTreeSet::from(["lab-one.example", "lab-six.example"]));
    assert!(to_folder(&world.store, &world.record, &world.outbox, None, &who("cron", 3)).await?.is_empty());

    let recorded = world.released()?;
    let unique: BTreeSet<_> = recorded.iter().collect();
    assert_eq!(unique.len(), recorded.len(), "each object is recorded once for each recipient");
    for one in &sent {
        let text = std::fs::read(&one.file)?;
        let bundle = Bundle::read(&text, &Limits::default())?;
        assert!(bundle.faults.is_empty() && bundle.objects.len() == one.objects);
        for object in &bundle.objects {
            let hash = format!("sha256:{}", hex::encode(<sha2::Sha256 as sha2::Digest>::digest(object.raw())));
            let entry = (object.head.id.to_string(), hash, one.recipient.clone());
            assert!(recorded.contains(&entry), "{entry:?} is not in the ledger");
        }
    }
    assert_eq!(
        acknowledge(&world.store, &release.id, "lab-one.example", &who("cron", 4)).await?.state,
        Way::Acknowledged
    );
    assert!(acknowledge(&world.store, &release.id, "lab-two.example", &who("cron", 4)).await.is_err());
    settle(&world.store, &world.record, &who("cron", 5)).await?;
    let outcomes: Vec<Outcome> = world
        .entries()?
        .into_iter()
        .filter_map(|entry| match entry.what {
            What::Decision { outcome, .. } => Some(outcome),
            _ => None,
        })
        .collect();
    let count = |outcome: Outcome| outcomes.iter().filter(|one| **one == outcome).count();
    assert_eq!((count(Outcome::Delivered), count(Outcome::Acknowledged), count(Outcome::Confirmed)), (2, 1, 1));
    let steps: Vec<String> =
        releases::history(&world.store, &release.id).await?.into_iter().map(|step| step.what).collect();
    assert_eq!(steps, ["proposed", "approved", "recorded", "delivered", "delivered", "acknowledged"]);
    let which = Which { recipient: Some("lab-six.example".into()), ..Which::default() };
    assert_eq!(releases::list(&world.store, &which, 10, None).await?.0.len(), 1);
    Ok(())
}

async fn nobody_approves_their_own_and_each_counts_once(place: Place) -> Tested {
    let world = World::new(&place).await?;
    let two = signed("conservative", |about| {
        about.replace("approvals = 1", "approvals = 2").replace("version = 1", "version = 2")
    })?;
    stillwatch_node::profile::adopt(&world.store, two, &trusted(), &who("law", 0)).await?;
    let release = world.propose(&world.campaign(1).await?, &who("ana", 0)).await?;
    for own in ["ana", "Ana", " ana "] {
        let error = approve(&world.store, &release.id, &trusted(), &who(own, 1)).await.expect_err_told()?;
        assert!(error.contains("nobody approves their own"), "{error}");
    }
    assert_eq!(approve(&world.store, &release.id, &trusted(), &who("ben", 1)).await?.state, State::Proposed);
    assert!(approve(&world.store, &release.id, &trusted(), &who("BEN", 2)).await.is_err());
    assert!(settle(&world.store, &world.record, &who("ben", 2)).await?.is_empty());
    let done = approve(&world.store, &release.id, &trusted(), &who("cleo", 3)).await?;
    assert_eq!((done.state, done.approved), (State::Approved, 2));
    assert!(approve(&world.store, &release.id, &trusted(), &who("dan", 4)).await.is_err());
    settle(&world.store, &world.record, &who("cleo", 4)).await?;
    let approvals = world.entries()?.into_iter().find_map(|entry| match entry.what {
        What::Release { approvals, .. } => Some(approvals),
        _ => None,
    });
    let names: Vec<String> = approvals.ok_or("nothing was recorded")?.into_iter().map(|one| one.by).collect();
    assert_eq!(names, ["ben", "cleo"]);
    Ok(())
}

async fn nothing_is_sent_before_it_is_recorded(place: Place) -> Tested {
    let world = World::new(&place).await?;
    let release = world.propose(&world.campaign(1).await?, &who("ana", 0)).await?;
    assert!(to_folder(&world.store, &world.record, &world.outbox, None, &who("cron", 1)).await?.is_empty());
    approve(&world.store, &release.id, &trusted(), &who("ben", 1)).await?;
    assert!(to_folder(&world.store, &world.record, &world.outbox, None, &who("cron", 2)).await?.is_empty());
    assert!(!world.outbox.exists());
    Ok(())
}

async fn what_is_there_already_is_not_sent_again(place: Place) -> Tested {
    let world = World::new(&place).await?;
    let campaign = world.campaign(1).await?;
    let (first, second) = (
        world.propose(&campaign, &who("ana", 0)).await?,
        world.propose_under("conservative", &campaign, &who("ana", 1)).await?,
    );
    let error = second.expect_err_told()?;
    assert!(error.contains("proposed already"), "{error}");
    done(&world, &first.id, 2).await?;
    let error = world.propose_under("conservative", &campaign, &who("ana", 9)).await?.expect_err_told()?;
    assert!(error.contains("nothing would leave"), "{error}");
    // Another campaign shares what everybody shares: who tells, techniques, markings.
    let other = world.propose(&world.campaign(2).await?, &who("ana", 10)).await?;
    let known = releases::items(&world.store, &other.id).await?;
    assert!(known.iter().any(|item| item.fate == Fate::Known && item.kind == "identity"));
    Ok(())
}

async fn another_profile_means_another_version(place: Place) -> Tested {
    let world = World::new(&place).await?;
    let campaign = world.campaign(1).await?;
    let first = world.propose(&campaign, &who("ana", 0)).await?;
    done(&world, &first.id, 2).await?;
    let expanded = signed("expanded", str::to_owned)?;
    stillwatch_node::profile::adopt(&world.store, expanded, &trusted(), &who("law", 10)).await?;
    let second = world.propose_under("expanded", &campaign, &who("ana", 20)).await??;
    let before = releases::items(&world.store, &first.id).await?;
    let mut changed = 0;
    for item in releases::items(&world.store, &second.id).await?.iter().filter(|item| item.fate == Fate::Leaves) {
        let same = |old: &&releases::Item| {
            old.fate == Fate::Leaves && (&old.recipient, &old.object) == (&item.recipient, &item.object)
        };
        if let Some(old) = before.iter().find(same).filter(|_| !item.version.is_empty()) {
            assert!(item.version > old.version, "{} was sent twice as {}", item.object, item.version);
            changed += 1;
        }
    }
    assert!(changed > 0, "the wider profile tells more of what was told");
    Ok(())
}

async fn what_is_withdrawn_is_taken_back_from_all_who_got_it(place: Place) -> Tested {
    let world = World::new(&place).await?;
    let release = world.propose(&world.campaign(1).await?, &who("ana", 0)).await?;
    approve(&world.store, &release.id, &trusted(), &who("ben", 1)).await?;
    settle(&world.store, &world.record, &who("ben", 1)).await?;
    to_folder(&world.store, &world.record, &world.outbox, Some("lab-one.example"), &who("cron", 2)).await?;
    let (gone, told) = withdraw(&world.store, &release.id, "T-9", &who("cleo", 5)).await?;
    assert_eq!(gone.state, State::Withdrawn);
    let told = told.ok_or("nobody is told")?;
    settle(&world.store, &world.record, &who("cleo", 6)).await?;
    let sent = to_folder(&world.store, &world.record, &world.outbox, None, &who("cron", 7)).await?;
    assert_eq!(sent.iter().map(|one| one.recipient.as_str()).collect::<Vec<_>>(), ["lab-one.example"]);
    let bundle = std::fs::read(&sent[0].file)?;
    let bundle = Bundle::read(&bundle, &Limits::default())?;
    assert!(bundle.objects.iter().all(|object| object.head.revoked) && !bundle.objects.is_empty());
    let ways: Vec<Way> =
        releases::deliveries(&world.store, &release.id).await?.into_iter().map(|one| one.state).collect();
    assert_eq!(ways, [Way::Delivered, Way::Cancelled]);
    assert_eq!(acknowledge(&world.store, &told.id, "lab-one.example", &who("cron", 8)).await?.state, Way::Acknowledged);
    assert!(withdraw(&world.store, &release.id, "again", &who("cleo", 9)).await.is_err());
    assert!(withdraw(&world.store, &told.id, "again", &who("cleo", 9)).await.is_err());
    let withdrawn = world.entries()?.into_iter().find(
        |entry| matches!(&entry.what, What::Decision { outcome: Outcome::Withdrawn, reason, .. } if reason == "T-9"),
    );
    assert!(withdrawn.is_some());
    Ok(())
}

async fn a_false_positive_takes_back_by_itself(place: Place) -> Tested {
    let world = World::new(&place).await?;
    let campaign = world.campaign(1).await?;
    let release = world.propose(&campaign, &who("ana", 0)).await?;
    done(&world, &release.id, 2).await?;
    change::label(&world.store, &campaign, Status::FalsePositive, None, "a benchmark of ours", &who("cleo", 5)).await?;
    settle(&world.store, &world.record, &who("cron", 6)).await?;
    settle(&world.store, &world.record, &who("cron", 7)).await?;
    let all = releases::list(&world.store, &Which::default(), 10, None).await?.0;
    let states: Vec<State> = all.iter().map(|release| release.state).collect();
    assert_eq!(states, [State::Recorded, State::Withdrawn], "one release takes it back, once");
    assert_eq!(all[0].revokes.as_deref(), Some(release.id.as_str()));
    let words = world.entries()?.iter().any(|entry| format!("{entry:?}").contains("benchmark"));
    assert!(!words, "the ledger holds no words of people's");
    Ok(())
}

async fn what_others_stand_for_stays(place: Place) -> Tested {
    let world = World::new(&place).await?;
    let (one, other) = (world.campaign(1).await?, world.campaign(251).await?);
    let first = world.propose(&one, &who("ana", 0)).await?;
    done(&world, &first.id, 2).await?;
    let second = world.propose(&other, &who("ana", 10)).await?;
    done(&world, &second.id, 12).await?;
    // Both campaigns came from one address: its indicator was told with the first, and the second relies on it.
    let shared: BTreeSet<String> = releases::items(&world.store, &second.id)
        .await?
        .into_iter()
        .filter(|item| item.fate == Fate::Known && item.kind == "indicator")
        .map(|item| item.object)
        .collect();
    let (_, told) = withdraw(&world.store, &first.id, "T-1", &who("cleo", 20)).await?;
    let taken: BTreeSet<String> =
        releases::items(&world.store, &told.ok_or("nobody is told")?.id).await?.into_iter().map(|i| i.object).collect();
    assert!(taken.is_disjoint(&shared), "{shared:?}");
    assert!(!taken.is_empty());
    assert!(taken.iter().all(|id| !id.starts_with("identity") && !id.starts_with("attack-pattern")));
    Ok(())
}

async fn rejected_and_lapsed_releases_stay_home(place: Place) -> Tested {
    let world = World::new(&place).await?;
    let campaign = world.campaign(1).await?;
    let no = world.propose(&campaign, &who("ana", 0)).await?;
    assert_eq!(reject(&world.store, &no.id, "too much", &who("ben", 1)).await?.state, State::Rejected);
    assert!(approve(&world.store, &no.id, &trusted(), &who("ben", 2)).await.is_err());
    let late = world.propose(&campaign, &who("ana", 3)).await?;
    assert!(approve(&world.store, &late.id, &trusted(), &who("ben", 15 * DAY)).await.is_err());
    settle(&world.store, &world.record, &who("cron", 15 * DAY)).await?;
    assert_eq!(releases::release(&world.store, &late.id).await?.state, State::Expired);
    assert!(to_folder(&world.store, &world.record, &world.outbox, None, &who("cron", 16 * DAY)).await?.is_empty());
    assert!(world.released()?.is_empty());
    // What waited so long that nobody may keep it any more isn't sent either.
    let old = world.propose(&campaign, &who("ana", 16 * DAY)).await?;
    approve(&world.store, &old.id, &trusted(), &who("ben", 17 * DAY)).await?;
    settle(&world.store, &world.record, &who("cron", 17 * DAY)).await?;
    settle(&world.store, &world.record, &who("cron", 400 * DAY)).await?;
    let ways: Vec<Way> = releases::deliveries(&world.store, &old.id).await?.into_iter().map(|one| one.state).collect();
    assert_eq!(ways, [Way::Expired, Way::Expired]);
    Ok(())
}

async fn a_profile_that_changed_needs_a_new_proposal(place: Place) -> Tested {
    let world = World::new(&place).await?;
    let release = world.propose(&world.campaign(1).await?, &who("ana", 0)).await?;
    let next = signed("conservative", |about| about.replace("version = 1", "version = 2"))?;
    stillwatch_node::profile::adopt(&world.store, next, &trusted(), &who("law", 1)).await?;
    let error = approve(&world.store, &release.id, &trusted(), &who("ben", 2)).await.expect_err_told()?;
    assert!(error.contains("version 2 is in force now"), "{error}");
    Ok(())
}

async fn bytes_that_were_changed_are_not_sent(place: Place) -> Tested {
    let world = World::new(&place).await?;
    let release = world.propose(&world.campaign(1).await?, &who("ana", 0)).await?;
    approve(&world.store, &release.id, &trusted(), &who("ben", 1)).await?;
    settle(&world.store, &world.record, &who("ben", 1)).await?;
    let url = match &place {
        Place::Folder(folder) => {
            let folder = folder.display().to_string().replace('%', "%25").replace('#', "%23").replace('?', "%3F");
            format!("sqlite://{}/stillwatch.sqlite", folder.replace(' ', "%20"))
        }
        Place::Server(url) => url.clone(),
    };
    let pool = sqlx::AnyPool::connect(&url).await?;
    sqlx::query("UPDATE release_items SET body = REPLACE(body, 'Harbor', 'Hidden') WHERE kind = 'identity'")
        .execute(&pool)
        .await?;
    pool.close().await;
    let error = to_folder(&world.store, &world.record, &world.outbox, None, &who("cron", 2)).await.expect_err_told()?;
    assert!(error.contains("not those that the ledger has"), "{error}");
    assert!(!world.outbox.exists());
    let waiting = releases::outbox(&world.store, None).await?;
    assert!(Outgoing::of(&world.store, &world.record.reader()?, &waiting[0], 0).await.is_err());
    Ok(())
}

/// Approved, recorded and sent.
async fn done(world: &World, id: &str, later: i64) -> Tested {
    approve(&world.store, id, &trusted(), &who("ben", later)).await?;
    settle(&world.store, &world.record, &who("ben", later + 1)).await?;
    to_folder(&world.store, &world.record, &world.outbox, None, &who("cron", later + 2)).await?;
    Ok(())
}

/// The error's words.
pub(crate) trait Told {
    fn expect_err_told(self) -> Result<String, Box<dyn std::error::Error>>;
}

impl<T, E: std::fmt::Display> Told for Result<T, E> {
    fn expect_err_told(self) -> Result<String, Box<dyn std::error::Error>> {
        self.err().map(|error| error.to_string()).ok_or_else(|| "it went well, and should not have".into())
    }
}
