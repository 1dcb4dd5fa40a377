//! Evidence: a bundle made, checked, made again, altered; by our program and by none of ours.
//! In: a story of three days, a ledger. Out: archives, exit codes, what is printed.
//! Invariant: what people read is a snapshot; `tar` and `sha256sum` really run.
//! Not here: hostile archives and every single byte (`verbs/evidence`'s own tests).

use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::lab::{ENTRIES, Lab, file, succeeds};

type Done = Result<(), Box<dyn std::error::Error>>;

const MAKE: &str = "evidence 940e2fd8 --ledger record --public record.pub --out";

#[test]
fn a_bundle_is_made_and_checked() -> Done {
    let lab = Lab::new()?;
    let (code, out, err) = lab.says(&format!("{MAKE} case.tar --producer Harbor"))?;
    assert_eq!(code, 0, "{err}");
    let sha256 = format!("{:x}", Digits(&Sha256::digest(lab.bytes("case.tar")?)));
    insta::assert_snapshot!("made", (out + &err).replace(&sha256, "HASH"));
    let checked = lab.done("evidence verify case.tar --public record.pub")?;
    insta::assert_snapshot!("checked", checked.replace(&sha256, "HASH"));
    let own = lab.done("evidence verify case.tar")?;
    assert!(own.contains("the key is the bundle's own"), "{own}");
    lab.done(&format!("evidence verify case.tar --sha256 {sha256}"))?;
    assert_eq!(lab.says(&format!("evidence verify case.tar --sha256 {}", "0".repeat(64)))?.0, 1);

    let folder = lab.unpack("case.tar")?;
    insta::assert_snapshot!("readme", std::fs::read_to_string(folder.join("README.txt"))?);
    let mut manifest = file(&folder, "manifest.json")?;
    assert_eq!(manifest["campaign"].as_str(), Some(&*lab.campaign()?));
    // Times and keys are of today, and hashes with them.
    manifest["ledger"]["root"] = "ROOT".into();
    for file in manifest["files"].as_array_mut().ok_or("no files")? {
        *file = file["path"].clone();
    }
    insta::assert_json_snapshot!("manifest", manifest);
    assert_eq!(file(&folder, "members.json")?[3]["account"], "member-4");
    let history = std::fs::read_to_string(folder.join("history.json"))?;
    assert!(history.contains("member-4: false-positive") && !history.contains("acct-03"), "{history}");
    let evidence = file(&folder, "evidence.json")?;
    for statement in evidence.as_array().ok_or("no statements")? {
        assert!(["observed", "inferred"].contains(&statement["basis"].as_str().unwrap_or_default()), "{statement}");
        assert!(statement["factor"].is_string() && statement["source"].is_string(), "{statement}");
    }
    assert_eq!(file(&folder, "stix.json")?["type"], "bundle");
    Ok(())
}

/// Bytes as hexadecimal digits.
struct Digits<'a>(&'a [u8]);

impl std::fmt::LowerHex for Digits<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

#[test]
fn an_auditor_needs_none_of_our_programs() -> Done {
    let lab = Lab::new()?;
    lab.done(&format!("{MAKE} case.tar"))?;
    let folder = lab.unpack("case.tar")?;
    let mut sums = Command::new("sha256sum");
    let said = succeeds(sums.args(["--strict", "-c", "SHA256SUMS"]).current_dir(&folder))?;
    let listed = std::fs::read_to_string(folder.join("SHA256SUMS"))?.lines().count();
    assert_eq!(said.lines().filter(|line| line.ends_with(": OK")).count(), listed);
    let there = succeeds(Command::new("find").args([".", "-type", "f"]).current_dir(&folder))?;
    assert_eq!(there.lines().count(), listed + 1, "{there}");
    let listing = succeeds(Command::new("tar").args(["--utc", "--numeric-owner", "-tvf"]).arg(lab.at("case.tar")))?;
    for line in listing.lines() {
        assert!(line.starts_with("-rw-r--r-- 0/0 ") && line.contains("1980-01-01 00:00"), "{line}");
    }
    // The proofs, as RFC 6962 has them and README.txt tells: no line of ours is called.
    let manifest = file(&folder, "manifest.json")?;
    let (size, root) = (manifest["ledger"]["size"].as_u64().ok_or("no size")?, &manifest["ledger"]["root"]);
    let checkpoint = std::fs::read_to_string(folder.join("ledger/checkpoint"))?;
    let lines: Vec<&str> = checkpoint.lines().collect();
    assert_eq!((lines[0], lines[1], lines[2]), ("lab.example/ledger", "5", root.as_str().unwrap_or_default()));
    let proven = manifest["ledger"]["entries"].as_array().ok_or("no entries")?;
    assert_eq!(proven.iter().filter_map(|entry| entry["index"].as_u64()).collect::<Vec<_>>(), [1, 2, 3]);
    for entry in proven {
        let index = entry["index"].as_u64().ok_or("no index")?;
        let bytes = std::fs::read(folder.join(format!("ledger/{index}.json")))?;
        let proof = std::fs::read_to_string(folder.join(format!("ledger/{index}.tlog-proof")))?;
        let (head, _) = proof.split_once("\n\n").ok_or("no checkpoint")?;
        let path: Vec<Vec<u8>> = head.lines().skip(2).map(base64).collect::<Result<_, _>>()?;
        let leaf = Sha256::digest([&[0], &bytes[..]].concat()).to_vec();
        assert_eq!(climb(leaf, index, size, &path)?, base64(root.as_str().unwrap_or_default())?, "entry {index}");
    }
    Ok(())
}

