//! Discovery: what is to be found on this server (TAXII 2.1, sections 4.1 and 4.2).
//! In: a client. Out: API roots in which it may use something, and the default one.
//! Invariant: a root in which a client has no collection reads like one that isn't there, but for the default one.
//! Not here: collections.

use std::sync::Arc;

use axum::Extension;
use axum::extract::{Path, State};

use super::media::Sent;
use super::resource::{ApiRoot, Discovery, text};
use crate::access::Known;
use crate::config::Root;
use crate::http::Node;
use crate::http::answer::{Answer, Refusal, TAXII};
use crate::http::guard::Who;

/// `GET /taxii2/`.
pub(super) async fn discovery(State(node): State<Arc<Node>>, Extension(Who(client)): Extension<Who>) -> Answer {
    let config = &node.config;
    let roots = config.roots.iter().filter(|root| known(&node, &client, root));
    let api_roots: Vec<String> = roots.map(|root| format!("/{}/", root.path)).collect();
    Answer::ok(text(&Discovery {
        title: &config.title,
        description: config.description.as_deref(),
        contact: config.contact.as_deref(),
        default: api_roots.first().cloned(),
        api_roots,
    }))
}

/// `GET /{root}/`.
pub(super) async fn api_root(
    State(node): State<Arc<Node>>,
    Extension(Who(client)): Extension<Who>,
    Path(path): Path<String>,
) -> Result<Answer, Refusal> {
    let root = root(&node, &client, &path)?;
    Ok(Answer::ok(text(&ApiRoot {
        title: &root.title,
        description: root.description.as_deref(),
        versions: [TAXII],
        max_content_length: node.config.limits.body_bytes,
    })))
}

/// The root with that path.
pub(super) fn root<'a>(node: &'a Node, client: &Known, path: &str) -> Result<&'a Root, Refusal> {
    let root = node.config.roots.iter().find(|root| root.path == path && known(node, client, root));
    root.ok_or_else(|| Refusal::unknown("API root"))
}

fn known(node: &Node, client: &Known, root: &Root) -> bool {
    let is_default = node.config.roots.first() == Some(root);
    is_default || node.book().collections().any(|c| c.root == root.path && client.may(c).know())
}

impl Sent {
    /// Its media type, for messages.
    pub(super) fn name(self) -> &'static str {
        match self {
            Sent::Envelope => TAXII,
            Sent::Bundle => super::resource::STIX,
        }
    }
}
