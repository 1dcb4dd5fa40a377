//! The body of the fuzz target `bundle`, run over arbitrary and half-valid bytes.
//! In: bytes. Out: nothing; a broken law panics.
//! Invariant: the same file is compiled into the fuzz target.
//! Not here: the target (`fuzz/`).

use proptest::prelude::*;

#[path = "../../../../fuzz/bodies/bundle.rs"]
mod body;

use crate::fixture;

proptest! {
    #[test]
    fn bytes(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        body::run(&bytes);
    }

    #[test]
    fn brackets_and_words(text in r#"(\{|\}|\[|\]|,|:|"|"type"|"id"|"objects"|"bundle"|"tool"|\\|\n|1|null|é){0,40}"#) {
        body::run(text.as_bytes());
    }

    /// A bundle of ours with a few bytes changed.
    #[test]
    fn broken_bundles(changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6)) {
        let mut bytes = stillwatch_stix::campaign::bundle(&fixture::campaign(), &fixture::options()).into_bytes();
        for (at, byte) in changes {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        body::run(&bytes);
    }
}
