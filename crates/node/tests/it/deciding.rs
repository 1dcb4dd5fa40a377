//! Deciding: rules asked about what the store knows, people beside them, and a gate that follows the store.
//! In: a store with campaigns, rules in files, a clock that only the test moves. Out: decisions, what points are told, what is amiss.
//! Invariant: what points are told is what the store has, whatever happened in between.
//! Not here: what rules mean and what wins (`gate/tests`), rows (`track/tests`), routes (`gate/`).

#![expect(clippy::unwrap_used, reason = "a fixture that can't be made should stop its test")]

use std::collections::HashMap;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use axum::body::Body;
use axum::http::Request;
use jiff::SignedDuration;
use stillwatch_gate::decide::decide as ask;
use stillwatch_gate::decision::appeal::Outcome;
use stillwatch_gate::facts::Pooled;
use stillwatch_gate::{Action, Kind, Rollback, Subject};
use stillwatch_model::Verdict;
use stillwatch_model::tracked::Status;
use stillwatch_node::access::{Role, Token, grant};
use stillwatch_node::config::{Config, Gate as Settings};
use stillwatch_node::decisions::{
    self, Acting, accept_clock, approve, contest, decide, held, read, release, review, rollback, teach,
};
use stillwatch_node::gate::{Clock, hashed, router};
use stillwatch_node::intel::Decay;
use stillwatch_stix::campaign::Producer;
use stillwatch_stix::marking::Tlp;
use stillwatch_stix::notice::{acknowledgement, notice};
use stillwatch_track::decisions::{Filter, list};
use stillwatch_track::{By, Label, Missing, Place, Store, change, labels, save};
use tempfile::TempDir;
use tower::ServiceExt as _;

use crate::fixture::{DAY, START, by, day, found};
use crate::lab::{CLIENTS, Lab, Tested, config};
use crate::places::{block_on, on_both, open};

on_both![
    rules_decide_about_members_and_renew_nothing_early,
    a_rule_that_would_hit_too_many_stops_and_asks,
    a_reversal_is_a_label_and_not_made_again,
    a_rollback_reaches_points_of_another_process,
    what_ended_does_not_come_back,
    a_clock_that_leapt_ahead_is_followed_when_a_person_says_so,
    what_is_decided_now_does_not_end_before_it_began,
    the_pool_is_a_ground_among_others,
    what_a_file_tells_is_joined_with_what_the_store_knows,
    a_received_notice_changes_no_fact_and_no_decision,
];

const RULES: &str = r#"
[cap]
accounts_per_hour = 50
verified_percent_per_hour = 1.0
[[allow]]
kind = "account"
value = "a-001"
reason = "their own evaluation"
by = "legal"
[[rule]]
name = "confirmed"
because = "a person confirmed that the campaign harvests"
code = "terms"
mode = "enforce"
[rule.when]
subject = ["account"]
campaign = { label = ["confirmed"], score_at_least = 0.8, membership_at_least = 0.8 }
verified = false
[rule.then]
action = "block"
for = "10d"
[[rule]]
name = "tried-out"
because = "new, nobody knows yet"
mode = "shadow"
[rule.when]
campaign = { score_at_least = 0.1 }
[rule.then]
action = "challenge"
for = "1d"
"#;

/// A store, rules beside it, a clock.
struct World {
    store: Store,
    folder: TempDir,
    time: Arc<AtomicI64>,
    /// Seconds by which the system's clock alone is ahead.
    leap: Arc<AtomicI64>,
    settings: Settings,
}

/// Ten days after the story began, in seconds.
const NOW: i64 = (START + 10 * DAY) / 1_000_000;

fn at(later: i64) -> By {
    By { author: "ada".into(), at: (NOW + later) * 1_000_000 }
}

impl World {
    async fn new(place: &Place, rules: &str) -> Tested<Self> {
        let folder = tempfile::tempdir()?;
        let mut settings = Settings { every_seconds: 0, ..Settings::default() };
        settings.listen.set_port(0);
        settings.rules = Some(folder.path().join("rules.toml"));
        let world = World {
            store: open(place).await?,
            folder,
            time: Arc::new(AtomicI64::new(NOW)),
            leap: Arc::default(),
            settings,
        };
        world.write(rules)?;
        Ok(world)
    }

    fn write(&self, rules: &str) -> Tested {
        // A file that is as long and as old as before reads as the same: tests write faster than clocks tick.
        let file = self.folder.path().join("rules.toml");
        std::fs::write(&file, rules)?;
        let later = std::time::SystemTime::now() + std::time::Duration::from_secs(rules.len() as u64);
        Ok(std::fs::File::options().write(true).open(file)?.set_modified(later)?)
    }

