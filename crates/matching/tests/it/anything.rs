//! Anything: what any bytes may do to whoever takes frames, filters, tables, packages and messages: be refused.
//! In: bytes. Out: a panic, if a promise is broken.
//! Invariant: nothing is taken that wasn't made by the other side; a refusal changes nothing.
//! Not here: where bytes come from (`fuzz/`, and the tests below).

#[path = "anything/frames.rs"]
pub(crate) mod frames;
#[path = "anything/kept.rs"]
pub(crate) mod kept;
#[path = "anything/together.rs"]
pub(crate) mod together;

use std::sync::OnceLock;

use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;
use stillwatch_matching::budget::Budgets;
use stillwatch_matching::commit::{Commitment, Salt};
use stillwatch_matching::epoch::{Dealing, EpochKey, Packages, Setup, possession};
use stillwatch_matching::oprf::Key;
use stillwatch_matching::pair::{Own, Party, Receiver, Saved, Sender, Terms, Turn};
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
    frames::goes(bytes);
    kept::goes(bytes);
    together::epochs(bytes);
    together::pools(bytes);
    together::bins(bytes);
    values(bytes);
}

/// Any bytes as elements, labels and text.
pub(crate) fn values(bytes: &[u8]) {
    for namespace in Namespace::ALL {
        let with_namespace = [&[namespace as u8], bytes].concat();
        for bytes in [bytes, &with_namespace] {
            if let Ok(element) = Element::from_bytes(namespace, bytes) {
                assert_eq!(element.as_bytes(), bytes);
                assert!(!element.shown().chars().any(char::is_control));
            }
        }
    }
    if let Some(label) = Label::from_bytes(bytes) {
        assert_eq!(label.to_bytes(), *bytes);
    }
    if let Ok(text) = std::str::from_utf8(bytes) {
        for namespace in Namespace::ALL {
            if let Ok(element) = normalise(namespace, text) {
                assert_eq!(normalise(namespace, &element.shown()).as_ref(), Ok(&element));
                assert_eq!(Element::from_bytes(namespace, element.as_bytes()).as_ref(), Ok(&element));
            }
        }
    }
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
