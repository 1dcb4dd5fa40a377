//! Acts: what a node does about decisions while it runs: follow the store, ask the rules, call points.
//! In: what decides. Out: tasks, until they are ended.
//! Invariant: each may be broken off anywhere: what is decided is kept as a whole or not at all; a call is repeated until it arrives.
//! Not here: what is decided (`decisions`), what a call says (`gate::webhook`).

use std::sync::Arc;
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::config::Webhook;
use crate::decisions::Acting;
use crate::gate::webhook::{self, Call};
use crate::{Error, Result, outward};

/// How long a point may take to answer a call.
const PATIENCE: Duration = Duration::from_secs(10);
/// Longest key of a webhook, in bytes.
const LONGEST: usize = 4_096;

/// Tasks that run.
pub(super) struct Acts {
    tasks: Vec<JoinHandle<()>>,
    over: watch::Sender<bool>,
}

impl Acts {
    pub(super) fn begin(acting: &Arc<Acting>) -> Self {
        let over = watch::Sender::new(false);
        let (follows, keeps, asks) = (Arc::clone(acting), Arc::clone(acting), Arc::clone(acting));
        let mut tasks =
            vec![tokio::spawn(async move { follows.follow().await }), tokio::spawn(async move { keeps.keep().await })];
        // On a thread of its own: rules are asked about many at once, and no point is to wait for it.
        let (handle, mut ended) = (Handle::current(), over.subscribe());
        tasks.push(tokio::task::spawn_blocking(move || {
            handle.block_on(async {
                tokio::select! {
                    _ = ended.wait_for(|over| *over) => {}
                    () = asks.rounds() => {}
                }
            });
        }));
        for hook in acting.webhooks() {
            match call(acting, hook) {
                Ok(task) => tasks.push(task),
                Err(error) => {
                    tracing::error!(point = hook.name, %error, hint = error.hint(), "a point isn't called");
                }
            }
        }
        Self { tasks, over }
    }

    pub(super) fn end(self) {
        self.over.send_replace(true);
        for task in self.tasks {
            task.abort();
        }
    }
}

/// Calls a point, again and again until each call arrived.
fn call(acting: &Arc<Acting>, hook: &Webhook) -> Result<JoinHandle<()>> {
    let client = outward::client(hook.ca.as_deref(), None, PATIENCE)?;
    let key = std::fs::read(&hook.key).map_err(|e| {
        Error::setup(
            format!("cannot read the key in `{}`: {e}", hook.key.display()),
            "check the path, and who may read it",
        )
    })?;
    let key = key.split(|byte| *byte == b'\n').next().unwrap_or_default().trim_ascii().to_vec();
    if key.len() < 16 || key.len() > LONGEST {
        return Err(Error::setup(
            format!("the key in `{}` has {} bytes", hook.key.display(), key.len()),
            "the first line of the file is the key: 16 bytes or more, which nobody can guess",
        ));
    }
    let (url, name) = (hook.url.clone(), hook.name.clone());
    let send = move |call: Call| {
        let asked = client
            .post(&url)
            .header("content-type", "application/json")
            .header("x-stillwatch-signature", call.signature)
            .body(call.body)
            .send();
        let name = name.clone();
        async move {
            match asked.await {
                Ok(answer) if answer.status().is_success() => true,
                Ok(answer) => {
                    tracing::warn!(point = name, status = answer.status().as_u16(), "a point refused a call");
                    false
                }
                Err(error) => {
                    tracing::warn!(point = name, error = %error.without_url(), "a point can't be called");
                    false
                }
            }
        }
    };
    // What it had before a restart isn't known: it is told everything anew.
    Ok(tokio::spawn(webhook::run(Arc::clone(acting.gate()), hook.name.clone(), key, 0, send)))
}