    /// A campaign with so many members, confirmed by a person.
    async fn campaign(&self, name: &str, accounts: u32, seed: u32) -> Tested<String> {
        let kept = save(&self.store, &day(8, &[found(name, 0..accounts, seed)]), &by(9)).await?.kept;
        let id = kept.first().ok_or("nothing kept")?.campaign.clone();
        change::label(&self.store, &id, Status::Confirmed, None, "", &by(9)).await?;
        Ok(id)
    }

    async fn acting(&self) -> Tested<Arc<Acting>> {
        let (time, leap) = (Arc::clone(&self.time), Arc::clone(&self.leap));
        let clock: Clock = Arc::new(move || {
            let now = time.load(Ordering::Relaxed);
            (now + leap.load(Ordering::Relaxed), now - NOW)
        });
        let keys = hashed(Vec::new());
        Ok(Acting::open("lab-one", &self.settings, self.store.clone(), keys, clock).await?)
    }
}

fn answer(acting: &Acting, name: &str) -> Action {
    let request = stillwatch_gate::Request { account: Some(name.into()), ..Default::default() };
    ask(&acting.gate().live().now(), &request, acting.gate().now()).action
}

fn account(name: &str) -> Subject {
    Subject::new(Kind::Account, name).unwrap()
}

const WEEK: SignedDuration = SignedDuration::from_hours(7 * 24);

async fn rules_decide_about_members_and_renew_nothing_early(place: Place) -> Tested {
    let world = World::new(&place, RULES).await?;
    let campaign = world.campaign("a", 20, 1).await?;
    let acting = world.acting().await?;
    let first = acting.round().await?.ok_or("no rules")?;
    assert_eq!((first.subjects, first.made, first.listed), (20, 20, 1), "19 blocked, one line of the allow-list");
    assert_eq!(first.shadow.get("tried-out"), Some(&19), "shadow rules say what they would do, and do nothing");
    assert_eq!(
        (answer(&acting, "a-000"), answer(&acting, "a-001"), answer(&acting, "b")),
        (Action::Block, Action::Allow, Action::Allow)
    );
    let kept = list(&world.store, &Filter { campaign: Some(campaign.clone()), ..Filter::default() }, 100, None).await?;
    assert_eq!(kept.len(), 19);
    let one = read(&kept[0])?;
    assert!(serde_json::to_string(&one.evidence)?.contains(&campaign) && one.history.len() == 1, "{one:?}");
    let again = acting.round().await?.ok_or("no rules")?;
    assert_eq!((again.made, again.renewed), (0, 0), "what is decided isn't decided again");
    // In the second half of its time a ground that still holds begins anew.
    world.time.fetch_add(6 * 86_400, Ordering::Relaxed);
    assert_eq!(acting.round().await?.ok_or("no rules")?.renewed, 19);
    assert_eq!(read(&list(&world.store, &Filter::default(), 1, None).await?[0])?.history.len(), 2);
    // A line that is gone is taken back; rules that can't be read change nothing.
    world.write(&RULES.replace("a-001", "a-002"))?;
    acting.round().await?;
    assert_eq!((answer(&acting, "a-001"), answer(&acting, "a-002")), (Action::Block, Action::Allow));
    world.write("[[rule]]\nname = 1")?;
    assert!(acting.round().await?.is_some());
    assert!(acting.trouble().rules.is_some_and(|told| told.contains("rules.toml")));
    assert_eq!(answer(&acting, "a-002"), Action::Allow);
    world.write(RULES)?;
    acting.round().await?;
    assert_eq!(acting.trouble().rules, None);
    Ok(())
}

