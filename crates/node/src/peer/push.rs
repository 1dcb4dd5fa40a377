//! Push: the outbox, to where each recipient is reached.
//! In: deliveries that wait, routes. Out: objects in a collection of a peer, or of this node; the delivery is written down.
//! Invariant: the attempt is written down first, and only what is in the ledger goes; sending again sends the same bytes; a
//! delivery is done when the other side has said of every object that it has it.
//! Not here: what is in it (`release::Outgoing`).

use std::collections::HashMap;
use std::time::Duration;

use serde_json::Value;
use stillwatch_ledger::Outcome;
use stillwatch_model::Micros;
use stillwatch_stix::{Limits, Object};
use stillwatch_track::peers::{self, Peer, Route};
use stillwatch_track::releases::{self, Delivery};
use stillwatch_track::{By, Store};

use super::ask::{Asker, Failure};
use super::back_off;
use crate::Result;
use crate::http::answer::TAXII;
use crate::publish::publish;
use crate::record::Record;
use crate::release::Outgoing;
use crate::release::entries::decision;

/// Objects in one request.
const OBJECTS: usize = 500;
/// Bytes of objects in one request; a larger object goes alone.
const BYTES: usize = 4 << 20;
/// How often a status that is pending is asked for.
const ASKED: u32 = 20;

/// What became of a delivery.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pushed {
    /// The release.
    pub release: String,
    /// To whom.
    pub recipient: String,
    /// Objects that were handed over.
    pub objects: usize,
    /// Objects that weren't, for the peer can't hold them.
    pub left_out: usize,
    /// Why it isn't there yet; none: it is.
    pub because: Option<String>,
    /// When it is tried again, where it isn't there yet.
    pub retry: Option<Micros>,
}

/// Hands over what waits for recipients that can be reached, to one where one is named. What has no route stays in the outbox.
///
/// # Errors
/// When something isn't in the ledger as it would leave, or the store can't be read or written. That a peer fails is no error here.
pub async fn push(store: &Store, record: &Record, name: &str, recipient: Option<&str>, by: &By) -> Result<Vec<Pushed>> {
    let all: HashMap<String, Peer> =
        peers::peers(store).await?.into_iter().map(|peer| (peer.name.clone(), peer)).collect();
    let reader = record.reader()?;
    let mut pushed = Vec::new();
    for route in peers::routes(store).await? {
        if recipient.is_some_and(|one| one != route.recipient) {
            continue;
        }
        for delivery in releases::outbox(store, Some(&route.recipient)).await? {
            if route.retry > by.at {
                let because = Some(route.because.clone());
                pushed.push(told(&delivery, (0, 0), because, Some(route.retry)));
                break;
            }
            let outgoing = Outgoing::of(store, &reader, &delivery, by.at).await?;
            if !releases::attempt(store, &delivery.id, by).await? {
                continue;
            }
            let all_of_it = outgoing.objects().count();
            match hand_over(store, name, &all, &route, &outgoing).await? {
                Ok(left_out) => {
                    let mut reason = format!("to {}", delivery.recipient);
                    if left_out > 0 {
                        reason.push_str(&format!(", without {left_out} that the peer can't hold"));
                    }
                    let owes = decision(&delivery.release, Outcome::Delivered, &reason, by)?;
                    releases::delivered(store, &delivery.id, by, &owes).await?;
                    peers::route_failed(store, &route.recipient, "", 0).await?;
                    pushed.push(told(&delivery, (all_of_it - left_out, left_out), None, None));
                }
                Err(failure) => {
                    let retry = back_off::again(by.at, route.failures.saturating_add(1), failure.after);
                    peers::route_failed(store, &route.recipient, &failure.because, retry).await?;
                    pushed.push(told(&delivery, (0, 0), Some(failure.because), Some(retry)));
                    // Later ones may take back what this one says: they wait for it.
                    break;
                }
            }
        }
    }
    Ok(pushed)
}

fn told(
    delivery: &Delivery,
    (objects, left_out): (usize, usize),
    because: Option<String>,
    retry: Option<Micros>,
) -> Pushed {
    Pushed {
        release: delivery.release.clone(),
        recipient: delivery.recipient.clone(),
        objects,
        left_out,
        because,
        retry,
    }
}

async fn hand_over(
    store: &Store,
    name: &str,
    all: &HashMap<String, Peer>,
    route: &Route,
    outgoing: &Outgoing,
) -> Result<std::result::Result<usize, Failure>> {
    // SEAL-HERE
    let sealed: Option<String> = None;
    if route.seal_to.is_some() {
        return Ok(Err(Failure::broken("sealing isn't there yet")));
    }
    let objects: Vec<&str> = match &sealed {
        Some(artifact) => vec![artifact],
        None => outgoing.objects().map(|(_, text)| text).collect(),
    };
    let Some(called) = &route.peer else {
        for some in parts(&objects) {
            publish(store, name, &route.collection, envelope(some).as_bytes()).await?;
        }
        return Ok(Ok(0));
    };
    let Some(peer) = all.get(called) else {
        return Ok(Err(Failure::broken(format!("there is no peer `{called}` any more"))));
    };
    let asker = Asker::of(peer)?;
    let whole = objects.len();
    let objects: Vec<&str> = objects.into_iter().filter(|text| holds(peer, text)).collect();
    for some in parts(&objects) {
        if let Err(failure) = post(&asker, &route.collection, some).await {
            return Ok(Err(failure));
        }
    }
    Ok(Ok(whole - objects.len()))
}

