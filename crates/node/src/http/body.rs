//! Body: a request's bytes, no more than allowed.
//! In: a body, as it is or in gzip. Out: its bytes.
//! Invariant: neither what comes nor what comes out of it grows over the limit; more is 413.
//! Not here: what the bytes say.

use std::io::Read;

use axum::body::{Body, Bytes};
use axum::http::header::{CONTENT_ENCODING, CONTENT_LENGTH};
use axum::http::{HeaderMap, StatusCode};
use flate2::read::MultiGzDecoder;

use super::answer::Refusal;

/// Reads a body.
///
/// # Errors
/// 413 where it is too large, 415 where it is packed otherwise than with gzip, 400 where it breaks off.
pub async fn read(headers: &HeaderMap, body: Body, most: usize) -> Result<Bytes, Refusal> {
    let told = headers.get(CONTENT_LENGTH).and_then(|v| v.to_str().ok()).and_then(|v| v.parse::<u64>().ok());
    if told.is_some_and(|told| told > most as u64) {
        return Err(too_large(most));
    }
    let packed = match headers.get(CONTENT_ENCODING).map(|v| v.as_bytes().to_ascii_lowercase()).as_deref() {
        None | Some(b"identity") => false,
        Some(b"gzip" | b"x-gzip") => true,
        Some(_) => {
            let how = "Send it as it is, or with `Content-Encoding: gzip`";
            return Err(Refusal::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "The content encoding isn't known", how));
        }
    };
    let bytes = match axum::body::to_bytes(body, most).await {
        Ok(bytes) => bytes,
        Err(error) if is_limit(&error) => return Err(too_large(most)),
        Err(_) => return Err(Refusal::malformed("The body breaks off")),
    };
    if !packed {
        return Ok(bytes);
    }
    let unpacked = tokio::task::spawn_blocking(move || {
        let mut out = Vec::new();
        MultiGzDecoder::new(bytes.as_ref()).take(most as u64 + 1).read_to_end(&mut out).map(|_| out)
    });
    match unpacked.await {
        Ok(Ok(out)) if out.len() > most => Err(too_large(most)),
        Ok(Ok(out)) => Ok(out.into()),
        _ => Err(Refusal::malformed("The body is no gzip, or breaks off")),
    }
}

fn is_limit(error: &axum::Error) -> bool {
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(error) = cause {
        if error.is::<http_body_util::LengthLimitError>() {
            return true;
        }
        cause = error.source();
    }
    false
}

fn too_large(most: usize) -> Refusal {
    let how = format!("A request may have {most} bytes, also when it is unpacked (`max_content_length`); split it");
    Refusal::new(StatusCode::PAYLOAD_TOO_LARGE, "The request is too large", how)
}
