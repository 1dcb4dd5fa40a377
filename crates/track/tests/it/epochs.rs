//! Epochs: what the store keeps of keys made together.
//! In: an epoch, requests at once, files. Out: states that only go forward, charges that never cross.
//! Invariant: the same on both databases.
//! Not here: keys (`node`).

use stillwatch_track::Store;
use stillwatch_track::matches::epochs::{self, Epoch, State};
use stillwatch_track::matches::files::{self, Commitment, File};
use stillwatch_track::matches::holding::{self, Alarm};
use stillwatch_track::{Place, owed};

use crate::places::{Tested, on_both, open};

const HOUR: i64 = 3_600_000_000;

fn epoch(id: &str, number: u64) -> Epoch {
    Epoch {
        id: id.into(),
        hub: "hub".into(),
        namespace: "address".into(),
        number,
        state: State::Making,
        setup: "{}".into(),
        terms: "{}".into(),
        profile: "all 1".into(),
        public: None,
        begun: number as i64,
        ends: 100 * HOUR,
        settled: None,
        because: String::new(),
    }
}

async fn charge(store: &Store, id: &str, by: u64, limit: u64, at: i64) -> stillwatch_track::Result<Result<u64, u64>> {
    holding::charge(store, id, "lab-one", at, move |state| {
        let used: u64 = state.parse().unwrap_or(0);
        if used + by > limit { Err(used) } else { Ok(((used + by).to_string(), by, used + by)) }
    })
    .await
}

async fn an_epoch_goes_forward_only(place: Place) -> Tested {
    let store = open(&place).await?;
    assert_eq!(epochs::next_number(&store, "hub", "address").await?, 1);
    epochs::begin(&store, &epoch("a", 1)).await?;
    assert!(epochs::begin(&store, &epoch("a", 1)).await.is_err());
    assert_eq!(epochs::next_number(&store, "hub", "address").await?, 2);
    assert_eq!(epochs::next_number(&store, "hub", "domain").await?, 1);
    // Nothing is charged before it is active, nor afterwards.
    assert!(charge(&store, "a", 1, 10, 1).await.is_err());
    epochs::activate(&store, "a", "key", "0", "{}").await?;
    assert!(epochs::activate(&store, "a", "other", "0", "{}").await.is_err());
    assert_eq!(charge(&store, "a", 1, 10, 1).await?, Ok(1));
    assert!(charge(&store, "a", 1, 10, 100 * HOUR).await.is_err());
    assert_eq!((epochs::rounds(&store, "a", 5).await?, epochs::rounds(&store, "a", 1).await?), (1, 6));
    assert!(epochs::settle(&store, "a", State::Closed, "", 7, "{}").await?);
    assert!(!epochs::settle(&store, "a", State::Failed, "late", 8, "{}").await?);
    assert!(charge(&store, "a", 1, 10, 1).await.is_err());
    let row = epochs::get(&store, "a").await?.ok_or("gone")?;
    assert_eq!(
        (row.state, row.settled, row.public.as_deref(), row.because.as_str()),
        (State::Closed, Some(7), Some("key"), "")
    );
    epochs::begin(&store, &epoch("b", 2)).await?;
    let all: Vec<String> = epochs::all(&store).await?.into_iter().map(|row| row.id).collect();
    assert_eq!(all, ["b", "a"]);
    // Made, closed: each once.
    assert_eq!(owed::count(&store).await?, 2);
    Ok(())
}

async fn charges_at_once_never_cross(place: Place) -> Tested {
    let store = open(&place).await?;
    epochs::begin(&store, &epoch("a", 1)).await?;
    epochs::activate(&store, "a", "key", "0", "{}").await?;
    let all: Vec<_> = (0..20)
        .map(|n| {
            let store = store.clone();
            tokio::spawn(async move { charge(&store, "a", 3, 40, n % 2 * HOUR).await })
        })
        .collect();
    let mut charged = 0;
    for one in all {
        charged += u64::from(one.await??.is_ok());
    }
    assert_eq!((charged, holding::state(&store, "a").await?.as_deref()), (13, Some("39")));
    let hours = holding::hours(&store, "a", "lab-one").await?;
    assert_eq!(hours.iter().sum::<u64>(), 39);
    // What was refused left nothing; idle hours are told too.
    assert_eq!(charge(&store, "a", 3, 40, 5 * HOUR).await?, Err(39));
    assert_eq!(charge(&store, "a", 1, 40, 5 * HOUR).await?, Ok(40));
    let hours = holding::hours(&store, "a", "lab-one").await?;
    assert_eq!((hours.len(), hours[2..].to_vec()), (6, vec![0, 0, 0, 1]));
    Ok(())
}

async fn what_was_said_first_stays(place: Place) -> Tested {
    let store = open(&place).await?;
    let commitment = |root: &str| Commitment { member: "lab-one".into(), root: root.into(), size: 64 };
    assert!(files::commit(&store, "a", &commitment("r"), 1, "{}").await?);
    assert!(!files::commit(&store, "a", &commitment("r"), 2, "{}").await?);
    assert!(files::commit(&store, "a", &commitment("s"), 3, "{}").await.is_err());
    assert_eq!(files::commitments(&store, "a").await?, [commitment("r")]);
    let file = |what: &str| File { member: "hub".into(), what: what.into(), bytes: 9, hash: "h".into() };
    files::keep(&store, "a", &[(file("table"), "{}".into()), (file("filter"), "{}".into())], 4).await?;
    // One that is there already: nothing of the others either.
    let again = [(file("opened"), "{}".to_owned()), (file("table"), "{}".to_owned())];
    assert!(files::keep(&store, "a", &again, 5).await.is_err());
    assert_eq!(files::files(&store, "a").await?, [file("filter"), file("table")]);
    let alarm = Alarm { member: "lab-one".into(), what: "beyond".into(), told: "much".into(), at: 6 };
    assert!(holding::alarm(&store, "a", &alarm).await?);
    assert!(!holding::alarm(&store, "a", &Alarm { at: 7, ..alarm.clone() }).await?);
    assert_eq!(holding::alarms(&store, "a").await?, [alarm]);
    assert_eq!(owed::count(&store).await?, 3);
    Ok(())
}

on_both!(an_epoch_goes_forward_only, charges_at_once_never_cross, what_was_said_first_stays);
