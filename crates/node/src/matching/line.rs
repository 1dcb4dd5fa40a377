//! Line: an open channel to a member, over requests of HTTP.
//! In: a member, calls. Out: its replies, or why it refuses.
//! Invariant: Noise KK (`matching::channel`): both ends prove their keys; a call is answered once, in its place. A call that failed on
//! the way ends the line: whoever called opens another, and goes on as its protocol says.
//! Not here: answering (`lines.rs`), what calls say.

use sha2::{Digest, Sha256};
use stillwatch_matching::channel::{Channel, Handshake};
use stillwatch_matching::{HEADER, MAX_BODY};

use super::epoch::{self, EPOCH, Kept, Making};
use super::key::random;
use super::reach::{Reach, Way};
use super::{Place, broken};
use crate::error::{Error, Result};

/// The room of calls about two labs' match.
pub const PAIR: u8 = 1;

/// Bytes of a call or a reply, its first byte included.
pub(super) const LONGEST: usize = HEADER + MAX_BODY;
/// Bytes of a line's number.
pub(super) const NUMBER: usize = 16;

/// What bytes are over HTTP.
const KIND: &str = "application/octet-stream";

/// An open line.
#[derive(Debug)]
pub struct Line {
    way: Way,
    number: String,
    channel: Channel,
    to: String,
    /// A call was lost: both sides count differently from here on.
    lost: bool,
}

impl Line {
    /// Opens a line to a member.
    ///
    /// # Errors
    /// When it isn't known, can't be reached, or isn't who it is said to be.
    pub async fn open(reach: &Reach, to: &str) -> Result<Self> {
        let way = reach.way(to).await?;
        let about = about(&reach.name, to);
        let (handshake, first) = Handshake::begin(&reach.key, &way.key, &about, &mut random()).map_err(broken)?;
        let mut body = Vec::with_capacity(2 + reach.name.len() + first.len());
        body.push(
            u8::try_from(reach.name.len()).map_err(|_| {
                Error::refused("this node's name is longer than 255 bytes", "shorten `name` in node.toml")
            })?,
        );
        body.extend_from_slice(reach.name.as_bytes());
        body.extend_from_slice(&first);
        let reply = way.asker.bytes(&way.path, KIND, body).await.map_err(|failure| match failure.status {
            // Asking again gives the same answer.
            Some(403 | 404) => Error::refused(
                format!("`{to}` opens no line to this node: {failure}"),
                "have its people add this node, its key and its token; compare keys",
            ),
            _ => away(to, &failure),
        })?;
        let (number, second) = reply.split_first_chunk::<NUMBER>().ok_or_else(|| unheard(to))?;
        let channel = handshake.finish(second).map_err(broken)?;
        let number = hex::encode(number);
        Ok(Self { way, number, channel, to: to.to_owned(), lost: false })
    }

    /// Calls: the first byte says which room, the rest is that room's. The reply.
    ///
    /// # Errors
    /// When the member refuses, with its words; when it can't be reached, or something on the way altered what was said.
    pub async fn call(&mut self, room: u8, body: &[u8]) -> Result<Vec<u8>> {
        if self.lost {
            return Err(unheard(&self.to));
        }
        self.lost = true;
        let mut call = Vec::with_capacity(1 + body.len());
        call.push(room);
        call.extend_from_slice(body);
        let sealed = self.channel.seal(&call).map_err(broken)?;
        let path = format!("{}/{}", self.way.path, self.number);
        let reply = self.way.asker.bytes(&path, KIND, sealed).await.map_err(|failure| away(&self.to, &failure))?;
        let mut reply = self.channel.open(&reply).map_err(broken)?;
        self.lost = false;
        match reply.first() {
            Some(0) => Ok(reply.split_off(1)),
            Some(_) => {
                let words: String = String::from_utf8_lossy(&reply[1..]).chars().filter(|c| !c.is_control()).collect();
                Err(Error::refused(format!("`{}` refuses: {words}", self.to), "ask its people what they agreed to"))
            }
            None => Err(unheard(&self.to)),
        }
    }

    /// To whom.
    #[must_use]
    pub fn to(&self) -> &str {
        &self.to
    }
}

/// What both ends bind the channel to: who opens it, and to whom.
pub(super) fn about(from: &str, to: &str) -> [u8; 32] {
    let digest = Sha256::new().chain_update(b"stillwatch line 1").chain_update((from.len() as u64).to_le_bytes());
    digest.chain_update(from).chain_update(to).finalize().into()
}

fn away(to: &str, failure: &crate::peer::Failure) -> Error {
    Error::setup(format!("`{to}` doesn't answer: {failure}"), "check that its node runs, and try again")
}

fn unheard(to: &str) -> Error {
    Error::setup(format!("the line to `{to}` broke"), "open another one; what was begun goes on where it was")
}

/// Answers a call that came in an open line from a member.
pub(super) async fn answer(
    place: &Place,
    (running, making): (&super::pair::Running, &Making),
    from: &str,
    call: &[u8],
) -> Vec<u8> {
    let done = match call.split_first() {
        Some((&PAIR, body)) => super::pair::answer(place, running, from, body).await,
        Some((&EPOCH, body)) => epoch::answer(place, making, &Kept::of(place), from, body).await,
        _ => Err(Error::refused("there is no such room", "use the same version on both sides")),
    };
    match done {
        Ok(reply) if reply.len() < LONGEST => [&[0], reply.as_slice()].concat(),
        Ok(_) => [&[1], b"the reply is too long".as_slice()].concat(),
        Err(error) => {
            tracing::warn!(from, %error, hint = error.hint(), "a call isn't done");
            // What happened in the store or on the disk is told to nobody.
            let words = match &error {
                Error::Refused { message, .. } => message.clone(),
                Error::Store(inner) if inner.fault() != stillwatch_track::Fault::Failed => inner.to_string(),
                _ => "it can't be done now".to_owned(),
            };
            [&[1], words.as_bytes()].concat()
        }
    }
}
