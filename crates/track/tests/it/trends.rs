//! Trends: what is told of weeks, and what isn't, whatever is asked.
//! In: objects of several members in several weeks and collections. Out: cells, and none that fewer than three contributed to.
//! Invariant: neither a cell nor a difference of answers is about fewer than three members.
//! Not here: HTTP, roles (`node/tests`).

use stillwatch_track::exchange::{
    Came, Collection, NewCollection, Versions, add, add_client, make_collection, remove, revoke,
};
use stillwatch_track::trends::{Cell, Of, WEEK, settle, trends, week_of};
use stillwatch_track::{Place, Store};

use crate::places::{Tested, on_both, open};

on_both![
    a_cell_needs_three_members,
    techniques_need_three_members_each,
    what_was_told_never_changes,
    collections_of_different_readers_tell_no_difference,
    only_members_count,
    an_effect_is_the_mean_of_three_members,
];

type Result<T = ()> = std::result::Result<T, stillwatch_track::Error>;

/// 2026-11-02, a Monday.
const FIRST: i64 = 1_793_577_600_000_000;
const DAY: i64 = 86_400_000_000;
const EVER: i64 = FIRST + 100 * WEEK;

async fn collection(store: &Store, alias: &str) -> Result<Collection> {
    made(store, alias, true).await
}

async fn made(store: &Store, alias: &str, can_read: bool) -> Result<Collection> {
    let new = NewCollection {
        id: None,
        root: "trust".into(),
        alias: Some(alias.into()),
        title: alias.into(),
        description: None,
        can_read,
        can_write: true,
        profile: None,
        most_tlp: 2,
        most_pap: 3,
    };
    make_collection(store, &new, 1).await
}

async fn world(place: &Place) -> Result<(Store, Collection)> {
    let store = open(place).await?;
    for name in ["lab-one", "lab-two", "lab-three", "lab-four"] {
        add_client(&store, name, "member", name, &[], 1, &|_, _| Ok("x".into())).await?;
    }
    add_client(&store, "ada", "analyst", "ada", &[], 1, &|_, _| Ok("x".into())).await?;
    let into = collection(&store, "a").await?;
    Ok((store, into))
}

fn id(kind: &str, n: usize) -> String {
    format!("{kind}--8e2e2d2b-17d4-4cbf-938f-{n:012}")
}

/// The clock of the first, second, … week: a function without a state of its own.
fn week(n: usize) -> fn() -> i64 {
    [|| FIRST + DAY, || FIRST + WEEK + DAY, || FIRST + 2 * WEEK + DAY][n]
}

async fn put(store: &Store, into: &Collection, source: &str, at: fn() -> i64, kind: &str, n: usize) -> Result {
    put_json(store, into, source, at, &id(kind, n), "{}").await
}

async fn put_json(store: &Store, into: &Collection, source: &str, at: fn() -> i64, id: &str, json: &str) -> Result {
    let kind = id.split("--").next().unwrap_or_default();
    let came = Came { id, version: Some("2026-01-01T00:00:00Z"), kind, tlp: 0, pap: 0, json };
    add(store, into, source, &[came], at, &|_| Ok(None)).await.map(drop)
}

async fn told(store: &Store, of: &[&Collection]) -> Result<Vec<(i64, String, i64)>> {
    let numbers: Vec<i64> = of.iter().map(|c| c.number).collect();
    let cells = trends(store, &numbers, 0, EVER).await?;
    Ok(cells.into_iter().map(|Cell { week, name, objects, .. }| ((week - FIRST) / WEEK, name, objects)).collect())
}

fn cells(all: &[(i64, &str, i64)]) -> Vec<(i64, String, i64)> {
    all.iter().map(|(week, name, objects)| (*week, (*name).to_owned(), *objects)).collect()
}

