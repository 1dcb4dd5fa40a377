//! HTTP: the node as an application that answers requests.
//! In: a store, settings. Out: a router; what it needs to answer.
//! Invariant: every route but those that say whether the node lives goes through `guard`.
//! Not here: connections (`serve.rs`), what TAXII's resources say (`taxii`).

pub mod answer;
pub mod body;
pub mod counts;
pub mod guard;
mod health;
pub mod rates;
mod shares;
pub mod who;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use axum::Router;
use axum::middleware::from_fn_with_state;
use stillwatch_track::Store;
use stillwatch_track::exchange;
use tower_http::CompressionLevel;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;

use crate::access::{Book, People, hash};
use crate::config::Config;
use crate::decisions::{Acting, ask_pool};
use crate::gate::{Keys, system_clock};
use crate::matching::{Lines, Place, Relay};
use crate::{Receipts, Record, Result, api, matching, taxii};

/// What answers requests.
#[derive(Debug)]
pub struct Node {
    /// Settings.
    pub config: Config,
    /// The store.
    pub store: Store,
    /// Held by who writes: others wait here, not with a connection to the store in hand.
    pub(crate) writer: tokio::sync::Mutex<()>,
    /// Held by who sends a body: so many are in memory at once.
    pub(crate) bodies: tokio::sync::Semaphore,
    /// Held before it: of these places one client has half at most.
    pub(crate) shares: shares::Shares,
    /// Whether the store answered when it was last asked.
    ready: AtomicBool,
    book: Arc<RwLock<Arc<Book>>>,
    /// People, where an issuer's tokens are taken.
    pub(crate) people: Option<People>,
    /// How often clients may ask.
    pub rates: rates::Rates,
    /// Figures.
    pub counts: counts::Counts,
    /// What a hub took and handed over.
    pub receipts: Receipts,
    /// The ledger, where there is one.
    pub record: Option<Record>,
    /// Where matching is done, where there is a key for it.
    pub matching: Option<Place>,
    /// Channels that others opened.
    pub(crate) lines: Lines,
    /// What is passed on between members.
    pub(crate) relay: Relay,
    /// What decides about accounts and networks, where `[gate]` says so.
    pub acting: Option<Arc<Acting>>,
}

impl Node {
    /// A node over an open store.
    ///
    /// # Errors
    /// When the store, the ledger, or the authority of people's issuer, can't be read.
    pub async fn new(config: Config, store: Store) -> Result<Arc<Self>> {
        let book = Arc::new(RwLock::new(Arc::new(Book::read(&store).await?)));
        let record = Record::of(&config)?;
        let matching = Place::of(&config, &store, record.as_ref())?;
        let acting = match &config.gate {
            Some(gate) => {
                let keys = points(&book);
                let acting = Acting::open(&config.name, gate, store.clone(), keys, system_clock()).await?;
                if let Some(place) = &matching {
                    acting.ask_pool(ask_pool(place));
                }
                Some(acting)
            }
            None => None,
        };
        let people = config.oidc.as_ref().map(People::new).transpose()?;
        Ok(Arc::new(Self {
            people,
            writer: tokio::sync::Mutex::default(),
            bodies: tokio::sync::Semaphore::new(config.limits.bodies),
            shares: shares::Shares::of(config.limits.bodies),
            ready: AtomicBool::new(true),
            book,
            rates: rates::Rates::new(&config.limits),
            counts: counts::Counts::default(),
            receipts: Receipts::of(&config, record.as_ref()),
            record,
            matching,
            lines: Lines::default(),
            relay: Relay::default(),
            acting,
            config,
            store,
        }))
    }

    /// Clients and collections as they stand.
    #[must_use]
    pub fn book(&self) -> Arc<Book> {
        Arc::clone(&self.book.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Whether the store answered when it was last asked: nobody's question makes it be asked.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        self.ready.load(Ordering::Relaxed)
    }

    /// Reads clients and collections anew where they changed; so a revoked token is refused within a second.
    ///
    /// # Errors
    /// When the store can't be read; what was known stays.
    pub async fn refresh(&self) -> Result<()> {
        let changes = exchange::changes(&self.store).await;
        self.ready.store(changes.is_ok(), Ordering::Relaxed);
        if changes? == self.book().changes {
            return Ok(());
        }
        let book = Arc::new(Book::read(&self.store).await?);
        *self.book.write().unwrap_or_else(PoisonError::into_inner) = book;
        Ok(())
    }
}

/// Keys of points: tokens of clients with that role, as they stand.
fn points(book: &Arc<RwLock<Arc<Book>>>) -> Keys {
    let book = Arc::clone(book);
    Arc::new(move |key| {
        let book = Arc::clone(&book.read().unwrap_or_else(PoisonError::into_inner));
        let known = book.client(&hash(key)).filter(|known| known.role.asks_the_gate())?;
        Some(known.name.as_str().into())
    })
}

/// Everything that is answered.
pub fn router(node: &Arc<Node>) -> Router {
    let guarded = taxii::routes()
        .merge(api::routes())
        .merge(matching::routes())
        .merge(health::figures())
        .fallback(|| async { answer::Refusal::unknown("resource") })
        .layer(CatchPanicLayer::new())
        .layer(from_fn_with_state(Arc::clone(node), guard::guard));
    // Pages are text that repeats itself: the fastest level already makes them a tenth.
    let packed = CompressionLayer::new().quality(CompressionLevel::Fastest);
    health::alive().merge(guarded).layer(packed).with_state(Arc::clone(node))
}
