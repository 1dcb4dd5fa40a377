//! Acting: the gate of a running node: a table that follows the store, and rounds in which rules are asked.
//! In: the store, settings, keys of points. Out: a gate that is served; what is amiss.
//! Invariant: where the store or the rules can't be read, the last table and the last rules stay in use, and that is told.
//! Not here: what is decided (`round.rs`), routes (`gate`), connections (`serve`).

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::Duration;

use stillwatch_gate::book::{Change, Done};
use stillwatch_gate::feed::KEPT;
use stillwatch_gate::standing::Decay;
use stillwatch_gate::{Entry, Feed, Live, Table};
use stillwatch_track::{By, Store, decisions};
use tokio::net::TcpListener;
use tokio::time::{MissedTickBehavior, interval};

use super::inputs::Inputs;
use super::kept::{number, of_word, read, stored};
use super::people::CLOCK;
use super::round::{AskPool, Rounded, round};
use super::turn::time;
use super::{held, learn};
use crate::config::Gate as Settings;
use crate::gate::{Clock, Gate, Keys, Polled};
use crate::{Result, serve};

/// How often it is looked whether the store has changes: those of other processes, such as `stillwatch decisions`.
const LOOK: Duration = Duration::from_millis(200);
/// How often it is kept where bouncers stand, and how late it is.
const KEEP: Duration = Duration::from_secs(10);
/// How long a person's word that the clock is right counts.
const SAID: Duration = Duration::from_secs(120);
/// Decisions and changes read at once.
const PAGE: u32 = 5_000;
/// Changes that are told again after a restart.
const AGAIN: i64 = 1 << 16;
/// Under which name it is kept where bouncers stand.
const POLLED: &str = "polled";

/// What decides and is asked.
pub struct Acting {
    gate: Arc<Gate>,
    store: Store,
    name: String,
    settings: Settings,
    inputs: tokio::sync::Mutex<Option<Inputs>>,
    /// Held by who brings changes into the table.
    following: tokio::sync::Mutex<()>,
    pool: RwLock<Option<Arc<AskPool>>>,
    trouble: Mutex<Trouble>,
    listener: Mutex<Option<TcpListener>>,
    envoy: Mutex<Option<TcpListener>>,
}

/// What is amiss; nothing, where all is well.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Trouble {
    /// The store can't be read: the table is as it was.
    pub behind: Option<String>,
    /// The store can't be written: nothing new is decided.
    pub unwritten: Option<String>,
    /// Rules or facts can't be read: those before stay in use.
    pub rules: Option<String>,
    /// Rules that the cap stopped, and that wait for a person's answer.
    pub stopped: usize,
}

impl std::fmt::Debug for Acting {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Acting").field("gate", &self.gate).finish_non_exhaustive()
    }
}

impl Acting {
    /// Loads what holds, reads the rules, and opens the sockets that the settings name.
    ///
    /// # Errors
    /// When the store can't be read, or an address is taken. Rules that can't be read are told, and not asked.
    pub async fn open(name: &str, settings: &Settings, store: Store, keys: Keys, clock: Clock) -> Result<Arc<Self>> {
        let listener = serve::listen(settings.listen).await?;
        let envoy = match &settings.envoy {
            Some(envoy) => Some(serve::listen(envoy.listen).await?),
            None => None,
        };
        let kept = decisions::clock(&store).await?;
        let floor = kept.seen.div_euclid(1_000_000);
        let (table, feed) = table(&store, clock().0.max(floor)).await?;
        let gate = Gate::new(Live::new(table), feed, keys, clock, floor);
        if let Some(body) = decisions::aside(&store).await?.get(POLLED) {
            // Where it can't be read, bouncers are told everything once.
            gate.restore(serde_json::from_str::<HashMap<String, Polled>>(body).unwrap_or_default());
        }
        let acting = Self {
            gate,
            store,
            name: name.to_owned(),
            settings: settings.clone(),
            inputs: tokio::sync::Mutex::default(),
            following: tokio::sync::Mutex::default(),
            pool: RwLock::default(),
            trouble: Mutex::default(),
            listener: Mutex::new(Some(listener)),
            envoy: Mutex::new(envoy),
        };
        acting.refresh(&mut *acting.inputs.lock().await);
        Ok(Arc::new(acting))
    }

    /// The gate that is asked.
    #[must_use]
    pub fn gate(&self) -> &Arc<Gate> {
        &self.gate
    }

    /// What is amiss.
    #[must_use]
    pub fn trouble(&self) -> Trouble {
        self.troubled().clone()
    }

    /// Figures, in the order of `http::counts`.
    pub(crate) fn figures(&self) -> [i64; 8] {
        let (trouble, table) = (self.trouble(), self.gate.live().keep());
        let count = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
        [
            stored(table.number()),
            count(table.count()),
            count(self.gate.reported()),
            count(self.gate.late().len()),
            count(trouble.stopped),
            i64::from(trouble.behind.is_some()),
            i64::from(trouble.unwritten.is_some()),
            i64::from(trouble.rules.is_some()),
        ]
    }

