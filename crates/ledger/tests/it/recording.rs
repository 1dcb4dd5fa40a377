//! Recording: what is appended is there, in order, in the layout of C2SP tlog-tiles.
//! In: batches. Out: files and entries.
//! Invariant: what could be content is refused, and then nothing of the batch is recorded.
//! Not here: crashes.

use stillwatch_ledger::{Entry, Error, Key, Log, Reader, Way, What, verify};

use crate::fixture::{Done, NAME, entries, entry, files, ledger};

#[test]
fn entries_come_back_as_they_were() -> Done {
    let folder = tempfile::tempdir()?;
    let key = ledger(folder.path(), &[1, 2, 300, 0, 5])?;
    let reader = Reader::open(folder.path(), &key, &[])?;
    assert_eq!(reader.signed().size, 308);
    for n in 0..308 {
        assert_eq!(Entry::read(&reader.entry(n)?)?, entry(n));
    }
    let verified = verify(folder.path(), &key, &[])?;
    assert_eq!((verified.signed.size, verified.strange, verified.beyond.len()), (308, None, 0));
    assert!(matches!(reader.entry(308), Err(Error::Range { .. })));
    Ok(())
}

#[test]
fn a_ledger_is_read_as_it_was_at_a_checkpoint_that_was_kept() -> Done {
    let folder = tempfile::tempdir()?;
    let mut log = Log::create(folder.path(), Key::generate(NAME)?)?;
    let key = log.public();
    let (mut kept, mut from) = (vec![log.signed().clone()], 0);
    for count in [3, 1, 252, 4, 256, 30] {
        log.append(&entries(from..from + count))?;
        from += count;
        kept.push(log.signed().clone());
    }
    drop(log);
    for signed in &kept {
        let then = Reader::open_at(folder.path(), &key, &[], signed.note())?;
        assert_eq!(then.signed(), signed);
        for n in 0..signed.size {
            let bytes = then.entry(n)?;
            assert_eq!(Entry::read(&bytes)?, entry(n));
            assert_eq!(then.prove(n)?.check(&bytes, &key, &[])?, *signed);
        }
        assert!(matches!(then.entry(signed.size), Err(Error::Range { .. })), "what came later isn't there");
        if let Some(last) = signed.size.checked_sub(1) {
            assert_eq!(then.bundle_of(last)?.1.len() as u64, last % 256 + 1);
        }
    }
    // One that this ledger doesn't continue, or isn't there yet, or that another key signed.
    let other = tempfile::tempdir()?;
    let strange = ledger(other.path(), &[5])?;
    let note = Reader::open(other.path(), &strange, &[])?.signed().note().to_vec();
    assert!(matches!(Reader::open_at(folder.path(), &key, &[], &note), Err(Error::Checkpoint(_))));
    let file = other.path().join("a.key");
    let fork = Key::generate(NAME)?;
    fork.write(&file)?;
    let (one, two) = (other.path().join("one"), other.path().join("two"));
    Log::create(&one, Key::read(&file)?)?.append(&entries(0..9))?;
    Log::create(&two, Key::read(&file)?)?.append(&entries(1..6))?;
    let at = |of: &std::path::Path| std::fs::read(of.join("checkpoint"));
    let (key, nine, five) = (fork.public(), at(&one)?, at(&two)?);
    assert!(matches!(Reader::open_at(&one, &key, &[], &five), Err(Error::Proof(_))), "it was forked");
    assert!(matches!(Reader::open_at(&two, &key, &[], &nine), Err(Error::Range { .. })), "it was rolled back");
    Ok(())
}

