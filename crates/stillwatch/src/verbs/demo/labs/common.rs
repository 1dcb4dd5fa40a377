//! Common: three labs learn which addresses they share, through a hub that keeps all it sees.
//! In: three labs, a hub, a seed. Out: what each pair has in common; what the hub could learn.
//! Invariant: sets are made here, so that it is known what is common; the hub's transcript is read as the hub could read it.
//! Not here: protocols (`stillwatch_matching`).

use std::collections::{BTreeSet, HashSet};

use serde_json::Value;
use sha2::{Digest, Sha256};
use stillwatch_matching::{Namespace, normalise};

use super::super::{Ended, quiet, say};
use super::json;
use super::lab::{Lab, Served, failed};

/// Addresses of each lab.
const EACH: usize = 1_000;
/// Of these, everyone's: 5 %.
const COMMON: usize = 50;
/// Evaluations that a member may ask for in a week.
const BUDGET: &str = "10000";

/// Tells the chapter.
pub(super) fn tell(hub: &Served, labs: &[Lab], seed: u64) -> Result<(), Ended> {
    let sets: Vec<BTreeSet<String>> = (0..labs.len()).map(|n| set(n, seed)).collect();
    let mut served = Vec::new();
    for (lab, set) in labs.iter().zip(&sets) {
        let file = lab.path("addresses.csv");
        let mut text = "value,first_seen,last_seen,confidence,count\n".to_owned();
        for (n, address) in set.iter().enumerate() {
            text.push_str(&format!(
                "{address},2026-10-0{}T00:00:00Z,2026-11-10T00:00:00Z,{},{n}\n",
                1 + n % 9,
                n % 101
            ));
        }
        std::fs::write(&file, text).map_err(|e| failed(&file, &e))?;
        served.push(Served::start(lab)?);
    }
    meet(hub, labs, &served)?;
    agree(labs)?;
    say(format!(
        "Each lab has {EACH} addresses of fraudulent accounts; {COMMON} of them, 5 %, are everyone's, and nobody knows which.\n\n"
    ))?;
    for (n, asks) in labs.iter().enumerate() {
        for (m, other) in labs.iter().enumerate().skip(n + 1) {
            let with = ["match", "with", other.name, "--namespace", "address", "--both", "--format", "json"];
            let found: Value = json(&quiet(asks.command(&with))?)?;
            let elements = found.get("common").and_then(Value::as_array).into_iter().flatten();
            let found: BTreeSet<String> =
                elements.filter_map(|one| one.get("element")?.as_str().map(str::to_owned)).collect();
            let both = sets.get(n).zip(sets.get(m)).map(|(one, other)| one.intersection(other).cloned().collect());
            let exactly =
                if Some(&found) == both.as_ref() { "exactly those that both have" } else { "NOT those that both have" };
            say(format!("{:<10} with {:<10} {} in common: {exactly}\n", asks.name, other.name, found.len()))?;
        }
    }
    pool(hub, labs, &sets)?;
    say(read(hub, &sets)?)
}

/// The same labs with a key that nobody holds: one address looked up; then what all three reported opens, and nothing else.
fn pool(hub: &Served, labs: &[Lab], sets: &[BTreeSet<String>]) -> Result<(), Ended> {
    let names: Vec<&str> = labs.iter().map(|lab| lab.name).collect();
    let members = names.join(",");
    let open = ["match", "epoch", "open", "--namespace", "address", "--members", &members, "--quorum", "2"];
    let said = quiet(hub.lab.command(&open).args(["--threshold", "3", "--budget", BUDGET]))?;
    say(format!("\nA key that nobody holds, made by all of them: {said}"))?;
    for lab in labs {
        quiet(lab.command(&["match", "contribute", "--namespace", "address"]))?;
    }
    say(quiet(hub.lab.command(&["match", "epoch", "publish", "--namespace", "address"]))?)?;
    let everyones: BTreeSet<&String> =
        sets.iter()
            .fold(None, |all: Option<BTreeSet<&String>>, set| {
                Some(all.map_or_else(
                    || set.iter().collect(),
                    |all| all.into_iter().filter(|one| set.contains(*one)).collect(),
                ))
            })
            .unwrap_or_default();
    let (Some(asks), Some(known)) = (labs.first(), everyones.first()) else { return Ok(()) };
    let check = ["match", "check", "--namespace", "address", known.as_str(), "11.250.250.250"];
    say(format!("{} asks for two addresses, and shows them to nobody:\n{}", asks.name, quiet(asks.command(&check))?))?;
    quiet(hub.lab.command(&["match", "epoch", "close", "--namespace", "address"]))?;
    for lab in labs {
        quiet(lab.command(&["match", "pool", "report", "--namespace", "address"]))?;
    }
    say("All shares are erased; the labs report what they contributed, and the hub opens what three of them have:\n")?;
    say(quiet(hub.lab.command(&["match", "pool", "open", "--namespace", "address"]))?)?;
    let shown: Value =
        json(&quiet(asks.command(&["match", "pool", "show", "--namespace", "address", "--format", "json"]))?)?;
    let text = shown.to_string();
    let opened =
        sets.iter().flatten().collect::<BTreeSet<_>>().into_iter().filter(|one| text.contains(&format!("\"{one}\"")));
    let opened: BTreeSet<&String> = opened.collect();
    let exactly =
        if opened == everyones { "exactly those that all three have" } else { "NOT those that all three have" };
    say(format!("{} reads {} of them: {exactly}\n", asks.name, opened.len()))
}

