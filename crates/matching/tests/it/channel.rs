//! Channel: what whoever carries sealed frames may try.
//! In: sealed messages, altered, dropped, repeated. Out: nothing.
//! Invariant: refused; and the right message is still taken afterwards.
//! Not here: what frames say.

use stillwatch_matching::Error;
use stillwatch_matching::channel::{Channel, ChannelKey, Handshake};

use crate::rng::rng;

fn open() -> (Channel, Channel) {
    let mut r = rng(1);
    let (a, b) = (ChannelKey::generate(&mut r), ChannelKey::generate(&mut r));
    let about = [5; 32];
    let (begun, first) = Handshake::begin(&a, &b.public().unwrap(), &about, &mut r).unwrap();
    let (there, second) = Handshake::answer(&b, &a.public().unwrap(), &about, &first, &mut r).unwrap();
    (begun.finish(&second).unwrap(), there)
}

#[test]
fn frames_of_any_length_come_through() {
    let (mut here, mut there) = open();
    for length in [0, 1, 64, 65_518, 65_519, 65_520, 131_037, 131_038, 131_039, 131_264] {
        let frame: Vec<u8> = (0..length).map(|at| at as u8).collect();
        let sealed = here.seal(&frame).unwrap();
        assert_eq!(there.open(&sealed).unwrap(), frame, "{length}");
        let sealed = there.seal(&frame).unwrap();
        assert_eq!(here.open(&sealed).unwrap(), frame);
    }
    assert!(here.seal(&vec![0; 131_400]).is_err());
}

#[test]
fn nothing_altered_dropped_repeated_or_moved_is_taken() {
    let (mut here, mut there) = open();
    let one = here.seal(&[1; 100_000]).unwrap();
    let two = here.seal(b"two").unwrap();
    assert!(matches!(there.open(&two), Err(Error::Channel(_))), "moved, or the first dropped");
    for at in [0, 1, 70_000, one.len() - 1] {
        let mut altered = one.clone();
        altered[at] ^= 1;
        assert!(there.open(&altered).is_err());
    }
    // Halves of a frame are none.
    assert!(there.open(&one[..65_535]).is_err());
    assert!(there.open(&one[..one.len() - 1]).is_err());
    assert!(there.open(&[]).is_err());
    assert!(there.open(&[one.as_slice(), &two].concat()).is_err());
    assert!(there.open(&one).is_ok());
    assert!(there.open(&one).is_err(), "repeated");
    assert!(here.open(&two).is_err(), "sent back");
    assert_eq!(there.open(&two).unwrap(), b"two");
}

#[test]
fn nobody_speaks_in_anothers_name_or_about_something_else() {
    let mut r = rng(2);
    let [a, b, hub] = std::array::from_fn(|_| ChannelKey::generate(&mut r));
    let of = |key: &ChannelKey| key.public().unwrap();
    let about = [5; 32];
    // The hub begins as if it were a.
    let (_, first) = Handshake::begin(&hub, &of(&b), &about, &mut r).unwrap();
    assert!(Handshake::answer(&b, &of(&a), &about, &first, &mut r).is_err());
    // About other terms.
    let (_, first) = Handshake::begin(&a, &of(&b), &[6; 32], &mut r).unwrap();
    assert!(Handshake::answer(&b, &of(&a), &about, &first, &mut r).is_err());
    // The hub answers as if it were b.
    let (begun, first) = Handshake::begin(&a, &of(&b), &about, &mut r).unwrap();
    assert!(Handshake::answer(&hub, &of(&a), &about, &first, &mut r).is_err());
    let (_, second) = Handshake::answer(&b, &of(&a), &about, &first, &mut r).unwrap();
    let mut altered = second;
    altered[40] ^= 1;
    assert!(begun.finish(&altered).is_err());
}
