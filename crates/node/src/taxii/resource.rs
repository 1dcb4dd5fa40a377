//! Resource: TAXII's resources as JSON.
//! In: what they say. Out: text.
//! Invariant: what is optional and empty isn't there: a list in TAXII is never empty (TAXII 2.1, section 2, `list`).
//! Not here: the envelope, whose objects are others' text (`objects.rs`).

use serde::Serialize;

/// The media type of objects.
pub(super) const STIX: &str = "application/stix+json;version=2.1";

/// The discovery resource (TAXII 2.1, section 4.1.1).
#[derive(Debug, Serialize)]
pub(super) struct Discovery<'a> {
    pub(super) title: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) description: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) contact: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) default: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) api_roots: Vec<String>,
}

/// The API root resource (TAXII 2.1, section 4.2.1).
#[derive(Debug, Serialize)]
pub(super) struct ApiRoot<'a> {
    pub(super) title: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) description: Option<&'a str>,
    pub(super) versions: [&'static str; 1],
    pub(super) max_content_length: usize,
}

/// The collection resource (TAXII 2.1, section 5.2.1).
#[derive(Debug, Serialize)]
pub(super) struct CollectionResource<'a> {
    pub(super) id: &'a str,
    pub(super) title: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) description: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) alias: Option<&'a str>,
    pub(super) can_read: bool,
    pub(super) can_write: bool,
    pub(super) media_types: [&'static str; 1],
}

/// The collections resource (TAXII 2.1, section 5.1.1).
#[derive(Debug, Serialize)]
pub(super) struct Collections<'a> {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) collections: Vec<CollectionResource<'a>>,
}

/// The status resource (TAXII 2.1, section 4.3.1).
#[derive(Debug, Serialize)]
pub(super) struct Status<'a> {
    pub(super) id: &'a str,
    pub(super) status: &'static str,
    pub(super) request_timestamp: &'a str,
    pub(super) total_count: usize,
    pub(super) success_count: usize,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) successes: Vec<Detail<'a>>,
    pub(super) failure_count: usize,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) failures: Vec<Detail<'a>>,
    pub(super) pending_count: usize,
}

/// What became of one object (TAXII 2.1, section 4.3.1, `status-details`).
#[derive(Debug, Serialize)]
pub(super) struct Detail<'a> {
    pub(super) id: &'a str,
    pub(super) version: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) message: Option<&'a str>,
}

/// One line of a manifest (TAXII 2.1, section 5.3.1, `manifest-record`).
#[derive(Debug, Serialize)]
pub(super) struct Record<'a> {
    pub(super) id: &'a str,
    pub(super) date_added: String,
    pub(super) version: &'a str,
    pub(super) media_type: &'static str,
}

/// A page of records or versions.
#[derive(Debug, Serialize)]
pub(super) struct Listed<'a, T> {
    pub(super) more: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) next: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) objects: Option<Vec<T>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) versions: Option<Vec<&'a str>>,
}

/// The text of a resource.
pub(super) fn text(resource: &impl Serialize) -> String {
    // These hold texts and numbers only, which are always JSON.
    serde_json::to_string(resource).unwrap_or_else(|_| "{}".to_owned())
}