/// 5 % of the addresses are everyone's; the rest differ.
fn set(lab: usize, seed: u64) -> BTreeSet<String> {
    let address = |n: usize, whose: usize| {
        let hash = Sha256::digest(format!("{seed} {whose} {n}"));
        format!("11.{}.{}.{}", hash[0], hash[1], 16 * whose + usize::from(hash[2] % 16))
    };
    let mut all: BTreeSet<String> = (0..).map(|n| address(n, 0)).take(COMMON * 2).collect();
    all = all.into_iter().take(COMMON).collect();
    let mut n = 0;
    while all.len() < EACH {
        all.insert(address(n, lab + 1));
        n += 1;
    }
    all
}

/// The hub reaches each lab; each lab knows the others' keys, and asks them through the hub.
fn meet(hub: &Served, labs: &[Lab], served: &[Served]) -> Result<(), Ended> {
    let key = |lab: &Lab| quiet(lab.command(&["match", "key"])).map(|key| key.trim().to_owned());
    for (lab, served) in labs.iter().zip(served) {
        let token = quiet(lab.command(&["client", "add", "hub", "--role", "hub"]))?;
        let file = hub.lab.path(&format!("{}.token", lab.name));
        std::fs::write(&file, token).map_err(|e| failed(&file, &e))?;
        let url = format!("https://localhost:{}/trust/", served.port);
        let ca = lab.path("certificate.pem");
        quiet(hub.lab.command(&["peer", "add", lab.name, &url, "--token-file", &file, "--ca", &ca, "--no-check"]))?;
        quiet(hub.lab.command(&["match", "member", "add", lab.name, "--public-key", &key(lab)?, "--peer", lab.name]))?;
        for other in labs.iter().filter(|other| other.name != lab.name) {
            let add = ["match", "member", "add", other.name, "--public-key", &key(other)?, "--through", "hub"];
            quiet(lab.command(&add))?;
        }
        quiet(lab.command(&["match", "member", "add", "hub", "--public-key", &key(&hub.lab)?, "--peer", "hub"]))?;
    }
    Ok(())
}

/// Each lab agrees with each other and with the hub, one person proposing and another approving.
fn agree(labs: &[Lab]) -> Result<(), Ended> {
    for lab in labs {
        let file = lab.path("addresses.csv");
        let others = labs.iter().map(|other| other.name).filter(|name| *name != lab.name);
        for other in others.chain(["hub"]) {
            let agree =
                ["match", "agree", other, "--namespace", "address", "--from", &file, "--both", "--budget", BUDGET];
            quiet(lab.command(&agree))?;
            quiet(lab.by("approver", &["match", "approve", other, "--namespace", "address"]))?;
        }
    }
    Ok(())
}

/// What the hub could find in all that it saw.
fn read(hub: &Served, sets: &[BTreeSet<String>]) -> Result<String, Ended> {
    let file = hub.lab.path("transcript.txt");
    let text = std::fs::read_to_string(&file).map_err(|e| failed(&file, &e))?;
    let seen: Vec<u8> = text
        .lines()
        .filter_map(|line| line.split_once(' ').and_then(|(_, bytes)| hex::decode(bytes).ok()))
        .flatten()
        .collect();
    let (mut guesses, mut lengths) = (HashSet::new(), BTreeSet::new());
    let all: BTreeSet<&String> = sets.iter().flatten().collect();
    for address in &all {
        let element = normalise(Namespace::Address, address)
            .map_err(|e| Ended::Because(format!("error: {e}\nhint: report this as a bug")))?;
        let hashes = [Sha256::digest(element.as_bytes()).to_vec(), Sha256::digest(address.as_bytes()).to_vec()];
        for guess in [address.as_bytes().to_vec(), element.as_bytes().to_vec()].into_iter().chain(hashes) {
            lengths.insert(guess.len());
            guesses.insert(guess);
        }
    }
    let hits =
        lengths.iter().flat_map(|length| seen.windows(*length)).filter(|window| guesses.contains(*window)).count();
    Ok(format!(
        "\nThe hub passed on {} bytes and kept them all ({file}).\nOf the {} addresses of all labs, as text, as compared, or hashed (SHA-256), it holds {hits}.\n",
        seen.len(),
        all.len()
    ))
}
