//! Forward: `/v1/forward`, the question of nginx (`auth_request`), Caddy (`forward_auth`) and Traefik (ForwardAuth).
//! In: the proxy's headers. Out: 200, 401 or 403, with headers that say what to do.
//! Invariant: a proxy whose key isn't known gets 500: 401 or 403 would be told to its clients as if they were meant.
//! Not here: which headers (`stillwatch_gate::enforce::forward`).

use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use stillwatch_gate::enforce::forward;

use crate::gate::Shared;
use crate::gate::answers::Way;

pub(crate) async fn ask(gate: Shared, headers: HeaderMap) -> Response {
    if gate.point(&headers).is_none() {
        return (StatusCode::INTERNAL_SERVER_ERROR, "the gate doesn't know the key of this proxy\n").into_response();
    }
    let request = forward::request(|name| headers.get(name).and_then(|value| value.to_str().ok()));
    let reply = forward::reply(&gate.answer(Way::Forward, &request));
    let mut response = StatusCode::from_u16(reply.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR).into_response();
    for (name, value) in reply.headers {
        if let Ok(value) = value.parse() {
            response.headers_mut().insert(name, value);
        }
    }
    response
}
