//! Groups: sharing groups as their members see them, and as a member's node reads them.
//! In: a client, an id. Out: each group with who is in it, who left, and a counter of changes; or nothing new.
//! Invariant: a group that a client isn't in reads like one that isn't there; what a peer sent is bounded before it is kept.
//! Not here: who comes and goes (`access::group`), keeping what a peer told (`track::groups`).

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::http::header::{CACHE_CONTROL, ETAG, IF_NONE_MATCH};
use axum::routing::get;
use axum::{Extension, Router};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use stillwatch_track::groups::{self, Group, Member, Whose};
use stillwatch_track::instant;
use uuid::Uuid;

use crate::access::Known;
use crate::http::Node;
use crate::http::answer::{Answer, Refusal};
use crate::http::guard::Who;
use crate::{Error, Result};

/// Groups that a peer may tell of.
const MOST_GROUPS: usize = 1_000;
/// Members, now and before, of which a peer may tell.
const MOST_MEMBERS: usize = 20_000;
/// Bytes of a name.
const LONGEST: usize = 400;

/// `GET /api/v1/groups` and `GET /api/v1/groups/{uuid}`.
pub(super) fn routes() -> Router<Arc<Node>> {
    Router::new().route("/api/v1/groups", get(all)).route("/api/v1/groups/{group}", get(one))
}

async fn all(
    State(node): State<Arc<Node>>,
    Extension(Who(client)): Extension<Who>,
    headers: HeaderMap,
) -> Result<Answer, Refusal> {
    let found = groups::groups(&node.store, whose(&client), None).await?;
    Ok(answer(&headers, &Listed { groups: found.iter().map(told).collect() }))
}

async fn one(
    State(node): State<Arc<Node>>,
    Extension(Who(client)): Extension<Who>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Answer, Refusal> {
    let id = Uuid::parse_str(&id).map_err(|_| Refusal::unknown("group"))?.to_string();
    let found = groups::groups(&node.store, whose(&client), Some(&id)).await?;
    let group = found.first().ok_or_else(|| Refusal::unknown("group"))?;
    Ok(answer(&headers, &told(group)))
}

fn whose(client: &Known) -> Whose<'_> {
    if client.role.sees_groups() { Whose::All } else { Whose::Of(&client.name) }
}

/// The answer, or 304 where the client has it: `ETag` is over what is told (RFC 9110, sections 8.8.3 and 13.1.2).
fn answer(headers: &HeaderMap, told: &impl Serialize) -> Answer {
    // Texts and numbers only, which are always JSON.
    let body = serde_json::to_string(told).unwrap_or_else(|_| "{}".to_owned());
    let digest = hex::encode(Sha256::digest(&body));
    // Weak, since the body may go out packed.
    let tag = format!("W/\"{}\"", digest.get(..32).unwrap_or(&digest));
    let is_known = headers.get_all(IF_NONE_MATCH).iter().filter_map(|v| v.to_str().ok()).any(|value| {
        let opaque = |tag: &str| tag.trim().trim_start_matches("W/").to_owned();
        value.trim() == "*" || value.split(',').any(|one| opaque(one) == opaque(&tag))
    });
    let answer = if is_known { Answer::unchanged() } else { Answer::json(body) };
    answer.with(ETAG, tag).with(CACHE_CONTROL, "private, no-cache")
}

/// All groups of which a client is told.
#[derive(Debug, Serialize, Deserialize)]
struct Listed {
    groups: Vec<Told>,
}

/// A group as it is told.
#[derive(Debug, Serialize, Deserialize)]
struct Told {
    id: String,
    name: String,
    root: String,
    collection: String,
    made: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    ended: Option<String>,
    changes: i64,
    members: Vec<Part>,
    left: Vec<Part>,
}

/// A member, or who was one.
#[derive(Debug, Serialize, Deserialize)]
struct Part {
    name: String,
    joined: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    left: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    seal_to: Option<String>,
}

fn told(group: &Group) -> Told {
    let part = |member: &Member| Part {
        name: member.name.clone(),
        joined: instant(member.joined),
        left: member.departed.map(instant),
        seal_to: member.seal_to.clone(),
    };
    Told {
        id: group.id.clone(),
        name: group.name.clone(),
        root: group.root.clone(),
        collection: group.collection.clone(),
        made: instant(group.made),
        ended: group.ended.map(instant),
        changes: group.changes,
        members: group.members.iter().filter(|m| m.departed.is_none()).map(part).collect(),
        left: group.members.iter().filter(|m| m.departed.is_some()).map(part).collect(),
    }
}

