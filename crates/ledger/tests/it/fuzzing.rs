//! The bodies of the fuzz targets `ledger_tile` and `ledger_checkpoint`, run over arbitrary and half-valid bytes.
//! In: bytes. Out: nothing; a broken law panics.
//! Invariant: the same files are compiled into the fuzz targets.
//! Not here: the targets (`fuzz/`).

use proptest::prelude::*;
use stillwatch_ledger::{Error, Key, Log, Reader, verify};

#[path = "../../../../fuzz/bodies/ledger_checkpoint.rs"]
mod checkpoint;
#[path = "../../../../fuzz/bodies/ledger_tile.rs"]
mod tile;

use crate::fixture;

/// Puts the bytes in place of each file of a ledger: whatever reads it says that it is altered.
fn folder(bytes: &[u8]) {
    let run = || -> fixture::Done {
        let all = tempfile::tempdir()?;
        let mut log = Log::create(all.path(), Key::generate(fixture::NAME)?)?;
        log.append(&fixture::entries(0..258))?;
        for name in fixture::files(all.path()).iter().filter(|name| name.starts_with("tile/")) {
            let right = std::fs::read(all.path().join(name))?;
            std::fs::write(all.path().join(name), bytes)?;
            assert!(matches!(verify(all.path(), &log.public(), &[]), Err(Error::Altered(_))) || right == bytes);
            let reader = Reader::open(all.path(), &log.public(), &[])?;
            for index in [0, 255, 257] {
                let _ = (reader.prove(index), reader.entry(index), reader.consistency(index));
            }
            std::fs::write(all.path().join(name), right)?;
        }
        Ok(())
    };
    if let Err(error) = run() {
        assert!(error.to_string().contains("No space"), "{error}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn bytes(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        tile::run(&bytes);
        folder(&bytes);
        checkpoint::run(&bytes);
    }

    /// Tiles of the right length, so that what is in them is looked at.
    #[test]
    fn hashes(bytes in proptest::collection::vec(any::<u8>(), 8192..8193)) {
        tile::run(&bytes);
        folder(&bytes);
    }

    /// Half-valid notes and proofs.
    #[test]
    fn lines(text in r"(c2sp.org/tlog-proof@v1\n|index |old |extra AA==\n|[0-9]{1,20}\n|PeterNeumann\n|\n|— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n|47DEQpj8HBSa\+/TImW\+5JCeuQeRkm5NMpJWZG3hSuFU=\n){0,12}") {
        checkpoint::run(text.as_bytes());
    }

    /// Real entries with a few bytes changed.
    #[test]
    fn broken_entries(n in 0..50u64, changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..4)) {
        let mut bytes = fixture::entry(n).canonical(0).map_err(|e| TestCaseError::fail(e.to_string()))?;
        for (at, byte) in changes {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        tile::run(&bytes);
    }
}
