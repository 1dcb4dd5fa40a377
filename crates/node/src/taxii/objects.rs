//! Objects: what is in a collection: objects, their manifest, versions of one (TAXII 2.1, sections 5.3, 5.4, 5.6 and 5.8).
//! In: a client that may read, filters, where the last page ended. Out: a page; `next` where there are more.
//! Invariant: objects are given back byte for byte; a page is looked up anew for this client and these filters, whatever `next` says.
//! Not here: which rows these are (`track`).

use std::sync::Arc;

use axum::Extension;
use axum::extract::{Path, RawQuery, State};
use axum::http::{HeaderName, Method};
use stillwatch_track::exchange::{self, Asked, Collection, Page, Pick, Versions, stamp};

use super::collections::find_to_read;
use super::next::{self, Of};
use super::query::{Query, Takes};
use super::resource::{Listed, Record, STIX, text};
use crate::access::Known;
use crate::http::Node;
use crate::http::answer::{Answer, Refusal};
use crate::http::guard::{Did, Who};

/// `date_added` of the first and the last object of a page (TAXII 2.1, section 3.2).
const FIRST: HeaderName = HeaderName::from_static("x-taxii-date-added-first");
const LAST: HeaderName = HeaderName::from_static("x-taxii-date-added-last");

/// `GET /{root}/collections/{collection}/objects/`.
pub(super) async fn objects(
    State(node): State<Arc<Node>>,
    Extension(Who(client)): Extension<Who>,
    Path((path, id)): Path<(String, String)>,
    RawQuery(query): RawQuery,
    method: Method,
) -> Result<Answer, Refusal> {
    let collection = find_to_read(&node, &client, &path, &id)?;
    let query = read(query, Takes::Everything)?;
    let (page, next) = page(&node, &collection, "objects", &query, true).await?;
    hand_over(&node, &client, &collection, &page, &method);
    Ok(answer(&node, &collection, &page, envelope(&page, next.as_deref())))
}

/// `GET /{root}/collections/{collection}/manifest/`.
pub(super) async fn manifest(
    State(node): State<Arc<Node>>,
    Extension(Who(client)): Extension<Who>,
    Path((path, id)): Path<(String, String)>,
    RawQuery(query): RawQuery,
) -> Result<Answer, Refusal> {
    let collection = find_to_read(&node, &client, &path, &id)?;
    let query = read(query, Takes::Everything)?;
    let (page, next) = page(&node, &collection, "manifest", &query, false).await?;
    let record = |entry: &'_ exchange::Entry| stamp(entry.date_added);
    let records = page.entries.iter().map(|entry| Record {
        id: &entry.id,
        date_added: record(entry),
        version: &entry.version,
        media_type: STIX,
    });
    let (more, objects) = (page.more, Some(records.collect()));
    let listed = Listed { more, next: next.as_deref(), objects, versions: None };
    let body = if page.entries.is_empty() { "{}".to_owned() } else { text(&listed) };
    Ok(answer(&node, &collection, &page, body))
}

/// `GET /{root}/collections/{collection}/objects/{object}/`.
pub(super) async fn object(
    State(node): State<Arc<Node>>,
    Extension(Who(client)): Extension<Who>,
    Path((path, id, object)): Path<(String, String, String)>,
    RawQuery(query): RawQuery,
    method: Method,
) -> Result<Answer, Refusal> {
    let collection = find_to_read(&node, &client, &path, &id)?;
    let mut query = read(query, Takes::OfOne)?;
    query.pick.ids = vec![object];
    let (page, next) = page(&node, &collection, "object", &query, true).await?;
    is_there(&node, &collection, &query.pick, &page).await?;
    hand_over(&node, &client, &collection, &page, &method);
    Ok(answer(&node, &collection, &page, envelope(&page, next.as_deref())))
}