#[test]
fn the_layout_is_that_of_tlog_tiles() -> Done {
    let folder = tempfile::tempdir()?;
    ledger(folder.path(), &[1, 2, 300])?;
    insta::assert_snapshot!(files(folder.path()).join("\n"), @r"
    checkpoint
    lock
    tile/0/000
    tile/0/001.p/47
    tile/1/000.p/1
    tile/entries/000
    tile/entries/001.p/47
    ");
    Ok(())
}

#[test]
fn an_entry_is_canonical_json() -> Done {
    let said: Vec<String> = (0..5)
        .map(|n| Ok(String::from_utf8(entry(n).canonical(0)?)?))
        .collect::<Result<_, Box<dyn std::error::Error>>>()?;
    insta::assert_snapshot!(said.join("\n"));
    Ok(())
}

#[test]
fn a_batch_of_decisions_adds_up() -> Done {
    let batch = |made, first, last| Entry {
        at: jiff::Timestamp::from_second(1_790_000_000).unwrap_or_default(),
        by: "lab-one".into(),
        what: What::Acted {
            rules: vec!["likely-campaign".into()],
            made,
            renewed: 1,
            taken_back: 0,
            reversed: 0,
            first,
            last,
            hash: format!("sha256:{:064x}", 7),
        },
    };
    let bytes = batch(3, 17, 20).canonical(0)?;
    assert_eq!(Entry::read(&bytes)?, batch(3, 17, 20));
    insta::assert_snapshot!(String::from_utf8(bytes)?, @r#"{"at":"2026-09-21T14:13:20Z","by":"lab-one","what":{"acted":{"first":17,"hash":"sha256:0000000000000000000000000000000000000000000000000000000000000007","last":20,"made":3,"renewed":1,"reversed":0,"rules":["likely-campaign"],"taken_back":0}}}"#);
    for (made, first, last) in [(2, 17, 20), (3, 20, 17), (3, 17, u64::MAX), (u64::MAX, 1, 2)] {
        assert!(batch(made, first, last).canonical(0).is_err(), "{made} in {first} to {last}");
    }
    Ok(())
}

#[test]
fn a_receipt_says_what_it_must_and_no_more() -> Done {
    let at = |second| jiff::Timestamp::from_second(second).unwrap_or_default();
    let receipt = |way, count, (from, to), hash: Option<&str>| Entry {
        at: at(1_790_000_000),
        by: "hub".into(),
        what: What::Receipt {
            whose: "lab-two".into(),
            way,
            collection: "8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f".into(),
            count,
            from: at(from),
            to: at(to),
            hash: hash.map(str::to_owned),
        },
    };
    let hash = format!("sha256:{:064x}", 7);
    let taken = receipt(Way::Taken, 2, (1, 2), Some(&hash));
    assert_eq!(
        (Entry::read(&taken.canonical(0)?)?.about(), Entry::read(&taken.canonical(0)?)?),
        ("lab-two", taken.clone())
    );
    insta::assert_snapshot!(String::from_utf8(receipt(Way::Read, 3, (1, 1), None).canonical(0)?)?, @r#"{"at":"2026-09-21T14:13:20Z","by":"hub","what":{"receipt":{"collection":"8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f","count":3,"from":"1970-01-01T00:00:01Z","to":"1970-01-01T00:00:01Z","way":"read","whose":"lab-two"}}}"#);
    let mut said = String::new();
    for wrong in [
        receipt(Way::Taken, 2, (1, 2), None),
        receipt(Way::Read, 2, (1, 2), Some(&hash)),
        receipt(Way::Taken, 2, (1, 2), Some("sha256:7")),
        receipt(Way::Read, 2, (2, 1), None),
        receipt(Way::Read, (1 << 53) + 1, (1, 2), None),
    ] {
        said += &format!("{}\n", wrong.canonical(0).err().ok_or("was taken")?);
    }
    insta::assert_snapshot!(said, @r"
    entry 0 of the batch: `hash` is missing for objects that were taken
    entry 0 of the batch: `hash` stands with objects that were taken only
    entry 0 of the batch: `hash` isn't `sha256:` and 64 hexadecimal digits
    entry 0 of the batch: `from` is after `to`
    entry 0 of the batch: `count` is beyond 2^53
    ");
    Ok(())
}

#[test]
fn what_could_be_content_is_refused_and_nothing_is_recorded() -> Done {
    let folder = tempfile::tempdir()?;
    let mut log = Log::create(folder.path(), Key::generate(NAME)?)?;
    let with = |reason: &str| Entry {
        what: What::View { about: "campaign--1".into(), count: 1, reason: reason.into() },
        ..entry(3)
    };
    let long = "Please continue the proof. ".repeat(20);
    let mut said = String::new();
    for reason in [&long, "two\nlines", ""] {
        let error = log.append(&[entry(1), with(reason)]).err().ok_or("was recorded")?;
        said += &format!("{error}\nhint: {}\n", error.hint());
    }
    insta::assert_snapshot!(said, @r"
    entry 1 of the batch: `reason` has 540 bytes; 256 are allowed
    hint: an entry holds ids, hashes and names, never content
    entry 1 of the batch: `reason` has a control character
    hint: an entry holds ids, hashes and names, never content
    entry 1 of the batch: `reason` is empty
    hint: an entry holds ids, hashes and names, never content
    ");
    assert_eq!(log.append(&entries(0..2))?, 0..2, "the log goes on");
    Ok(())
}

#[test]
fn a_clock_moved_back_shows_in_entries_and_never_in_checkpoints() -> Done {
    let folder = tempfile::tempdir()?;
    let mut log = Log::create(folder.path(), Key::generate(NAME)?)?;
    log.append(&entries(100..101))?;
    let before = log.signed().time;
    // Said to be of long before: recorded as said, and behind.
    log.append(&entries(3..4))?;
    assert!(log.signed().time >= before && before.is_some());
    let reader = Reader::open(folder.path(), &log.public(), &[])?;
    assert_eq!(Entry::read(&reader.entry(1)?)?.at, entry(3).at);
    assert_eq!(verify(folder.path(), &log.public(), &[])?.back, Some((1, 1)));
    // Forward again, and back at the edge of a bundle.
    log.append(&entries(200..454))?;
    log.append(&entries(5..7))?;
    assert_eq!(verify(folder.path(), &log.public(), &[])?.back, Some((1, 2)));
    Ok(())
}

#[test]
fn one_process_writes_at_a_time() -> Done {
    let (folder, keys) = (tempfile::tempdir()?, tempfile::tempdir()?);
    let file = keys.path().join("key");
    Key::generate(NAME)?.write(&file)?;
    let log = Log::create(folder.path(), Key::read(&file)?)?;
    assert!(matches!(Log::open(folder.path(), Key::read(&file)?), Err(Error::Locked(_))));
    drop(log);
    Log::open(folder.path(), Key::read(&file)?)?;
    Ok(())
}

#[test]
fn nothing_is_made_over_something_or_opened_with_another_key() -> Done {
    let folder = tempfile::tempdir()?;
    assert!(matches!(Log::open(folder.path(), Key::generate(NAME)?), Err(Error::NoLedger(_))));
    assert_eq!(files(folder.path()), Vec::<String>::new());
    ledger(folder.path(), &[3])?;
    assert!(matches!(Log::create(folder.path(), Key::generate(NAME)?), Err(Error::Exists(_))));
    assert!(matches!(Log::open(folder.path(), Key::generate(NAME)?), Err(Error::Checkpoint(_))));
    Ok(())
}
