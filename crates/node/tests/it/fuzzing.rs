//! The bodies of the fuzz targets `taxii_query` and `taxii_body`, run over arbitrary and half-valid bytes.
//! In: bytes. Out: nothing; a broken law panics.
//! Invariant: the same files are compiled into the fuzz targets.
//! Not here: the targets (`fuzz/`).

use proptest::prelude::*;

#[path = "../../../../fuzz/bodies/taxii_body.rs"]
mod body;
#[path = "../../../../fuzz/bodies/taxii_query.rs"]
mod query;

use crate::lab::{envelope, some};

proptest! {
    #[test]
    fn bytes(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        query::run(&bytes);
        body::run(&bytes);
    }

    #[test]
    fn parameters(text in "((limit|next|added_after|match\\[(id|type|version|spec_version|x)?\\]|utm)(=|%3D)([0-9]{0,20}|first|last|all|tool|2\\.1|AQ[A-Za-z0-9_-]{21}|2026-0[0-9]-[0-9]{2}T0[0-9]:00:[0-9]{2}(\\.[0-9]{0,30})?Z|%ff|%00|,|\\PC{0,5}){0,4}&?){0,6}") {
        query::run(text.as_bytes());
    }

    #[test]
    fn brackets_and_words(text in r#"(\{|\}|\[|\]|,|:|"|"type"|"id"|"objects"|"bundle"|"tool"|"more"|\\|\n|1|null|é){0,40}"#) {
        body::run(text.as_bytes());
    }

    /// An envelope, or a bundle, with a few bytes changed.
    #[test]
    fn broken_envelopes(
        is_bundle: bool,
        changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..6),
    ) {
        let mut bytes = envelope(&some(3)).into_bytes();
        if is_bundle {
            bytes.splice(1..1, br#""type":"bundle","id":"bundle--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f","#.iter().copied());
        }
        for (at, byte) in changes {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        body::run(&bytes);
    }
}
