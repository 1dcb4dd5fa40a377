//! Saving: runs become campaigns that live.
//! In: runs of the fixture. Out: campaigns, their course and history.
//! Invariant: what the crate's documentation says of matching holds in both databases.
//! Not here: what people say of campaigns (`people.rs`).

use stillwatch_model::tracked::{Basis, Evasion, Factor, Status};
use stillwatch_track::{Filter, How, Place, Store, change, history, list, save, show};

use crate::fixture::{by, day, found, run};
use crate::places::{Tested, on_both, open};

on_both![
    the_same_campaign_grows,
    a_run_is_taken_in_once,
    overlapping_windows_count_once,
    order_of_runs_never_shows,
    a_pool_that_takes_over_is_the_same_campaign,
    what_was_disrupted_and_is_seen_later_returned,
    one_finding_that_covers_two_merges_them,
    one_campaign_that_falls_apart_splits,
    what_a_person_judged_honest_stays_so,
    evidence_tells_read_from_concluded,
    a_name_that_no_database_keeps_is_shown_otherwise,
];

async fn all(store: &Store) -> stillwatch_track::Result<Vec<stillwatch_model::Listed>> {
    Ok(list(store, &Filter::default(), 100, None).await?.campaigns)
}

async fn the_same_campaign_grows(place: Place) -> Tested {
    let store = open(&place).await?;
    let first = save(&store, &day(0, &[found("a", 0..20, 1)]), &by(1)).await?;
    let mut more = found("a", 0..50, 1);
    more.signals = vec!["template", "burst", "exits", "balance"];
    let second = save(&store, &day(1, &[more]), &by(2)).await?;
    store.close().await;
    let store = open(&place).await?;
    assert_eq!((&first.kept[0].how, &second.kept[0].how), (&How::New, &How::Seen));
    assert_eq!(first.kept[0].campaign, second.kept[0].campaign);
    let campaigns = all(&store).await?;
    assert_eq!(campaigns.len(), 1);
    assert_eq!((campaigns[0].accounts, campaigns[0].exchanges), (50, 24 * 70));
    // The second finding's own id means the campaign too.
    let course = show(&store, &second.kept[0].finding).await?;
    assert_eq!(course.campaign.id, first.kept[0].campaign);
    let told: Vec<_> = course.periods.iter().map(|p| (p.exchanges, p.counted, p.accounts, p.new_accounts)).collect();
    assert_eq!(told, [(480, 480, 20, 20), (1200, 1200, 50, 30)]);
    let evasions: Vec<_> = course.periods.iter().map(|p| p.evasions.as_slice()).collect();
    let later = [Evasion::LoadBalancing, Evasion::RotatingExits, Evasion::DisposableAccounts];
    assert_eq!(evasions, [&[Evasion::DisposableAccounts][..], &later], "methods become more complex");
    assert_eq!((course.days.from.as_str(), course.days.exchanges.as_slice()), ("2026-03-02", &[480, 1200][..]));
    let changes = history(&store, &course.campaign.id).await?;
    assert_eq!(changes.iter().map(|c| c.what.as_str()).collect::<Vec<_>>(), ["found", "seen"]);
    assert!(changes[1].because.contains("match 1.00"), "{}", changes[1].because);
    Ok(())
}

async fn a_run_is_taken_in_once(place: Place) -> Tested {
    let store = open(&place).await?;
    let saved = day(0, &[found("a", 0..20, 1), found("b", 0..9, 2)]);
    let first = save(&store, &saved, &by(1)).await?;
    let before = (all(&store).await?, history(&store, &first.kept[0].campaign).await?);
    let again = save(&store, &saved, &by(5)).await?;
    assert!(again.already && again.kept.is_empty());
    assert_eq!(before, (all(&store).await?, history(&store, &first.kept[0].campaign).await?));
    Ok(())
}

async fn overlapping_windows_count_once(place: Place) -> Tested {
    let store = open(&place).await?;
    // Monday, Tuesday, and a run over both that found the same.
    save(&store, &day(0, &[found("a", 0..10, 1)]), &by(1)).await?;
    save(&store, &day(1, &[found("a", 0..10, 1)]), &by(2)).await?;
    let mut both = found("a", 0..10, 1);
    both.each = 48;
    save(&store, &run(0, 48, &[both]), &by(3)).await?;
    let course = show(&store, &all(&store).await?[0].id).await?;
    assert_eq!(course.campaign.exchanges, 480, "not 960");
    assert_eq!(course.campaign.tokens.input, 48_000);
    assert_eq!(course.campaign.models, [("model-large".to_owned(), 480)]);
    assert_eq!(course.periods.iter().map(|p| p.counted).sum::<u64>(), 480);
    assert_eq!(course.days.exchanges, [240, 240]);
    Ok(())
}

