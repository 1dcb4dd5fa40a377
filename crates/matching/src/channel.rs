//! Channel: frames between two members that whoever carries them can't read, alter, drop, repeat or reorder unseen.
//! In: both members' static keys, frames. Out: sealed messages; frames.
//! Invariant: Noise KK (Noise Protocol Framework, revision 34, §7.5): both know the other's key beforehand, so that nobody
//! answers in another's name; each connection has fresh keys. What is refused changes nothing.
//! Not here: the keys' distribution (the members' registry), sending.

use rand_chacha::ChaCha20Rng;
use rand_core::{CryptoRng, Rng, SeedableRng};
use snow::resolvers::{CryptoResolver, DefaultResolver};
use snow::types::{Cipher, Dh, Hash, Random};
use snow::{Builder, HandshakeState, TransportState, params::NoiseParams};
use zeroize::Zeroizing;

use crate::error::{Error, Result};
use crate::frame::{HEADER, MAX_BODY};

const NOISE: &str = "Noise_KK_25519_ChaChaPoly_SHA256";

/// Bytes of a Noise message at most, and of what it adds.
const MESSAGE: usize = 65_535;
const ADDED: usize = 16;

/// A member's secret key for channels.
pub struct ChannelKey(Zeroizing<[u8; 32]>);

impl std::fmt::Debug for ChannelKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ChannelKey")
    }
}

impl ChannelKey {
    /// A fresh key.
    pub fn generate(rng: &mut impl CryptoRng) -> Self {
        let mut bytes = Zeroizing::new([0; 32]);
        rng.fill_bytes(bytes.as_mut_slice());
        Self(bytes)
    }

    /// A key that was kept.
    #[must_use]
    pub fn from_bytes(bytes: Zeroizing<[u8; 32]>) -> Self {
        Self(bytes)
    }

    /// The secret, for whoever has to keep it.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// What others know this member's channels by (X25519).
    ///
    /// # Errors
    /// None that can be.
    pub fn public(&self) -> Result<[u8; 32]> {
        let mut dh = DefaultResolver.resolve_dh(&snow::params::DHChoice::Curve25519).ok_or(BROKEN)?;
        dh.set(self.0.as_slice());
        dh.pubkey().try_into().map_err(|_| BROKEN)
    }
}

const BROKEN: Error = Error::Channel("its parts don't fit together");

/// A channel that is being opened.
pub struct Handshake {
    state: HandshakeState,
}

/// An open channel.
pub struct Channel {
    state: TransportState,
}

impl std::fmt::Debug for Channel {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Channel")
    }
}

impl Handshake {
    /// Begins a channel to the member with that key, about something that both hold (a match's terms, an epoch): the first
    /// message, and what waits for the answer.
    ///
    /// # Errors
    /// If a key can't be used.
    pub fn begin(
        own: &ChannelKey,
        theirs: &[u8; 32],
        about: &[u8; 32],
        rng: &mut impl CryptoRng,
    ) -> Result<(Self, Vec<u8>)> {
        let mut state = builder(own, theirs, about, rng)?.build_initiator().map_err(|_| BROKEN)?;
        let message = written(|out| state.write_message(&[], out))?;
        Ok((Self { state }, message))
    }

    /// Answers a first message: the second message, and the channel.
    ///
    /// # Errors
    /// If the message isn't that member's, or about something else.
    pub fn answer(
        own: &ChannelKey,
        theirs: &[u8; 32],
        about: &[u8; 32],
        message: &[u8],
        rng: &mut impl CryptoRng,
    ) -> Result<(Channel, Vec<u8>)> {
        let mut state = builder(own, theirs, about, rng)?.build_responder().map_err(|_| BROKEN)?;
        empty(&mut state, message)?;
        let message = written(|out| state.write_message(&[], out))?;
        Ok((Channel { state: state.into_transport_mode().map_err(|_| BROKEN)? }, message))
    }

    /// Takes the answer.
    ///
    /// # Errors
    /// If it isn't that member's.
    pub fn finish(mut self, message: &[u8]) -> Result<Channel> {
        empty(&mut self.state, message)?;
        Ok(Channel { state: self.state.into_transport_mode().map_err(|_| BROKEN)? })
    }
}

