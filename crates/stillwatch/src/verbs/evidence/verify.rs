//! Verify: looks at every byte of a bundle.
//! In: an archive, and the ledger's public key. Out: what it holds, or the first thing that is wrong.
//! Invariant: nothing is written or unpacked; whatever the bytes are, it ends and says so.
//! Not here: reading the archive (`archive.rs`).

use std::cmp::Ordering;
use std::collections::BTreeMap;

use serde_json::Value;
use stillwatch_ledger::{Proof, PublicKey, Signed};
use stillwatch_model::canonical;

use super::ledger::{CHECKPOINT, KEY, entry_path, proof_path};
use super::manifest::{FORMAT, Ledger, Manifest, PATH, SUMS, VERSION, files, sums};
use super::{archive, hash};

/// A bundle that is what it says.
#[derive(Debug)]
pub(super) struct Checked {
    pub(super) manifest: Manifest,
    /// SHA-256 of the archive.
    pub(super) sha256: String,
    /// The checkpoint, and whether its key came with the bundle and from nowhere else.
    pub(super) signed: Option<(Signed, bool)>,
}

/// Checks it.
pub(super) fn check(bytes: &[u8], public: Option<&PublicKey>) -> Result<Checked, String> {
    let all = archive::read(bytes).map_err(|why| format!("the archive: {why}"))?;
    hashes(&all)?;
    let manifest = manifest(&all)?;
    for (path, bytes) in all.iter().filter(|(path, _)| path.ends_with(".json")) {
        let value: Value = serde_json::from_slice(bytes).map_err(|error| format!("`{path}`: {error}"))?;
        if canonical::encode(&value).ok().as_deref() != Some(*bytes) {
            return Err(format!("`{path}`: isn't canonical JSON (RFC 8785)"));
        }
        if path == "campaign.json" && value.get("id").and_then(Value::as_str) != Some(&manifest.campaign) {
            return Err(format!("`{path}`: isn't of `{}`, of which the manifest speaks", manifest.campaign));
        }
    }
    let signed = match (&manifest.ledger, public) {
        (Some(ledger), public) => Some(proofs(&all, ledger, public)?),
        (None, Some(key)) => {
            return Err(format!("a key of `{}` was given, and the bundle holds nothing of a ledger", key.name()));
        }
        (None, None) => None,
    };
    Ok(Checked { manifest, sha256: hash(bytes), signed })
}

/// Whether every file is the one whose hash stands in `SHA256SUMS`.
fn hashes(all: &BTreeMap<String, &[u8]>) -> Result<(), String> {
    let there = all.get(SUMS).ok_or_else(|| format!("`{SUMS}`: is missing"))?;
    let right = sums(all);
    if right.as_bytes() == *there {
        return Ok(());
    }
    let said = String::from_utf8_lossy(there);
    let mut said: BTreeMap<&str, &str> =
        said.lines().filter_map(|line| line.split_once("  ")).map(|(h, p)| (p, h)).collect();
    for line in right.lines() {
        let (hash, path) = line.split_once("  ").unwrap_or_default();
        match said.remove(path) {
            None => return Err(format!("`{path}`: isn't in `{SUMS}`")),
            Some(told) if told != hash => return Err(format!("`{path}`: its hash isn't the one in `{SUMS}`")),
            Some(_) => {}
        }
    }
    match said.keys().next() {
        Some(path) => Err(format!("`{path}`: is in `{SUMS}` and not in the archive")),
        None => Err(format!("`{SUMS}`: isn't as `sha256sum` writes it, by path")),
    }
}

fn manifest(all: &BTreeMap<String, &[u8]>) -> Result<Manifest, String> {
    let bytes = all.get(PATH).ok_or_else(|| format!("`{PATH}`: is missing"))?;
    let value: Value = serde_json::from_slice(bytes).map_err(|error| format!("`{PATH}`: {error}"))?;
    let (format, version) = (value.get("format").and_then(Value::as_str), value.get("version").and_then(Value::as_u64));
    if format != Some(FORMAT) || version != Some(u64::from(VERSION)) {
        return Err(format!("`{PATH}`: isn't of format `{FORMAT}`, version {VERSION}, which this program knows"));
    }
    let manifest: Manifest = serde_json::from_value(value).map_err(|error| format!("`{PATH}`: {error}"))?;
    if canonical::encode(&manifest).ok().as_deref() != Some(*bytes) {
        return Err(format!("`{PATH}`: isn't canonical JSON (RFC 8785)"));
    }
    let right = files(all);
    for (said, there) in manifest.files.iter().zip(&right) {
        match said.path.cmp(&there.path) {
            Ordering::Less => return Err(format!("`{}`: is missing", said.path)),
            Ordering::Greater => return Err(format!("`{}`: isn't in the manifest", there.path)),
            Ordering::Equal if said != there => {
                return Err(format!("`{}`: isn't the file of which the manifest speaks", said.path));
            }
            Ordering::Equal => {}
        }
    }
    match (manifest.files.get(right.len()), right.get(manifest.files.len())) {
        (Some(said), _) => Err(format!("`{}`: is missing", said.path)),
        (_, Some(there)) => Err(format!("`{}`: isn't in the manifest", there.path)),
        (None, None) => Ok(manifest),
    }
}

