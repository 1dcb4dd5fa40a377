//! Recorded: batches of decisions in the ledger, and a store that was changed behind its back.
//! In: rules and people that decide, a ledger. Out: entries; what differs.
//! Invariant: no entry names an account; one byte changed in a decision's own words is found.
//! Not here: how the ledger keeps entries (`ledger/tests`), what rules decide (`deciding.rs`).

use jiff::SignedDuration;
use sqlx::AssertSqlSafe;
use stillwatch_gate::decision::appeal::Outcome;
use stillwatch_gate::{Action, Kind, Rollback, Subject};
use stillwatch_ledger::{Entry, Key, Log, What};
use stillwatch_model::tracked::Status;
use stillwatch_node::Record;
use stillwatch_node::config::Gate as Settings;
use stillwatch_node::decisions::{Checked, Inputs, contest, decide, review, rollback, round, verify};
use stillwatch_node::intel::Decay;
use stillwatch_track::{By, Place, Store, change, owed, save};
use tempfile::TempDir;

use crate::fixture::{DAY, START, by, day, found};
use crate::lab::Tested;
use crate::places::{on_both, open};

on_both![a_batch_is_one_entry, what_was_changed_behind_its_back_is_found, without_a_ledger_it_is_owed];

const RULES: &str = r#"
[cap]
accounts_per_hour = 50
verified_percent_per_hour = 1.0
[[rule]]
name = "confirmed"
because = "a person confirmed that the campaign harvests"
code = "terms"
mode = "enforce"
[rule.when]
campaign = { label = ["confirmed"] }
[rule.then]
action = "block"
for = "10d"
"#;

/// A store with a confirmed campaign of five, rules and a ledger.
struct Lab {
    store: Store,
    folder: TempDir,
    settings: Settings,
}

fn at(hours: i64) -> By {
    By { author: "lab-one".into(), at: START + 10 * DAY + hours * 3_600_000_000 }
}

impl Lab {
    async fn new(place: &Place) -> Tested<Self> {
        let folder = tempfile::tempdir()?;
        std::fs::write(folder.path().join("rules.toml"), RULES)?;
        let settings = Settings { rules: Some(folder.path().join("rules.toml")), ..Settings::default() };
        let store = open(place).await?;
        let kept = save(&store, &day(8, &[found("a", 0..5, 1)]), &by(9)).await?.kept;
        change::label(&store, &kept[0].campaign, Status::Confirmed, None, "", &by(9)).await?;
        Ok(Self { store, folder, settings })
    }

    fn record(&self) -> Tested<Record> {
        let (folder, file) = (self.folder.path().join("record"), self.folder.path().join("record.key"));
        if !folder.exists() {
            let key = Key::generate("lab-one.example/ledger")?;
            key.write(&file)?;
            Log::create(&folder, key)?;
        }
        Ok(Record::open(folder, file)?)
    }

    async fn round(&self, hours: i64) -> Tested {
        round(&self.store, &Inputs::read(&self.settings)?, None, &Decay::default(), 30, &at(hours)).await?;
        Ok(())
    }

    async fn verify(&self) -> Tested<Checked> {
        Ok(verify(&self.store, &self.record()?, &at(900)).await?)
    }

    /// A story: five by a rule, one by hand, one of the rule's found wrong, renewed, the rest rolled back.
    async fn story(&self) -> Tested {
        self.round(0).await?;
        let hand = Subject::new(Kind::Account, "by-hand").map_err(|_| "no subject")?;
        let week = SignedDuration::from_hours(7 * 24);
        decide(&self.store, hand, Action::Challenge, week, "seen by hand", &at(1)).await?;
        contest(&self.store, 2, "a-001", "it's us", &at(2)).await?;
        review(&self.store, 2, Outcome::Wrong, "a class", &at(3)).await?;
        self.round(6 * 24).await?;
        rollback(&self.store, &Rollback::Rule("confirmed".into()), "retrained", &at(6 * 24 + 1)).await?;
        Ok(())
    }

    /// Changes the store as nobody should.
    async fn forge(&self, place: &Place, sql: &str) -> Tested {
        match place {
            Place::Folder(folder) => {
                let file = sqlx::sqlite::SqliteConnectOptions::new().filename(folder.join("stillwatch.sqlite"));
                let pool = sqlx::SqlitePool::connect_with(file).await?;
                sqlx::query(AssertSqlSafe(sql.to_owned())).execute(&pool).await?;
                pool.close().await;
            }
            Place::Server(url) => {
                let pool = sqlx::PgPool::connect(url).await?;
                sqlx::query(AssertSqlSafe(sql.to_owned())).execute(&pool).await?;
                pool.close().await;
            }
        }
        Ok(())
    }
}