    /// From now on rules that ask how many other members have something are answered by this.
    pub fn ask_pool(&self, ask: Arc<AskPool>) {
        *self.pool.write().unwrap_or_else(PoisonError::into_inner) = Some(ask);
    }

    /// The socket; once.
    pub(crate) fn listener(&self) -> Option<TcpListener> {
        self.listener.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// Whether points ask over TLS.
    pub(crate) fn over_tls(&self) -> bool {
        self.settings.tls
    }

    /// The socket that Envoy asks, where there is one, and whether over TLS; once.
    pub(crate) fn envoy(&self) -> Option<(TcpListener, bool)> {
        let listener = self.envoy.lock().unwrap_or_else(PoisonError::into_inner).take()?;
        Some((listener, self.settings.envoy.as_ref().is_some_and(|envoy| envoy.tls)))
    }

    /// Points that are called.
    pub(crate) fn webhooks(&self) -> &[crate::config::Webhook] {
        &self.settings.webhook
    }

    /// Brings what changed in the store into the table; whether anything had.
    ///
    /// # Errors
    /// When the store can't be read: the table stays as it is.
    pub async fn catch_up(&self) -> Result<bool> {
        let caught = self.follow_store().await;
        self.troubled().behind = caught.as_ref().err().map(ToString::to_string);
        caught
    }

    async fn follow_store(&self) -> Result<bool> {
        let _one = self.following.lock().await;
        let newest = decisions::clock(&self.store).await?.changed;
        let mut has = stored(self.gate.live().now().number());
        if newest == has {
            return Ok(false);
        }
        while has < newest {
            let batch = decisions::changes(&self.store, has, PAGE).await?;
            // Some aren't kept any more, or the store is another than it was.
            if batch.first().is_none_or(|(change, _)| change.number != has + 1) {
                break;
            }
            let changes: Vec<Change> = batch.iter().map(|(change, kept)| told(change, kept)).collect::<Result<_>>()?;
            self.gate.change(&changes);
            has = batch.last().map_or(has, |(change, _)| change.number);
        }
        if has != newest {
            let (table, feed) = table(&self.store, self.gate.now()).await?;
            self.gate.replace(table, feed);
        }
        Ok(true)
    }

    /// Asks the rules once, and brings what they decided into the table. `None`: there are none that can be read.
    ///
    /// # Errors
    /// When the store can't be read or written: nothing was decided, and the table stays as it is.
    pub async fn round(&self) -> Result<Option<Rounded>> {
        let done = self.one_round().await;
        {
            let mut trouble = self.troubled();
            trouble.unwritten = done.as_ref().err().map(ToString::to_string);
            if let Ok(Some(rounded)) = &done {
                trouble.stopped = rounded.stopped.len();
            }
        }
        let rounded = done?;
        self.catch_up().await?;
        Ok(rounded)
    }

    async fn one_round(&self) -> Result<Option<Rounded>> {
        let by = By { author: self.name.clone(), at: self.gate.now().saturating_mul(1_000_000) };
        // What a reversal teaches and a process that ended left undone.
        learn::teach(&self.store, &by).await?;
        let mut inputs = self.inputs.lock().await;
        self.refresh(&mut inputs);
        let Some(inputs) = inputs.as_ref() else { return Ok(None) };
        let pool = self.pool.read().unwrap_or_else(PoisonError::into_inner).clone();
        round(&self.store, inputs, pool.as_deref(), &Decay::default(), self.settings.days, &by).await.map(Some)
    }

    /// Reads rules and facts anew where their files changed.
    fn refresh(&self, inputs: &mut Option<Inputs>) {
        if inputs.as_ref().is_some_and(|inputs| !inputs.is_old(&self.settings)) {
            return;
        }
        match Inputs::read(&self.settings) {
            Ok(read) => {
                *inputs = Some(read);
                self.troubled().rules = None;
            }
            Err(error) => {
                let told = error.to_string();
                if self.troubled().rules.as_ref() != Some(&told) {
                    tracing::error!(%error, hint = error.hint(), "rules can't be read: those before stay in use");
                }
                self.troubled().rules = Some(told);
                if let Some(inputs) = inputs {
                    inputs.pass_over(&self.settings);
                }
            }
        }
    }

    /// Follows the store, until it is dropped.
    pub(crate) async fn follow(&self) {
        let mut beat = interval(LOOK);
        beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            beat.tick().await;
            let before = self.troubled().behind.clone();
            if let Err(error) = self.catch_up().await
                && before.is_none()
            {
                tracing::error!(%error, hint = error.hint(), "decisions can't be read: the last table stays in use");
            }
        }
    }

