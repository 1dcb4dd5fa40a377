//! Serve: connections, from the first byte to the last.
//! In: a node, a listening socket, a certificate. Out: requests answered until it is told to stop, and those under way ended.
//! Invariant: how many connections there are, and how long each may be silent, is bounded; a broken one ends nothing but itself.
//! Not here: what is answered (`http`).

mod acts;
mod background;
mod live;
mod patience;
mod shown;
pub mod tls;

use std::collections::HashMap;
use std::future::Future;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use futures_util::future::join_all;
use hyper::Request;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::server::graceful::GracefulShutdown;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio_rustls::TlsAcceptor;
use tower::ServiceExt;
use tower_http::catch_panic::CatchPanicLayer;

use crate::http::guard::Peer;
use crate::http::{Node, router};
use crate::{Error, Result, gate};
use acts::Acts;
use patience::Patient;
use shown::Shown;

pub use live::Live;

/// How long requests under way are waited for when it stops.
const FAREWELL: Duration = Duration::from_secs(20);

/// Opens the socket that the settings name.
///
/// # Errors
/// When the address is taken, or not ours to take.
pub async fn listen(address: SocketAddr) -> Result<TcpListener> {
    TcpListener::bind(address).await.map_err(|e| {
        let how = "set `listen` in node.toml to an address and port of this machine that is free";
        Error::setup(format!("cannot listen on {address}: {e}"), how)
    })
}

/// Answers requests until `stop` is done, then ends what is under way.
pub async fn serve(node: Arc<Node>, listener: TcpListener, tls: Option<Arc<Live>>, stop: impl Future<Output = ()>) {
    let limits = node.config.limits;
    let app = router(&node);
    let graceful = GracefulShutdown::new();
    let room = Arc::new(Semaphore::new(limits.connections));
    let addresses = Arc::new(Addresses::default());
    let each = if node.config.behind_proxy { limits.connections } else { limits.connections_per_address };
    let tidying = tokio::spawn(tidy(Arc::clone(&node)));
    let (ended, is_ended) = tokio::sync::oneshot::channel();
    let background = tokio::spawn(background::run(Arc::clone(&node), is_ended));
    let following = tls.clone().map(|live| tokio::spawn(live::follow(live)));
    let acting = node.acting.clone().map(|acting| Acts::begin(&acting));
    let mut doors = Vec::new();
    if let Some(acting) = &node.acting {
        // Points are few, and may all stand behind one address.
        let door = |app: Router, listener, over_tls, spoken| {
            let (app, tls) = (app.layer(CatchPanicLayer::new()), tls.clone().filter(|_| over_tls));
            let (room, addresses, each) =
                (Arc::new(Semaphore::new(limits.connections)), Arc::default(), limits.connections);
            Door { node: Arc::clone(&node), app, listener, tls, room, addresses, each, spoken }
        };
        let gate = || Arc::clone(acting.gate());
        doors.extend(acting.listener().map(|on| door(gate::router(gate()), on, acting.over_tls(), Spoken::Http)));
        doors
            .extend(acting.envoy().map(|(on, over_tls)| door(gate::envoy::router(gate()), on, over_tls, Spoken::Grpc)));
    }
    doors.push(Door { node: Arc::clone(&node), app, listener, tls, room, addresses, each, spoken: Spoken::Http });
    tokio::select! {
        () = stop => {}
        _ = join_all(doors.iter().map(|door| door.let_in(&graceful))) => {}
    }
    drop(doors);
    tidying.abort();
    if let Some(acting) = acting {
        acting.end();
    }
    if let Some(acting) = &node.acting {
        acting.gate().end();
    }
    if let Some(following) = following {
        following.abort();
    }
    tokio::select! {
        () = graceful.shutdown() => tracing::info!("stopped; every request was answered"),
        () = tokio::time::sleep(FAREWELL) => tracing::warn!("stopped; some requests took too long and were cut off"),
    }
    // Whoever read until now has a receipt.
    let _ = ended.send(());
    let _ = background.await;
}

/// A socket, and what answers behind it.
struct Door {
    node: Arc<Node>,
    app: Router,
    listener: TcpListener,
    tls: Option<Arc<Live>>,
    room: Arc<Semaphore>,
    addresses: Arc<Addresses>,
    /// Connections of one address.
    each: usize,
    spoken: Spoken,
}

/// What is spoken behind a door.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Spoken {
    /// HTTP/1.1, or what TLS agreed on.
    Http,
    /// HTTP/2 from the first byte on (RFC 9113, section 3.3): a proxy puts all its questions on few connections.
    Grpc,
}

impl Spoken {
    /// Questions at once on one connection, and bytes of their headers.
    fn bounds(self) -> (u32, u32) {
        match self {
            Spoken::Http => (64, 64 << 10),
            Spoken::Grpc => (1_024, 16 << 10),
        }
    }
}

impl Door {
    /// Takes connections until it is dropped; those that are there go on.
    async fn let_in(&self, graceful: &GracefulShutdown) {
        loop {
            let Some((stream, peer, place)) = accept(&self.listener, &self.room).await else { continue };
            // Of one address' connections beyond its share there is no answer: they end.
            let Some(held) = self.addresses.enter(peer.ip(), self.each) else { continue };
            let (node, app, spoken) = (Arc::clone(&self.node), self.app.clone(), self.spoken);
            let connection = Connection { node, app, peer, spoken };
            let (tls, watcher) = (self.tls.clone(), graceful.watcher());
            tokio::spawn(async move {
                connection.node.counts.connections(1);
                connection.run(stream, tls, watcher).await;
                connection.node.counts.connections(-1);
                drop((place, held));
            });
        }
    }
}

