//! Alive: `grpc.health.v1.Health`, as Envoy's and Kubernetes' health checks ask it.
//! In: the name of a service, or none for the whole. Out: that it is served.
//! Invariant: anybody may ask and is told a word; a gate whose store is gone still answers from its last table, and is alive.
//! Not here: what is amiss (`/readyz`, `/metrics` of the node).

use tonic::codegen::tokio_stream::Empty;
use tonic::{Request, Response, Status};
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_server::Health;
use tonic_health::pb::{HealthCheckRequest, HealthCheckResponse};

/// The name under which `ext_authz` may be asked about.
const SERVICE: &str = "envoy.service.auth.v3.Authorization";

/// Says that it lives.
#[derive(Debug)]
pub(crate) struct Alive;

#[tonic::async_trait]
impl Health for Alive {
    async fn check(&self, request: Request<HealthCheckRequest>) -> Result<Response<HealthCheckResponse>, Status> {
        match request.get_ref().service.as_str() {
            "" | SERVICE => Ok(Response::new(HealthCheckResponse { status: ServingStatus::Serving.into() })),
            _ => Err(Status::not_found("there is no such service")),
        }
    }

    type WatchStream = Empty<Result<HealthCheckResponse, Status>>;

    /// There is nothing to watch: while it is there it serves. Clients that are told so ask with `Check` instead (gRPC health
    /// checking protocol, `health.proto`).
    async fn watch(&self, _: Request<HealthCheckRequest>) -> Result<Response<Self::WatchStream>, Status> {
        Err(Status::unimplemented("ask with `Check`"))
    }
}