impl Channel {
    /// A frame, sealed: as many Noise messages as it takes, the last shorter than the longest.
    ///
    /// # Errors
    /// If the frame is too long.
    pub fn seal(&mut self, frame: &[u8]) -> Result<Vec<u8>> {
        if frame.len() > HEADER + MAX_BODY {
            return Err(Error::Misuse("a frame is too long"));
        }
        let mut sealed = Vec::with_capacity(frame.len() + 4 * ADDED);
        let mut out = vec![0; MESSAGE];
        let mut pieces = frame.chunks(MESSAGE - ADDED).peekable();
        loop {
            let piece = pieces.next().unwrap_or_default();
            let length = self.state.write_message(piece, &mut out).map_err(|_| BROKEN)?;
            sealed.extend_from_slice(&out[..length]);
            if length < MESSAGE {
                return Ok(sealed);
            }
        }
    }

    /// The frame in a sealed message.
    ///
    /// # Errors
    /// If it isn't the other side's next, whole.
    pub fn open(&mut self, sealed: &[u8]) -> Result<Vec<u8>> {
        if sealed.len() > HEADER + MAX_BODY + 4 * ADDED || sealed.len() % MESSAGE < ADDED {
            return Err(Error::Channel("it isn't as long as any frame"));
        }
        let before = self.state.receiving_nonce();
        let mut frame = Vec::with_capacity(sealed.len());
        let mut out = vec![0; MESSAGE];
        for piece in sealed.chunks(MESSAGE) {
            match self.state.read_message(piece, &mut out) {
                Ok(length) => frame.extend_from_slice(&out[..length]),
                Err(_) => {
                    self.state.set_receiving_nonce(before);
                    return Err(Error::Channel(
                        "it was altered, comes again or out of order, or isn't the other side's",
                    ));
                }
            }
        }
        Ok(frame)
    }
}

fn empty(state: &mut HandshakeState, message: &[u8]) -> Result<()> {
    match state.read_message(message, &mut [0; 64]) {
        Ok(0) => Ok(()),
        _ => Err(Error::Channel("the other side isn't the member expected, or speaks about something else")),
    }
}

fn written(write: impl FnOnce(&mut [u8]) -> std::result::Result<usize, snow::Error>) -> Result<Vec<u8>> {
    let mut out = vec![0; 128];
    let length = write(&mut out).map_err(|_| BROKEN)?;
    out.truncate(length);
    Ok(out)
}

fn builder<'a>(
    own: &'a ChannelKey,
    theirs: &'a [u8; 32],
    about: &'a [u8; 32],
    rng: &mut impl CryptoRng,
) -> Result<Builder<'a>> {
    let params: NoiseParams = NOISE.parse().map_err(|_| BROKEN)?;
    let mut seed = Zeroizing::new([0; 32]);
    rng.fill_bytes(seed.as_mut_slice());
    Builder::with_resolver(params, Box::new(Seeded(seed)))
        .local_private_key(own.0.as_slice())
        .and_then(|builder| builder.remote_public_key(theirs))
        .and_then(|builder| builder.prologue(about))
        .map_err(|_| BROKEN)
}

/// Snow's primitives, with the randomness that was handed in.
struct Seeded(Zeroizing<[u8; 32]>);

struct Drawn(ChaCha20Rng);

impl Random for Drawn {
    fn try_fill_bytes(&mut self, dest: &mut [u8]) -> std::result::Result<(), snow::Error> {
        self.0.fill_bytes(dest);
        Ok(())
    }
}

impl CryptoResolver for Seeded {
    fn resolve_rng(&self) -> Option<Box<dyn Random>> {
        Some(Box::new(Drawn(ChaCha20Rng::from_seed(*self.0))))
    }

    fn resolve_dh(&self, choice: &snow::params::DHChoice) -> Option<Box<dyn Dh>> {
        DefaultResolver.resolve_dh(choice)
    }

    fn resolve_hash(&self, choice: &snow::params::HashChoice) -> Option<Box<dyn Hash>> {
        DefaultResolver.resolve_hash(choice)
    }

    fn resolve_cipher(&self, choice: &snow::params::CipherChoice) -> Option<Box<dyn Cipher>> {
        DefaultResolver.resolve_cipher(choice)
    }
}
