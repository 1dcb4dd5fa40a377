//! Anything: what any bytes may do to whoever takes frames, filters, tables, packages and messages: be refused.
//! In: bytes. Out: a panic, if a promise is broken.
//! Invariant: nothing is taken that wasn't made by the other side; a refusal changes nothing.
//! Not here: where bytes come from (`fuzz/`, and the tests below).

use std::sync::OnceLock;

use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;
use stillwatch_matching::budget::Budgets;
use stillwatch_matching::channel::{ChannelKey, Handshake};
use stillwatch_matching::check::{Contribution, Filter, Table};
use stillwatch_matching::commit::{Commitment, Salt};
use stillwatch_matching::epoch::{Dealing, EpochKey, Holder, Packages, Setup, possession};
use stillwatch_matching::oprf::{Blinded, Key, PublicKey};
use stillwatch_matching::pair::{Own, Party, Receiver, Saved, Sender, Terms, Turn};
use stillwatch_matching::pool::{Opening, PoolTerms};
use stillwatch_matching::{Element, Label, Namespace, normalise, padded};

struct Setting {
    terms: Terms,
    own: Own,
    open: Vec<u8>,
    /// A receiver that has all: head, entries, found.
    kept: [Vec<u8>; 3],
    epoch: EpochKey,
    share: [u8; 32],
}

fn rng() -> ChaCha20Rng {
    ChaCha20Rng::seed_from_u64(1)
}

fn setting() -> &'static Setting {
    static ONCE: OnceLock<Setting> = OnceLock::new();
    ONCE.get_or_init(|| {
        let salt = Salt::new([1; 32]);
        let element = normalise(Namespace::Address, "91.61.0.1").unwrap();
        let mut root = Commitment::new(salt.clone());
        root.add(element.as_bytes(), &[]).unwrap();
        let party = |name: &str| Party { name: name.to_owned(), size: padded(1), root: root.root().unwrap() };
        let terms = Terms {
            session: [7; 16],
            namespace: Namespace::Address,
            receiver: party("a.example"),
            sender: party("b.example"),
            label: 0,
            two_sided: false,
        };
        let own = Own { count: 1, salt };
        let open = Receiver::new(terms.clone(), own.clone()).unwrap().open().unwrap();
        let kept = kept(&terms, &own);
        let setup = setup();
        let mut r = rng();
        let (one, a) = Dealing::begin(setup.clone(), "a.example", &mut r).unwrap();
        let (two, b) = Dealing::begin(setup.clone(), "b.example", &mut r).unwrap();
        let of = |name: &str, bytes: Vec<u8>| Packages::from([(name.to_owned(), bytes)]);
        let (one, _, echo) = one.second(&of("b.example", b)).unwrap();
        let (_, mail, _) = two.second(&of("a.example", a)).unwrap();
        let dealt =
            one.finish(&of("b.example", mail["a.example"].clone()), &[("b.example".to_owned(), echo)].into()).unwrap();
        let hub = Key::generate(&mut r);
        let proof = possession(&setup, &hub, &mut r).unwrap();
        let epoch = EpochKey::new(setup, &hub.public().to_bytes(), &proof, &dealt.shares).unwrap();
        Setting { terms, own, open, kept, epoch, share: *dealt.key.to_bytes() }
    })
}

/// One element on both sides, matched.
fn kept(terms: &Terms, own: &Own) -> [Vec<u8>; 3] {
    let mut r = rng();
    let element = normalise(Namespace::Address, "91.61.0.1").unwrap();
    let mut sender = a_sender(terms, own);
    let mut receiver = Receiver::new(terms.clone(), own.clone()).unwrap();
    let mut frame = receiver.open().unwrap();
    while let Some(reply) = sender.receive(&frame, &mut r).unwrap() {
        frame = match receiver.receive(&reply).unwrap() {
            Turn::Elements(_) => receiver.blind(&[(element.clone(), b"")], &mut r).unwrap(),
            Turn::Send(frame) | Turn::Last(frame) => frame,
        };
    }
    let mut kept = [Vec::new(), Vec::new(), Vec::new()];
    let [head, entries, found] = &mut kept;
    receiver.save(&Saved::default(), head, entries, found).unwrap();
    assert!(!found.is_empty());
    kept
}

fn a_sender(terms: &Terms, own: &Own) -> Sender {
    let mut budgets = Budgets::new(1);
    budgets.allow("a.example", Namespace::Address, 64);
    let permit = budgets.charge("a.example", Namespace::Address, 64).unwrap();
    let mut sender = Sender::new(terms.clone(), own.clone(), permit, &mut rng()).unwrap();
    sender.add(&[(normalise(Namespace::Address, "91.61.0.1").unwrap(), b"")]).unwrap();
    sender.seal().unwrap();
    sender
}

fn setup() -> Setup {
    Setup {
        epoch: 1,
        namespace: Namespace::Address,
        hub: "hub.example".to_owned(),
        members: vec!["a.example".to_owned(), "b.example".to_owned()],
        quorum: 2,
    }
}