/// Not even by rules that take whatever others say: what competitors announce is no ground.
async fn a_received_notice_changes_no_fact_and_no_decision(place: Place) -> Tested {
    let greedy = r#"
[[rule]]
name = "whatever-others-say"
because = "a test"
mode = "enforce"
[rule.when]
received = { confidence_at_least = 0 }
[rule.then]
action = "challenge"
for = "1d"
"#;
    let world = World::new(&place, &format!("{RULES}{greedy}")).await?;
    let campaign = world.campaign("a", 20, 1).await?;
    let acting = world.acting().await?;
    let first = acting.round().await?.ok_or("no rules")?;
    let kept = async || list(&world.store, &Filter::default(), 1_000, None).await;
    let (before, facts) = (kept().await?, received(&world).await?);
    let by = |name: &str| Producer { name: name.to_owned(), created: String::new() };
    let now = jiff::Timestamp::from_second(NOW)?;
    let told = notice(&by("Quay Lab"), &campaign, now + SignedDuration::from_hours(9), &now.to_string(), Tlp::Clear);
    let mut notice: serde_json::Value = serde_json::from_str(&told)?;
    // Even where it names what a rule could be about.
    notice["pattern"] = serde_json::json!("[ipv4-addr:value = '198.51.100.1']");
    notice["pattern_type"] = serde_json::json!("stix");
    let id = notice["id"].as_str().ok_or("no id")?.to_owned();
    let read = acknowledgement(&by("Pier Lab"), &id, &now.to_string(), Tlp::Clear);
    crate::intel::came(&world.store, "quay", &[notice, serde_json::from_str(&read)?]).await?;
    let again = acting.round().await?.ok_or("no rules")?;
    assert_eq!((again.made, again.renewed, again.subjects), (0, 0, first.subjects));
    assert_eq!((kept().await?, received(&world).await?), (before, facts));
    assert_eq!(stillwatch_node::notices::list(&world.store, now).await?.len(), 1, "it came all the same");
    // There is no condition that a rule could name one by.
    for odd in ["notice = true", "acts_from = \"2026-12-01T09:00:00Z\"", "received = { notices_at_least = 1 }"] {
        let rules = greedy.replace("received = { confidence_at_least = 0 }", odd);
        let read = stillwatch_gate::Rules::read("rules.toml", &rules, stillwatch_gate::Access::default());
        assert!(read.is_err(), "{odd}");
    }
    // The same peer's indicator is seen by that rule: it looks, and there was nothing to see.
    let indicator = serde_json::json!({
        "type": "indicator", "spec_version": "2.1", "id": "indicator--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f", "confidence": 80,
        "created": now.to_string(), "modified": now.to_string(), "created_by_ref": by("Quay Lab").id(), "valid_from": now.to_string(),
        "object_marking_refs": [Tlp::Green.id(), stillwatch_stix::marking::Pap::Green.id()], "pattern_type": "stix",
        "pattern": "[ipv4-addr:value = '198.51.100.200']",
    });
    crate::intel::came(&world.store, "quay", &[indicator]).await?;
    assert_eq!(acting.round().await?.ok_or("no rules")?.made, 1);
    Ok(())
}

/// What rules know of received intelligence about every account and network of the test.
async fn received(world: &World) -> Tested<String> {
    let now = jiff::Timestamp::from_second(NOW)?;
    let mut all = Vec::new();
    let networks = (0..=255).map(|n| (Kind::Network, format!("198.51.100.{n}/32")));
    for (kind, name) in networks.chain((0..20).map(|n| (Kind::Account, format!("a-{n:03}")))) {
        let subject = Subject::new(kind, &name).unwrap();
        all.push(stillwatch_node::intel::facts(&world.store, &subject, &Decay::default(), now).await?);
    }
    Ok(format!("{all:?}"))
}

async fn a_rule_that_would_hit_too_many_stops_and_asks(place: Place) -> Tested {
    let world = World::new(&place, RULES).await?;
    world.campaign("a", 80, 1).await?;
    let acting = world.acting().await?;
    let rounded = acting.round().await?.ok_or("no rules")?;
    assert_eq!(rounded.made, 1, "the line of the allow-list; nobody is hit in part");
    assert!(rounded.stopped["confirmed"].contains("the cap is 50"), "{rounded:?}");
    assert_eq!((acting.trouble().stopped, answer(&acting, "a-000")), (1, Action::Allow));
    let asked = held(&world.store).await?;
    assert_eq!(asked["confirmed"].1, 79, "what waits for an answer");
    // The answer lasts over a restart, and so does the question.
    let acting = world.acting().await?;
    acting.round().await?;
    assert_eq!(held(&world.store).await?.len(), 1);
    assert!(approve(&world.store, "other", &at(1)).await.is_err());
    assert_eq!(approve(&world.store, "confirmed", &at(1)).await?, 79);
    acting.catch_up().await?;
    assert_eq!(answer(&acting, "a-000"), Action::Block);
    assert!(held(&world.store).await?.is_empty());
    assert!(release(&world.store, "confirmed", &at(2)).await.is_err(), "it isn't stopped");
    // Within the hour the next ones are too many again; released, it asks again.
    world.campaign("b", 5, 2).await?;
    assert_eq!(acting.round().await?.ok_or("no rules")?.stopped.len(), 1);
    release(&world.store, "confirmed", &at(3)).await?;
    assert!(held(&world.store).await?.is_empty());
    assert_eq!(acting.round().await?.ok_or("no rules")?.stopped.len(), 1);
    Ok(())
}