/// RFC 6962, section 2.1.1: the root that a leaf and its path make.
fn climb(leaf: Vec<u8>, index: u64, size: u64, path: &[Vec<u8>]) -> Result<Vec<u8>, Box<dyn std::error::Error>> {
    if size == 1 {
        return if path.is_empty() { Ok(leaf) } else { Err("the path is too long".into()) };
    }
    let (last, rest) = path.split_last().ok_or("the path is too short")?;
    let half = size.next_power_of_two() / 2;
    let both = if index < half {
        [&[1], &climb(leaf, index, half, rest)?[..], last].concat()
    } else {
        [&[1], &last[..], &climb(leaf, index - half, size - half, rest)?[..]].concat()
    };
    Ok(Sha256::digest(both).to_vec())
}

/// Base64, by the system's program.
fn base64(text: &str) -> Result<Vec<u8>, Box<dyn std::error::Error>> {
    let mut child = Command::new("base64").arg("-d").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
    std::io::Write::write_all(&mut child.stdin.take().ok_or("no input")?, text.as_bytes())?;
    Ok(child.wait_with_output()?.stdout)
}

#[test]
fn the_same_store_and_ledger_give_the_same_bytes() -> Done {
    let lab = Lab::new()?;
    lab.done(&format!("{MAKE} case.tar --producer Harbor"))?;
    let first = lab.bytes("case.tar")?;
    // By another person, with another language and zone, from elsewhere, by another name of the campaign.
    let (elsewhere, record, key) = (lab.at("elsewhere"), lab.at("record"), lab.at("record.pub"));
    std::fs::create_dir(&elsewhere)?;
    let output = Command::new(env!("CARGO_BIN_EXE_stillwatch"))
        .args(["evidence", &lab.campaign()?, "--producer", "Harbor", "--out", "again.tar", "--ledger"])
        .arg(&record)
        .arg("--public")
        .arg(&key)
        .env("STILLWATCH_DATA", &lab.data)
        .env("STILLWATCH_AUTHOR", "grace")
        .envs([
            ("TZ", "Asia/Tokyo"),
            ("LC_ALL", "de_DE.UTF-8"),
            ("LANG", "tr_TR.UTF-8"),
            ("STILLWATCH_PRODUCER", "Other"),
        ])
        .current_dir(&elsewhere)
        .output()?;
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(first == std::fs::read(elsewhere.join("again.tar"))?, "another person, place, language and zone");
    // In another store, from a backup.
    lab.done("backup lab.backup")?;
    lab.done("restore lab.backup --data other")?;
    lab.done(&format!("{MAKE} restored.tar --producer Harbor --data other"))?;
    assert!(first == lab.bytes("restored.tar")?, "from a backup");
    // In the other database.
    if let Some(place) = crate::places::database()? {
        let stillwatch_track::Place::Server(url) = place else { return Err("no server".into()) };
        lab.done(&format!("restore lab.backup --data {url}"))?;
        lab.done(&format!("{MAKE} postgres.tar --producer Harbor --data {url}"))?;
        assert!(first == lab.bytes("postgres.tar")?, "from PostgreSQL");
    }
    // After the ledger has grown.
    let more = ENTRIES.replace("CAMPAIGN", &lab.campaign()?);
    for n in 0..60 {
        lab.run(&["ledger", "append", "record", "--key", "record.key"], &more, "ada")?;
        if n % 29 == 0 {
            let at = format!("{MAKE} grown-{n}.tar --producer Harbor --at case.tar");
            lab.done(&at)?;
            assert!(first == lab.bytes(&format!("grown-{n}.tar"))?, "the ledger has grown by {}", n * 5);
        }
    }
    lab.done(&format!("{MAKE} now.tar --producer Harbor"))?;
    assert!(first != lab.bytes("now.tar")?);
    std::fs::write(lab.at("kept"), std::fs::read(lab.unpack("case.tar")?.join("ledger/checkpoint"))?)?;
    lab.done(&format!("{MAKE} at.tar --producer Harbor --at kept"))?;
    assert!(first == lab.bytes("at.tar")?, "at a checkpoint");
    let (code, _, err) = lab.says(&format!("{MAKE} size.tar --at 5"))?;
    assert_eq!(code, 2);
    insta::assert_snapshot!("at_a_size", err);
    Ok(())
}

