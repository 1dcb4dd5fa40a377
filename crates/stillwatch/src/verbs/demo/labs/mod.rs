//! Labs: three labs and a hub on this machine, and one operation that is spread thin over all three.
//! In: a folder, a seed. Out: the story: alone, shared, received, hunted, sighted; what each knew before and after.
//! Invariant: every figure is what the verbs print; the truth is asked only to say how far they were right.
//! Not here: the verbs; one lab's week (`demo`).

mod alone;
mod common;
mod lab;
mod traffic;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde_json::Value;
use stillwatch_model::Hunted;

use super::{Ended, bare, heading, quiet, say};
use crate::engine;
use alone::Alone;
use lab::{GROUP, Lab, Served};
use traffic::{DAYS, LABS, Traffic};

/// What a lab found by what another told: accounts, exchanges, and the indicators that led to them.
#[derive(Debug, Default)]
struct Found {
    accounts: BTreeSet<String>,
    /// How many accounts each indicator led to.
    by: BTreeMap<String, usize>,
}

/// Tells the story; `number` is that of its first chapter.
pub(super) fn story(out: &Path, seed: u64, number: u8) -> Result<(), Ended> {
    let folder = out.join("labs");
    if folder.exists() {
        std::fs::remove_dir_all(&folder).map_err(|e| {
            Ended::Because(format!(
                "error: cannot clear `{}`: {e}\nhint: choose another folder with --out",
                folder.display()
            ))
        })?;
    }
    heading(number, "Two weeks at three labs; one operation harvests from all of them, and little from each")?;
    let traffic = Traffic::make(&folder, seed)?;
    let mut text = String::new();
    for (lab, (exchanges, accounts)) in LABS.iter().zip(traffic.sizes) {
        text.push_str(&format!(
            "{lab:<10} {exchanges:>6} exchanges, {accounts:>3} accounts, 10 of them the operation's\n"
        ));
    }
    text.push_str(&format!("The operation has {} accounts, as many at each lab.\n", traffic.operation.len()));
    say(text)?;

    heading(number + 1, "What each lab finds alone, with the log up to each day (`stillwatch detect`)")?;
    let alone = Alone::of(&traffic)?;
    for (n, lab) in LABS.iter().enumerate() {
        say(format!("{lab:<10} {}\n", alone.told(n)))?;
    }
    say(
        "\nA trace is a campaign on which `detect` says not to act: its score or its families of evidence are too few.\n",
    )?;
    let hub = Served::hub(&folder)?;
    let labs = LABS.into_iter().map(|name| Lab::make(&folder, name, "member")).collect::<Result<Vec<_>, _>>()?;
    join(&hub, &labs)?;
    let next = match alone.share() {
        Some(first) => shared(&labs, &traffic, &alone, first, number)?,
        None => {
            say("Before anybody found it alone there was no trace to share: with this seed, sharing gains nothing.\n")?;
            number + 2
        }
    };
    heading(next, "Three labs learn which addresses they share, and nothing else (`stillwatch match`)")?;
    common::tell(&hub, &labs, seed)
}

