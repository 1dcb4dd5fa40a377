//! Write: a `CheckResponse` (envoy/service/auth/v3/external_auth.proto).
//! In: what it says. Out: the message.
//! Invariant: each header overwrites what a client sent under its name.
//! Not here: what it says (`stillwatch_gate::enforce::envoy`).

use envoy_types::pb::envoy::config::core::v3::header_value_option::HeaderAppendAction;
use envoy_types::pb::envoy::config::core::v3::{HeaderValue, HeaderValueOption};
use envoy_types::pb::envoy::service::auth::v3::check_response::HttpResponse;
use envoy_types::pb::envoy::service::auth::v3::{CheckResponse, DeniedHttpResponse, OkHttpResponse};
use envoy_types::pb::envoy::r#type::v3::HttpStatus;
use envoy_types::pb::google::rpc::Status;
use stillwatch_gate::enforce::envoy::Check;

pub(crate) fn response(check: Check) -> CheckResponse {
    let headers = check.headers.into_iter().map(|(name, value)| header(name, value)).collect();
    let http_response = match check.denied {
        Some(status) => HttpResponse::DeniedResponse(DeniedHttpResponse {
            status: Some(HttpStatus { code: i32::from(status) }),
            headers,
            body: check.body,
        }),
        None => HttpResponse::OkResponse(OkHttpResponse {
            headers,
            headers_to_remove: check.remove.into_iter().map(str::to_owned).collect(),
            ..OkHttpResponse::default()
        }),
    };
    CheckResponse {
        status: Some(Status { code: check.code, ..Status::default() }),
        dynamic_metadata: None,
        http_response: Some(http_response),
    }
}

fn header(name: &str, value: String) -> HeaderValueOption {
    HeaderValueOption {
        header: Some(HeaderValue { key: name.to_owned(), value, ..HeaderValue::default() }),
        append_action: HeaderAppendAction::OverwriteIfExistsOrAdd.into(),
        ..HeaderValueOption::default()
    }
}
