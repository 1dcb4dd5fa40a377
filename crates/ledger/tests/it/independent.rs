//! Independent: others' implementations verify our ledgers and proofs.
//! In: ledgers of many sizes. Out: their verdicts.
//! Invariant: `ct-merkle` shares no code with `tlog_tiles`, Go's `x/mod/sumdb` no language, `openssl` neither.
//! Not here: our own checks (`proofs.rs`).

use std::path::Path;
use std::process::{Command, Output};

use ct_merkle::mem_backed_tree::MemoryBackedTree;
use ct_merkle::{ConsistencyProof, InclusionProof, RootHash};
use sha2::Sha256;
use stillwatch_ledger::{Hash, Key, Log, PublicKey, Reader, cosign, export};

use crate::fixture::{Done, NAME, entries, entry, ledger};

fn root(hash: Hash, size: u64) -> RootHash<Sha256> {
    RootHash::new(hash.0.into(), size)
}

fn bytes(hashes: &[Hash]) -> Vec<u8> {
    hashes.iter().flat_map(|hash| hash.0).collect()
}

#[test]
fn ct_merkle_makes_the_same_tree_and_verifies_our_proofs() -> Done {
    let folder = tempfile::tempdir()?;
    let size = 700u64;
    let key = ledger(folder.path(), &[1, 255, 256, 100, 88])?;
    let reader = Reader::open(folder.path(), &key, &[])?;
    let mut theirs = MemoryBackedTree::<Sha256, Vec<u8>>::new();
    for n in 0..size {
        assert_eq!(theirs.root(), root(reader.root_at(n)?, n), "size {n}");
        theirs.push(entry(n).canonical(0)?);
    }
    let now = root(reader.signed().root, size);
    assert_eq!(theirs.root(), now);
    for n in 0..size {
        let proof = InclusionProof::from_bytes(bytes(&reader.prove(n)?.hashes));
        assert_eq!(proof.as_bytes(), theirs.prove_inclusion(n as usize).as_bytes());
        now.verify_inclusion(&entry(n).canonical(0)?, n, &proof)?;
        assert!(now.verify_inclusion(&entry(n + 1).canonical(0)?, n, &proof).is_err());
    }
    for old in 1..size {
        let proof = ConsistencyProof::try_from_bytes(bytes(&reader.consistency(old)?.hashes))?;
        now.verify_consistency(&root(reader.root_at(old)?, old), &proof)?;
    }
    Ok(())
}

/// Runs a line of `AUDIT.md` in an export.
fn shell(export: &Path, lines: &str) -> std::io::Result<Output> {
    let cache = export.join("../cache");
    Command::new("sh").args(["-ec", lines]).current_dir(export).env("GOCACHE", cache).env("LC_ALL", "C").output()
}

/// The code blocks of an export's page.
fn blocks(page: &str) -> Vec<&str> {
    page.split("```sh\n").skip(1).filter_map(|rest| rest.split("```").next()).collect()
}

/// Whether these commands are there; where they must be and aren't, the test fails.
fn have(what: &str, check: &str) -> bool {
    let there = Command::new("sh").args(["-ec", check]).output().is_ok_and(|output| output.status.success());
    if !there {
        assert!(std::env::var_os("STILLWATCH_REQUIRE_TOOLS").is_none_or(|v| v != "1"), "needs {what}");
        eprintln!("skipped: needs {what}");
    }
    there
}

/// An export with a witness's line on its checkpoint.
fn exported(all: &Path, size: u64) -> Result<PublicKey, Box<dyn std::error::Error>> {
    let folder = all.join("ledger");
    let mut log = Log::create(&folder, Key::generate(NAME)?)?;
    log.append(&entries(0..size))?;
    let witness = Key::generate("witness.example/w1")?;
    let line = cosign(log.signed(), &witness, 1_790_000_000)?;
    log.add_cosignatures(&line, &[witness.public()])?;
    export(&folder, &all.join("export"), &log.public(), &[])?;
    Ok(log.public())
}

#[test]
fn go_verifies_an_export_as_its_page_says() -> Done {
    if !have(
        "golang-go and golang-golang-x-mod-dev",
        "go version && test -d /usr/share/gocode/src/golang.org/x/mod/sumdb",
    ) {
        return Ok(());
    }
    let all = tempfile::tempdir()?;
    exported(all.path(), 256 * 3 + 41)?;
    let export = all.path().join("export");
    let page = std::fs::read_to_string(export.join("AUDIT.md"))?;
    let line = blocks(&page).into_iter().find(|block| block.contains("go run")).ok_or("no line")?;
    let output = shell(&export, line)?;
    let said = String::from_utf8(output.stdout)?;
    assert!(
        output.status.success() && said.starts_with("lab.example/ledger: 809 entries"),
        "{said}{output_err}",
        output_err = String::from_utf8_lossy(&output.stderr)
    );

    let bundle = export.join("log/tile/entries/001");
    let right = std::fs::read(&bundle)?;
    let mut wrong = right.clone();
    wrong[30] ^= 1;
    std::fs::write(&bundle, wrong)?;
    let output = shell(&export, line)?;
    assert!(!output.status.success() && String::from_utf8(output.stderr)?.contains("entry 256"));
    Ok(())
}

#[test]
fn openssl_verifies_the_signature_as_the_page_says() -> Done {
    if !have("openssl 3", "openssl version | grep -q 'OpenSSL [3-9]'") {
        return Ok(());
    }
    let all = tempfile::tempdir()?;
    exported(all.path(), 3)?;
    let export = all.path().join("export");
    let page = std::fs::read_to_string(export.join("AUDIT.md"))?;
    let lines = blocks(&page).into_iter().find(|block| block.contains("openssl")).ok_or("no lines")?;
    assert!(shell(&export, lines)?.status.success());
    let checkpoint = std::fs::read_to_string(export.join("log/checkpoint"))?;
    std::fs::write(export.join("log/checkpoint"), checkpoint.replacen("\n3\n", "\n4\n", 1))?;
    assert!(!shell(&export, lines)?.status.success());
    Ok(())
}