/// The next connection, when there is room for one.
async fn accept(
    listener: &TcpListener,
    room: &Arc<Semaphore>,
) -> Option<(TcpStream, SocketAddr, tokio::sync::OwnedSemaphorePermit)> {
    let place = Arc::clone(room).acquire_owned().await.ok()?;
    match listener.accept().await {
        Ok((stream, peer)) => Some((stream, peer, place)),
        Err(error) => {
            // Out of file handles, most likely: others must end first.
            tracing::warn!(%error, "cannot accept a connection");
            tokio::time::sleep(Duration::from_millis(100)).await;
            None
        }
    }
}

/// Looks whether clients changed, and forgets who has been quiet.
async fn tidy(node: Arc<Node>) {
    let mut beat = tokio::time::interval(Duration::from_secs(1));
    beat.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        beat.tick().await;
        if let Err(error) = node.refresh().await {
            tracing::warn!(%error, "cannot look whether clients changed");
        }
        node.rates.forget();
    }
}

struct Connection {
    node: Arc<Node>,
    app: Router,
    peer: SocketAddr,
    spoken: Spoken,
}

impl Connection {
    async fn run(&self, stream: TcpStream, tls: Option<Arc<Live>>, watcher: hyper_util::server::graceful::Watcher) {
        // Small answers go out at once.
        let _ = stream.set_nodelay(true);
        let limits = self.node.config.limits;
        let Some(live) = tls else {
            return self.talk(stream, false, None, watcher).await;
        };
        let settings = live.now();
        let acceptor = TlsAcceptor::from(Arc::clone(&settings.server));
        match tokio::time::timeout(limits.idle(), acceptor.accept(stream)).await {
            Ok(Ok(stream)) => {
                let connection = stream.get_ref().1;
                let h2 = connection.alpn_protocol() == Some(tls::H2);
                let shown = Shown::of(connection, &live, settings);
                self.talk(stream, h2, shown, watcher).await;
            }
            // Who runs the node is asked why a member isn't let in.
            Ok(Err(error)) if is_about_certificates(&error) => {
                tracing::info!(peer = %self.peer, %error, "a certificate was refused");
            }
            Ok(Err(error)) => tracing::debug!(peer = %self.peer, %error, "no TLS"),
            Err(_) => tracing::debug!(peer = %self.peer, "no TLS in time"),
        }
    }

    async fn talk<S: AsyncRead + AsyncWrite + Unpin + Send + 'static>(
        &self,
        stream: S,
        h2: bool,
        shown: Option<Shown>,
        watcher: hyper_util::server::graceful::Watcher,
    ) {
        let idle = self.node.config.limits.idle();
        let builder = Builder::new(TokioExecutor::new());
        // Which of the two is said by TLS, or is HTTP/1.1: nobody is waited for to find out.
        let h2 = h2 || self.spoken == Spoken::Grpc;
        let (streams, headers) = self.spoken.bounds();
        let mut builder = if h2 { builder.http2_only() } else { builder.http1_only() };
        builder.http1().timer(TokioTimer::new()).header_read_timeout(idle).max_buf_size(64 << 10);
        builder
            .http2()
            .timer(TokioTimer::new())
            .keep_alive_interval(idle)
            .keep_alive_timeout(idle)
            .max_concurrent_streams(streams)
            .max_header_list_size(headers);
        let peer = Peer(self.peer);
        let service = service_fn(move |request: Request<Incoming>| {
            let mut request = request.map(Body::new);
            request.extensions_mut().insert(peer);
            if let Some(shown) = &shown {
                request.extensions_mut().insert(shown.now());
            }
            self.app.clone().oneshot(request)
        });
        let io = TokioIo::new(Patient::new(stream, self.node.config.limits.patience()));
        if let Err(error) = watcher.watch(builder.serve_connection(io, service)).await {
            tracing::debug!(peer = %self.peer, error, "a connection broke");
        }
    }
}

fn is_about_certificates(error: &std::io::Error) -> bool {
    let error = error.get_ref().and_then(|error| error.downcast_ref::<rustls::Error>());
    matches!(error, Some(rustls::Error::InvalidCertificate(_) | rustls::Error::InvalidCertRevocationList(_)))
}

/// How many connections each address has.
#[derive(Debug, Default)]
struct Addresses(Mutex<HashMap<IpAddr, usize>>);

/// One connection of an address; leaves when it is dropped.
struct Held {
    addresses: Arc<Addresses>,
    address: IpAddr,
}

impl Addresses {
    fn enter(self: &Arc<Self>, address: IpAddr, most: usize) -> Option<Held> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let count = all.entry(address).or_default();
        if *count >= most {
            return None;
        }
        *count += 1;
        Some(Held { addresses: Arc::clone(self), address })
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        let mut all = self.addresses.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = all.get_mut(&self.address) {
            *count -= 1;
            if *count == 0 {
                all.remove(&self.address);
            }
        }
    }
}