/// `GET /{root}/collections/{collection}/objects/{object}/versions/`.
pub(super) async fn versions(
    State(node): State<Arc<Node>>,
    Extension(Who(client)): Extension<Who>,
    Path((path, id, object)): Path<(String, String, String)>,
    RawQuery(query): RawQuery,
) -> Result<Answer, Refusal> {
    let collection = find_to_read(&node, &client, &path, &id)?;
    let mut query = read(query, Takes::OfVersions)?;
    query.pick = Pick { ids: vec![object], versions: Versions::all(), ..Pick::default() };
    let (page, next) = page(&node, &collection, "versions", &query, false).await?;
    is_there(&node, &collection, &query.pick, &page).await?;
    let versions = Some(page.entries.iter().map(|entry| entry.version.as_str()).collect());
    let listed = Listed::<()> { more: page.more, next: next.as_deref(), objects: None, versions };
    let body = if page.entries.is_empty() { "{}".to_owned() } else { text(&listed) };
    Ok(answer(&node, &collection, &page, body))
}

pub(super) fn read(query: Option<String>, takes: Takes) -> Result<Query, Refusal> {
    Query::read(&query.unwrap_or_default(), takes).map_err(Refusal::malformed)
}

/// A page, and `next` where there are more.
async fn page(
    node: &Node,
    collection: &Collection,
    endpoint: &'static str,
    query: &Query,
    texts: bool,
) -> Result<(Page, Option<String>), Refusal> {
    let of = Of { endpoint, collection: &collection.id, pick: &query.pick };
    let from = match &query.next {
        Some(next) => Some(next::read(next, &of).ok_or_else(|| {
            Refusal::malformed("`next` belongs to another request; give it back as it was told, with the same filters")
        })?),
        None => None,
    };
    if !query.wants_stix_2_1 {
        return Ok((Page::default(), None));
    }
    let limits = &node.config.limits;
    let limit = query.limit.unwrap_or(limits.page).min(limits.page_most);
    let asked = Asked { pick: &query.pick, after: query.after.max(from), limit, bytes: limits.page_bytes, texts };
    let page = exchange::page(&node.store, collection, &asked).await?;
    let last = page.entries.last().filter(|_| page.more);
    let next = last.map(|last| next::write(last.date_added, &of));
    Ok((page, next))
}

/// 404 where the page is empty because there is no such object.
async fn is_there(node: &Node, collection: &Collection, pick: &Pick, page: &Page) -> Result<(), Refusal> {
    if !page.entries.is_empty() {
        return Ok(());
    }
    let pick = Pick { ids: pick.ids.clone(), versions: Versions::all(), ..Pick::default() };
    let asked = Asked { pick: &pick, after: None, limit: 1, bytes: 1, texts: false };
    let any = exchange::page(&node.store, collection, &asked).await?;
    if any.entries.is_empty() { Err(Refusal::unknown("object")) } else { Ok(()) }
}

/// The envelope (TAXII 2.1, section 3.7), of objects as they were written.
fn envelope(page: &Page, next: Option<&str>) -> String {
    if page.entries.is_empty() {
        return "{}".to_owned();
    }
    let bytes: usize = page.entries.iter().map(|entry| entry.json.len() + 1).sum();
    let mut text = String::with_capacity(bytes + 100);
    text.push_str(if page.more { "{\"more\":true," } else { "{\"more\":false," });
    if let Some(next) = next {
        // Of letters, digits, `-` and `_` only.
        text.push_str("\"next\":\"");
        text.push_str(next);
        text.push_str("\",");
    }
    text.push_str("\"objects\":[");
    for (at, entry) in page.entries.iter().enumerate() {
        if at > 0 {
            text.push(',');
        }
        text.push_str(&entry.json);
    }
    text.push_str("]}");
    text
}

/// Keeps a receipt of objects that are handed over; of a `HEAD` nothing is.
fn hand_over(node: &Node, client: &Known, collection: &Collection, page: &Page, method: &Method) {
    if method != Method::HEAD {
        node.receipts.read(&client.name, &collection.id, page);
    }
}

fn answer(node: &Node, collection: &Collection, page: &Page, body: String) -> Answer {
    node.counts.sent(page.entries.len());
    let did = Did { collection: Some(collection.id.clone()), objects: page.entries.len(), failed: 0 };
    let answer = Answer::ok(body).did(did);
    match (page.entries.first(), page.entries.last()) {
        (Some(first), Some(last)) => answer.with(FIRST, stamp(first.date_added)).with(LAST, stamp(last.date_added)),
        _ => answer,
    }
}