async fn a_cell_needs_three_members(place: Place) -> Tested {
    let (store, into) = world(&place).await?;
    assert_eq!(week_of(FIRST + WEEK - 1), FIRST);
    for (at, source) in ["lab-one", "lab-two", "lab-three"].iter().enumerate() {
        put(&store, &into, source, week(0), "tool", at).await?;
    }
    put(&store, &into, "lab-one", week(0), "tool", 9).await?;
    // Two members, however much they send; three in two weeks.
    for n in 0..20 {
        put(&store, &into, if n < 15 { "lab-one" } else { "lab-two" }, week(0), "malware", n).await?;
    }
    put(&store, &into, "lab-three", week(1), "malware", 50).await?;
    // What somebody said before counts for who said it first, and an object that isn't shown for nobody.
    put(&store, &into, "lab-one", week(1), "campaign", 1).await?;
    for source in ["lab-two", "lab-three", "lab-four"] {
        put(&store, &into, source, week(1), "campaign", 1).await?;
    }
    // Not before it is over, nor in the minutes after.
    for now in [FIRST + DAY, FIRST + WEEK - 1, FIRST + WEEK + 1] {
        assert_eq!(settle(&store, now).await?, 0);
        assert!(told(&store, &[&into]).await?.is_empty());
    }
    assert_eq!(settle(&store, FIRST + WEEK + DAY).await?, 1);
    assert_eq!(told(&store, &[&into]).await?, cells(&[(0, "tool", 4)]));
    assert_eq!(settle(&store, FIRST + 3 * WEEK).await?, 1);
    assert_eq!(told(&store, &[&into]).await?, cells(&[(0, "tool", 4)]));
    // Overlapping intervals are whole weeks.
    let number = [into.number];
    for (from, to) in [(FIRST, FIRST + WEEK), (FIRST + 3 * DAY, FIRST + WEEK), (FIRST + WEEK - 1, FIRST + 2 * WEEK)] {
        assert_eq!(trends(&store, &number, from, to).await?.len(), 1, "{from} {to}");
    }
    assert!(trends(&store, &number, FIRST + WEEK, EVER).await?.is_empty());
    Ok(())
}