async fn order_of_runs_never_shows(place: Place) -> Tested {
    let runs = [day(0, &[found("a", 0..20, 1)]), day(1, &[found("a", 5..40, 1)]), day(2, &[found("a", 30..60, 1)])];
    let mut seen = Vec::new();
    for order in [[0, 1, 2], [2, 1, 0], [1, 2, 0]] {
        let own = match &place {
            Place::Folder(folder) => Place::Folder(folder.join(format!("{order:?}"))),
            Place::Server(_) => match crate::places::database_inside(&place).await? {
                Some(other) => other,
                None => return Ok(()),
            },
        };
        let store = open(&own).await?;
        for at in order {
            save(&store, &runs[at], &by(9)).await?;
        }
        let campaigns = all(&store).await?;
        assert_eq!(campaigns.len(), 1, "{order:?}");
        let course = show(&store, &campaigns[0].id).await?;
        let of = &course.campaign;
        assert_eq!((of.accounts, of.exchanges), (60, 24 * (20 + 35 + 30)), "{order:?}");
        seen.push((
            course.periods.clone(),
            course.days.clone(),
            of.signals.clone(),
            of.networks.clone(),
            of.last_seen.clone(),
        ));
    }
    assert!(seen.windows(2).all(|two| two[0] == two[1]));
    Ok(())
}

async fn a_pool_that_takes_over_is_the_same_campaign(place: Place) -> Tested {
    let store = open(&place).await?;
    let first = save(&store, &day(0, &[found("pool-one", 0..30, 7)]), &by(1)).await?;
    // Two days later: other accounts, the same rare texts; and somebody else with texts of their own.
    let later = save(&store, &day(2, &[found("pool-two", 0..25, 7), found("other", 0..25, 8)]), &by(3)).await?;
    assert_eq!(later.kept[0].campaign, first.kept[0].campaign);
    assert_eq!((&later.kept[0].how, &later.kept[1].how), (&How::Seen, &How::New));
    // Ten weeks later nobody can say so by the texts alone.
    let much_later = save(&store, &day(75, &[found("pool-three", 0..25, 7)]), &by(76)).await?;
    assert_eq!(much_later.kept[0].how, How::New);
    Ok(())
}

async fn what_was_disrupted_and_is_seen_later_returned(place: Place) -> Tested {
    let store = open(&place).await?;
    let kept = save(&store, &day(0, &[found("a", 0..30, 7)]), &by(1)).await?;
    let id = &kept.kept[0].campaign;
    change::label(&store, id, Status::Disrupted, None, "accounts closed", &by(2)).await?;
    // A log of the time before it was disrupted is no return.
    let early = save(&store, &run(24, 30, &[found("a", 0..30, 7)]), &by(3)).await?;
    assert_eq!(early.kept[0].how, How::Seen);
    assert_eq!(show(&store, id).await?.campaign.status, Status::Disrupted);
    let late = save(&store, &day(60, &[found("b", 0..30, 7)]), &by(61)).await?;
    assert_eq!((&late.kept[0].campaign, &late.kept[0].how), (id, &How::Returned));
    let course = show(&store, id).await?;
    assert_eq!(course.campaign.status, Status::Returned);
    assert_eq!(course.verdict, Some(stillwatch_model::Verdict::TruePositive), "what a person said stays");
    Ok(())
}

async fn one_finding_that_covers_two_merges_them(place: Place) -> Tested {
    let store = open(&place).await?;
    let two = save(&store, &day(0, &[found("a", 0..20, 1), found("b", 0..12, 2)]), &by(1)).await?;
    let mut both = found("a", 0..20, 1);
    both.accounts.extend(crate::fixture::accounts("b", 0..12));
    both.accounts.push("new-000".into());
    let one = save(&store, &day(1, &[both]), &by(2)).await?;
    let kept = &one.kept[0];
    assert_eq!(kept.absorbed.len(), 1);
    let campaigns = all(&store).await?;
    assert_eq!((campaigns.len(), campaigns[0].accounts, campaigns[0].exchanges), (1, 33, 24 * (32 + 33)));
    for was in &two.kept {
        assert_eq!(show(&store, &was.campaign).await?.campaign.id, kept.campaign, "both ids mean it");
    }
    let changes = history(&store, &kept.campaign).await?;
    let what: Vec<_> = changes.iter().map(|c| c.what.as_str()).collect();
    assert_eq!(what, ["found", "found", "merged", "absorbed", "seen"]);
    Ok(())
}

