//! Lab: a node with clients and collections, and how it is asked.
//! In: a request. Out: its response, with what every response must have already checked.
//! Invariant: an error has TAXII's media type, a title and its status as a string; no list is empty.
//! Not here: what is tested.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Method, Request, StatusCode};
use serde_json::Value;
use stillwatch_node::access::{Role, Token, grant};
use stillwatch_node::config::{Config, Root};
use stillwatch_node::http::{Node, router};
use stillwatch_track::By;
use stillwatch_track::exchange::{Collection, NewCollection, Right, make_collection};
use stillwatch_track::{Missing, Place, Store};
use tempfile::TempDir;
use tower::ServiceExt;

pub(crate) type Tested<T = ()> = Result<T, Box<dyn std::error::Error>>;

pub(crate) const TAXII: &str = "application/taxii+json;version=2.1";

/// A node.
pub(crate) struct Lab {
    pub(crate) node: Arc<Node>,
    pub(crate) app: Router,
    pub(crate) folder: TempDir,
    /// Names and tokens.
    pub(crate) tokens: Vec<(&'static str, String)>,
    /// `shared`, `inbox`, `other`, `elsewhere`.
    pub(crate) collections: Vec<Collection>,
}

/// A response.
#[derive(Debug)]
pub(crate) struct Said {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

impl Said {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_default()
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|v| v.to_str().ok()).unwrap_or_default()
    }

    /// Ids of the objects in an envelope or a manifest.
    pub(crate) fn ids(&self) -> Vec<String> {
        let json = self.json();
        let objects = json["objects"].as_array().cloned().unwrap_or_default();
        objects.iter().map(|o| o["id"].as_str().unwrap_or_default().to_owned()).collect()
    }
}

