//! Traffic: two weeks of three labs, with one operation spread over all of them.
//! In: a folder, a seed. Out: each lab's log and accounts file, and its log up to a day.
//! Invariant: honest accounts are one lab's by a hash of their name, the operation's in turn; nobody is at two labs.
//! Not here: what is found in it (`alone.rs`).

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{BufRead, BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};

use jiff::civil::Weekday;
use jiff::{Timestamp, ToSpan, Zoned};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use stillwatch_model::{Truth, TruthLabel};

use super::super::{Ended, bare, quiet};

/// The labs.
pub(super) const LABS: [&str; 3] = ["lab-one", "lab-two", "lab-three"];
/// Days of traffic.
pub(super) const DAYS: u32 = 14;

/// The traffic of all three.
pub(super) struct Traffic {
    folder: PathBuf,
    /// The first day, midnight UTC.
    start: Timestamp,
    /// Accounts of the operation.
    pub(super) operation: BTreeSet<String>,
    /// Exchanges and accounts of each lab.
    pub(super) sizes: [(usize, usize); 3],
}

impl Traffic {
    /// Makes it. The days are the two weeks before this one, so that what is told of them is still valid.
    pub(super) fn make(folder: &Path, seed: u64) -> Result<Self, Ended> {
        let start = start()?;
        let plan = folder.join("plan.json");
        std::fs::create_dir_all(folder).map_err(|e| failed(folder, &e))?;
        std::fs::write(&plan, plan_of(start, seed).to_string()).map_err(|e| failed(&plan, &e))?;
        let all = folder.join("all");
        quiet(bare("synth").arg("--plan").arg(&plan).arg("--out").arg(&all))?;
        let truth = super::super::truths(&all.join("truth.jsonl"))?;
        let operation: BTreeSet<String> = truth
            .iter()
            .filter(|one| one.label == TruthLabel::Campaign)
            .map(|one: &Truth| one.account.clone())
            .collect();
        let lab: BTreeMap<&String, usize> = operation.iter().enumerate().map(|(n, account)| (account, n % 3)).collect();
        let of = |account: &str| match lab.get(&account.to_owned()) {
            Some(lab) => *lab,
            None => Sha256::digest(account).iter().map(|byte| usize::from(*byte)).sum::<usize>() % 3,
        };
        let exchanges = split(&all.join("traffic.jsonl"), folder, "traffic.jsonl", &of)?;
        let accounts = split(&all.join("accounts.jsonl"), folder, "accounts.jsonl", &of)?;
        let size = |n: usize| (exchanges.get(n).copied().unwrap_or(0), accounts.get(n).copied().unwrap_or(0));
        Ok(Self { folder: folder.to_owned(), start, operation, sizes: [size(0), size(1), size(2)] })
    }

    /// A lab's accounts file.
    pub(super) fn accounts(&self, lab: &str) -> PathBuf {
        self.folder.join(lab).join("accounts.jsonl")
    }

    /// A lab's log up to the end of a day, the first being 1.
    pub(super) fn until(&self, lab: &str, day: u32) -> Result<PathBuf, Ended> {
        let end = self.start.checked_add((24 * i64::from(day)).hours()).map_err(|e| Ended::Because(e.to_string()))?;
        let (from, to) = (self.folder.join(lab).join("traffic.jsonl"), self.folder.join(lab).join("until.jsonl"));
        let file = File::open(&from).map_err(|e| failed(&from, &e))?;
        let mut out = BufWriter::new(File::create(&to).map_err(|e| failed(&to, &e))?);
        for line in BufReader::new(file).lines() {
            let line = line.map_err(|e| failed(&from, &e))?;
            let time = field(&line, "time").and_then(|time| time.parse::<Timestamp>().ok());
            if time.is_some_and(|time| time < end) {
                writeln!(out, "{line}").map_err(|e| failed(&to, &e))?;
            }
        }
        out.flush().map_err(|e| failed(&to, &e))?;
        Ok(to)
    }

    /// How many of some accounts are the operation's.
    pub(super) fn right<'a>(&self, accounts: impl Iterator<Item = &'a String>) -> usize {
        accounts.filter(|account| self.operation.contains(*account)).count()
    }
}

/// The Monday two weeks before the last one, midnight UTC.
fn start() -> Result<Timestamp, Ended> {
    let odd = |e: jiff::Error| Ended::Because(format!("error: the clock says something odd: {e}"));
    let today = Zoned::now().with_time_zone(jiff::tz::TimeZone::UTC).date();
    let mut monday = today.checked_sub(15.days()).map_err(odd)?;
    while monday.weekday() != Weekday::Monday {
        monday = monday.yesterday().map_err(odd)?;
    }
    Ok(monday.to_zoned(jiff::tz::TimeZone::UTC).map_err(odd)?.timestamp())
}

/// 180 honest accounts, and an operation of 30 that asks five times each in two weeks.
fn plan_of(start: Timestamp, seed: u64) -> Value {
    json!({
        "seed": seed, "start": start.to_string(), "days": DAYS, "honest_accounts": 180, "exchanges": 30_240, "release_day": null,
        "campaigns": [{
            "name": "tidewater", "shape": "judge", "accounts": 30, "exchanges": 150, "family": null, "paraphrase": 0.05,
            "cover": 0.3, "relay": 0.0, "replay": 0.0, "probes": 0, "payments": 0, "devices": 0, "proxies": 60,
            "shared_exits": 0.05, "balance": 0.2, "hours": null, "burst_days": f64::from(DAYS), "created_before": 9.0,
            "start_day": 0.0, "end_day": null, "banned_day": null, "successors": 0, "pivot": 0.0, "verified": 0.1,
            "aggregator": 0.0
        }]
    })
}

/// Deals lines out to the labs by their `account`; returns how many each got.
fn split(from: &Path, folder: &Path, name: &str, of: &dyn Fn(&str) -> usize) -> Result<[usize; 3], Ended> {
    let mut counts = [0; 3];
    let mut outs = Vec::new();
    for lab in LABS {
        let folder = folder.join(lab);
        std::fs::create_dir_all(&folder).map_err(|e| failed(&folder, &e))?;
        let file = folder.join(name);
        outs.push(BufWriter::new(File::create(&file).map_err(|e| failed(&file, &e))?));
    }
    for line in BufReader::new(File::open(from).map_err(|e| failed(from, &e))?).lines() {
        let line = line.map_err(|e| failed(from, &e))?;
        let account = field(&line, "account").unwrap_or_default();
        let lab = of(account.split('/').next().unwrap_or_default());
        if let (Some(out), Some(count)) = (outs.get_mut(lab), counts.get_mut(lab)) {
            writeln!(out, "{line}").map_err(|e| failed(from, &e))?;
            *count += 1;
        }
    }
    for mut out in outs {
        out.flush().map_err(|e| failed(from, &e))?;
    }
    Ok(counts)
}

fn field(line: &str, name: &str) -> Option<String> {
    serde_json::from_str::<Value>(line).ok()?.get(name)?.as_str().map(str::to_owned)
}

fn failed(path: &Path, error: &dyn std::fmt::Display) -> Ended {
    Ended::Because(format!("error: cannot use `{}`: {error}\nhint: choose another folder with --out", path.display()))
}
