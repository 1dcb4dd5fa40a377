//! People: what people say of campaigns, and what is made of it.
//! In: runs of the fixture, and people's words. Out: status, claims, notes, evidence, labels, history.
//! Invariant: nothing said is lost; a step that is not allowed changes nothing.
//! Not here: matching (`saving.rs`).

use stillwatch_model::Verdict;
use stillwatch_model::tracked::{Basis, Factor, Likelihood, Status};
use stillwatch_track::change::{Hypothesis, Statement};
use stillwatch_track::retention::Kept;
use stillwatch_track::{
    Fault, Filter, Label, Place, Said, change, expire, history, labels, list, merge, save, show, split,
};

use crate::fixture::{accounts, by, day, found};
use crate::places::{Tested, on_both, open};

on_both![
    steps_are_those_of_the_table,
    claims_compete_and_withdrawn_ones_stay,
    every_change_is_in_the_history,
    lists_are_filtered_and_paged,
    merged_by_hand_is_found_by_each_id,
    split_by_hand_loses_nothing_and_stays_split,
    what_expires_leaves_a_tombstone,
    labels_say_what_people_said,
    an_id_may_be_short_but_not_ambiguous,
];

async fn steps_are_those_of_the_table(place: Place) -> Tested {
    let store = open(&place).await?;
    let id = save(&store, &day(0, &[found("a", 0..9, 1)]), &by(1)).await?.kept[0].campaign.clone();
    change::label(&store, &id, Status::Benign, None, "a contract", &by(2)).await?;
    let before = (show(&store, &id).await?, history(&store, &id).await?);
    let error = change::label(&store, &id, Status::Confirmed, None, "", &by(3)).await.err();
    let error = error.ok_or("a step that the table has not was taken")?;
    assert_eq!(error.fault(), Fault::Refused);
    assert_eq!(error.hint(), Some("from `benign` it may become: under-review, closed"));
    assert_eq!(before, (show(&store, &id).await?, history(&store, &id).await?));
    change::label(&store, &id, Status::UnderReview, None, "", &by(4)).await?;
    assert_eq!(show(&store, &id).await?.verdict, None, "reopening takes the verdict back");
    Ok(())
}

async fn claims_compete_and_withdrawn_ones_stay(place: Place) -> Tested {
    let store = open(&place).await?;
    let id = save(&store, &day(0, &[found("a", 0..9, 1)]), &by(1)).await?.kept[0].campaign.clone();
    let said = |actor, likelihood| Hypothesis { actor, likelihood, source: "partner report 12", reason: "same exits" };
    let one = change::claim(&store, &id, &said("Example Lab", Likelihood::Likely), &by(2)).await?;
    let two = change::claim(&store, &id, &said("Another Firm", Likelihood::RoughlyEvenChance), &by(2)).await?;
    assert_ne!(one, two);
    change::withdraw(&store, &id, &one, "taken back", &by(3)).await?;
    let again = change::withdraw(&store, &id, &one, "", &by(4)).await.err();
    assert_eq!(again.map(|e| e.fault()), Some(Fault::Refused));
    let claims = show(&store, &id).await?.campaign.claims;
    let told: Vec<_> = claims.iter().map(|c| (c.actor.as_str(), c.withdrawn.is_some())).collect();
    assert!(told.contains(&("Example Lab", true)) && told.contains(&("Another Firm", false)), "{told:?}");
    assert!(change::claim(&store, &id, &said(" ", Likelihood::Likely), &by(2)).await.is_err(), "an actor has a name");
    Ok(())
}

