//! Answer: what goes back over HTTP.
//! In: JSON, or a refusal. Out: a response of TAXII's media type, errors as TAXII's error message (TAXII 2.1, section 3.6).
//! Invariant: every error has a `title`, and its `http_status` as a string; what happened inside is never told.
//! Not here: what is answered.

use axum::body::Body;
use axum::http::header::{ALLOW, CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE, X_CONTENT_TYPE_OPTIONS};
use axum::http::{HeaderName, HeaderValue, Response, StatusCode};
use axum::response::IntoResponse;
use serde_json::json;

use super::guard::Did;

/// TAXII's media type (TAXII 2.1, section 1.6.8.1).
pub const TAXII: &str = "application/taxii+json;version=2.1";

/// A response with a body of TAXII's media type.
#[derive(Debug)]
pub struct Answer {
    status: StatusCode,
    body: String,
    headers: Vec<(HeaderName, String)>,
    did: Option<Did>,
}

impl Answer {
    /// 200 with this JSON.
    pub fn ok(body: impl Into<String>) -> Self {
        Self { status: StatusCode::OK, body: body.into(), headers: Vec::new(), did: None }
    }

    /// 202 with this JSON.
    pub fn accepted(body: impl Into<String>) -> Self {
        Self { status: StatusCode::ACCEPTED, ..Self::ok(body) }
    }

    /// 200 with this JSON, outside of TAXII.
    pub fn json(body: impl Into<String>) -> Self {
        Self::ok(body).with(CONTENT_TYPE, "application/json")
    }

    /// 304: what the client has is how it is (RFC 9110, section 15.4.5).
    #[must_use]
    pub fn unchanged() -> Self {
        Self { status: StatusCode::NOT_MODIFIED, ..Self::json("") }
    }

    /// With a further header.
    #[must_use]
    pub fn with(mut self, name: HeaderName, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// With what was done, for the audit log.
    #[must_use]
    pub fn did(mut self, did: Did) -> Self {
        self.did = Some(did);
        self
    }
}

impl IntoResponse for Answer {
    fn into_response(self) -> Response<Body> {
        let mut response = Response::new(Body::from(self.body));
        *response.status_mut() = self.status;
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(TAXII));
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
        for (name, value) in self.headers {
            if let Ok(value) = HeaderValue::from_str(&value) {
                headers.insert(name, value);
            }
        }
        if let Some(did) = self.did {
            response.extensions_mut().insert(did);
        }
        response
    }
}

/// A request that isn't done, and why, in words for the client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// HTTP's status.
    pub status: StatusCode,
    title: &'static str,
    description: String,
    retry_after: Option<u64>,
    allow: Option<String>,
}

impl Refusal {
    /// Of that status, with a title and what can be done about it.
    pub fn new(status: StatusCode, title: &'static str, description: impl Into<String>) -> Self {
        Self { status, title, description: description.into(), retry_after: None, allow: None }
    }

    /// 400: a parameter or a body can't be read.
    pub fn malformed(description: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "The request can't be read", description)
    }

    /// 401: nobody has said who they are.
    #[must_use]
    pub fn stranger() -> Self {
        let how = "Give a valid token, as `Authorization: Bearer TOKEN`, or as the password of HTTP Basic";
        Self::new(StatusCode::UNAUTHORIZED, "Authentication is required", how)
    }

    /// 403: the client may know of it, but not do that.
    pub fn forbidden(description: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, "That is not allowed", description)
    }

    /// 404: there is no such thing, or the client may not know of it; the two read the same.
    pub fn unknown(what: &'static str) -> Self {
        let description = format!("There is no such {what}, or you have no access to it");
        Self::new(StatusCode::NOT_FOUND, "Not found", description)
    }

    /// 429: too much at once; seconds until it may be tried again.
    #[must_use]
    pub fn too_many(seconds: u64) -> Self {
        let title = "Too many requests";
        let refusal = Self::new(StatusCode::TOO_MANY_REQUESTS, title, format!("Try again in {seconds} seconds"));
        Self { retry_after: Some(seconds), ..refusal }
    }

    /// 503: it took too long.
    #[must_use]
    pub fn too_long() -> Self {
        let how = "Ask for less at once, or try again later";
        let refusal = Self::new(StatusCode::SERVICE_UNAVAILABLE, "It took too long", how);
        Self { retry_after: Some(5), ..refusal }
    }

    /// 500, or 503 where the store is away: what happened is logged, and not told.
    pub(crate) fn inside(error: &stillwatch_track::Error) -> Self {
        tracing::error!(error = %error, hint = error.hint(), "the store failed");
        let how = "It isn't your request; try again later";
        let refusal = Self::new(StatusCode::SERVICE_UNAVAILABLE, "The server failed", how);
        Self { retry_after: Some(30), ..refusal }
    }

    /// What can be done about it.
    #[must_use]
    pub fn description(&self) -> &str {
        &self.description
    }

    /// Says in words what a status that has no other words means.
    pub(crate) fn of_status(status: StatusCode, allow: Option<String>) -> Self {
        let (title, description) = match status {
            StatusCode::NOT_FOUND => return Self::unknown("resource"),
            StatusCode::METHOD_NOT_ALLOWED => {
                ("That method is not allowed here", "The header `Allow` names those that are")
            }
            StatusCode::INTERNAL_SERVER_ERROR => ("The server failed", "It isn't your request; try again later"),
            other => (other.canonical_reason().unwrap_or("Refused"), "The request can't be read"),
        };
        Self { allow, ..Self::new(status, title, description) }
    }
}

impl From<stillwatch_track::Error> for Refusal {
    fn from(error: stillwatch_track::Error) -> Self {
        Self::inside(&error)
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response<Body> {
        let body = json!({
            "title": self.title,
            "description": self.description,
            "http_status": self.status.as_u16().to_string(),
        });
        let mut answer = Answer { status: self.status, ..Answer::ok(body.to_string()) };
        if self.status == StatusCode::UNAUTHORIZED {
            answer = answer.with(WWW_AUTHENTICATE, r#"Bearer realm="taxii", Basic realm="taxii", charset="UTF-8""#);
        }
        if let Some(seconds) = self.retry_after {
            answer = answer.with(RETRY_AFTER, seconds.to_string());
        }
        if let Some(allow) = self.allow {
            answer = answer.with(ALLOW, allow);
        }
        answer.into_response()
    }
}
