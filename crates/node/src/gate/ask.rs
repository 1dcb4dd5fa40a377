//! Ask: `GET` and `POST /v1/decide`.
//! In: account, client, fingerprint, address. Out: action, reason code, ttl as JSON.
//! Invariant: one load of the table an answer; what isn't understood is 400 and says which field.
//! Not here: what wins (`stillwatch-gate`).

use axum::Json;
use axum::extract::Query;
use axum::extract::rejection::{JsonRejection, QueryRejection};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use stillwatch_gate::Request;
use stillwatch_gate::enforce::crowdsec::ErrorResponse;

use crate::gate::answers::Way;
use crate::gate::key::Point;
use crate::gate::{Gate, Shared};

pub(crate) async fn query(_: Point, gate: Shared, asked: Result<Query<Request>, QueryRejection>) -> Response {
    match asked {
        Ok(Query(request)) => answer(&gate, &request),
        Err(error) => refused(error.status(), error.body_text()),
    }
}

pub(crate) async fn body(_: Point, gate: Shared, asked: Result<Json<Request>, JsonRejection>) -> Response {
    match asked {
        Ok(Json(request)) => answer(&gate, &request),
        Err(error) => refused(error.status(), error.body_text()),
    }
}

fn answer(gate: &Gate, request: &Request) -> Response {
    Json(gate.answer(Way::Decide, request)).into_response()
}

fn refused(status: StatusCode, message: String) -> Response {
    (status, Json(ErrorResponse { message })).into_response()
}
