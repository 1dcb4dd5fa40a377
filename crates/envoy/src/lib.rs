//! Envoy: the gate as an `ext_authz` server: `envoy.service.auth.v3.Authorization`, and `grpc.health.v1.Health`, over gRPC.
//! In: who may ask, what is answered. Out: a router, to be served over HTTP/2.
//! Invariant: of a call without a key that is known not a byte of its message is read: it ends with UNAUTHENTICATED, an error to Envoy,
//! so that `failure_mode_allow` says what comes of it and no client is told that it were meant.
//! Not here: connections and TLS (`node`, `serve`); what is decided and which headers say so (`stillwatch_gate::enforce::envoy`).

mod alive;
mod read;
mod write;

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::HeaderMap;
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use envoy_types::pb::envoy::service::auth::v3::authorization_server::{Authorization, AuthorizationServer};
use envoy_types::pb::envoy::service::auth::v3::{CheckRequest, CheckResponse};
use stillwatch_gate::Answer;
use stillwatch_gate::enforce::envoy::check;
use tonic::Status;
use tonic_health::pb::health_server::HealthServer;

/// Longest message that is read, in bytes: Envoy's own limit of a request's headers is 60 KiB unless it is set higher.
pub const LONGEST: usize = 1 << 20;
/// How long a call may take, from its head to its answer.
const PATIENCE: Duration = Duration::from_secs(5);
/// The one method of `ext_authz`.
const CHECK: &str = "/envoy.service.auth.v3.Authorization/Check";

/// What calls need to be answered.
#[derive(Clone)]
pub struct Asked {
    /// Whether a call's metadata has a key that is known.
    pub knows: Arc<dyn Fn(&HeaderMap) -> bool + Send + Sync>,
    /// The answer to a request, now.
    pub decide: Arc<dyn Fn(&stillwatch_gate::Request) -> Answer + Send + Sync>,
}

impl std::fmt::Debug for Asked {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Asked")
    }
}

/// Everything that Envoy asks.
pub fn router(asked: Asked) -> Router {
    let service = AuthorizationServer::new(asked.clone()).max_decoding_message_size(LONGEST);
    let health = HealthServer::new(alive::Alive).max_decoding_message_size(1_024);
    Router::new()
        .route_service(CHECK, service)
        .route_layer(from_fn_with_state(asked, points_alone))
        .route_service("/grpc.health.v1.Health/{method}", health)
        .layer(axum::middleware::from_fn(in_time))
        .fallback(|| async { Status::unimplemented("there is no such method").into_http::<axum::body::Body>() })
}

/// Lets calls with a key through.
async fn points_alone(State(asked): State<Asked>, request: Request, next: Next) -> Response {
    if (asked.knows)(request.headers()) {
        return next.run(request).await;
    }
    refusal(Status::unauthenticated("the gate doesn't know the key of this Envoy: set it in `initial_metadata`"))
}

/// Ends calls whose message doesn't come.
async fn in_time(request: Request, next: Next) -> Response {
    match tokio::time::timeout(PATIENCE, next.run(request)).await {
        Ok(response) => response,
        Err(_) => refusal(Status::deadline_exceeded("the call's message didn't come in time")),
    }
}

fn refusal(status: Status) -> Response {
    status.into_http::<axum::body::Body>().into_response()
}

#[tonic::async_trait]
impl Authorization for Asked {
    async fn check(&self, request: tonic::Request<CheckRequest>) -> Result<tonic::Response<CheckResponse>, Status> {
        let request = read::request(request.get_ref());
        Ok(tonic::Response::new(write::response(check(&(self.decide)(&request)))))
    }
}
