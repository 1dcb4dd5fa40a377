//! Who: from HTTP's `Authorization` and the connection's certificate to a client.
//! In: headers, a certificate, the book of clients. Out: the client, or 401.
//! Invariant: what is wrong with what was shown isn't told; a user name that isn't the token's, or a token that isn't the certificate's, is refused.
//! Not here: what the client may do (`access`).

use std::sync::Arc;

use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::answer::Refusal;
use crate::access::{Book, Known, People, hash, oidc};

/// The longest that is looked at.
const LONGEST: usize = 1_000;

/// The certificate of the connection on which a request came; without this extension there was none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Certificate {
    /// A valid one with this SHA-256.
    Known([u8; 32]),
    /// One that was valid when the connection began, and isn't any more.
    Void,
}

/// Whose request it is: a certificate that is a client's, a bearer token (RFC 6750), or HTTP Basic (RFC 7617; TAXII 2.1, section 1.6.6)
/// with the token as password; or a bearer token of the issuer that people are known by. Who shows both shows two of the same client.
///
/// # Errors
/// 401, where it is nobody's.
pub async fn who(
    headers: &HeaderMap,
    certificate: Option<Certificate>,
    book: &Book,
    people: Option<&People>,
) -> Result<Arc<Known>, Refusal> {
    let certified = match certificate {
        None => None,
        Some(Certificate::Known(hash)) => Some(book.certified(&hash).ok_or_else(Refusal::stranger)?),
        Some(Certificate::Void) => return Err(Refusal::stranger()),
    };
    let mut shown = headers.get_all(AUTHORIZATION).iter();
    let said = match (shown.next(), shown.next()) {
        (None, _) => None,
        (Some(one), None) => {
            let whose = match (person(one.as_bytes()), people) {
                (Some(token), Some(people)) => people.who(token, book).await,
                _ => read(one.as_bytes(), book),
            };
            Some(whose.ok_or_else(Refusal::stranger)?)
        }
        (Some(_), Some(_)) => return Err(Refusal::stranger()),
    };
    match (certified, said) {
        (Some(certified), Some(said)) if certified.name == said.name => Ok(said),
        (Some(certified), None) => Ok(Arc::clone(certified)),
        (None, Some(said)) => Ok(said),
        _ => Err(Refusal::stranger()),
    }
}

/// A bearer token that an issuer of people's may have made.
fn person(shown: &[u8]) -> Option<&str> {
    let (scheme, token) = std::str::from_utf8(shown).ok()?.split_once(' ')?;
    let token = token.trim_matches(' ');
    (scheme.eq_ignore_ascii_case("bearer") && oidc::is_one(token)).then_some(token)
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