/// Whether each entry is in the ledger whose checkpoint is here.
fn proofs(
    all: &BTreeMap<String, &[u8]>,
    ledger: &Ledger,
    public: Option<&PublicKey>,
) -> Result<(Signed, bool), String> {
    let file = |path: &str| all.get(path).copied().ok_or_else(|| format!("`{path}`: is missing"));
    let text = |path: &str| std::str::from_utf8(file(path)?).map_err(|_| format!("`{path}`: isn't text"));
    let own = text(KEY)?;
    let own = PublicKey::parse(own.trim_end_matches('\n')).map_err(|error| format!("`{KEY}`: {error}"))?;
    if public.is_some_and(|public| *public != own) {
        return Err(format!("`{KEY}`: isn't the key that was given"));
    }
    let note = file(CHECKPOINT)?;
    let signed = Signed::read(note, public.unwrap_or(&own), &[]).map_err(|error| format!("`{CHECKPOINT}`: {error}"))?;
    if (signed.origin.as_str(), signed.size, signed.root.to_string())
        != (&ledger.origin, ledger.size, ledger.root.clone())
    {
        return Err(format!("`{CHECKPOINT}`: isn't the one of which the manifest speaks"));
    }
    let mut rest = all.keys().filter(|path| path.starts_with("ledger/")).count();
    for proven in &ledger.entries {
        let (entry, proof) = (entry_path(proven.index), proof_path(proven.index));
        let told = |error: stillwatch_ledger::Error| format!("`{proof}`: {error}");
        let parsed = Proof::parse(text(&proof)?).map_err(told)?;
        if parsed.index != proven.index || parsed.checkpoint != note {
            return Err(format!("`{proof}`: is of another entry or checkpoint"));
        }
        parsed.check(file(&entry)?, public.unwrap_or(&own), &[]).map_err(told)?;
        let read = stillwatch_ledger::Entry::read(file(&entry)?).ok();
        if read.as_ref().map(stillwatch_ledger::Entry::about) != proven.about.as_deref() {
            return Err(format!("`{entry}`: is about something else than the manifest says"));
        }
        rest = rest.saturating_sub(2);
    }
    if rest != 2 || !ledger.entries.is_sorted_by(|one, next| one.index < next.index) {
        return Err("`ledger/`: its files aren't those of the entries in the manifest".into());
    }
    Ok((signed, public.is_none()))
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use stillwatch_ledger::{Key, Log, What};

    use super::super::manifest::{self, Manifest};
    use super::*;

    type Done = Result<(), Box<dyn std::error::Error>>;
    type Files = BTreeMap<String, Vec<u8>>;

    /// A bundle as small as can be, with one entry of a ledger of three; and the ledger's key.
    fn bundle() -> Result<(Files, Manifest, PublicKey), Box<dyn std::error::Error>> {
        let folder = tempfile::tempdir()?;
        let key = Key::generate("lab.example/ledger")?;
        let public = key.public();
        let entry = |n: u64| stillwatch_ledger::Entry {
            at: jiff::Timestamp::UNIX_EPOCH,
            by: "person-1".into(),
            what: What::View { about: format!("campaign--{n}"), count: n, reason: "ticket-17".into() },
        };
        Log::create(folder.path(), key)?.append(&[entry(0), entry(1), entry(2)])?;
        let from = super::super::ledger::From { folder: folder.path().into(), public: public.clone(), at: None };
        let mut files = BTreeMap::from([
            ("campaign.json".to_owned(), br#"{"id":"campaign--1"}"#.to_vec()),
            ("README.txt".to_owned(), b"How to check it".to_vec()),
        ]);
        let ids = ["campaign--1".to_owned()].into();
        let ledger = super::super::ledger::prove(&from, &ids, &mut files)?;
        let manifest: Manifest = serde_json::from_value(json!({
            "format": FORMAT, "version": VERSION, "program": {"name": "stillwatch", "version": "0"},
            "campaign": "campaign--1", "window": {"from": "", "to": ""},
            "includes": {"accounts": "numbers", "named_in_texts": [], "examples": null, "stix": null},
            "method": {
                "findings": 0, "families": [], "signals": [], "scores_that_differ": 0, "calibrated": false, "score": "",
                "actionable": "",
            },
            "retention": {}, "known_limits": [], "not_kept": [], "ledger": ledger, "files": [],
        }))?;
        let manifest = Manifest { files: manifest::files(&files), ..manifest };
        Ok((files, manifest, public))
    }

    fn packed(files: &Files, manifest: &Manifest) -> Result<Vec<u8>, Box<dyn std::error::Error>> {
        let mut files = files.clone();
        manifest::seal(manifest, &mut files)?;
        Ok(archive::write(Vec::new(), &files)?)
    }

    #[test]
    fn every_byte_that_is_changed_is_found() -> Done {
        let (files, manifest, public) = bundle()?;
        let mut archive = packed(&files, &manifest)?;
        assert_eq!(check(&archive, Some(&public)).map(|checked| checked.manifest.campaign), Ok("campaign--1".into()));
        for at in 0..archive.len() {
            for by in [1, 0x80] {
                archive[at] ^= by;
                assert!(check(&archive, Some(&public)).is_err(), "byte {at} was changed by {by} and not found");
                archive[at] ^= by;
            }
        }
        for cut in (0..archive.len()).step_by(97) {
            assert!(check(&archive[..cut], Some(&public)).is_err(), "cut at {cut}");
        }
        Ok(())
    }

    /// What whoever makes hashes anew can't make: each case is packed so that all hashes fit.
    #[test]
    fn what_is_wrong_is_named() -> Done {
        let (right, manifest, public) = bundle()?;
        let mut said = Vec::new();
        for case in [
            "entry",
            "proof",
            "checkpoint",
            "key",
            "no proof",
            "stranger",
            "campaign",
            "form",
            "size",
            "index",
            "about",
        ] {
            let (mut files, mut manifest) = (right.clone(), manifest.clone());
            let mut put = |path: &str, bytes: &[u8]| files.insert(path.into(), bytes.to_vec());
            let text = |path: &str| String::from_utf8_lossy(&right[path]).into_owned();
            match case {
                "entry" => put("ledger/1.json", text("ledger/1.json").replace("ticket-17", "ticket-18").as_bytes()),
                "proof" => {
                    put("ledger/1.tlog-proof", text("ledger/1.tlog-proof").replace("index 1", "index 2").as_bytes())
                }
                "checkpoint" => put(CHECKPOINT, text(CHECKPOINT).replace("\n3\n", "\n4\n").as_bytes()),
                "key" => put(KEY, Key::generate("lab.example/ledger")?.public().to_line().as_bytes()),
                "no proof" => files.remove("ledger/1.tlog-proof"),
                "stranger" => put("ledger/2.json", b"{}"),
                "campaign" => put("campaign.json", br#"{"id":"campaign--2"}"#),
                "form" => put("campaign.json", br#"{"id": "campaign--1"}"#),
                _ => None,
            };
            if let Some(ledger) = &mut manifest.ledger {
                match case {
                    "size" => ledger.size = 4,
                    "index" => ledger.entries[0].index = 2,
                    "about" => ledger.entries[0].about = Some("campaign--2".into()),
                    _ => {}
                }
            }
            manifest.files = manifest::files(&files);
            let why = check(&packed(&files, &manifest)?, Some(&public)).err().unwrap_or_else(|| "nothing".into());
            // The key is another each time, and so is its id.
            said.push(format!("{case}: {}", why.split_once('+').map_or(why.as_str(), |(before, _)| before)));
        }
        insta::assert_snapshot!(said.join("\n"));
        Ok(())
    }

    #[test]
    fn a_file_too_many_or_too_few_is_named() -> Done {
        let (files, manifest, public) = bundle()?;
        let mut sealed = files;
        manifest::seal(&manifest, &mut sealed)?;
        let mut said = Vec::new();
        for case in ["more", "fewer", "hashes", "no manifest", "no hashes", "manifest"] {
            let mut files = sealed.clone();
            match case {
                "more" => files.insert("more.txt".into(), Vec::new()),
                "fewer" => files.remove("README.txt"),
                "hashes" => files.insert(SUMS.into(), [&sealed[SUMS][..], b"\n"].concat()),
                "no manifest" => files.remove(PATH),
                "no hashes" => files.remove(SUMS),
                _ => {
                    let text = String::from_utf8_lossy(&sealed[PATH]).replace("\"version\":1", "\"version\":2");
                    files.insert(PATH.into(), text.into_bytes())
                }
            };
            if matches!(case, "more" | "fewer" | "manifest" | "no manifest") {
                files.insert(SUMS.into(), manifest::sums(&files).into_bytes());
            }
            let why = check(&archive::write(Vec::new(), &files)?, Some(&public)).err();
            said.push(format!("{case}: {}", why.unwrap_or_else(|| "nothing".into())));
        }
        insta::assert_snapshot!(said.join("\n"));
        Ok(())
    }
}