    /// Keeps where bouncers stand and how late it is, until it is dropped.
    pub(crate) async fn keep(&self) {
        let mut beat = interval(KEEP);
        beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut last = String::new();
        loop {
            beat.tick().await;
            let done = self.keep_once(&mut last).await;
            if let Err(error) = &done
                && self.troubled().unwritten.is_none()
            {
                tracing::error!(%error, hint = error.hint(), "decisions can't be kept: those before stay in use");
            }
            self.troubled().unwritten = done.err().map(|error| error.to_string());
        }
    }

    /// Keeps where bouncers stand and how late it is.
    pub(crate) async fn keep_once(&self, last: &mut String) -> Result<()> {
        self.set_clock().await?;
        decisions::seen(&self.store, self.gate.now().saturating_mul(1_000_000)).await?;
        let polled: std::collections::BTreeMap<_, _> = self.gate.polled().into_iter().collect();
        let polled = serde_json::to_string(&polled).unwrap_or_default();
        if polled != *last {
            decisions::keep(&self.store, POLLED, &polled).await?;
            *last = polled;
        }
        self.troubled().stopped = held(&self.store).await?.len();
        Ok(())
    }

    /// Follows the system's clock where it leapt ahead and a person said, by that clock and not long ago, that it is right.
    ///
    /// # Errors
    /// When the store can't be read.
    pub async fn set_clock(&self) -> Result<()> {
        let moved = self.gate.clock_moved();
        if moved <= 0 {
            return Ok(());
        }
        let said = decisions::aside(&self.store).await?.get(CLOCK).and_then(|text| text.parse::<i64>().ok());
        let wall = self.gate.now().saturating_add(moved);
        if said.is_some_and(|at| wall.abs_diff(at.div_euclid(1_000_000)) <= SAID.as_secs()) && self.gate.accept_clock()
        {
            tracing::warn!(
                seconds = moved,
                "the system's clock leapt ahead, and is followed since a person says it is right"
            );
        }
        Ok(())
    }

    /// Goes round again and again, until it is dropped. It may be broken off anywhere: a round is kept as a whole or not at all.
    pub(crate) async fn rounds(&self) {
        if self.settings.every_seconds == 0 {
            return std::future::pending().await;
        }
        let mut beat = interval(Duration::from_secs(self.settings.every_seconds));
        beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            beat.tick().await;
            match self.round().await {
                Ok(Some(rounded)) => say(&rounded),
                Ok(None) => {}
                Err(error) => tracing::error!(%error, hint = error.hint(), "rules decided nothing this round"),
            }
        }
    }

    fn troubled(&self) -> MutexGuard<'_, Trouble> {
        self.trouble.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn say(rounded: &Rounded) {
    if rounded.made + rounded.renewed + rounded.taken_back > 0 {
        tracing::info!(
            subjects = rounded.subjects,
            made = rounded.made,
            renewed = rounded.renewed,
            taken_back = rounded.taken_back,
            protected = rounded.protected,
            "rules decided"
        );
    }
    for (rule, subjects) in &rounded.shadow {
        tracing::info!(rule, subjects, "a rule in shadow mode would have acted");
    }
    for question in rounded.stopped.values() {
        tracing::warn!(question, hint = "`stillwatch decisions held`", "a rule is stopped");
    }
    if let Some(because) = &rounded.no_pool {
        tracing::warn!(because, "the pool can't be asked");
    }
}

/// All that holds at a time, in seconds, as a table; and the last changes before it.
///
/// # Errors
/// When the store can't be read.
pub async fn table(store: &Store, now: i64) -> Result<(Table, Feed)> {
    // Before the rest: what changes meanwhile is brought in again.
    let changed = decisions::clock(store).await?.changed;
    let mut entries = Vec::new();
    let mut after = 0;
    loop {
        let page = decisions::standing(store, now.saturating_mul(1_000_000), after, PAGE).await?;
        let Some(last) = page.last() else { break };
        after = last.id;
        for kept in &page {
            entries.push(Entry::of(&read(kept)?));
        }
    }
    let oldest = decisions::oldest_change(store).await?.unwrap_or(changed + 1);
    let mut has = (oldest - 1).max(changed - AGAIN).clamp(0, changed);
    let mut feed = Feed::after(number(has), KEPT);
    while has < changed {
        let batch = decisions::changes(store, has, PAGE).await?;
        let batch: Vec<_> = batch.into_iter().filter(|(change, _)| change.number <= changed).collect();
        let Some((last, _)) = batch.last() else { break };
        has = last.number;
        feed.push(&batch.iter().map(|(change, kept)| told(change, kept)).collect::<Result<Vec<_>>>()?);
    }
    Ok((Table::build(entries, number(changed)), feed))
}

fn told(change: &decisions::Change, kept: &decisions::Kept) -> Result<Change> {
    Ok(Change {
        number: number(change.number),
        at: time(change.at),
        entry: Entry::of(&read(kept)?),
        done: of_word::<Done>(&change.done)?,
    })
}