async fn a_reversal_is_a_label_and_not_made_again(place: Place) -> Tested {
    let world = World::new(&place, RULES).await?;
    let campaign = world.campaign("a", 10, 1).await?;
    let acting = world.acting().await?;
    acting.round().await?;
    let filter = Filter { value: Some("a-003".into()), ..Filter::default() };
    let id = u64::try_from(list(&world.store, &filter, 1, None).await?[0].id)?;
    assert!(contest(&world.store, id, "a-003", " ", &at(1)).await.is_err());
    assert!(contest(&world.store, id, "a-003", "a\0b", &at(1)).await.is_err(), "no text that a database can't hold");
    contest(&world.store, id, "a-003", "we are a class of students", &at(1)).await?;
    acting.catch_up().await?;
    assert_eq!(answer(&acting, "a-003"), Action::Block, "it holds until it was reviewed");
    assert!(review(&world.store, id, Outcome::Wrong, "a class", &at(2)).await?.is_some());
    let taught = teach(&world.store, &at(2)).await?;
    assert_eq!(taught.labels, [("a-003".to_owned(), campaign.clone(), "false-positive")]);
    assert_eq!(teach(&world.store, &at(3)).await?, decisions::Taught::default(), "it is done once");
    let said = labels(&world.store).await?.labels;
    let is_there = |label: &Label| matches!(label, Label::Account { account, verdict, .. } if account == "a-003" && *verdict == Verdict::FalsePositive);
    assert!(said.iter().any(is_there), "calibration learns from it");
    acting.round().await?;
    assert_eq!(answer(&acting, "a-003"), Action::Allow, "the same rule leaves it alone");
    let one = read(&list(&world.store, &filter, 1, None).await?[0])?;
    let events: Vec<_> = one.history.iter().map(|event| (event.by.as_str(), event.because.as_str())).collect();
    assert_eq!(events[1..], [("a-003", "we are a class of students"), ("ada", "a class")]);
    assert!(review(&world.store, id, Outcome::Wrong, "again", &at(4)).await.is_err());
    assert!(review(&world.store, 999, Outcome::Wrong, "none", &at(4)).await.is_err());
    Ok(())
}

async fn a_rollback_reaches_points_of_another_process(place: Place) -> Tested {
    let world = World::new(&place, RULES).await?;
    let campaign = world.campaign("a", 10, 1).await?;
    let acting = world.acting().await?;
    acting.round().await?;
    let number = acting.gate().live().now().number();
    // As another process does: with a store of its own.
    let other = open(&place).await?;
    let made = decide(&other, account("hand"), Action::Challenge, WEEK, "seen by hand", &at(1)).await?;
    assert!(rollback(&other, &Rollback::Rule("confirmed".into()), " ", &at(2)).await.is_err(), "a reason is given");
    assert_eq!(rollback(&other, &Rollback::Rule("confirmed".into()), "retrained", &at(2)).await?, 9);
    assert_eq!(rollback(&other, &Rollback::Campaign(campaign), "none are left", &at(2)).await?, 0);
    assert!(acting.catch_up().await?);
    assert!(!acting.catch_up().await?, "nothing more");
    assert_eq!((answer(&acting, "a-000"), answer(&acting, "hand")), (Action::Allow, Action::Challenge));
    assert_eq!(acting.gate().live().now().number(), number + 10);
    assert!(made.id > 9);
    // After a restart the table is what the store says, and bouncers needn't be told everything.
    let anew = world.acting().await?;
    assert_eq!(anew.gate().live().now().number(), number + 10);
    assert_eq!(
        (answer(&anew, "a-000"), answer(&anew, "a-001"), answer(&anew, "hand")),
        (Action::Allow, Action::Allow, Action::Challenge)
    );
    assert_eq!(anew.gate().live().now().count(), 2);
    Ok(())
}