/// What sharing a trace brings; gives the number of the next chapter.
fn shared(
    labs: &[Lab],
    traffic: &Traffic,
    alone: &Alone,
    (day, teller): (u32, usize),
    number: u8,
) -> Result<u8, Ended> {
    let Some(first) = labs.get(teller) else { return Ok(number + 2) };
    heading(number + 2, &format!("Day {day}: {} tells of its trace, under the profile `conservative`", first.name))?;
    let mine = tell(first, traffic, day)?;

    heading(number + 3, "The others receive it from the hub, and look in their own logs")?;
    let mut found: BTreeMap<usize, Found> = BTreeMap::new();
    for (n, lab) in labs.iter().enumerate().filter(|(n, _)| *n != teller) {
        let one = hunt(lab, traffic, day)?;
        let right = traffic.right(one.accounts.iter());
        say(format!(
            "{:<10} {} found by what was told; by the truth {right} of them are the operation's\n",
            lab.name,
            accounts(one.accounts.len())
        ))?;
        sight(lab, &one)?;
        found.insert(n, one);
    }

    heading(number + 4, &format!("What comes back to {}: sightings, under the same profile", first.name))?;
    first.sync()?;
    let mut seen: BTreeMap<&String, usize> = BTreeMap::new();
    for (indicator, count) in found.values().flat_map(|one| &one.by) {
        *seen.entry(indicator).or_default() += count;
    }
    match seen.iter().max_by_key(|(_, count)| **count) {
        Some((indicator, _)) => say(quiet(first.command(&["intel", "why", indicator]))?)?,
        None => say("Nobody else saw any of it.\n")?,
    }

    heading(number + 5, "What each lab knew before, and after")?;
    for (n, lab) in LABS.iter().enumerate() {
        say(summary(n, lab, (day, teller), alone, found.get(&n)))?;
    }

    heading(number + 6, &format!("What left {} is in its ledger, and nothing else left", first.name))?;
    let (record, public) = (first.path("record"), first.path("record.pub"));
    say(quiet(first.command(&["ledger", "verify", &record, "--public", &public]))?)?;
    if let Some(indicator) = mine.first() {
        let proof = first.path("proof.txt");
        quiet(first.command(&["ledger", "prove", indicator, &record, "--public", &public, "--out", &proof]))?;
        let size = std::fs::metadata(&proof).map_or(0, |file| file.len());
        say(format!("The proof that {indicator} is in it, {size} bytes: {proof}\n"))?;
    }
    Ok(number + 7)
}

/// Has every lab join the hub's sharing group, follow it, and reach it.
fn join(hub: &Served, labs: &[Lab]) -> Result<(), Ended> {
    let group = quiet(hub.lab.command(&["group", "add", "--name", "Trust group"]))?.trim().to_owned();
    let url = format!("https://localhost:{}/taxii2/", hub.port);
    let (ca, key) = (hub.lab.path("certificate.pem"), hub.lab.path("record.pub"));
    let key = std::fs::read_to_string(&key)
        .map_err(|e| Ended::Because(format!("error: cannot read `{key}`: {e}\nhint: report this as a bug")))?;
    for lab in labs {
        let token = quiet(hub.lab.command(&["client", "add", lab.name, "--role", "member"]))?;
        quiet(hub.lab.command(&["group", "join", &group, lab.name]))?;
        let file = lab.path("hub.token");
        std::fs::write(&file, token)
            .map_err(|e| Ended::Because(format!("error: cannot write `{file}`: {e}\nhint: choose another folder")))?;
        lab.adopt()?;
        // A running hub hears of the new member within a second.
        let look = ["peer", "look", &url, "--token-file", &file, "--ca", &ca, "--format", "json"];
        let collection = (0..40).find_map(|_| {
            let said: Value = serde_json::from_str(&quiet(lab.command(&look)).ok()?).ok()?;
            let id = said.pointer("/collections/0/id").and_then(Value::as_str).map(str::to_owned);
            if id.is_none() {
                std::thread::sleep(std::time::Duration::from_millis(100));
            }
            id
        });
        let Some(collection) = collection else {
            let log = hub.lab.path("log");
            return Err(Ended::Because(format!(
                "error: the hub shows {} nothing\nhint: `{log}` may say why",
                lab.name
            )));
        };
        let add = ["peer", "add", "hub", &url, "--token-file", &file, "--ca", &ca, "--follow", &collection];
        quiet(lab.command(&add).args(["--acknowledge", "--ledger-public", key.trim()]))?;
        quiet(lab.command(&["peer", "route", GROUP, "--to", &format!("hub/{collection}")]))?;
    }
    Ok(())
}

/// A lab saves what it has on a day, proposes it, has it approved, and hands it over; gives the ids of its indicators.
fn tell(lab: &Lab, traffic: &Traffic, day: u32) -> Result<Vec<String>, Ended> {
    let mut detect = bare("detect");
    detect.arg(traffic.until(lab.name, day)?).arg("--accounts").arg(traffic.accounts(lab.name)).arg("--save");
    engine::output(detect.env("STILLWATCH_DATA", lab.path("data"))).map_err(Ended::Because)?;
    let listed: Value = json(&quiet(lab.command(&["campaigns", "list", "--format", "json"]))?)?;
    let campaigns = listed.get("campaigns").or(Some(&listed)).and_then(Value::as_array).into_iter().flatten();
    let mut mine = Vec::new();
    for campaign in campaigns.filter_map(|one| one.get("id")?.as_str()) {
        let id = quiet(lab.command(&["release", "propose", campaign, "--to", GROUP]))?.trim().to_owned();
        lab.release(&id)?;
        let shown: Value = json(&quiet(lab.command(&["release", "show", &id, "--format", "json"]))?)?;
        let items = shown.get("items").and_then(Value::as_array).into_iter().flatten();
        let (mut left, mut held) = (0, 0);
        for item in items {
            let text = |key: &str| item.get(key).and_then(Value::as_str).unwrap_or_default();
            match text("fate") {
                "leaves" => left += 1,
                "held" => held += 1,
                _ => {}
            }
            if text("fate") == "leaves" && text("object").starts_with("indicator--") {
                mine.push(text("object").to_owned());
            }
        }
        say(format!(
            "{campaign}\nproposed by an analyst, approved by somebody else, recorded, handed to the hub: {left} objects left, \
             {held} were held back\n"
        ))?;
    }
    Ok(mine)
}

