//! Laws of reading TAXII's query strings and `next`, for the fuzzer and for tests.
//! In: any bytes. Out: a panic where a law is broken.
//! Invariant: nothing panics; what was read is within bounds; why something wasn't is short and plain text; a `next` that is taken is
//! one that was written for that question.
//! Not here: the fuzzer.

use stillwatch_node::taxii::next::{self, Of};
use stillwatch_node::taxii::query::{Query, Takes};

pub(crate) fn run(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    for takes in [Takes::Everything, Takes::OfOne, Takes::OfVersions, Takes::OfRemoval] {
        let read = Query::read(&text, takes);
        assert_eq!(read, Query::read(&text, takes));
        match read {
            Ok(query) => {
                assert!(query.limit != Some(0) && query.next.as_deref() != Some(""));
                let pick = &query.pick;
                assert!(pick.ids.len() + pick.types.len() + pick.versions.at.len() <= 500);
                assert!(takes == Takes::Everything || (pick.ids.is_empty() && pick.types.is_empty()));
                let of = Of { endpoint: "objects", collection: "a", pick };
                written(query.next.as_deref().unwrap_or(&text), &of);
                let end = query.after.unwrap_or(7);
                assert_eq!(next::read(&next::write(end, &of), &of), Some(end));
                assert_eq!(next::read(&next::write(end, &of), &Of { collection: "b", ..of }), None);
            }
            Err(why) => assert!(why.len() < 1_000 && !why.chars().any(char::is_control), "{why:?}"),
        }
    }
}

/// What is taken was written so, to the letter.
fn written(text: &str, of: &Of<'_>) {
    if let Some(end) = next::read(text, of) {
        assert_eq!(next::write(end, of), text);
    }
}