#[test]
fn a_byte_changed_anywhere_is_found() -> Done {
    let lab = Lab::new()?;
    lab.done(&format!("{MAKE} case.tar"))?;
    let right = lab.bytes("case.tar")?;
    // Every byte is tried on a small bundle in the program's own tests; here a sample, as a user meets it.
    for at in (0..right.len()).step_by(right.len() / 60) {
        let mut wrong = right.clone();
        wrong[at] ^= 1;
        std::fs::write(lab.at("wrong.tar"), wrong)?;
        let (code, _, err) = lab.says("evidence verify wrong.tar --public record.pub")?;
        assert!(code == 1 && err.starts_with("error: "), "byte {at}: exit {code}: {err}");
    }
    for (cut, name) in [(right.len() / 2, "half.tar"), (0, "none.tar"), (right.len() - 1, "short.tar")] {
        std::fs::write(lab.at(name), &right[..cut])?;
        assert_eq!(lab.says(&format!("evidence verify {name}"))?.0, 1, "{name}");
    }
    // Hashes made anew don't help: an entry has to be in the ledger.
    let folder = lab.unpack("case.tar")?;
    let path = folder.join("ledger/2.json");
    std::fs::write(&path, std::fs::read_to_string(&path)?.replace("ticket-7", "ticket-9"))?;
    let forged = stillwatch_forged(&folder)?;
    std::fs::write(lab.at("forged.tar"), forged)?;
    let (code, _, err) = lab.says("evidence verify forged.tar --public record.pub")?;
    assert_eq!(code, 1);
    insta::assert_snapshot!("forged", err);
    // Another ledger's key.
    lab.done("ledger init other --name lab.example/ledger")?;
    let (code, _, err) = lab.says("evidence verify case.tar --public other.pub")?;
    assert_eq!(code, 1);
    insta::assert_snapshot!("another_key", err);
    assert_eq!(lab.says("evidence verify nowhere.tar")?.0, 2);
    Ok(())
}

/// An unpacked bundle, packed again with manifest and hashes that fit.
fn stillwatch_forged(folder: &Path) -> Result<Vec<u8>, Box<dyn std::error::Error>> {
    let mut names: Vec<String> = succeeds(Command::new("find").args([".", "-type", "f"]).current_dir(folder))?
        .lines()
        .map(|line| line.trim_start_matches("./").to_owned())
        .collect();
    names.sort();
    let sha256 = |name: &str| {
        Ok::<_, std::io::Error>(format!("{:x}", Digits(&Sha256::digest(std::fs::read(folder.join(name))?))))
    };
    let mut manifest = file(folder, "manifest.json")?;
    for file in manifest["files"].as_array_mut().ok_or("no files")? {
        let name = file["path"].as_str().unwrap_or_default().to_owned();
        file["sha256"] = sha256(&name)?.into();
        file["bytes"] = std::fs::metadata(folder.join(&name))?.len().into();
    }
    std::fs::write(folder.join("manifest.json"), stillwatch_model::canonical::encode(&manifest)?)?;
    let mut sums = String::new();
    for name in names.iter().filter(|name| *name != "SHA256SUMS") {
        sums += &format!("{}  {name}\n", sha256(name)?);
    }
    std::fs::write(folder.join("SHA256SUMS"), sums)?;
    let mut builder = tar::Builder::new(Vec::new());
    for name in &names {
        let bytes = std::fs::read(folder.join(name))?;
        let mut header = tar::Header::new_ustar();
        header.set_path(name)?;
        header.set_entry_type(tar::EntryType::Regular);
        header.set_size(bytes.len() as u64);
        header.set_mode(0o644);
        header.set_uid(0);
        header.set_gid(0);
        header.set_mtime(315_532_800);
        header.set_cksum();
        builder.append(&header, &bytes[..])?;
    }
    Ok(builder.into_inner()?)
}

