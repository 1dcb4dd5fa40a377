//! Witnesses: cosignatures made, added and verified.
//! In: a ledger and witnesses' keys. Out: who saw what, and when.
//! Invariant: a line of an unknown key is never counted; a wrong line of a known one is an error.
//! Not here: whether a witness should sign (`watching.rs`).

use stillwatch_ledger::{Cosigned, Error, Key, Log, PublicKey, Reader, cosign, export, verify};

use crate::fixture::{Done, NAME, entries, files};

#[test]
fn a_witness_cosigns() -> Done {
    let folder = tempfile::tempdir()?;
    let mut log = Log::create(folder.path(), Key::generate(NAME)?)?;
    log.append(&entries(0..10))?;
    let (witness, stranger) = (Key::generate("witness.example/w1")?, Key::generate("witness.example/w2")?);
    // Its key goes round in the form that tlog-cosignature gives it.
    let known = [PublicKey::parse(&witness.public().to_witness_line())?];
    let line = cosign(log.signed(), &witness, 1_790_000_000)?;
    assert!(line.starts_with("— witness.example/w1 ") && line.ends_with('\n') && line.lines().count() == 1);
    let by_stranger = cosign(log.signed(), &stranger, 1_790_000_001)?;
    assert!(matches!(log.add_cosignatures(&by_stranger, &known), Err(Error::Checkpoint(_))));
    let own = log.public();
    let signed = log.add_cosignatures(&line, &known)?;
    let cosigned = Cosigned { by: "witness.example/w1".into(), time: 1_790_000_000 };
    assert_eq!(signed.witnesses.first(), Some(&cosigned));
    assert_eq!(verify(folder.path(), &own, &known)?.signed.witnesses, [cosigned]);
    // Who doesn't know the witness learns that there is a line, and no more.
    let unknown = verify(folder.path(), &own, &[])?.signed;
    assert_eq!((unknown.witnesses.len(), unknown.unknown), (0, vec!["witness.example/w1".into()]));
    let again = cosign(log.signed(), &witness, 1_790_000_500)?;
    assert_eq!(log.add_cosignatures(&again, &known)?.witnesses[0].time, 1_790_000_500, "a later line replaces it");

    // Every byte of the checkpoint, now with a witness: whoever knows it finds the change, or misses the witness.
    let path = folder.path().join("checkpoint");
    let right = std::fs::read(&path)?;
    for at in 0..right.len() {
        let mut wrong = right.clone();
        wrong[at] ^= 1;
        std::fs::write(&path, wrong)?;
        let found = verify(folder.path(), &own, &known).map_or(true, |verified| verified.signed.witnesses.is_empty());
        assert!(found, "byte {at}");
    }
    std::fs::write(&path, right)?;
    log.append(&entries(10..11))?;
    assert_eq!(log.signed().witnesses, [], "it said nothing of the new entry");
    Ok(())
}

#[test]
fn an_export_holds_exactly_what_is_covered() -> Done {
    let (folder, out) = (tempfile::tempdir()?, tempfile::tempdir()?);
    let mut log = Log::create(folder.path(), Key::generate(NAME)?)?;
    for n in 0..9 {
        log.append(&entries(n * 30..n * 30 + 30))?;
    }
    let out = out.path().join("export");
    export(folder.path(), &out, &log.public(), &[])?;
    insta::assert_snapshot!(files(&out).join("\n"), @r"
    AUDIT.md
    audit.go
    key.pub
    log/checkpoint
    log/tile/0/000
    log/tile/0/001.p/14
    log/tile/1/000.p/1
    log/tile/entries/000
    log/tile/entries/001.p/14
    ");
    let key = PublicKey::parse(&std::fs::read_to_string(out.join("key.pub"))?)?;
    assert_eq!(verify(&out.join("log"), &key, &[])?.signed.size, 270);
    assert_eq!(Reader::open(&out.join("log"), &key, &[])?.prove(7)?, Reader::open(folder.path(), &key, &[])?.prove(7)?);
    assert!(matches!(export(folder.path(), &out, &log.public(), &[]), Err(Error::Exists(_))));
    Ok(())
}