/// Any bytes, everywhere that bytes of others are taken.
pub(crate) fn goes(bytes: &[u8]) {
    let setting = setting();
    let mut r = rng();

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

    // Snapshots, keys, blinded elements, answers.
    snapshots(setting, bytes);
    let _ = Sender::restore(setting.terms.clone(), setting.own.clone(), &mut &*bytes);
    if let Some(key) = bytes.first_chunk::<32>()
        && let Ok(public) = PublicKey::from_bytes(key)
    {
        assert_eq!(public.to_bytes(), *key);
    }
    let key = Key::from_bytes(&setting.share).unwrap();
    let _ = key.answer(bytes, &mut r);
    let blinded = Blinded::new(&["x"], 0, &mut r).unwrap();
    assert!(blinded.finalize(&["x"], bytes, &key.public()).is_err(), "nobody guesses a proof");

    // Epochs: requests, packages, proofs.
    let mut budgets = Budgets::new(1);
    budgets.allow("b.example", Namespace::Address, 100);
    let mut holder = Holder::new(setting.epoch.clone(), "a.example", key, budgets).unwrap();
    let state = holder.state().clone();
    if holder.charge("b.example", bytes).is_err() {
        assert_eq!(*holder.state(), state);
    }
    let (dealing, _) = Dealing::begin(setup(), "a.example", &mut r).unwrap();
    let _ = dealing.second(&Packages::from([("b.example".to_owned(), bytes.to_vec())]));
    assert!(EpochKey::new(setup(), &[1; 32], bytes, &[[2; 32], [3; 32]]).is_err());

    // Pools.
    if let Ok(filter) = Filter::from_bytes(&setting.epoch, bytes) {
        (0..64u64).for_each(|tag| assert!(filter.has_tag(tag) || !filter.has_tag(tag)));
    }
    let _ = Contribution::from_bytes(bytes, 4);
    let _ = Table::from_bytes(&setting.epoch, 4, bytes);
    let terms = PoolTerms { epoch: setting.epoch.clone(), threshold: 2, element: 8, label: 0 };
    let mut opening = Opening::new(terms).unwrap();
    if opening.add("a.example", bytes.to_vec()).is_ok() {
        let _ = opening.add("b.example", bytes.to_vec());
        assert_eq!(opening.open().unwrap().groups, []);
    }
    if let Some(label) = Label::from_bytes(bytes) {
        assert_eq!(label.to_bytes(), *bytes);
    }

    // Elements.
    for namespace in Namespace::ALL {
        let with_namespace = [&[namespace as u8], bytes].concat();
        for bytes in [bytes, &with_namespace] {
            if let Ok(element) = Element::from_bytes(namespace, bytes) {
                assert_eq!(element.as_bytes(), bytes);
                assert!(!element.shown().chars().any(char::is_control));
            }
        }
    }

    // Channels.
    let (a, b) = (ChannelKey::generate(&mut r), ChannelKey::generate(&mut r));
    assert!(Handshake::answer(&b, &a.public().unwrap(), &[0; 32], bytes, &mut r).is_err());
    let (begun, first) = Handshake::begin(&a, &b.public().unwrap(), &[0; 32], &mut r).unwrap();
    let (mut there, second) = Handshake::answer(&b, &a.public().unwrap(), &[0; 32], &first, &mut r).unwrap();
    let mut here = begun.finish(&second).unwrap();
    assert!(here.open(bytes).is_err() && there.open(bytes).is_err());

    if let Ok(text) = std::str::from_utf8(bytes) {
        Namespace::ALL.into_iter().for_each(|namespace| drop(normalise(namespace, text)));
    }
}

/// Any bytes as each of a snapshot's parts, the others being right.
fn snapshots(setting: &Setting, bytes: &[u8]) {
    let restore = |head: &[u8], entries: &[u8], found: &[u8]| {
        let (mut head, mut entries, mut found) = (head, entries, found);
        Receiver::restore(setting.terms.clone(), setting.own.clone(), &mut head, &mut entries, &mut found)
    };
    let [head, entries, found] = &setting.kept;
    assert!(restore(head, entries, found).is_ok_and(|(receiver, _)| receiver.has_all()));
    assert_eq!(restore(head, bytes, found).is_ok(), bytes.starts_with(entries));
    assert_eq!(restore(head, entries, bytes).is_ok(), bytes.starts_with(found));
    let _ = restore(bytes, entries, found);
    // With a beginning that fits, so that what follows is reached.
    let mut fitted = head[..36].to_vec();
    fitted.extend_from_slice(&(bytes.len() as u32).to_le_bytes());
    fitted.extend_from_slice(bytes);
    if let Ok((mut receiver, saved)) = restore(&fitted, entries, found) {
        assert!(saved.entries() <= entries.len() as u64 && receiver.progress().evaluated <= 64);
        let _ = receiver.open();
        let _ = receiver.into_matches().map(Iterator::count);
    }
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::goes;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]

        #[test]
        fn any_bytes_are_refused(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
            goes(&bytes);
        }

        #[test]
        fn frames_with_a_change_are_refused(at in 0usize..65, to: u8) {
            let mut frame = super::setting().open.clone();
            frame[at] = to;
            goes(&frame);
        }

        #[test]
        fn bodies_of_the_right_length_are_refused(byte: u8, elements in 1usize..70) {
            goes(&vec![byte; elements * 32]);
        }
    }
}