#[test]
fn examples_only_where_the_ledger_records_it() -> Done {
    let lab = Lab::new()?;
    for line in [
        "evidence 940e2fd8 --out e.tar --examples",
        "evidence 940e2fd8 --out e.tar --examples --reason case-17",
        "evidence 940e2fd8 --out e.tar --examples --reason case-17 --ledger record --public record.pub",
        "evidence 940e2fd8 --out e.tar --ledger record",
        "evidence 940e2fd8",
        "evidence",
    ] {
        let (code, _, err) = lab.says(line)?;
        assert!(code == 2 && !lab.at("e.tar").exists(), "{line}: {err}");
    }
    let made = lab.done(
        "evidence 940e2fd8 --out e.tar --accounts --examples --reason case-17 --ledger record --key record.key",
    )?;
    assert!(made.contains("2 examples; entry 5 of the ledger says who looked at them"), "{made}");
    let folder = lab.unpack("e.tar")?;
    assert_eq!(file(&folder, "examples.json")?[0]["text"], "Grade the proof, step by step.");
    let view = file(&folder, "ledger/5.json")?;
    assert_eq!((&view["by"], &view["what"]["view"]["count"]), (&"ada".into(), &2.into()));
    assert_eq!(file(&folder, "members.json")?[3]["account"], "acct-03");
    // The same again: the view is recorded again, and the bytes are the same.
    lab.done("evidence 940e2fd8 --out f.tar --accounts --examples --reason case-17 --ledger record --key record.key --at e.tar")?;
    assert!(lab.bytes("e.tar")? == lab.bytes("f.tar")?);
    assert!(lab.done("ledger show record --public record.pub")?.matches("viewed 2 examples").count() == 2);
    let (code, _, err) = lab.says("evidence 940e2fd8 --out f.tar")?;
    assert!(code == 2 && err.contains("is there already"), "{err}");
    // By number, and with what was deleted since.
    lab.done("campaigns expire --keep examples=0")?;
    lab.done("campaigns expire --keep evidence=0")?;
    lab.done("evidence 940e2fd8 --out g.tar --examples --reason case-18 --ledger record --key record.key")?;
    let folder = lab.unpack("g.tar")?;
    assert_eq!(file(&folder, "examples.json")?, json!([]));
    let page = std::fs::read_to_string(folder.join("README.txt"))?;
    let limits =
        page.split("KNOWN LIMITS").nth(1).and_then(|rest| rest.split("WHAT IS NOT").next()).unwrap_or_default();
    insta::assert_snapshot!("after_expiry", limits);
    // What a person wrote stands as it was written, and is told of.
    assert!(!std::fs::read_to_string(folder.join("history.json"))?.contains("acct-03"));
    let named = &file(&folder, "manifest.json")?["includes"]["named_in_texts"];
    assert_eq!(named, &json!([{"file": "history.json", "texts": 1}, {"file": "notes.json", "texts": 1}]));
    Ok(())
}

#[test]
fn without_a_ledger_that_is_said() -> Done {
    let lab = Lab::new()?;
    let made = lab.done("evidence 940e2fd8 --out case.tar")?;
    assert!(made.contains("no ledger was given"), "{made}");
    assert!(lab.done("evidence verify case.tar")?.contains("nothing of a ledger is in it"));
    let (code, _, err) = lab.says("evidence verify case.tar --public record.pub")?;
    assert!(code == 1 && err.contains("holds nothing of a ledger"), "{err}");
    let said: Value = serde_json::from_str(&lab.done("evidence verify case.tar --format json")?)?;
    assert_eq!((&said["holds"], &said["ledger"]), (&true.into(), &Value::Null));
    Ok(())
}

#[test]
fn help_has_examples() -> Done {
    let lab = tempfile::tempdir()?;
    let run = |arguments: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_stillwatch"));
        succeeds(command.args(arguments).env_clear().env("COLUMNS", "130").current_dir(lab.path()))
    };
    insta::assert_snapshot!("help", run(&["evidence", "--help"])?);
    insta::assert_snapshot!("help_verify", run(&["evidence", "verify", "--help"])?);
    Ok(())
}
