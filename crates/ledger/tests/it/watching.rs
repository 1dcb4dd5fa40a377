//! Watching: growth, roll-backs and forks of somebody else's ledger.
//! In: folders, checkpoints, proofs. Out: what is observed, and what is remembered.
//! Invariant: what was seen last moves only to what was proven.
//! Not here: cosigning.

use std::fs;
use std::path::Path;

use stillwatch_ledger::{Error, Following, Key, Log, Observed, Reader, observe};

use crate::fixture::{Done, NAME, entries};

fn grow(folder: &Path, key: &Path, by: std::ops::Range<u64>) -> Result<(), Error> {
    Log::open(folder, Key::read(key)?)?.append(&entries(by)).map(drop)
}

fn copy(from: &Path, to: &Path) -> std::io::Result<()> {
    fs::create_dir_all(to)?;
    for name in crate::fixture::files(from) {
        let to = to.join(&name);
        fs::create_dir_all(to.parent().unwrap_or(Path::new("")))?;
        fs::copy(from.join(&name), to)?;
    }
    Ok(())
}

#[test]
fn growth_roll_back_and_fork() -> Done {
    let all = tempfile::tempdir()?;
    let (ledger, fork, key, state) =
        (all.path().join("ledger"), all.path().join("fork"), all.path().join("key"), all.path().join("state"));
    Key::generate(NAME)?.write(&key)?;
    let public = Key::read(&key)?.public();
    Log::create(&ledger, Key::read(&key)?)?;
    grow(&ledger, &key, 0..100)?;
    copy(&ledger, &fork)?;
    let see = |folder: &Path| observe(&state, Following::Folder(folder), &public, &[]);
    assert!(matches!(see(&ledger)?, Observed::First(_)));
    assert!(matches!(see(&ledger)?, Observed::Same(_)));

    let old = fs::read(ledger.join("checkpoint"))?;
    grow(&ledger, &key, 100..300)?;
    let bare = fs::read(ledger.join("checkpoint"))?;
    assert!(matches!(observe(&state, Following::Checkpoint(&bare), &public, &[])?, Observed::Unproven { .. }));
    let proof = Reader::open(&ledger, &public, &[])?.consistency(100)?;
    assert!(matches!(observe(&state, Following::Proof(&proof), &public, &[])?, Observed::Grown { from: 100, .. }));
    grow(&ledger, &key, 300..310)?;
    assert!(matches!(see(&ledger)?, Observed::Grown { from: 300, .. }));

    let Observed::RolledBack { before, now, evidence } = observe(&state, Following::Checkpoint(&old), &public, &[])?
    else {
        return Err("no roll-back was seen".into());
    };
    assert_eq!((before.size, now.size), (310, 100));
    assert_eq!(fs::read(&evidence[1])?, old);

    // The same owner tells others of another history: shorter, of the same length, longer.
    grow(&fork, &key, 1000..1210)?;
    assert!(matches!(see(&fork)?, Observed::Fork { .. }));
    grow(&fork, &key, 1210..1400)?;
    let Observed::Fork { before, now, evidence } = see(&fork)? else { return Err("no fork was seen".into()) };
    assert_eq!((before.size, now.size), (310, 500));
    assert_eq!(fs::read(&evidence[0])?, before.note());
    assert!(matches!(see(&ledger)?, Observed::Same(_)), "what was seen last stays");

    let proof = Reader::open(&fork, &public, &[])?.consistency(310)?;
    assert!(matches!(observe(&state, Following::Proof(&proof), &public, &[]), Err(Error::Proof(_))));
    let other = Key::generate(NAME)?.public();
    assert!(matches!(observe(&state, Following::Folder(&ledger), &other, &[]), Err(Error::Checkpoint(_))));
    Ok(())
}

#[test]
fn a_damaged_folder_is_no_fork() -> Done {
    let all = tempfile::tempdir()?;
    let (ledger, key, state) = (all.path().join("ledger"), all.path().join("key"), all.path().join("state"));
    Key::generate(NAME)?.write(&key)?;
    let public = Key::read(&key)?.public();
    Log::create(&ledger, Key::read(&key)?)?;
    grow(&ledger, &key, 0..100)?;
    observe(&state, Following::Folder(&ledger), &public, &[])?;
    grow(&ledger, &key, 100..120)?;
    let tile = ledger.join("tile/0/000.p/120");
    let mut bytes = fs::read(&tile)?;
    bytes[9] ^= 1;
    fs::write(&tile, bytes)?;
    assert!(matches!(observe(&state, Following::Folder(&ledger), &public, &[]), Err(Error::Altered(_))));
    Ok(())
}