async fn techniques_need_three_members_each(place: Place) -> Tested {
    let (store, into) = world(&place).await?;
    let pattern = |technique: &str| {
        format!(
            r#"{{"external_references":[{{"source_name":"x"}},{{"source_name":"mitre-atlas","external_id":"{technique}"}}]}}"#
        )
    };
    for (n, technique) in ["AML.T0024.002", "AML.T0040", "what I want to tell", "AML.T0040"].iter().enumerate() {
        put_json(&store, &into, "lab-one", week(0), &id("attack-pattern", n), &pattern(technique)).await?;
    }
    let tie = |from: &str, to: usize| {
        format!(r#"{{"source_ref":"{}","target_ref":"{}"}}"#, id(from, 1), id("attack-pattern", to))
    };
    let mut n = 0;
    let mut put = async |source: &str, from: &str, to: usize| {
        n += 1;
        put_json(&store, &into, source, week(0), &id("relationship", n), &tie(from, to)).await
    };
    for source in ["lab-one", "lab-two", "lab-three"] {
        put(source, "indicator", 0).await?;
        put(source, "campaign", 0).await?;
        // Text in the place of a technique's id is told by nobody, nor is a tie from something else.
        put(source, "campaign", 2).await?;
        put(source, "tool", 1).await?;
        // The pattern itself isn't here.
        put(source, "indicator", 7).await?;
    }
    // Two objects of one technique count together: lab-one's and lab-two's here, lab-four's there. One more makes the third.
    put("lab-one", "indicator", 1).await?;
    put("lab-two", "indicator", 3).await?;
    settle(&store, FIRST + WEEK + DAY).await?;
    assert_eq!(told(&store, &[&into]).await?, cells(&[(0, "AML.T0024.002", 6)]));
    let kinds: Vec<Of> = trends(&store, &[into.number], 0, EVER).await?.into_iter().map(|c| c.of).collect();
    // Relationships are counted as techniques only: from the two nothing else can be reckoned.
    assert_eq!(kinds, [Of::Technique]);
    Ok(())
}

async fn what_was_told_never_changes(place: Place) -> Tested {
    let (store, into) = world(&place).await?;
    for (n, source) in ["lab-one", "lab-two", "lab-three", "lab-four"].iter().enumerate() {
        put(&store, &into, source, week(0), "tool", n).await?;
    }
    settle(&store, FIRST + WEEK + DAY).await?;
    let before = told(&store, &[&into]).await?;
    assert_eq!(before, cells(&[(0, "tool", 4)]));
    // Another member joins, one is revoked, one takes back what it sent, the clock goes back into that week.
    add_client(&store, "lab-five", "member", "lab-five", &[], 1, &|_, _| Ok("x".into())).await?;
    put(&store, &into, "lab-five", week(0), "tool", 9).await?;
    revoke(&store, "lab-two", 5, &|_, _| Ok("x".into())).await?;
    remove(&store, &into, &id("tool", 3), &Versions::all(), Some("lab-four")).await?;
    for now in [FIRST + WEEK + DAY, FIRST, FIRST + 2 * WEEK + DAY] {
        settle(&store, now).await?;
        assert_eq!(told(&store, &[&into]).await?, before);
        assert_eq!(told(&store, &[&into]).await?, before, "twice the same");
    }
    Ok(())
}

async fn collections_of_different_readers_tell_no_difference(place: Place) -> Tested {
    let (store, one) = world(&place).await?;
    let two = collection(&store, "b").await?;
    let three = collection(&store, "c").await?;
    let mut n = 0;
    let mut put_next = async |into: &Collection, source: &str| {
        n += 1;
        put(&store, into, source, week(0), "tool", n).await
    };
    for source in ["lab-one", "lab-two", "lab-three"] {
        put_next(&one, source).await?;
        put_next(&three, source).await?;
    }
    // In the second only one: a reader of both, and one of the first, must not reckon what it sent.
    put_next(&two, "lab-four").await?;
    put_next(&two, "lab-four").await?;
    settle(&store, FIRST + WEEK + DAY).await?;
    let alone = told(&store, &[&one]).await?;
    assert_eq!(alone, cells(&[(0, "tool", 3)]));
    assert_eq!(told(&store, &[&one, &two]).await?, alone);
    assert!(told(&store, &[&two]).await?.is_empty());
    assert_eq!(told(&store, &[&one, &two, &three]).await?, cells(&[(0, "tool", 6)]));
    assert!(told(&store, &[]).await?.is_empty());
    Ok(())
}

async fn only_members_count(place: Place) -> Tested {
    let (store, into) = world(&place).await?;
    // A person of the hub, and somebody who is no client, make no third member.
    for (n, source) in ["lab-one", "lab-two", "ada", "hub"].iter().enumerate() {
        put(&store, &into, source, week(0), "tool", n).await?;
    }
    put(&store, &into, "lab-three", week(1), "tool", 8).await?;
    settle(&store, FIRST + 2 * WEEK + DAY).await?;
    assert!(told(&store, &[&into]).await?.is_empty());
    Ok(())
}

async fn an_effect_is_the_mean_of_three_members(place: Place) -> Tested {
    let (store, shared) = world(&place).await?;
    let inbox = made(&store, "inbox", false).await?;
    let said = |campaign: usize, percent: i64| {
        format!(r#"{{"campaign_ref":"{}","volume_change_percent":{percent}}}"#, id("campaign", campaign))
    };
    let mut n = 0;
    let mut put = async |into: &Collection, source: &str, at: usize, json: String| {
        n += 1;
        put_json(&store, into, source, week(at), &id("campaign-effect", n), &json).await
    };
    for (source, percent) in [("lab-one", -90), ("lab-two", -80), ("lab-three", -50)] {
        put(&inbox, source, 0, said(1, percent)).await?;
        // Where others could read each by itself no mean is told, and no count.
        put(&shared, source, 0, said(1, percent)).await?;
    }
    // Two members however often, text, one that isn't a member; three in two weeks.
    for _ in 0..3 {
        put(&inbox, "lab-one", 0, said(2, -90)).await?;
        put(&inbox, "lab-two", 0, said(2, -90)).await?;
    }
    put(&inbox, "ada", 0, said(2, -90)).await?;
    put(&inbox, "lab-three", 0, said(2, -90).replace("campaign--", "we all block ")).await?;
    put(&inbox, "lab-three", 1, said(2, -90)).await?;
    // The last that each says in a week counts, within bounds.
    for (source, percent) in [("lab-one", 5_000), ("lab-one", -100), ("lab-two", -100), ("lab-three", 1_000_000)] {
        put(&inbox, source, 1, said(3, percent)).await?;
    }
    assert_eq!(settle(&store, FIRST + 3 * WEEK).await?, 2);
    let all = [(0, id("campaign", 1), -70), (1, id("campaign", 3), 270)];
    assert_eq!(told(&store, &[&inbox]).await?, all);
    assert!(told(&store, &[&shared]).await?.is_empty());
    // A fourth member who comes later changes nothing of what was told.
    put(&inbox, "lab-four", 0, said(1, 0)).await?;
    assert_eq!(settle(&store, FIRST + 4 * WEEK).await?, 0);
    assert_eq!(told(&store, &[&inbox]).await?, all);
    let of = trends(&store, &[inbox.number], 0, EVER).await?;
    assert!(of.iter().all(|cell| cell.of == Of::Effect));
    Ok(())
}