async fn every_change_is_in_the_history(place: Place) -> Tested {
    let store = open(&place).await?;
    let id = save(&store, &day(0, &[found("a", 0..9, 1)]), &by(1)).await?.kept[0].campaign.clone();
    change::rename(&store, &id, Some("Harvest of March"), &by(2)).await?;
    change::assign(&store, &id, Some("grace"), &by(2)).await?;
    change::assign(&store, &id, None, &by(3)).await?;
    change::note(&store, &id, "asked the payment team", &by(3)).await?;
    change::note(&store, &id, "asked the payment team", &by(3)).await?;
    let said =
        Statement { factor: Factor::Timeline, basis: Basis::Inferred, text: "a release followed", source: "news" };
    change::evidence(&store, &id, &said, &by(4)).await?;
    change::judge(&store, &id, "a-003", Some(Verdict::FalsePositive), "a student", &by(4)).await?;
    change::label(&store, &id, Status::Confirmed, None, "one card", &by(5)).await?;
    let changes = history(&store, &id).await?;
    let told: Vec<_> = changes.iter().map(|c| (c.what.as_str(), c.before.as_str(), c.after.as_str())).collect();
    assert_eq!(told[1], ("name", "", "Harvest of March"));
    assert_eq!(told[2..4], [("assignee", "", "grace"), ("assignee", "grace", "")]);
    assert_eq!(told[8], ("status", "new", "confirmed"));
    assert!(changes.iter().all(|c| c.author == "ada"));
    let campaign = show(&store, &id).await?.campaign;
    assert_eq!((campaign.notes.len(), campaign.name.as_deref()), (2, Some("Harvest of March")));
    assert!(campaign.evidence.iter().any(|e| e.factor == Factor::Timeline && e.basis == Basis::Inferred));
    let text = "x".repeat(100_000);
    assert!(change::note(&store, &id, &text, &by(5)).await.is_err(), "texts are bounded");
    Ok(())
}