/// Whether a peer can hold an object.
fn holds(peer: &Peer, text: &str) -> bool {
    let Ok(object) = Object::read(text, Limits::default().depth) else { return true };
    let is_out = |out: &String| *out == object.head.kind || (out == "unversioned" && object.head.modified.is_none());
    !peer.leaves_out.iter().any(is_out)
}

/// Objects in parts of bounded size.
fn parts<'a, 'b>(objects: &'b [&'a str]) -> impl Iterator<Item = &'b [&'a str]> {
    let mut rest = objects;
    std::iter::from_fn(move || {
        let mut bytes = 0;
        let fits = rest.iter().take(OBJECTS).take_while(|text| {
            bytes += text.len();
            bytes <= BYTES
        });
        let (some, later) = rest.split_at_checked(fits.count().max(1))?;
        rest = later;
        Some(some)
    })
}

fn envelope(objects: &[&str]) -> String {
    format!("{{\"objects\":[{}]}}", objects.join(","))
}

/// The first of those that a status says failed and that aren't there: servers exist that call what they have already a failure.
async fn still_missing(
    asker: &Asker,
    collection: &str,
    objects: &[&str],
    status: &Value,
) -> std::result::Result<Option<String>, Failure> {
    let failures = status.get("failures").and_then(Value::as_array).cloned().unwrap_or_default();
    let text = |failure: &Value, key: &str| failure.get(key).and_then(Value::as_str).unwrap_or("?").to_owned();
    let sent: Vec<Value> = objects.iter().filter_map(|text| serde_json::from_str(text).ok()).collect();
    for failure in &failures {
        let id = text(failure, "id");
        let mut mine = sent.iter().filter(|object| object.get("id").and_then(Value::as_str) == Some(&id)).peekable();
        let is_there = if mine.peek().is_some() {
            let path = format!("collections/{collection}/objects/{id}/");
            let page = asker.get(&path, &[("match[version]", "all")]).await.and_then(|reply| reply.json());
            let there = page.ok().and_then(|page| page.get("objects").and_then(Value::as_array).cloned());
            there.is_some_and(|there| mine.all(|object| there.contains(object)))
        } else {
            false
        };
        if !is_there {
            let told = format!("`{id}`: {}", text(failure, "message"));
            return Ok(Some(told.chars().filter(|c| !c.is_control()).take(300).collect()));
        }
    }
    if failures.is_empty() { Ok(Some("which it doesn't name".to_owned())) } else { Ok(None) }
}

/// Adds objects to a collection of a peer, and waits until it has said what became of each (TAXII 2.1, sections 5.5 and 4.3).
async fn post(asker: &Asker, collection: &str, objects: &[&str]) -> std::result::Result<(), Failure> {
    let path = format!("collections/{collection}/objects/");
    let mut status = asker.post(&path, TAXII, envelope(objects)).await?.json()?;
    let number = |status: &Value, key: &str| status.get(key).and_then(Value::as_u64).unwrap_or(0);
    for turn in 0..ASKED {
        if status.get("status").and_then(Value::as_str) == Some("complete") {
            let (failed, pending) = (number(&status, "failure_count"), number(&status, "pending_count"));
            if failed == 0 && pending == 0 {
                return Ok(());
            }
            if failed == 0 {
                return Err(Failure::broken(format!("{pending} objects wait there for what isn't said")));
            }
            return match still_missing(asker, collection, objects, &status).await? {
                None => Ok(()),
                Some(first) => {
                    let told = format!("it didn't take {failed} of {} objects, the first {first}", objects.len());
                    Err(Failure::broken(told))
                }
            };
        }
        let Some(id) = status.get("id").and_then(Value::as_str).filter(|id| !id.contains('/')) else { break };
        let path = format!("status/{id}/");
        tokio::time::sleep(Duration::from_millis(100 << turn.min(5))).await;
        status = asker.get(&path, &[]).await?.json()?;
    }
    Err(Failure::broken("it hasn't said yet what became of the objects"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_hold_everything_once_in_order() {
        let large = "x".repeat(BYTES + 1);
        let mut objects = vec!["a"; OBJECTS + 1];
        objects.extend([large.as_str(), "b", large.as_str()]);
        let parts: Vec<&[&str]> = parts(&objects).collect();
        assert_eq!(parts.concat(), objects);
        assert_eq!(parts.iter().map(|part| part.len()).collect::<Vec<_>>(), [OBJECTS, 1, 1, 1, 1]);
        assert_eq!(super::parts(&[]).count(), 0);
    }
}
