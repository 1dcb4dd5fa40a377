//! Ledger: that this node's ledger only grew since a client saw it.
//! In: the size that the client saw. Out: a proof, with the checkpoint that it leads to (RFC 6962, section 2.1.2).
//! Invariant: sizes, hashes and the signed checkpoint are told, never entries: those name members and objects.
//! Not here: making the proof (`ledger`).

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::routing::get;
use axum::{Extension, Router};
use serde_json::json;

use crate::http::Node;
use crate::http::answer::{Answer, Refusal};
use crate::http::guard::Who;

/// The endpoint.
pub(super) fn routes() -> Router<Arc<Node>> {
    Router::new().route("/api/v1/ledger/consistency/{size}", get(consistency))
}

async fn consistency(
    State(node): State<Arc<Node>>,
    Extension(Who(client)): Extension<Who>,
    Path(size): Path<String>,
) -> Result<Answer, Refusal> {
    let unknown = || Refusal::unknown("ledger of that size");
    let record = node.record.clone().filter(|_| client.role.sees_ledger()).ok_or_else(unknown)?;
    let old: u64 = size.parse().map_err(|_| Refusal::malformed("The size is no number"))?;
    let proven = tokio::task::spawn_blocking(move || record.reader()?.consistency(old).map_err(crate::Error::from));
    let failed = || Refusal::of_status(StatusCode::INTERNAL_SERVER_ERROR, None);
    match proven.await.map_err(|_| failed())? {
        Ok(proof) => Ok(Answer::json(json!({ "consistency": proof.to_text() }).to_string())),
        Err(crate::Error::Ledger(stillwatch_ledger::Error::Range { .. })) => Err(unknown()),
        Err(error) => {
            tracing::error!(%error, hint = error.hint(), "the ledger can't be read");
            Err(failed())
        }
    }
}