async fn a_batch_is_one_entry(place: Place) -> Tested {
    let lab = Lab::new(&place).await?;
    lab.story().await?;
    let all = owed::open(&lab.store, 0, 100).await?;
    let mut told = Vec::new();
    for owed in &all {
        assert!(!owed.body.contains("a-00") && !owed.body.contains("by-hand"), "no account: {}", owed.body);
        let Entry { by, what, .. } = Entry::read(owed.body.as_bytes())?;
        let What::Acted { rules, made, renewed, taken_back, reversed, first, last, .. } = what else { continue };
        told.push((by, rules.join(","), [made, renewed, taken_back, reversed], first..=last));
    }
    let of = |by: &str, rules: &str, counts, numbers| (by.to_owned(), rules.to_owned(), counts, numbers);
    assert_eq!(
        told,
        [
            of("lab-one", "confirmed", [5, 0, 0, 0], 1..=5),
            of("lab-one", "", [1, 0, 0, 0], 6..=6),
            of("lab-one", "confirmed", [0, 0, 0, 1], 7..=7),
            // Changes 8 to 11 are renewals alone.
            of("lab-one", "confirmed", [0, 0, 4, 0], 12..=15),
        ]
    );
    let checked = lab.verify().await?;
    assert_eq!(checked, Checked { entries: 4, changes: 11, ..Checked::default() });
    assert_eq!(lab.verify().await?, checked, "once more, with nothing owed");
    Ok(())
}

async fn what_was_changed_behind_its_back_is_found(place: Place) -> Tested {
    let lab = Lab::new(&place).await?;
    lab.story().await?;
    assert!(lab.verify().await?.differs.is_empty());
    // Each is undone again, and then all is right again.
    let harder = "'\"action\":\"challenge\"', '\"action\":\"block\"'";
    let softer = "'\"action\":\"block\"', '\"action\":\"challenge\"'";
    let swap = |id: i64, what: &str| format!("UPDATE decisions SET body = REPLACE(body, {what}) WHERE id = {id}");
    for (forged, undone, found) in [
        (swap(6, harder), swap(6, softer), "changes 6 to 6, or decisions that they are about, aren't those of entry 1"),
        (
            swap(3, "'a person confirmed', 'a person supposed'"),
            swap(3, "'a person supposed', 'a person confirmed'"),
            "changes 1 to 5, or decisions",
        ),
        (
            swap(2, "'\"state\":\"reversed\"', '\"state\":\"in-force\"'") + " ",
            swap(2, "'\"state\":\"in-force\"', '\"state\":\"reversed\"'"),
            "decision 2 is looked up by something else than it says",
        ),
        (
            "UPDATE decisions SET value = 'other' WHERE id = 6".to_owned(),
            "UPDATE decisions SET value = 'by-hand' WHERE id = 6".to_owned(),
            "decision 6 is looked up by something else than it says",
        ),
        (
            "UPDATE decision_changes SET done = 'renewed' WHERE number = 7".to_owned(),
            "UPDATE decision_changes SET done = 'taken-back' WHERE number = 7".to_owned(),
            "changes 7 to 7",
        ),
        (
            "UPDATE decision_changes SET done = 'made' WHERE number = 9".to_owned(),
            "UPDATE decision_changes SET done = 'renewed' WHERE number = 9".to_owned(),
            "change 9 (`made`) is in no entry",
        ),
        (
            "DELETE FROM decision_changes WHERE number = 13".to_owned(),
            "INSERT INTO decision_changes (number, decision, done, recorded) SELECT 13, 3, 'taken-back', recorded \
             FROM decision_changes WHERE number = 12"
                .to_owned(),
            "entry 3 has changes 12 to 15; the store hasn't all of them",
        ),
    ] {
        lab.forge(&place, &forged).await?;
        let differs = lab.verify().await?.differs;
        assert!(differs.iter().any(|one| one.starts_with(found)), "{forged}: {differs:?}");
        lab.forge(&place, &undone).await?;
        assert_eq!(lab.verify().await?.differs, Vec::<String>::new(), "{undone}");
    }
    // What isn't kept any more can't be told, and is counted.
    lab.forge(&place, "DELETE FROM decision_changes WHERE number <= 5").await?;
    let checked = lab.verify().await?;
    assert_eq!((checked.entries, checked.gone, checked.differs.len()), (3, 1, 0), "{checked:?}");
    Ok(())
}

async fn without_a_ledger_it_is_owed(place: Place) -> Tested {
    let lab = Lab::new(&place).await?;
    lab.round(0).await?;
    lab.round(1).await?;
    assert_eq!(owed::count(&lab.store).await?, 1, "a round that decides nothing owes nothing");
    let checked = lab.verify().await?;
    assert_eq!((checked.entries, owed::count(&lab.store).await?), (1, 0), "a ledger takes it over when there is one");
    Ok(())
}
