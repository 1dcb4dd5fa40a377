//! Who: from HTTP's `Authorization` to a client.
//! In: headers, the book of clients. Out: the client, or 401.
//! Invariant: what is wrong with what was shown isn't told; a user name that isn't the token's is refused.
//! Not here: what the client may do (`access`).

use std::sync::Arc;

use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::answer::Refusal;
use crate::access::{Book, Known, hash};

/// The longest that is looked at.
const LONGEST: usize = 1_000;

/// Whose request it is: a bearer token (RFC 6750), or HTTP Basic (RFC 7617; TAXII 2.1, section 1.6.6) with the token as password.
///
/// # Errors
/// 401, where it is nobody's.
pub fn who(headers: &HeaderMap, book: &Book) -> Result<Arc<Known>, Refusal> {
    let mut shown = headers.get_all(AUTHORIZATION).iter();
    let (Some(one), None) = (shown.next(), shown.next()) else { return Err(Refusal::stranger()) };
    read(one.as_bytes(), book).ok_or_else(Refusal::stranger)
}

fn read(shown: &[u8], book: &Book) -> Option<Arc<Known>> {
    let text = std::str::from_utf8(shown).ok().filter(|text| text.len() <= LONGEST)?;
    let (scheme, rest) = text.split_once(' ')?;
    let rest = rest.trim_matches(' ');
    if scheme.eq_ignore_ascii_case("bearer") {
        return book.client(&hash(rest)).cloned();
    }
    if scheme.eq_ignore_ascii_case("basic") {
        let pair = String::from_utf8(STANDARD.decode(rest).ok()?).ok()?;
        let (name, token) = pair.split_once(':')?;
        return book.client(&hash(token)).filter(|known| known.name == name).cloned();
    }
    None
}