/// Reads what `GET /api/v1/groups` of a peer said, for [`stillwatch_track::groups::learn`].
///
/// # Errors
/// When it is no list of groups, or says more than is taken.
pub fn read(body: &[u8]) -> Result<Vec<Group>> {
    let wrong = |why: String| {
        Error::setup(
            format!("the peer's list of groups can't be read: {why}"),
            "ask who runs it; what was known of its groups stays",
        )
    };
    let listed: Listed = serde_json::from_slice(body).map_err(|e| wrong(e.to_string()))?;
    let members: usize = listed.groups.iter().map(|group| group.members.len() + group.left.len()).sum();
    if listed.groups.len() > MOST_GROUPS || members > MOST_MEMBERS {
        return Err(wrong(format!("more than {MOST_GROUPS} groups, or {MOST_MEMBERS} members")));
    }
    listed.groups.into_iter().map(|group| group.read().map_err(wrong)).collect()
}

impl Told {
    fn read(self) -> std::result::Result<Group, String> {
        let uuid = |text: &str| Uuid::parse_str(text).map(|id| id.to_string()).map_err(|e| format!("an id: {e}"));
        let mut members = Vec::with_capacity(self.members.len() + self.left.len());
        for (part, is_in) in
            self.members.into_iter().map(|m| (m, true)).chain(self.left.into_iter().map(|m| (m, false)))
        {
            let departed = part.left.as_deref().map(micros).transpose()?;
            if departed.is_none() != is_in {
                return Err("a member that left, or one among `left` that didn't".to_owned());
            }
            let seal_to = part.seal_to.map(|key| name(&key)).transpose()?.filter(|_| is_in);
            members.push(Member { name: name(&part.name)?, joined: micros(&part.joined)?, departed, seal_to });
        }
        Ok(Group {
            id: uuid(&self.id)?,
            name: name(&self.name)?,
            root: name(&self.root)?,
            collection: uuid(&self.collection)?,
            made: micros(&self.made)?,
            ended: self.ended.as_deref().map(micros).transpose()?,
            changes: self.changes,
            members,
        })
    }
}

fn name(text: &str) -> std::result::Result<String, String> {
    if text.is_empty() || text.len() > LONGEST || text.chars().any(char::is_control) {
        return Err(format!("a name that is empty, longer than {LONGEST} bytes, or not one line"));
    }
    Ok(text.to_owned())
}

fn micros(text: &str) -> std::result::Result<i64, String> {
    text.parse::<Timestamp>().map(Timestamp::as_microsecond).map_err(|e| format!("an instant: {e}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const GROUP: &str = r#"{"id":"8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f","name":"One","root":"trust","collection":"8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3e","made":"2026-01-01T00:00:00Z","changes":2,"members":[{"name":"lab-one","joined":"2026-01-01T00:00:00Z"}],"left":[]}"#;

    #[test]
    fn what_a_peer_says_is_read_or_refused() {
        let list = |group: &str| format!("{{\"groups\":[{group}]}}");
        assert!(read(list(GROUP).as_bytes()).is_ok_and(|groups| groups[0].members[0].name == "lab-one"));
        for (from, to) in [
            ("8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f", "../admin"),
            ("\"One\"", "\"O\\u0000ne\""),
            ("\"One\"", "\"\""),
            ("\"lab-one\"", &format!("\"{}\"", "x".repeat(LONGEST + 1))),
            ("2026-01-01T00:00:00Z\"}", "yesterday\"}"),
            ("00Z\"}]", "00Z\",\"left\":\"2026-01-02T00:00:00Z\"}]"),
            ("\"changes\":2", "\"changes\":\"2\""),
            ("\"members\"", "\"member\""),
        ] {
            let text = list(&GROUP.replace(from, to));
            assert!(read(text.as_bytes()).is_err_and(|e| e.to_string().contains("can't be read")), "{text}");
        }
        let many = vec![GROUP; MOST_GROUPS + 1].join(",");
        assert!(read(list(&many).as_bytes()).is_err());
        assert!(read(b"[").is_err() && read("[".repeat(100_000).as_bytes()).is_err());
    }
}