async fn what_ended_does_not_come_back(place: Place) -> Tested {
    let world = World::new(&place, "").await?;
    decide(&world.store, account("short"), Action::Block, SignedDuration::from_secs(60), "a test", &at(0)).await?;
    decide(&world.store, account("long"), Action::Block, WEEK, "a test", &at(0)).await?;
    let acting = world.acting().await?;
    assert_eq!(answer(&acting, "short"), Action::Block);
    world.time.fetch_add(100, Ordering::Relaxed);
    assert_eq!((answer(&acting, "short"), answer(&acting, "long")), (Action::Allow, Action::Block));
    stillwatch_track::decisions::seen(&world.store, at(100).at).await?;
    // The clock is moved back by an hour, while it runs and over a restart.
    world.time.fetch_sub(3_600, Ordering::Relaxed);
    assert_eq!((answer(&acting, "short"), answer(&acting, "long")), (Action::Allow, Action::Block));
    let anew = world.acting().await?;
    assert_eq!((answer(&anew, "short"), answer(&anew, "long")), (Action::Allow, Action::Block));
    assert_eq!(anew.gate().live().now().count(), 1, "what ended isn't loaded");
    // Nobody's word brings back what ended.
    accept_clock(&world.store, &at(-3_500)).await?;
    anew.set_clock().await?;
    assert_eq!((answer(&anew, "short"), answer(&anew, "long")), (Action::Allow, Action::Block));
    Ok(())
}

async fn a_clock_that_leapt_ahead_is_followed_when_a_person_says_so(place: Place) -> Tested {
    let world = World::new(&place, "").await?;
    decide(&world.store, account("long"), Action::Block, WEEK, "a test", &at(0)).await?;
    let acting = world.acting().await?;
    let ahead = WEEK.as_secs() + 100;
    world.leap.store(ahead, Ordering::Relaxed);
    acting.set_clock().await?;
    assert_eq!((answer(&acting, "long"), acting.gate().clock_moved()), (Action::Block, ahead), "counted on");
    accept_clock(&world.store, &at(ahead - 86_400)).await?;
    acting.set_clock().await?;
    assert_eq!(answer(&acting, "long"), Action::Block, "what was said by another clock");
    accept_clock(&world.store, &at(ahead)).await?;
    acting.set_clock().await?;
    assert_eq!((answer(&acting, "long"), acting.gate().clock_moved()), (Action::Allow, 0));
    Ok(())
}

async fn what_is_decided_now_does_not_end_before_it_began(place: Place) -> Tested {
    let world = World::new(&place, "").await?;
    stillwatch_track::decisions::seen(&world.store, at(100).at).await?;
    let anew = world.acting().await?;
    decide(&world.store, account("late"), Action::Block, SignedDuration::from_secs(600), "a test", &at(-3_500)).await?;
    anew.catch_up().await?;
    assert_eq!(answer(&anew, "late"), Action::Block);
    Ok(())
}

async fn the_pool_is_a_ground_among_others(place: Place) -> Tested {
    let rules = r#"
[[rule]]
name = "known-to-others"
because = "two other members have it too"
mode = "enforce"
when.pooled = { members_at_least = 2 }
then = { action = "challenge", for = "7d" }
"#;
    let world = World::new(&place, &(RULES.to_owned() + rules)).await?;
    world.campaign("a", 4, 1).await?;
    let kept = save(&world.store, &day(9, &[found("new", 0..3, 7)]), &by(9)).await?.kept;
    assert_eq!(kept.len(), 1);
    let acting = world.acting().await?;
    acting.round().await?;
    assert_eq!(answer(&acting, "new-000"), Action::Allow, "nobody was asked");
    acting
        .ask_pool(Arc::new(|_| Box::pin(async { Err(stillwatch_track::Error::from(sqlx::Error::PoolClosed).into()) })));
    let rounded = acting.round().await?.ok_or("no rules")?;
    assert!(rounded.no_pool.is_some(), "that it can't be asked is told, and holds up nothing else");
    acting.ask_pool(Arc::new(|asked: Vec<Subject>| {
        Box::pin(async move {
            assert_eq!(asked.len(), 7);
            let found = |members| Pooled { members, confidence: None };
            Ok(HashMap::from([
                (account("new-000"), found(3)),
                (account("new-001"), found(1)),
                (account("else"), found(9)),
            ]))
        })
    }));
    acting.round().await?;
    assert_eq!(answer(&acting, "new-000"), Action::Challenge);
    assert_eq!((answer(&acting, "new-001"), answer(&acting, "else")), (Action::Allow, Action::Allow));
    Ok(())
}

