//! Altered: one byte changed anywhere is found, and where it was is said.
//! In: ledgers with a byte changed, a file gone, a file too many. Out: the place that `verify` names.
//! Invariant: every byte of a small ledger is tried; of a larger one, random bytes of every file.
//! Not here: forks (`watching.rs`).

use std::path::Path;

use proptest::prelude::*;
use stillwatch_ledger::{Altered, Error, Place, PublicKey, split_bundle, verify};

use crate::fixture::{Done, files, ledger};

/// Changes one byte, verifies, changes it back.
fn altered(
    folder: &Path,
    key: &PublicKey,
    file: &str,
    at: usize,
    by: u8,
) -> Result<Option<Altered>, Box<dyn std::error::Error>> {
    let path = folder.join(file);
    let right = std::fs::read(&path)?;
    let mut wrong = right.clone();
    wrong[at] ^= by;
    std::fs::write(&path, &wrong)?;
    let found = match verify(folder, key, &[]) {
        Ok(_) => None,
        Err(Error::Altered(altered)) => Some(altered),
        Err(other) => return Err(other.into()),
    };
    std::fs::write(&path, right)?;
    Ok(found)
}

/// The entry that a byte of a bundle belongs to.
fn entry_at(bundle: &[u8], at: usize) -> u64 {
    let mut end = 0;
    let ends = split_bundle(bundle).0.into_iter().map(|entry| {
        end += entry.len() + 2;
        end
    });
    ends.take_while(|end| *end <= at).count() as u64
}

fn place(folder: &Path, file: &str, at: usize, size: u64) -> std::io::Result<Place> {
    if file == "checkpoint" {
        return Ok(Place::Checkpoint);
    }
    let today = |n: u64| if n == size / 256 { format!(".p/{}", size % 256) } else { String::new() };
    if let Some(rest) = file.strip_prefix("tile/entries/") {
        let n: u64 = rest[..3].parse().unwrap_or(0);
        if rest[3..] == today(n) {
            let bytes = std::fs::read(folder.join(file))?;
            return Ok(Place::Entry { index: n * 256 + entry_at(&bytes, at), file: file.into() });
        }
    }
    Ok(Place::File(file.into()))
}

#[test]
fn every_byte_of_a_small_ledger() -> Done {
    let folder = tempfile::tempdir()?;
    let key = ledger(folder.path(), &[3, 4])?;
    let mut tried = 0;
    for file in files(folder.path()) {
        for at in 0..std::fs::read(folder.path().join(&file))?.len() {
            for by in [1, 0x80] {
                let found = altered(folder.path(), &key, &file, at, by)?;
                let found = found.ok_or_else(|| format!("byte {at} of `{file}` was changed and not found"))?;
                assert_eq!(found.place, place(folder.path(), &file, at, 7)?, "byte {at} of `{file}`: {found}");
                tried += 1;
            }
        }
    }
    assert!(tried > 5_000, "{tried}");
    verify(folder.path(), &key, &[])?;
    Ok(())
}

#[test]
fn random_bytes_of_a_larger_ledger() -> Done {
    let folder = tempfile::tempdir()?;
    let size = 256 * 257 + 30;
    let key = ledger(folder.path(), &[size - 10, 10])?;
    let all = files(folder.path());
    let mut runner = proptest::test_runner::TestRunner::new(ProptestConfig { cases: 40, ..ProptestConfig::default() });
    let strategy = (any::<prop::sample::Index>(), any::<prop::sample::Index>(), 1..=255u8);
    runner.run(&strategy, |(file, at, by)| {
        let candidates: Vec<&String> = all.iter().filter(|file| *file != "lock").collect();
        let file = file.get(&candidates);
        let length = std::fs::metadata(folder.path().join(file)).map_or(0, |m| m.len());
        let at = at.index(length as usize);
        let found = altered(folder.path(), &key, file, at, by).map_err(|e| TestCaseError::fail(e.to_string()))?;
        let Some(found) = found else {
            return Err(TestCaseError::fail(format!("byte {at} of `{file}` was changed and not found")));
        };
        let right = file.starts_with("tile/entries/")
            || matches!(&found.place, Place::File(f) if f == *file)
            || found.place == Place::Checkpoint;
        prop_assert!(right, "byte {} of `{}`: {}", at, file, found);
        Ok(())
    })?;
    // Upper tiles are few: each is tried for itself.
    for file in all.iter().filter(|file| file.starts_with("tile/1/") || file.starts_with("tile/2/")) {
        let found = altered(folder.path(), &key, file, 5, 1)?.ok_or("not found")?;
        assert_eq!(found.place, Place::File(file.clone()), "{found}");
    }
    Ok(())
}

#[test]
fn an_entry_altered_together_with_its_tile() -> Done {
    let folder = tempfile::tempdir()?;
    let key = ledger(folder.path(), &[600])?;
    let (bundle, tile) = (folder.path().join("tile/entries/001"), folder.path().join("tile/0/001"));
    let mut bytes = std::fs::read(&bundle)?;
    bytes[40] ^= 1;
    std::fs::write(&bundle, &bytes)?;
    let hashes: Vec<u8> = split_bundle(&bytes).0.iter().flat_map(|entry| tlog_tiles::record_hash(entry).0).collect();
    std::fs::write(&tile, hashes)?;
    let error = verify(folder.path(), &key, &[]).err().ok_or("not found")?;
    insta::assert_snapshot!(error, @"`tile/1/000.p/2`: its hashes aren't those of the entries below it");
    Ok(())
}

#[test]
fn files_gone_cut_or_added() -> Done {
    let mut said = Vec::new();
    for case in ["gone entries", "gone tile", "cut entries", "cut tile", "longer entries", "stranger", "beyond"] {
        let folder = tempfile::tempdir()?;
        let key = ledger(folder.path(), &[300])?;
        let at = |name: &str| folder.path().join(name);
        match case {
            "gone entries" => std::fs::remove_file(at("tile/entries/000"))?,
            "gone tile" => std::fs::remove_file(at("tile/0/000"))?,
            "cut entries" => std::fs::write(at("tile/entries/000"), &std::fs::read(at("tile/entries/000"))?[..1000])?,
            "cut tile" => std::fs::write(at("tile/0/001.p/44"), [7; 50])?,
            "longer entries" => {
                let mut bytes = std::fs::read(at("tile/entries/001.p/44"))?;
                bytes.extend([0, 1, b'x']);
                std::fs::write(at("tile/entries/001.p/44"), bytes)?;
            }
            "stranger" => std::fs::write(at("tile/0/notes.txt"), "hello")?,
            _ => std::fs::write(at("tile/0/001.p/45"), "half a ti")?,
        }
        said.push(match verify(folder.path(), &key, &[]) {
            Ok(verified) => format!("{case}: fine; beyond: {:?}", verified.beyond),
            Err(error) => format!("{case}: {error}"),
        });
    }
    insta::assert_snapshot!(said.join("\n"), @r#"
    gone entries: `tile/entries/000`: is missing
    gone tile: `tile/0/000`: is missing
    cut entries: entry 5 (`tile/entries/000`): the bundle ends within it, or goes on after it
    cut tile: `tile/0/001.p/44`: has 50 bytes; 1408 are right
    longer entries: entry 300 (`tile/entries/001.p/44`): the bundle ends within it, or goes on after it
    stranger: `tile/0/notes.txt`: has no business in a ledger
    beyond: fine; beyond: ["tile/0/001.p/45"]
    "#);
    Ok(())
}