async fn one_campaign_that_falls_apart_splits(place: Place) -> Tested {
    let store = open(&place).await?;
    let one = save(&store, &day(0, &[found("a", 0..50, 1)]), &by(1)).await?;
    let two = save(&store, &day(1, &[found("a", 30..50, 3), found("a", 0..30, 1)]), &by(2)).await?;
    assert_eq!(two.kept[1].campaign, one.kept[0].campaign, "the larger part stays what it was");
    assert_eq!(two.kept[0].how, How::Split(one.kept[0].campaign.clone()));
    // The day after, each is found as itself.
    let later = save(&store, &day(2, &[found("a", 0..30, 1), found("a", 30..50, 3)]), &by(3)).await?;
    assert_eq!(later.kept[0].campaign, two.kept[1].campaign);
    assert_eq!(later.kept[1].campaign, two.kept[0].campaign);
    assert!(later.kept.iter().all(|k| k.how == How::Seen && k.absorbed.is_empty()));
    let changes = history(&store, &one.kept[0].campaign).await?;
    assert!(changes.iter().any(|c| c.what == "split" && c.after == two.kept[0].campaign));
    Ok(())
}

async fn what_a_person_judged_honest_stays_so(place: Place) -> Tested {
    let store = open(&place).await?;
    let two = save(&store, &day(0, &[found("school", 0..20, 1), found("b", 0..20, 2)]), &by(1)).await?;
    change::label(&store, &two.kept[0].campaign, Status::FalsePositive, None, "a class", &by(1)).await?;
    let mut both = found("school", 0..20, 1);
    both.accounts.extend(crate::fixture::accounts("b", 0..20));
    let later = save(&store, &day(1, &[both]), &by(2)).await?;
    assert!(later.kept[0].absorbed.is_empty(), "a run doesn't join what a person told apart");
    let again = save(&store, &day(2, &[found("school", 0..25, 1)]), &by(3)).await?;
    assert_eq!(again.kept[0].campaign, two.kept[0].campaign);
    assert_eq!(show(&store, &two.kept[0].campaign).await?.campaign.status, Status::FalsePositive);
    Ok(())
}

async fn evidence_tells_read_from_concluded(place: Place) -> Tested {
    let store = open(&place).await?;
    let mut one = found("a", 0..20, 1);
    one.signals = vec!["template", "payment", "focus", "exits"];
    let kept = save(&store, &day(0, &[one]), &by(1)).await?;
    let evidence = show(&store, &kept.kept[0].campaign).await?.campaign.evidence;
    let mut told: Vec<_> = evidence.iter().map(|e| (e.factor, e.basis, e.statement.as_str())).collect();
    told.sort();
    assert_eq!(
        told,
        [
            (Factor::Pattern, Basis::Observed, "20 accounts sent 480 exchanges."),
            (Factor::Pattern, Basis::Observed, "The template figure is 0.9."),
            (Factor::Concentration, Basis::Observed, "The focus figure is 0.9."),
            (Factor::Coordination, Basis::Observed, "The exits figure is 0.9."),
            (Factor::Coordination, Basis::Observed, "The payment figure is 0.9."),
            (
                Factor::Coordination,
                Basis::Inferred,
                "That these accounts are one campaign is very likely (score 0.93)."
            ),
        ]
    );
    assert!(evidence.iter().all(|e| e.source == kept.run && e.expires.is_some() && e.deleted.is_none()));
    Ok(())
}

async fn a_name_that_no_database_keeps_is_shown_otherwise(place: Place) -> Tested {
    let store = open(&place).await?;
    let mut one = found("a", 0..3, 1);
    one.accounts.push("nul\u{0}name\\u0000".into());
    one.accounts.extend(["x", "y"].map(|end| "é".repeat(9000) + end));
    let kept = save(&store, &day(0, &[one]), &by(1)).await?;
    let mut members = stillwatch_track::members(&store, &kept.kept[0].campaign).await?;
    // Too long for an index: cut, and still two.
    let cut: Vec<_> =
        members.drain(4..).map(|m| m.account.starts_with("éé") && m.account.len() < 1000 && m.score == 0.9).collect();
    assert_eq!(cut, [true, true]);
    assert_eq!(members.last().map(|m| m.account.as_str()), Some("nul\u{fffd}name\\u0000"));
    Ok(())
}
