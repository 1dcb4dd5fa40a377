//! Add: objects into a collection (TAXII 2.1, section 5.5).
//! In: an envelope, or a bundle, of a client that may write. Out: 202 with a status that tells of each object.
//! Invariant: the status is complete when it is told, and kept with the objects; what another sent before isn't told.
//! Not here: rows (`track`).

use std::sync::{Arc, OnceLock};

use axum::Extension;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use jiff::Timestamp;
use stillwatch_stix::Limits;
use stillwatch_track::exchange::{self, Added, Came, Collection, Kept, Outcome, stamp};
use uuid::Uuid;

use super::collections::find;
use super::received::{self, Bad, Item};
use super::resource::{Detail, STIX, Status, text};
use super::{forbidden, media};
use crate::config::Part;
use crate::http::answer::{Answer, Refusal, TAXII};
use crate::http::guard::{Did, Who};
use crate::http::{Node, body};

/// `POST /{root}/collections/{collection}/objects/`.
pub(super) async fn add(
    State(node): State<Arc<Node>>,
    Extension(Who(client)): Extension<Who>,
    Path((path, id)): Path<(String, String)>,
    headers: HeaderMap,
    sent: Body,
) -> Result<Answer, Refusal> {
    let (collection, may) = find(&node, &client, &path, &id)?;
    if !may.write {
        return Err(Refusal::forbidden("You may read this collection, but not add objects"));
    }
    let kind = media::sent(&headers).ok_or_else(|| {
        let how = format!("Say `Content-Type: {TAXII}` for an envelope, or `{STIX}` for a bundle");
        Refusal::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "The media type isn't taken", how)
    })?;
    let limits = node.config.limits;
    let share = node.shares.place(&client.name).await;
    let place = node.bodies.acquire().await;
    let bytes = body::read(&headers, sent, limits.body_bytes).await?;
    let bounds = Limits { bytes: limits.body_bytes, objects: limits.objects, depth: limits.depth, ..Limits::default() };
    let read = tokio::task::spawn_blocking(move || received::read(&bytes, kind, &bounds)).await;
    let items = read.map_err(|_| Refusal::of_status(StatusCode::INTERNAL_SERVER_ERROR, None))??;
    let all = items.len();
    let (body, taken) = put_in(&node, &collection, &client.name, items).await?;
    drop((place, share));
    let did = Did { collection: Some(collection.id.clone()), objects: taken, failed: all.saturating_sub(taken) };
    Ok(Answer::accepted(body).did(did))
}

/// Objects as the store takes them.
pub(crate) fn came(items: &[Result<Item, Bad>]) -> Vec<Came<'_>> {
    items
        .iter()
        .flatten()
        .map(|item| Came {
            id: &item.id,
            version: item.version.as_deref(),
            kind: &item.kind,
            tlp: item.tlp,
            pap: item.pap,
            json: &item.json,
        })
        .collect()
}

/// Puts objects of a source into a collection; returns the status resource, and how many objects were taken.
async fn put_in(
    node: &Node,
    collection: &Collection,
    source: &str,
    items: Vec<Result<Item, Bad>>,
) -> Result<(String, usize), stillwatch_track::Error> {
    let items = &match node.config.role {
        Part::Member => items,
        Part::Hub => items.into_iter().map(|item| forbidden::refuse(item, collection)).collect(),
    };
    let came = came(items);
    let (id, asked) = (Uuid::new_v4().to_string(), stamp(now()));
    let body: OnceLock<(String, usize)> = OnceLock::new();
    let digests = node.receipts.digests(&came);
    let keep = |added: &Added| {
        let (told, _) = body.get_or_init(|| status(&id, &asked, items, added));
        let (root, client) = (collection.root.clone(), source.to_owned());
        let owes = match &digests {
            Some(digests) => node.receipts.taken(source, &collection.id, &came, digests, added, now())?,
            None => None,
        };
        Ok(Some(Kept { id: id.clone(), root, client, body: told.clone(), owes }))
    };
    let waited = node.writer.lock().await;
    let added = exchange::add(&node.store, collection, source, &came, now, &keep).await?;
    drop(waited);
    let (told, taken) = body.into_inner().unwrap_or_else(|| status(&id, &asked, items, &added));
    node.counts.received("taken", taken);
    node.counts.received("refused", items.len().saturating_sub(taken));
    Ok((told, taken))
}

fn now() -> i64 {
    Timestamp::now().as_microsecond()
}

/// The status resource, and how many objects were taken.
fn status(id: &str, asked: &str, items: &[Result<Item, Bad>], added: &Added) -> (String, usize) {
    let (mut successes, mut failures) = (Vec::new(), Vec::new());
    let mut outcomes = added.outcomes.iter();
    for item in items {
        let item = match item {
            Ok(item) => item,
            Err(bad) => {
                let version = bad.version.as_deref().unwrap_or(asked);
                failures.push(Detail { id: &bad.id, version, message: Some(&bad.message) });
                continue;
            }
        };
        let Some(outcome) = outcomes.next() else { continue };
        let sent = item.version.as_deref().unwrap_or(asked);
        let (version, message) = match outcome {
            Outcome::Added(version) | Outcome::There(version) => (version.as_str(), None),
            Outcome::FirstStays(version) => {
                (version.as_str(), Some("an object without versions is here under this id already, and stays as it is"))
            }
            Outcome::Contradicts => {
                (sent, Some("you sent something else under this id and version; send it with a later `modified`"))
            }
            Outcome::NoTimestamp => (sent, Some("`modified` or `created` is no timestamp")),
            Outcome::OddText => (sent, Some("it holds the character U+0000; write it as an escape")),
        };
        let detail = Detail { id: &item.id, version, message };
        match outcome {
            Outcome::Added(_) | Outcome::There(_) | Outcome::FirstStays(_) => successes.push(detail),
            Outcome::Contradicts | Outcome::NoTimestamp | Outcome::OddText => failures.push(detail),
        }
    }
    let taken = successes.len();
    let told = text(&Status {
        id,
        status: "complete",
        request_timestamp: asked,
        total_count: successes.len() + failures.len(),
        success_count: successes.len(),
        successes,
        failure_count: failures.len(),
        failures,
        pending_count: 0,
    });
    (told, taken)
}