async fn what_a_file_tells_is_joined_with_what_the_store_knows(place: Place) -> Tested {
    let mut world = World::new(&place, RULES).await?;
    world.campaign("a", 4, 1).await?;
    let file = world.folder.path().join("accounts.jsonl");
    let line =
        |name: &str, more: &str| format!("{{\"subject\":{{\"kind\":\"account\",\"value\":\"{name}\"}}{more}}}\n");
    // A campaign that the file claims counts for nothing where the store knows the account.
    let claim = ",\"campaign\":{\"id\":\"campaign--x\",\"score\":0.99,\"label\":\"confirmed\",\"actionable\":true,\"membership\":1.0}";
    let text = line("a-000", ",\"verified\":true,\"verified_requests\":10")
        + "\n"
        + &line("a-002", "")
        + &line("other", claim);
    std::fs::write(&file, &text)?;
    world.settings.accounts = Some(file.clone());
    let acting = world.acting().await?;
    let rounded = acting.round().await?.ok_or("no facts")?;
    assert_eq!(rounded.subjects, 5);
    assert_eq!(answer(&acting, "a-000"), Action::Allow, "a verified account isn't meant");
    assert_eq!((answer(&acting, "a-002"), answer(&acting, "other")), (Action::Block, Action::Block));
    for broken in
        ["{", "{\"subject\":{\"kind\":\"account\",\"value\":\"\"}}", "{\"nationality\":1}", &line("x", "").repeat(2)]
    {
        std::fs::write(&file, broken)?;
        assert!(decisions::Known::read(&file).is_err_and(|e| e.to_string().contains("line")), "{broken}");
    }
    Ok(())
}

/// Makes the store refuse to be written, as a disk that is full or read-only does; or lets it be written again.
async fn refuse(folder: &Path, refuses: bool) -> Tested {
    let url = format!("sqlite://{}", folder.join("stillwatch.sqlite").display());
    let mut connection = <sqlx::SqliteConnection as sqlx::Connection>::connect(&url).await?;
    for table in ["decisions", "decision_clock", "gate_kept", "decision_changes"] {
        for what in ["INSERT", "UPDATE"] {
            let name = format!("refuse_{table}_{what}");
            let sql = if refuses {
                format!(
                    "CREATE TRIGGER {name} BEFORE {what} ON {table} BEGIN SELECT RAISE(ABORT, 'attempt to write a readonly database'); END"
                )
            } else {
                format!("DROP TRIGGER {name}")
            };
            sqlx::query(sqlx::AssertSqlSafe(sql)).execute(&mut connection).await?;
        }
    }
    Ok(())
}

fn with_gate(folder: &Path) -> Tested<Config> {
    std::fs::write(folder.join("rules.toml"), RULES)?;
    let mut gate = Settings { every_seconds: 0, rules: Some(folder.join("rules.toml")), ..Settings::default() };
    gate.listen.set_port(0);
    Ok(Config { gate: Some(gate), ..config() })
}

#[test]
fn a_store_that_cannot_be_written_leaves_what_holds() -> Tested {
    block_on(async {
        let rules = tempfile::tempdir()?;
        let lab = Lab::with(with_gate(rules.path())?).await?;
        let acting = lab.node.acting.clone().ok_or("no gate")?;
        let now = By { author: "ada".into(), at: jiff::Timestamp::now().as_microsecond() };
        decide(&lab.node.store, account("a"), Action::Block, WEEK, "a test", &now).await?;
        acting.round().await?;
        assert_eq!(lab.get("", "/readyz").await?.text, "ready\n");
        let data = lab.folder.path().join("data");
        refuse(&data, true).await?;
        std::fs::write(rules.path().join("rules.toml"), RULES.replace("a-001", "a-002-other"))?;
        assert!(acting.round().await.is_err());
        assert!(decide(&lab.node.store, account("b"), Action::Block, WEEK, "a test", &now).await.is_err());
        assert_eq!(
            (answer(&acting, "a"), answer(&acting, "b")),
            (Action::Block, Action::Allow),
            "the last table is served"
        );
        let told = lab.get("", "/readyz").await?;
        assert_eq!(
            (told.status.as_u16(), told.text.as_str()),
            (200, "ready; decisions are as they were: the store can't be written\n")
        );
        let figures = lab.get("admin", "/metrics").await?.text;
        assert!(
            figures.contains("stillwatch_gate_unwritten 1") && figures.contains("stillwatch_gate_decisions 2"),
            "{figures}"
        );
        refuse(&data, false).await?;
        acting.round().await?;
        assert_eq!(lab.get("", "/readyz").await?.text, "ready\n");
        assert!(lab.get("admin", "/metrics").await?.text.contains("stillwatch_gate_unwritten 0"));
        Ok(())
    })
}

/// A client of the role `point`: its key.
async fn a_point(lab: &Lab) -> Tested<String> {
    let token = Token::make();
    grant(&lab.node.store, "point", Role::Point, &token, &[], &at(0)).await?;
    lab.node.refresh().await?;
    Ok(token.show().to_owned())
}

