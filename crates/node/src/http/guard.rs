//! Guard: what every request goes through, before and after it is done.
//! In: a request. Out: its response, after who, how often, in which form and how long; a line for the audit log, and figures.
//! Invariant: without a valid token nothing is told but that one is needed; every error is TAXII's; a token is never logged.
//! Not here: what is done (`taxii`).

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Instant;

use axum::body::Body;
use axum::extract::{MatchedPath, Request, State};
use axum::http::header::{ALLOW, CONTENT_TYPE};
use axum::http::{HeaderValue, Method, Response, StatusCode};
use axum::middleware::Next;
use axum::response::IntoResponse;

use super::Node;
use super::answer::{Refusal, TAXII};
use super::who::{Certificate, who};
use crate::access::Known;
use crate::api;
use crate::taxii::media;

/// Whose request it is, for those who do it.
#[derive(Debug, Clone)]
pub struct Who(pub Arc<Known>);

/// From which address it came.
#[derive(Debug, Clone, Copy)]
pub struct Peer(pub SocketAddr);

/// What was done, for the audit log.
#[derive(Debug, Clone, Default)]
pub struct Did {
    /// The collection's id.
    pub collection: Option<String>,
    /// Objects read, added or removed.
    pub objects: usize,
    /// Objects that weren't taken.
    pub failed: usize,
}

/// Goes before and after everything.
pub async fn guard(State(node): State<Arc<Node>>, mut request: Request, next: Next) -> Response<Body> {
    let begun = Instant::now();
    let peer = request.extensions().get::<Peer>().map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |peer| peer.0.ip());
    let route = request.extensions().get::<MatchedPath>().map_or("none".to_owned(), |path| path.as_str().to_owned());
    let method = request.method().clone();
    let path = request.uri().path().chars().take(300).collect::<String>();

    let certificate = request.extensions().get::<Certificate>().copied();
    let known = who(request.headers(), certificate, &node.book(), node.people.as_ref()).await;
    let outcome = match &known {
        Err(refusal) => match node.rates.stranger(peer) {
            Ok(()) => Err(refusal.clone()),
            Err(seconds) => Err(Refusal::too_many(seconds)),
        },
        Ok(known) => admit(&node, known, &request, &route),
    };
    let mut response = match (outcome, &known) {
        (Ok(()), Ok(known)) => {
            request.extensions_mut().insert(Who(Arc::clone(known)));
            match tokio::time::timeout(node.config.limits.patience(), next.run(request)).await {
                Ok(response) => response,
                Err(_) => Refusal::too_long().into_response(),
            }
        }
        (Err(refusal), _) => refusal.into_response(),
        (Ok(()), Err(refusal)) => refusal.clone().into_response(),
    };
    if is_others_error(&response) {
        let allow = response.headers().get(ALLOW).and_then(|v| v.to_str().ok()).map(str::to_owned);
        response = Refusal::of_status(response.status(), allow).into_response();
    }

    let (status, took) = (response.status().as_u16(), begun.elapsed());
    node.counts.request(&route, method.as_str(), status, took);
    let did = response.extensions_mut().remove::<Did>().unwrap_or_default();
    let (client, role) = known.as_ref().map_or(("", ""), |known| (known.name.as_str(), known.role.name()));
    tracing::info!(
        target: "audit",
        client,
        role,
        peer = %peer,
        method = method.as_str(),
        path,
        status,
        collection = did.collection.as_deref().unwrap_or_default(),
        objects = did.objects,
        failed = did.failed,
        microseconds = u64::try_from(took.as_micros()).unwrap_or(u64::MAX),
        "request"
    );
    response
}

/// Whether a client may go on.
fn admit(node: &Node, known: &Known, request: &Request, route: &str) -> Result<(), Refusal> {
    node.rates.client(&known.name).map_err(Refusal::too_many)?;
    if request.method() == Method::OPTIONS || route == "/metrics" || request.uri().path().starts_with(api::PREFIX) {
        return Ok(());
    }
    if media::accepts_taxii(request.headers()) {
        return Ok(());
    }
    let how = format!("Only `{TAXII}` is spoken here; say so in `Accept`");
    Err(Refusal::new(StatusCode::NOT_ACCEPTABLE, "No such media type", how))
}

/// Whether it is an error that another than us wrote: a router, or a reader of paths.
fn is_others_error(response: &Response<Body>) -> bool {
    let is_error = response.status().is_client_error() || response.status().is_server_error();
    is_error && response.headers().get(CONTENT_TYPE) != Some(&HeaderValue::from_static(TAXII))
}
