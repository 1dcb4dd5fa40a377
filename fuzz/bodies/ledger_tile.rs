//! Laws of reading bundles and entries, for the fuzzer and for tests.
//! In: any bytes. Out: a panic where a law is broken.
//! Invariant: nothing panics; a bundle's entries are its bytes; an entry that is recorded is read the same again.
//! Not here: the fuzzer.

use stillwatch_ledger::{Entry, split_bundle};

pub(crate) fn run(bytes: &[u8]) {
    let (entries, whole) = split_bundle(bytes);
    let taken: usize = entries.iter().map(|entry| entry.len() + 2).sum();
    assert!(taken <= bytes.len());
    assert_eq!(whole, taken == bytes.len());
    for bytes in entries.into_iter().chain([bytes]) {
        let Ok(entry) = Entry::read(bytes) else { continue };
        let Ok(canonical) = entry.canonical(0) else { continue };
        let again = Entry::read(&canonical).expect("what is recorded is an entry");
        assert_eq!(again, entry);
        assert_eq!(again.canonical(0).expect("it was recorded before"), canonical);
    }
}
