//! Pair seen: what each party, and whoever carries the frames, can read out of a whole match.
//! In: all frames of a match, and what one party holds. Out: nothing.
//! Invariant: elements that aren't common can't be tested against the transcript with that; and the test would see if they
//! could, since with the key that nobody should have it does find them.
//! Not here: attacks on frames.

use curve25519_dalek::ristretto::CompressedRistretto;
use curve25519_dalek::{RistrettoPoint, Scalar};
use sha2::{Digest, Sha256, Sha512};
use stillwatch_matching::oprf::Key;
use stillwatch_matching::{Element, HEADER};

use crate::two::{LABEL, Two, addresses};

/// Every window of bytes in a transcript that could be a tag, element or hash.
struct Seen {
    all: Vec<u8>,
}

impl Seen {
    fn of(frames: &[(&str, Vec<u8>)]) -> Self {
        Self { all: frames.iter().flat_map(|(_, frame)| frame.iter().copied()).collect() }
    }

    fn has(&self, needle: &[u8]) -> bool {
        self.all.windows(needle.len()).any(|window| window == needle)
    }
}

/// What someone without a key can make of an element: itself, and hashes of it under whatever was agreed in public.
fn guesses(element: &Element, terms: &[u8; 32], session: &[u8; 16]) -> Vec<Vec<u8>> {
    let bytes = element.as_bytes();
    let mut all = vec![element.canonical()[1..].to_vec()];
    for salt in [&b""[..], terms, session] {
        for text in [bytes, element.canonical(), &element.canonical()[1..]] {
            all.push(Sha256::new().chain_update(salt).chain_update(text).finalize()[..16].to_vec());
            all.push(Sha512::new().chain_update(salt).chain_update(text).finalize()[..16].to_vec());
        }
    }
    all
}

/// The tag that a key makes of an element: what the sender's records hold.
fn tag(key: &Key, element: &Element) -> [u8; 16] {
    let output = &key.evaluate(&[element]).unwrap()[0];
    let mut okm = [0; 48];
    hkdf::Hkdf::<Sha256>::from_prk(output.as_slice())
        .unwrap()
        .expand_multi_info(&[b"stillwatch match 1 ", b"pair"], &mut okm)
        .unwrap();
    okm[..16].try_into().unwrap()
}

fn scan(seen: &Seen, candidates: &[Element], keys: &[Key]) -> usize {
    candidates.iter().filter(|element| keys.iter().any(|key| seen.has(&tag(key, element)))).count()
}

#[test]
fn the_whole_transcript_shows_no_element_that_is_not_common() {
    // Common: 90 to 99. The receiver alone has 0 to 89, the sender alone 100 to 189; nobody 190 to 199.
    let mut two = Two::new(addresses(0, 100), addresses(90, 100));
    let mut sender = two.sender();
    let mut kept = Vec::new();
    sender.save(&mut kept).unwrap();
    let mut receiver = two.receiver();
    let mut handed = 0;
    let mut frames = vec![("receiver", receiver.open().unwrap())];
    loop {
        let reply = sender.receive(&frames[frames.len() - 1].1, &mut two.rng).unwrap().unwrap();
        frames.push(("sender", reply.clone()));
        let (next, last) = two.step(&mut receiver, &mut handed, &reply).unwrap();
        frames.push(("receiver", next));
        if last {
            break;
        }
    }
    let seen = Seen::of(&frames);
    let everyone = addresses(0, 200);
    let terms = two.terms.digest().unwrap();

    // Whoever carries the frames, and both parties as far as plain hashes go: nothing, not even of what is common.
    for element in &everyone {
        for guess in guesses(element, &terms, &two.terms.session) {
            assert!(!seen.has(&guess));
        }
    }

    // The sender holds its key, and sees blinded elements: under its key, and keys related to it, none of the receiver's own is
    // there. (What it sent itself is.)
    let senders = Seen::of(&frames.iter().filter(|(who, _)| *who == "receiver").cloned().collect::<Vec<_>>());
    let key_bytes: [u8; 32] = kept_key(&kept);
    let key = Key::from_bytes(&key_bytes).unwrap();
    let secret = Option::<Scalar>::from(Scalar::from_canonical_bytes(key_bytes)).unwrap();
    let inverse = Key::from_bytes(&secret.invert().to_bytes()).unwrap();
    let blinded: Vec<[u8; 32]> = asked(&frames);
    for element in &everyone {
        let point = point_of(element);
        for factor in [Scalar::ONE, secret, secret.invert(), -secret, secret + Scalar::ONE, secret * secret] {
            assert!(!blinded.contains(&(point * factor).compress().to_bytes()));
        }
    }
    assert_eq!(scan(&senders, &everyone, &[key, inverse]), 0);

    // The receiver holds blinds, outputs of its own elements, and the public key as a scalar-less point: it opens what is
    // common. Of keys it has none; whatever scalars it can name are its blinds and what is public.
    let of_receiver: Vec<Key> = [terms, *receiver.transcript().as_slice().first_chunk().unwrap()]
        .iter()
        .map(|bytes| Key::from_bytes(&Scalar::from_bytes_mod_order(*bytes).to_bytes()).unwrap())
        .chain([Key::from_bytes(&Scalar::ONE.to_bytes()).unwrap()])
        .collect();
    assert_eq!(scan(&seen, &everyone, &of_receiver), 0);
    // Points that it can make of answers: sums and differences, as encodings that could be another element's output.
    let answers: Vec<RistrettoPoint> = points(&frames, 4);
    let outputs: Vec<[u8; 32]> = everyone[100..].iter().map(|e| (point_of(e) * secret).compress().to_bytes()).collect();
    for pair in answers.windows(2) {
        for made in [pair[0] + pair[1], pair[0] - pair[1], pair[0] + pair[0]] {
            assert!(!outputs.contains(&made.compress().to_bytes()));
        }
    }
    assert_eq!(receiver.into_matches().unwrap().map(|m| m.index).collect::<Vec<_>>(), (90..100).collect::<Vec<_>>());

    // With the key that the receiver doesn't have, this test finds exactly the sender's set: it isn't blind.
    let key = Key::from_bytes(&key_bytes).unwrap();
    assert_eq!(scan(&seen, &everyone[90..190], std::slice::from_ref(&key)), 100);
    assert_eq!(scan(&seen, &everyone[..90], std::slice::from_ref(&key)), 0);
    assert_eq!(scan(&seen, &everyone[190..], std::slice::from_ref(&key)), 0);
}