/// Each route of the gate, for each role and for nobody: points alone are answered.
#[test]
fn only_points_ask_the_gate() -> Tested {
    block_on(async {
        let rules = tempfile::tempdir()?;
        let lab = Lab::with(with_gate(rules.path())?).await?;
        let point = a_point(&lab).await?;
        // In the exchange it has no part.
        for path in ["/trust/collections/shared/objects/", "/trust/collections/shared/", "/api/v1/nowhere"] {
            let headers = [("accept", crate::lab::TAXII), ("authorization", &format!("Bearer {point}"))];
            assert_eq!(lab.send(lab.request("", "GET", path, &headers, "")?).await?.status, 404, "{path}");
        }
        let app = router(Arc::clone(lab.node.acting.as_ref().ok_or("no gate")?.gate()));
        let json = r#"{"applied":0}"#;
        let routes = [
            ("GET", "/v1/decide?account=a", "", 200, 403),
            ("POST", "/v1/decide", "{}", 200, 403),
            // A proxy's own fault isn't told to its clients as if it were meant.
            ("GET", "/v1/forward", "", 200, 500),
            ("GET", "/v1/changes", "", 200, 403),
            ("GET", "/v1/points", "", 200, 403),
            ("POST", "/v1/points", json, 204, 403),
            ("GET", "/v1/decisions", "", 200, 403),
            ("GET", "/v1/decisions/stream?startup=true", "", 200, 403),
            ("HEAD", "/v1/decisions/stream", "", 200, 403),
            ("GET", "/v1/heartbeat", "", 200, 403),
            ("POST", "/v1/usage-metrics", "{}", 201, 403),
        ];
        for (method, path, body, may, refused) in routes {
            let clients = CLIENTS.iter().map(|one| (one.0, lab.token(one.0)));
            for (name, token) in clients.chain([("", ""), ("point", point.as_str())]) {
                for header in ["x-api-key", "authorization"] {
                    let shown = if header == "authorization" { format!("Bearer {token}") } else { token.to_owned() };
                    let request =
                        Request::builder().method(method).uri(path).header("content-type", "application/json");
                    let request = if name.is_empty() { request } else { request.header(header, shown) };
                    let said = app.clone().oneshot(request.body(Body::from(body))?).await?;
                    let expected = if name == "point" { may } else { refused };
                    assert_eq!(said.status().as_u16(), expected, "{method} {path} for `{name}`");
                }
            }
        }
        // A token that was ended is refused from the next look on.
        stillwatch_node::access::end(&lab.node.store, "point", &at(0)).await?;
        lab.node.refresh().await?;
        let request = Request::builder().uri("/v1/heartbeat").header("x-api-key", &point);
        assert_eq!(app.oneshot(request.body(Body::empty())?).await?.status(), 403);
        Ok(())
    })
}

/// The child: decides until it is killed, and says on stdout what was acknowledged.
#[test]
#[ignore = "run by the test that kills it"]
fn child() -> Tested {
    use std::io::Write as _;
    let place = Place::parse(&std::env::var_os("STILLWATCH_FAULT_PLACE").ok_or("no place was given")?);
    block_on(async {
        let store = Store::open(&place, Missing::Refuse).await?;
        let from = stillwatch_track::decisions::clock(&store).await?.last;
        for n in from.. {
            let now = By { author: "ada".into(), at: jiff::Timestamp::now().as_microsecond() };
            let made = decide(&store, account(&format!("acct-{n}")), Action::Block, WEEK, "a test", &now).await?;
            let mut out = std::io::stdout().lock();
            writeln!(out, "\nack {} acct-{n}", made.id)?;
            out.flush()?;
        }
        Ok(())
    })
}