/// A lab fetches what is new, and looks for all that stands in its log up to a day.
fn hunt(lab: &Lab, traffic: &Traffic, day: u32) -> Result<Found, Ended> {
    lab.sync()?;
    let (wanted, hunted) = (lab.path("wanted.json"), lab.path("hunted.json"));
    quiet(lab.command(&["intel", "export", "--wanted", "--out", &wanted]))?;
    let mut hunt = bare("hunt");
    hunt.arg(&wanted).arg(traffic.until(lab.name, day)?).arg("--accounts").arg(traffic.accounts(lab.name));
    // Synthetic addresses are of ranges that are nobody's, which the shipped warning lists name.
    let said = engine::output(hunt.args(["--no-shipped-lists", "--format", "json"])).map_err(Ended::Because)?;
    std::fs::write(&hunted, &said)
        .map_err(|e| Ended::Because(format!("error: cannot write `{hunted}`: {e}\nhint: choose another folder")))?;
    quiet(lab.command(&["intel", "sight", &hunted]))?;
    let hunted: Hunted = serde_json::from_slice(&said).map_err(|e| {
        Ended::Because(format!(
            "error: the engine's answer is not what this version reads: {e}\nhint: build both programs from one version"
        ))
    })?;
    let mut found = Found::default();
    for one in hunted.matches.iter().filter(|one| one.indicator.starts_with("indicator--")) {
        found.accounts.extend(one.among.iter().cloned());
        found.by.insert(one.indicator.clone(), one.among.len());
    }
    Ok(found)
}

/// A lab tells that it saw them too.
fn sight(lab: &Lab, found: &Found) -> Result<(), Ended> {
    if found.by.is_empty() {
        return Ok(());
    }
    let mut propose = lab.command(&["intel", "propose", "--sighting", "--to", GROUP]);
    let id = quiet(propose.args(found.by.keys()))?.trim().to_owned();
    lab.release(&id)
}

fn summary(n: usize, lab: &str, (day, teller): (u32, usize), alone: &Alone, found: Option<&Found>) -> String {
    let today = alone.0.get(n).and_then(|days| days.get(day as usize - 1)).cloned().unwrap_or_default();
    let before = match today.trace {
        Some((score, count)) => format!("a trace of {score:.2}, {}", accounts(count)),
        None => "nothing".to_owned(),
    };
    let after = match found {
        Some(found) if !found.accounts.is_empty() => {
            format!("{} that others' evidence speaks against", accounts(found.accounts.len()))
        }
        Some(_) => "nothing more".to_owned(),
        None if n == teller => "its trace is seen elsewhere".to_owned(),
        None => "nothing more".to_owned(),
    };
    let earlier = match alone.day(n) {
        Some(found) if found - day == 1 => format!("a day earlier than alone (day {found})"),
        Some(found) => format!("{} days earlier than alone (day {found})", found - day),
        None => format!("alone not within {DAYS} days, so {} days earlier at least", DAYS - day),
    };
    format!("{lab:<10} before: {before}; after, on day {day}: {after}; {earlier}\n")
}

fn accounts(n: usize) -> String {
    if n == 1 { "1 account".to_owned() } else { format!("{n} accounts") }
}

fn json(text: &str) -> Result<Value, Ended> {
    serde_json::from_str(text)
        .map_err(|e| Ended::Because(format!("error: a verb printed no JSON: {e}\nhint: report this as a bug")))
}