/// Rights of a client to `shared`, `inbox`, `other` and `elsewhere`: r, w, rw, or nothing.
type Rights = [&'static str; 4];

/// Every role; `reader`, `writer` and `both` are members with parts of the rights; `nobody` has none.
pub(crate) const CLIENTS: [(&str, Role, Rights); 11] = [
    ("viewer", Role::Viewer, ["r", "", "", ""]),
    ("analyst", Role::Analyst, ["rw", "", "", ""]),
    ("approver", Role::Approver, ["r", "", "", ""]),
    ("auditor", Role::Auditor, ["r", "", "", ""]),
    ("admin", Role::Admin, ["", "", "", ""]),
    ("both", Role::Member, ["rw", "w", "", ""]),
    ("reader", Role::Member, ["r", "", "", ""]),
    ("writer", Role::Member, ["w", "w", "", ""]),
    ("stranger", Role::Member, ["", "", "rw", "rw"]),
    ("nobody", Role::Member, ["", "", "", ""]),
    ("hub", Role::Hub, ["rw", "", "", ""]),
];

/// A root beside the default one.
pub(crate) fn config() -> Config {
    let second = Root { path: "second".into(), title: "Second".into(), description: None };
    let mut config = Config::default();
    config.roots.push(second);
    // Tables of refusals are asked faster than a stranger may.
    config.limits.strangers_per_second = 10_000;
    // Tests go round by themselves, when they want to.
    config.federation.every_seconds = 0;
    config
}

impl Lab {
    pub(crate) async fn new() -> Tested<Self> {
        Self::with(config()).await
    }

    pub(crate) async fn with(config: Config) -> Tested<Self> {
        Self::within(config, tempfile::tempdir()?).await
    }

    /// With its store in that folder.
    pub(crate) async fn within(config: Config, folder: TempDir) -> Tested<Self> {
        let store = Store::open(&Place::Folder(folder.path().join("data")), Missing::Make).await?;
        let mut collections = Vec::new();
        for (alias, root) in [("shared", "trust"), ("inbox", "trust"), ("other", "trust"), ("elsewhere", "second")] {
            let new = NewCollection {
                id: None,
                root: root.into(),
                alias: Some(alias.into()),
                title: format!("The {alias}"),
                description: None,
                can_read: true,
                can_write: true,
                profile: None,
                most_tlp: if alias == "inbox" { 2 } else { 4 },
                most_pap: 3,
            };
            collections.push(make_collection(&store, &new, 1).await?);
        }
        let mut tokens = Vec::new();
        for (name, role, rights) in CLIENTS {
            let token = Token::make();
            let rights: Vec<Right> = rights
                .iter()
                .zip(&collections)
                .map(|(right, collection)| Right {
                    collection: collection.number,
                    can_read: right.contains('r'),
                    can_write: right.contains('w'),
                })
                .collect();
            grant(&store, name, role, &token, &rights, &By { author: "ada".into(), at: 1 }).await?;
            tokens.push((name, token.show().to_owned()));
        }
        let node = Node::new(config, store).await?;
        Ok(Self { app: router(&node), node, folder, tokens, collections })
    }

    pub(crate) fn token(&self, name: &str) -> &str {
        self.tokens.iter().find(|(n, _)| *n == name).map_or("", |(_, token)| token)
    }

    /// A request as it is.
    pub(crate) async fn send(&self, request: Request<Body>) -> Tested<Said> {
        let head = request.method() == Method::HEAD;
        let response = self.app.clone().oneshot(request).await?;
        let (parts, body) = response.into_parts();
        let bytes = axum::body::to_bytes(body, usize::MAX).await?;
        let said =
            Said { status: parts.status, headers: parts.headers, text: String::from_utf8_lossy(&bytes).into_owned() };
        check(&said, head)?;
        Ok(said)
    }

    pub(crate) async fn get(&self, who: &str, path: &str) -> Tested<Said> {
        self.send(self.request(who, "GET", path, &[("accept", TAXII)], "")?).await
    }

    /// Of `shared`.
    pub(crate) async fn shared(&self, path: &str) -> Tested<Said> {
        self.get("both", &format!("/trust/collections/shared/{path}")).await
    }

    pub(crate) async fn post(&self, who: &str, alias: &str, body: &str) -> Tested<Said> {
        let path = format!("/trust/collections/{alias}/objects/");
        let headers = [("accept", TAXII), ("content-type", TAXII)];
        self.send(self.request(who, "POST", &path, &headers, body)?).await
    }

    /// Posts objects into `shared`, of which none fails.
    pub(crate) async fn put(&self, objects: &[String]) -> Tested {
        let said = self.post("both", "shared", &envelope(objects)).await?;
        assert_eq!(said.json()["success_count"], objects.len(), "{}", said.text);
        Ok(())
    }

    pub(crate) fn request(
        &self,
        who: &str,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Tested<Request<Body>> {
        let mut request = Request::builder().method(method).uri(path);
        if !who.is_empty() {
            request = request.header("authorization", format!("Bearer {}", self.token(who)));
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        Ok(request.body(Body::from(body.to_owned()))?)
    }
}

/// What every response has.
fn check(said: &Said, head: bool) -> Tested {
    if said.status.as_u16() >= 400 {
        assert_eq!(said.header("content-type"), TAXII, "{said:?}");
        if !head {
            let json: Value = serde_json::from_str(&said.text)?;
            assert!(json["title"].as_str().is_some_and(|t| !t.is_empty()), "{said:?}");
            assert_eq!(json["http_status"], said.status.as_str(), "{said:?}");
        }
        assert_eq!(said.status == 401, !said.header("www-authenticate").is_empty(), "{said:?}");
    }
    assert!(said.status.as_u16() < 500, "{said:?}");
    if said.header("content-type") == TAXII && !head {
        no_empty_list(&serde_json::from_str(&said.text)?)?;
    }
    Ok(())
}

fn no_empty_list(json: &Value) -> Tested {
    match json {
        Value::Array(items) if items.is_empty() => Err("an empty list".into()),
        Value::Array(items) => items.iter().try_for_each(no_empty_list),
        Value::Object(map) => map.values().try_for_each(no_empty_list),
        _ => Ok(()),
    }
}

pub(crate) fn envelope(objects: &[String]) -> String {
    format!("{{\"objects\":[{}]}}", objects.join(","))
}

/// An id; `n` tells them apart.
pub(crate) fn id(kind: &str, n: usize) -> String {
    format!("{kind}--8e2e2d2b-17d4-4cbf-938f-{n:012}")
}

/// An object of a version, with odd spaces that must be kept.
pub(crate) fn object(kind: &str, n: usize, modified: &str) -> String {
    let id = id(kind, n);
    format!(
        r#"{{"type": "{kind}","id":"{id}" , "spec_version":"2.1","created":"2020-01-01T00:00:00.000Z","modified":"{modified}","name":"é {n}"}}"#
    )
}

/// Indicators 0 to `n`, of one version each.
pub(crate) fn some(n: usize) -> Vec<String> {
    (0..n).map(|n| object("tool", n, "2020-01-02T00:00:00.000Z")).collect()
}
