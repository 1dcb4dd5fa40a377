//! Tests of `ext_authz`: a gate with a few decisions, asked by tonic's client.
//! In: checks as Envoy sends them. Out: what Envoy is told.
//! Invariant: time stands still; connections are real.
//! Not here: Envoy itself, and the node's keys, TLS and end (`node/tests/it/gate`).

#![expect(clippy::unwrap_used, clippy::panic, reason = "a fixture that can't be made should stop its test")]

mod alive;
mod checks;
mod real;
mod strangers;

use std::collections::HashSet;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use envoy_types::pb::envoy::config::core::v3::address::Address as Kinds;
use envoy_types::pb::envoy::config::core::v3::{Address, SocketAddress};
use envoy_types::pb::envoy::service::auth::v3::attribute_context::{HttpRequest, Peer, Request as Asks};
use envoy_types::pb::envoy::service::auth::v3::authorization_client::AuthorizationClient;
use envoy_types::pb::envoy::service::auth::v3::check_response::HttpResponse;
use envoy_types::pb::envoy::service::auth::v3::{AttributeContext, CheckRequest, CheckResponse};
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::service::TowerToHyperService;
use jiff::{SignedDuration, Timestamp};
use stillwatch_envoy::{Asked, router};
use stillwatch_gate::decide::decide;
use stillwatch_gate::{Action, Book, Kind, Live, Subject, Table};
use tonic::transport::Channel;
use tonic::{Request, Status};

type Tested<T = ()> = Result<T, Box<dyn std::error::Error>>;

const NOW: i64 = 1_780_315_200;
const KEY: &str = "key-of-the-edge";

/// A gate, the book behind it, and keys that are known.
struct Fixture {
    live: Arc<Live>,
    book: Book,
    keys: Arc<Mutex<HashSet<String>>>,
}

impl Fixture {
    fn new() -> Self {
        let keys = Arc::new(Mutex::new(HashSet::from([KEY.to_owned()])));
        Self { live: Arc::new(Live::new(Table::default())), book: Book::default(), keys }
    }

    fn decide(&mut self, kind: Kind, value: &str, action: Action) {
        let at = Timestamp::from_second(NOW).unwrap();
        let subject = Subject::new(kind, value).unwrap();
        let change = self.book.decide("ana", subject, action, SignedDuration::from_hours(1), "a test", at).unwrap();
        self.live.change(&[change]);
    }

    fn asked(&self) -> Asked {
        let (live, keys) = (Arc::clone(&self.live), Arc::clone(&self.keys));
        Asked {
            knows: Arc::new(move |headers| {
                let key = headers.get("x-api-key").and_then(|key| key.to_str().ok());
                key.is_some_and(|key| keys.lock().unwrap().contains(key))
            }),
            decide: Arc::new(move |request| decide(&live.now(), request, NOW)),
        }
    }

    /// Serves on a port of this machine for as long as the test lives.
    async fn serve(&self) -> Tested<SocketAddr> {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let app = router(self.asked());
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let service = TowerToHyperService::new(app.clone());
                let builder = hyper::server::conn::http2::Builder::new(TokioExecutor::new());
                tokio::spawn(builder.serve_connection(TokioIo::new(stream), service));
            }
        });
        Ok(address)
    }

    async fn client(&self) -> Tested<Client> {
        let channel = Channel::from_shared(format!("http://{}", self.serve().await?))?.connect().await?;
        Ok(Client { client: AuthorizationClient::new(channel), key: Some(KEY) })
    }
}

/// An Envoy, as far as it asks.
struct Client {
    client: AuthorizationClient<Channel>,
    key: Option<&'static str>,
}

impl Client {
    async fn check(&mut self, check: CheckRequest) -> Result<Said, Status> {
        let mut request = Request::new(check);
        if let Some(key) = self.key {
            request.metadata_mut().insert("x-api-key", key.parse().unwrap());
        }
        Ok(Said::of(self.client.check(request).await?.into_inner()))
    }
}

/// A check of a request with headers, from an address.
fn asks(headers: &[(&str, &str)], from: &str) -> CheckRequest {
    let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let http =
        HttpRequest { headers, method: "POST".to_owned(), path: "/v1/messages".to_owned(), ..Default::default() };
    let socket = SocketAddress { address: from.to_owned(), ..Default::default() };
    let address = (!from.is_empty()).then_some(Address { address: Some(Kinds::SocketAddress(socket)) });
    CheckRequest {
        attributes: Some(AttributeContext {
            source: Some(Peer { address, ..Default::default() }),
            request: Some(Asks { http: Some(http), ..Default::default() }),
            ..Default::default()
        }),
    }
}

/// An answer, as far as tests look at it.
#[derive(Debug, PartialEq, Eq)]
struct Said {
    code: i32,
    status: Option<i32>,
    headers: Vec<(String, String)>,
    removed: Vec<String>,
    body: String,
}

impl Said {
    fn of(response: CheckResponse) -> Self {
        let (status, headers, removed, body) = match response.http_response {
            Some(HttpResponse::DeniedResponse(denied)) => {
                (denied.status.map(|status| status.code), denied.headers, Vec::new(), denied.body)
            }
            Some(HttpResponse::OkResponse(ok)) => (None, ok.headers, ok.headers_to_remove, String::new()),
            other => panic!("neither served nor denied: {other:?}"),
        };
        let overwrites = |action: i32| action == 2;
        let headers = headers.into_iter().map(|option| {
            assert!(overwrites(option.append_action), "a header is added to a client's: {option:?}");
            option.header.map(|header| (header.key, header.value)).unwrap()
        });
        Self { code: response.status.unwrap().code, status, headers: headers.collect(), removed, body }
    }

    fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(other, _)| other == name).map(|(_, value)| value.as_str())
    }
}
