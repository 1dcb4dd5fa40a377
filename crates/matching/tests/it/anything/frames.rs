//! Frames: any bytes to both sides of a match, and to a channel.
//! In: bytes. Out: a panic, if a promise is broken.
//! Invariant: nothing is evaluated beyond what was agreed, whatever comes.
//! Not here: what is kept of a cut match (`kept`).

use stillwatch_matching::channel::{ChannelKey, Handshake};
use stillwatch_matching::oprf::{Blinded, Key, PublicKey};
use stillwatch_matching::pair::{Receiver, Sender};

use super::{a_sender, rng, setting};

/// Any bytes as a frame, a key, an answer, a message of a channel.
pub(crate) fn goes(bytes: &[u8]) {
    let (setting, mut r) = (setting(), rng());
    // A frame, to a receiver that waits for one, and to a sender before and after the beginning; as it is, and with a header
    // that fits, so that bodies are reached.
    let mut receiver = Receiver::new(setting.terms.clone(), setting.own.clone()).unwrap();
    receiver.open().unwrap();
    let before = receiver.progress();
    assert!(receiver.receive(bytes).is_err() || bytes.len() == 64 + 32);
    assert!(receiver.progress() == before || bytes.len() == 64 + 32);
    let mut sender = a_sender(&setting.terms, &setting.own);
    let _ = sender.receive(bytes, &mut r);
    let _ = sender.receive(&setting.open, &mut r);
    let _ = sender.receive(bytes, &mut r);
    for kind in 0..9 {
        let fitted = fitted(receiver.transcript(), kind, bytes);
        let mut receiver = Receiver::new(setting.terms.clone(), setting.own.clone()).unwrap();
        receiver.open().unwrap();
        let _ = receiver.receive(&fitted);
        let _ = sender.receive(&fitted_to(&sender, kind, bytes), &mut r);
        assert!(sender.progress().evaluated <= 64);
    }

    // Keys, blinded elements, answers.
    if let Some(key) = bytes.first_chunk::<32>()
        && let Ok(public) = PublicKey::from_bytes(key)
    {
        assert_eq!(public.to_bytes(), *key);
    }
    let key = Key::from_bytes(&setting.share).unwrap();
    let _ = key.answer(bytes, &mut r);
    let blinded = Blinded::new(&["x"], 0, &mut r).unwrap();
    assert!(blinded.finalize(&["x"], bytes, &key.public()).is_err(), "nobody guesses a proof");

    // Channels.
    let (a, b) = (ChannelKey::generate(&mut r), ChannelKey::generate(&mut r));
    assert!(Handshake::answer(&b, &a.public().unwrap(), &[0; 32], bytes, &mut r).is_err());
    let (begun, first) = Handshake::begin(&a, &b.public().unwrap(), &[0; 32], &mut r).unwrap();
    let (mut there, second) = Handshake::answer(&b, &a.public().unwrap(), &[0; 32], &first, &mut r).unwrap();
    let mut here = begun.finish(&second).unwrap();
    assert!(here.open(bytes).is_err() && there.open(bytes).is_err());
}

/// A second frame of a conversation, as the other side would write it.
fn fitted(so_far: [u8; 32], kind: u8, body: &[u8]) -> Vec<u8> {
    framed(so_far, 1, kind, body)
}

/// The next frame to a sender that answered the first.
fn fitted_to(sender: &Sender, kind: u8, body: &[u8]) -> Vec<u8> {
    framed(sender.transcript(), 2, kind, body)
}

fn framed(so_far: [u8; 32], sequence: u64, kind: u8, body: &[u8]) -> Vec<u8> {
    let mut frame = b"SM\x01".to_vec();
    frame.push(kind);
    frame.extend_from_slice(&[7; 16]);
    frame.extend_from_slice(&sequence.to_le_bytes());
    frame.extend_from_slice(&so_far);
    frame.extend_from_slice(&(body.len() as u32).to_le_bytes());
    frame.extend_from_slice(body);
    frame
}