#[test]
fn frames_look_alike_whatever_the_sets() {
    let mut shapes = Vec::new();
    for (mine, theirs, common) in [(100, 100, 0), (98, 97, 50), (100, 100, 100), (97, 104, 97)] {
        let mut two = Two::new(addresses(0, mine), addresses(mine - common, theirs));
        let frames = two.run(|_, _| ()).unwrap().1;
        shapes.push(frames.iter().map(|(who, frame)| (*who, frame[3], frame.len())).collect::<Vec<_>>());
    }
    assert!(shapes.windows(2).all(|two| two[0] == two[1]));
}

#[test]
fn padding_and_elements_go_over_alike_each_time() {
    let mut two = Two::new(addresses(0, 10), addresses(0, 10));
    let first = two.run(|_, _| ()).unwrap().1;
    let second = two.run(|_, _| ()).unwrap().1;
    let (mut once, mut again) = (asked(&first), asked(&second));
    assert_eq!((once.len(), again.len()), (64, 64));
    once.append(&mut again);
    once.sort_unstable();
    once.dedup();
    assert_eq!(once.len(), 128, "nothing blinded comes twice, though the set is the same");
}

fn asked(frames: &[(&str, Vec<u8>)]) -> Vec<[u8; 32]> {
    frames.iter().filter(|(_, f)| f[3] == 3).flat_map(|(_, f)| f[HEADER..].as_chunks::<32>().0.to_vec()).collect()
}

fn points(frames: &[(&str, Vec<u8>)], kind: u8) -> Vec<RistrettoPoint> {
    let bodies = frames.iter().filter(|(_, f)| f[3] == kind).map(|(_, f)| &f[HEADER..f.len() - 64]);
    bodies.flat_map(|body| body.as_chunks::<32>().0).map(|c| CompressedRistretto(*c).decompress().unwrap()).collect()
}

/// An element's point: what a key of one makes of it, taken out of a blinded element with a known blind.
fn point_of(element: &Element) -> RistrettoPoint {
    let two = Scalar::from(2u8);
    let blinded =
        stillwatch_matching::oprf::Blinded::with_blinds(&[element], &[two.to_bytes()]).unwrap().message().to_vec();
    CompressedRistretto(blinded.try_into().unwrap()).decompress().unwrap() * two.invert()
}

/// The key in a sender's snapshot: after the head's 40 bytes and the attempt, which is one byte while it is small.
fn kept_key(kept: &[u8]) -> [u8; 32] {
    assert_eq!(usize::from(LABEL), 12);
    kept[41..73].try_into().unwrap()
}
