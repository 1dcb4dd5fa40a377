//! Next: where a page ended (TAXII 2.1, section 3.5).
//! In: the last `date_added` of a page, and what was asked. Out: `next`, and back.
//! Invariant: says only what a client knows already, so it needs no secret and outlives a restart; used with another question it is refused.
//! Not here: access, which is looked at again for every page.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};
use stillwatch_model::Micros;
use stillwatch_track::exchange::Pick;

/// The form; another would have another first byte.
const FORM: u8 = 1;

/// What a page is a page of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Of<'a> {
    /// The endpoint: objects, manifest or versions.
    pub endpoint: &'static str,
    /// The collection's id.
    pub collection: &'a str,
    /// The filters, without `added_after` and `limit`, which may change from page to page.
    pub pick: &'a Pick,
}

impl Of<'_> {
    fn digest(&self) -> [u8; 8] {
        let Pick { ids, types, versions } = self.pick;
        let mut hash = Sha256::new();
        // Each list is preceded by its length, so that no two questions read the same.
        let flags = format!("{}{}{}", versions.first, versions.last, versions.all);
        for texts in [&[self.endpoint.to_owned(), self.collection.to_owned(), flags][..], ids, types, &versions.at] {
            hash.update((texts.len() as u64).to_be_bytes());
            for text in texts {
                hash.update((text.len() as u64).to_be_bytes());
                hash.update(text.as_bytes());
            }
        }
        let mut head = [0u8; 8];
        for (to, from) in head.iter_mut().zip(hash.finalize()) {
            *to = from;
        }
        head
    }
}

/// Writes where a page ended.
#[must_use]
pub fn write(last: Micros, of: &Of<'_>) -> String {
    let mut bytes = vec![FORM];
    bytes.extend(last.to_be_bytes());
    bytes.extend(of.digest());
    URL_SAFE_NO_PAD.encode(bytes)
}

/// Reads where a page ended; `None` where it is no `next` of this question.
#[must_use]
pub fn read(next: &str, of: &Of<'_>) -> Option<Micros> {
    let bytes = URL_SAFE_NO_PAD.decode(next).ok()?;
    let (form, rest) = bytes.split_first()?;
    let (last, digest) = rest.split_at_checked(8)?;
    if *form != FORM || digest != of.digest() {
        return None;
    }
    Some(Micros::from_be_bytes(last.try_into().ok()?))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn it_belongs_to_one_question() {
        let pick = Pick::default();
        let of = Of { endpoint: "objects", collection: "a", pick: &pick };
        let next = write(5, &of);
        assert_eq!(read(&next, &of), Some(5));
        let other = Pick { types: vec!["tool".into()], ..Pick::default() };
        for wrong in [Of { endpoint: "manifest", ..of }, Of { collection: "b", ..of }, Of { pick: &other, ..of }] {
            assert_eq!(read(&next, &wrong), None);
        }
        for text in ["", "!", "AQ", &next[1..], &format!("{next}A")] {
            assert_eq!(read(text, &of), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(last: i64, odd in "\\PC{0,40}") {
            let pick = Pick::default();
            let of = Of { endpoint: "objects", collection: "a", pick: &pick };
            prop_assert_eq!(read(&write(last, &of), &of), Some(last));
            let _ = read(&odd, &of);
        }
    }
}