#[test]
fn killed_between_decision_and_table() -> Tested {
    use std::io::{BufRead as _, BufReader};
    let folder = tempfile::tempdir()?;
    let place = Place::Folder(folder.path().join("data"));
    block_on(async {
        open(&place).await?.close().await;
        Tested::Ok(())
    })?;
    for round in 1..=6 {
        let mut child = Command::new(std::env::current_exe()?)
            .args(["--exact", "deciding::child", "--ignored", "--nocapture", "--test-threads", "1"])
            .env("STILLWATCH_FAULT_PLACE", folder.path().join("data"))
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()?;
        let mut lines = BufReader::new(child.stdout.take().ok_or("no stdout")?).lines();
        let mut said: Vec<String> = Vec::new();
        // Behind another answer each time, while the next is under way.
        while said.len() < round * 3 {
            let line = lines.next().ok_or("the child ended")??;
            said.extend(line.strip_prefix("ack ").map(str::to_owned));
        }
        child.kill()?;
        child.wait()?;
        said.extend(lines.map_while(Result::ok).filter_map(|line| line.strip_prefix("ack ").map(str::to_owned)));
        block_on(async {
            let store = Store::open(&place, Missing::Refuse).await?;
            let now = jiff::Timestamp::now().as_second();
            let (table, feed) = decisions::table(&store, now).await?;
            for line in &said {
                let (id, name) = line.split_once(' ').ok_or("an odd line")?;
                let request = stillwatch_gate::Request { account: Some(name.into()), ..Default::default() };
                let answer = ask(&table, &request, now);
                assert_eq!(
                    (answer.action, answer.decision),
                    (Action::Block, Some(id.parse()?)),
                    "{line} was acknowledged"
                );
            }
            // A decision and its change are there together, or neither is.
            let clock = stillwatch_track::decisions::clock(&store).await?;
            assert_eq!((clock.last, clock.changed), (i64::try_from(table.count())?, i64::try_from(table.number())?));
            assert_eq!((feed.last(), feed.since(0).map(Iterator::count)), (table.number(), Some(table.count())));
            for kept in list(&store, &Filter::default(), 10_000, None).await? {
                assert_eq!(kept.history.len(), 1);
            }
            store.close().await;
            Tested::Ok(())
        })?;
    }
    Ok(())
}

/// A node as it runs: what another process decides reaches a point that listens and one that is called.
#[test]
fn a_running_node_tells_points_what_another_process_decided() -> Tested {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    runtime.block_on(async {
        let folder = tempfile::tempdir()?;
        let (called, mut calls) = tokio::sync::mpsc::channel::<(String, Vec<u8>)>(8);
        let hook = axum::Router::new().route(
            "/hook",
            axum::routing::post(move |headers: axum::http::HeaderMap, body: axum::body::Bytes| {
                let called = called.clone();
                async move {
                    let signature =
                        headers.get("x-stillwatch-signature").and_then(|v| v.to_str().ok()).unwrap_or_default();
                    let _ = called.send((signature.to_owned(), body.to_vec())).await;
                }
            }),
        );
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
        let url = format!("http://{}/hook", listener.local_addr()?);
        tokio::spawn(async move { axum::serve(listener, hook).await });
        std::fs::write(folder.path().join("key"), "a key that nobody can guess\n")?;
        let mut config = with_gate(folder.path())?;
        // A port that is free now.
        let free = std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?;
        if let Some(gate) = &mut config.gate {
            gate.listen = free;
            gate.every_seconds = 1;
            gate.webhook = vec![stillwatch_node::config::Webhook {
                name: "edge".into(),
                url,
                key: folder.path().join("key"),
                ca: None,
            }];
        }
        let lab = Lab::with(config).await?;
        let point = a_point(&lab).await?;
        let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
        let members = stillwatch_node::serve::listen("127.0.0.1:0".parse()?).await?;
        let node = Arc::clone(&lab.node);
        let served = tokio::spawn(stillwatch_node::serve::serve(node, members, None, async {
            stopped.await.unwrap_or_default()
        }));
        let other = Store::open(&Place::Folder(lab.folder.path().join("data")), Missing::Refuse).await?;
        let now = By { author: "ada".into(), at: jiff::Timestamp::now().as_microsecond() };
        decide(&other, account("bad"), Action::Block, WEEK, "a test", &now).await?;
        // The point that is called.
        loop {
            let (signature, body) = calls.recv().await.ok_or("nobody called")?;
            assert!(signature.starts_with("sha256=") && signature.len() == 71);
            if String::from_utf8_lossy(&body).contains("\"bad\"") {
                break;
            }
        }
        // A point that asks, over the gate's own socket.
        let client = stillwatch_node::outward::client(None, None, std::time::Duration::from_secs(20))?;
        let url = format!("http://{free}/v1/decide?account=bad");
        let said = client.get(&url).header("x-api-key", &point).send().await?.text().await?;
        assert!(said.contains("\"block\""), "{said}");
        assert_eq!(client.get(&url).send().await?.status(), 403);
        // One that listens doesn't keep the node from ending.
        let listening = client.get(format!("http://{free}/v1/changes")).header("x-api-key", &point).send().await?;
        assert_eq!(listening.status(), 200);
        let _ = stop.send(());
        served.await?;
        Ok(())
    })
}
