//! Lines: channels that others opened to this node, as long as they are open.
//! In: first messages, calls. Out: second messages, replies.
//! Invariant: a member is who proves its key, whoever's request carries it; a member has a few lines, the oldest goes first; one that
//! is silent is forgotten; a line answers one call at a time.
//! Not here: what calls say.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use rand_chacha::rand_core::Rng;
use stillwatch_matching::channel::{Channel, Handshake};
use stillwatch_track::matches;

use super::key::random;
use super::line::{NUMBER, about, answer};
use super::reach::key_of;
use super::{Place, broken, epoch, pair};
use crate::error::{Error, Result};

/// Lines of one member.
const EACH: usize = 16;
/// How long a line may be silent.
const SILENT: Duration = Duration::from_secs(600);

/// All lines, and what is worked on in them.
#[derive(Debug, Default)]
pub(crate) struct Lines {
    open: Mutex<HashMap<[u8; NUMBER], Open>>,
    running: pair::Running,
    making: epoch::Making,
}

#[derive(Debug, Clone)]
struct Open {
    from: String,
    used: Instant,
    channel: Arc<tokio::sync::Mutex<Channel>>,
}

impl Lines {
    /// Answers a first message: the line's number, and the second message.
    pub(crate) async fn begin(&self, place: &Place, body: &[u8]) -> Result<Vec<u8>> {
        let no = || Error::refused("it is no first message of a line", "use the same version on both sides");
        let (length, rest) = body.split_first().ok_or_else(no)?;
        let (name, first) = rest.split_at_checked(usize::from(*length)).ok_or_else(no)?;
        let from = std::str::from_utf8(name).map_err(|_| no())?;
        // Who isn't known and who has another key read the same.
        let stranger =
            || Error::refused("nobody is known here by that name and key", "have this node's people add you");
        let member = matches::member(&place.store, from).await.map_err(|_| stranger())?;
        let key = key_of(&member)?;
        let mut random = random();
        let about = about(from, &place.name);
        let (channel, second) =
            Handshake::answer(&place.key, &key, &about, first, &mut random).map_err(|_| stranger())?;
        let mut number = [0; NUMBER];
        random.fill_bytes(&mut number);
        let line =
            Open { from: from.to_owned(), used: Instant::now(), channel: Arc::new(tokio::sync::Mutex::new(channel)) };
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.retain(|_, line| line.used.elapsed() < SILENT);
        let oldest = open.iter().filter(|(_, line)| line.from == from).min_by_key(|(_, line)| line.used);
        let oldest = oldest.map(|(number, _)| *number);
        if open.values().filter(|line| line.from == from).count() >= EACH
            && let Some(oldest) = oldest
        {
            open.remove(&oldest);
        }
        open.insert(number, line);
        Ok([number.as_slice(), &second].concat())
    }

    /// Answers a call in a line.
    pub(crate) async fn call(&self, place: &Place, number: &str, sealed: &[u8]) -> Result<Vec<u8>> {
        let unknown = || Error::refused("there is no such line", "open another one");
        let mut key = [0; NUMBER];
        hex::decode_to_slice(number, &mut key).map_err(|_| unknown())?;
        let line = {
            let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
            let line = open.get_mut(&key).filter(|line| line.used.elapsed() < SILENT).ok_or_else(unknown)?;
            line.used = Instant::now();
            line.clone()
        };
        let mut channel = line.channel.lock().await;
        let call = channel.open(sealed).map_err(broken)?;
        let reply = answer(place, (&self.running, &self.making), &line.from, &call).await;
        channel.seal(&reply).map_err(broken)
    }
}