async fn lists_are_filtered_and_paged(place: Place) -> Tested {
    let store = open(&place).await?;
    let all: Vec<_> = (0..25).map(|n| found(&format!("pool{n}"), 0..3, 100 + n)).collect();
    let kept = save(&store, &day(0, &all), &by(1)).await?.kept;
    save(&store, &day(3, &[found("late", 0..3, 1)]), &by(4)).await?;
    change::label(&store, &kept[3].campaign, Status::UnderReview, None, "", &by(2)).await?;
    change::assign(&store, &kept[4].campaign, Some("grace"), &by(2)).await?;
    change::rename(&store, &kept[5].campaign, Some("100 % Harvest_x"), &by(2)).await?;
    let mut seen = Vec::new();
    let mut after = None;
    loop {
        let page = list(&store, &Filter::default(), 10, after.as_deref()).await?;
        seen.extend(page.campaigns.iter().map(|c| (c.last_seen.clone(), c.id.clone())));
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    assert_eq!(seen.len(), 26);
    assert!(seen.windows(2).all(|two| two[0] > two[1]), "latest first, each once");
    let count = async |filter: Filter| list(&store, &filter, 100, None).await.map(|p| p.campaigns.len());
    let filter = Filter::default;
    let start = crate::fixture::START;
    let day = crate::fixture::DAY;
    assert_eq!(count(Filter { status: vec![Status::UnderReview], ..filter() }).await?, 1);
    assert_eq!(count(Filter { status: vec![Status::UnderReview, Status::New], ..filter() }).await?, 26);
    assert_eq!(count(Filter { severity: vec![stillwatch_model::Severity::Low], ..filter() }).await?, 0);
    assert_eq!(count(Filter { assignee: Some("grace".into()), ..filter() }).await?, 1);
    assert_eq!(count(Filter { assignee: Some(String::new()), ..filter() }).await?, 25);
    assert_eq!(count(Filter { since: Some(start + 2 * day), ..filter() }).await?, 1);
    assert_eq!(count(Filter { until: Some(start + 2 * day), ..filter() }).await?, 25);
    assert_eq!(count(Filter { technique: Some("AML.T0040".into()), ..filter() }).await?, 26);
    assert_eq!(count(Filter { technique: Some("AML.T9999".into()), ..filter() }).await?, 0);
    let coding = stillwatch_model::Capability::Coding;
    let both = Filter { capability: Some(coding), technique: Some("AML.T0040".into()), since: Some(start), ..filter() };
    assert_eq!(count(both).await?, 26);
    assert_eq!(count(Filter { min_score: Some(0.94), ..filter() }).await?, 0);
    assert_eq!(count(Filter { text: Some("0 % HARVEST_X".into()), ..filter() }).await?, 1);
    assert_eq!(count(Filter { text: Some("0 % harvestyx".into()), ..filter() }).await?, 0, "wildcards are text");
    assert_eq!(count(Filter { text: Some(kept[7].campaign.clone()), ..filter() }).await?, 1);
    assert!(list(&store, &filter(), 10, Some("page two")).await.is_err());
    Ok(())
}

async fn merged_by_hand_is_found_by_each_id(place: Place) -> Tested {
    let store = open(&place).await?;
    let kept = save(&store, &day(0, &[found("a", 0..9, 1), found("b", 0..5, 2)]), &by(1)).await?.kept;
    change::note(&store, &kept[1].campaign, "of b", &by(1)).await?;
    let (a, b) = (&kept[0].campaign, &kept[1].campaign);
    merge(&store, a, std::slice::from_ref(b), "one reseller", &by(2)).await?;
    let course = show(&store, b).await?;
    assert_eq!((&course.campaign.id, course.campaign.accounts), (a, 14));
    assert_eq!(course.campaign.exchanges, 24 * 14, "findings of one run add up");
    assert_eq!(course.campaign.notes.len(), 1);
    assert_eq!(
        merge(&store, a, std::slice::from_ref(b), "", &by(2)).await.err().map(|e| e.fault()),
        Some(Fault::Refused)
    );
    // Seen again as two, each is the merged one or a split of it; no account is lost.
    save(&store, &day(1, &[found("a", 0..9, 1), found("b", 0..5, 2)]), &by(2)).await?;
    assert_eq!(show(&store, a).await?.campaign.accounts, 14);
    Ok(())
}

async fn split_by_hand_loses_nothing_and_stays_split(place: Place) -> Tested {
    let store = open(&place).await?;
    let id = save(&store, &day(0, &[found("a", 0..20, 1)]), &by(1)).await?.kept[0].campaign.clone();
    save(&store, &day(1, &[found("a", 0..20, 1)]), &by(2)).await?;
    let (old, new) = split(&store, &id, &accounts("a", 15..20), "another card", &by(2)).await?;
    let (old, new) = (show(&store, &old).await?.campaign, show(&store, &new).await?.campaign);
    assert_eq!((old.accounts, new.accounts), (15, 5));
    assert_eq!((old.exchanges, new.exchanges), (15 * 48, 5 * 48));
    assert_eq!(old.tokens.input + new.tokens.input, 20 * 48 * 100);
    save(&store, &day(2, &[found("a", 0..20, 1)]), &by(3)).await?;
    let both = list(&store, &Filter::default(), 10, None).await?.campaigns;
    let told: Vec<_> = both.iter().map(|c| (c.accounts, c.exchanges)).collect();
    assert!(
        told == [(15, 15 * 72), (5, 5 * 72)] || told == [(5, 5 * 72), (15, 15 * 72)],
        "a run keeps apart: {told:?}"
    );
    for wrong in [accounts("b", 0..1), accounts("a", 0..15), Vec::new()] {
        assert!(split(&store, &id, &wrong, "", &by(3)).await.is_err());
    }
    Ok(())
}

async fn what_expires_leaves_a_tombstone(place: Place) -> Tested {
    let store = open(&place).await?;
    let id = save(&store, &day(0, &[found("a", 0..9, 1)]), &by(0)).await?.kept[0].campaign.clone();
    assert_eq!(stillwatch_track::examples(&store, &id).await?.len(), 1);
    assert!(expire::expire(&store, false, &by(29)).await?.is_empty());
    let dry = expire::expire(&store, true, &by(31)).await?;
    assert_eq!(dry.get(&Kept::Examples), Some(&1));
    assert_eq!(stillwatch_track::examples(&store, &id).await?.len(), 1, "a dry run deletes nothing");
    expire::expire(&store, false, &by(31)).await?;
    assert!(stillwatch_track::examples(&store, &id).await?.is_empty());
    expire::keep(&store, Kept::Evidence, Some(40)).await?;
    expire::keep(&store, Kept::Networks, None).await?;
    let second = expire::expire(&store, false, &by(100)).await?;
    assert_eq!(second.into_iter().collect::<Vec<_>>(), [(Kept::Evidence, 4)], "networks are kept for ever now");
    let campaign = show(&store, &id).await?.campaign;
    assert!(campaign.evidence.iter().all(|e| e.statement.is_empty() && e.deleted.is_some()));
    assert_eq!(campaign.networks.len(), 1);
    expire::keep(&store, Kept::Networks, Some(1)).await?;
    expire::expire(&store, false, &by(101)).await?;
    let course = show(&store, &id).await?;
    assert!(course.campaign.networks.is_empty() && course.campaign.clients.is_empty());
    assert_eq!((course.tombstones, course.campaign.exchanges), (6, 216));
    let graves = expire::tombstones(&store, &id).await?;
    let statement = "9 accounts sent 216 exchanges.";
    let hash: String = sha256(statement);
    assert!(graves.iter().any(|g| g.hash == hash && g.rule == "evidence are kept 40 days" && g.author == "ada"));
    assert!(expire::expire(&store, false, &by(102)).await?.is_empty(), "nothing expires twice");
    Ok(())
}

fn sha256(text: &str) -> String {
    use sha2::Digest;
    sha2::Sha256::digest(text.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}

async fn labels_say_what_people_said(place: Place) -> Tested {
    let store = open(&place).await?;
    let all = [found("a", 0..4, 1), found("school", 0..3, 2), found("open", 0..3, 3)];
    let kept = save(&store, &day(0, &all), &by(1)).await?.kept;
    change::label(&store, &kept[0].campaign, Status::Confirmed, None, "", &by(2)).await?;
    change::label(&store, &kept[0].campaign, Status::Closed, None, "", &by(3)).await?;
    change::label(&store, &kept[1].campaign, Status::FalsePositive, None, "", &by(2)).await?;
    change::judge(&store, &kept[0].campaign, "a-002", Some(Verdict::FalsePositive), "", &by(3)).await?;
    let labels = labels(&store).await?;
    let told: Vec<_> = labels
        .labels
        .iter()
        .map(|label| match label {
            Label::Campaign { verdict, signals, .. } => format!("campaign {} {}", verdict.name(), signals.len()),
            Label::Account { account, verdict, said, .. } => {
                format!("{account} {} {}", verdict.name(), *said == Said::Account)
            }
        })
        .collect();
    let mut sorted = told.clone();
    sorted.sort();
    assert_eq!(
        sorted,
        [
            "a-000 true-positive false",
            "a-001 true-positive false",
            "a-002 false-positive true",
            "a-003 true-positive false",
            "campaign false-positive 2",
            "campaign true-positive 2",
            "school-000 false-positive false",
            "school-001 false-positive false",
            "school-002 false-positive false",
        ]
    );
    assert_eq!((labels.quiet.len(), labels.left_out, labels.open), (1, 1, 1));
    let line = serde_json::to_string(&labels.quiet[0])?;
    assert!(line.starts_with(r#"{"text":"Solve the task and show all steps","cues":[],"source":"#), "{line}");
    Ok(())
}

async fn an_id_may_be_short_but_not_ambiguous(place: Place) -> Tested {
    let store = open(&place).await?;
    let id = save(&store, &day(0, &[found("a", 0..9, 1)]), &by(1)).await?.kept[0].campaign.clone();
    let bare = id.trim_start_matches("campaign--");
    assert_eq!(show(&store, &bare[..8]).await?.campaign.id, id);
    assert_eq!(show(&store, &id).await?.campaign.id, id);
    assert_eq!(show(&store, "zzzz").await.err().map(|e| e.fault()), Some(Fault::Unknown));
    assert_eq!(show(&store, "").await.err().map(|e| e.fault()), Some(Fault::Refused));
    assert_eq!(show(&store, "campaign--").await.err().map(|e| e.fault()), Some(Fault::Refused));
    Ok(())
}
