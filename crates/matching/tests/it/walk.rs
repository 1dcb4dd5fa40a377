//! Walk: who walks through addresses is seen; who works isn't.
//! In: hours of volume, opened sets. Out: nothing.
//! Invariant: budgets aside; these only raise what people look at.
//! Not here: budgets.

use stillwatch_matching::walk::{Alarm, audit, volume};
use stillwatch_matching::{Namespace, normalise};

#[test]
fn honest_use_raises_nothing() {
    // A set of 100 000 evaluated in one hour, then a few signups checked each.
    let mut hours = vec![100_352];
    hours.extend([120, 90, 0, 300, 210, 80, 3_000, 75]);
    assert_eq!(volume(&hours, 100_352), []);
    assert_eq!(volume(&[], 0), []);
    assert_eq!(volume(&[50; 70], 0), [], "a member that only asks, below what anyone is suspected for");
}

#[test]
fn a_walk_shows_as_volume() {
    let mut hours = vec![1_024, 120, 90, 300, 210];
    // A /16, in one hour and slowly.
    hours.push(65_536);
    assert_eq!(
        volume(&hours, 1_024),
        [Alarm::Beyond { asked: 67_280, committed: 1_024 }, Alarm::Burst { hour: 5, asked: 65_536, usual: 210 },]
    );
    let slowly = [vec![1_024], vec![400; 164]].concat();
    assert_eq!(volume(&slowly, 1_024), [Alarm::Beyond { asked: 66_624, committed: 1_024 }]);
    assert_eq!(volume(&[u64::MAX, u64::MAX], u64::MAX), []);
}

#[test]
fn a_walk_shows_in_an_audit() {
    let of = |text: String| normalise(Namespace::Address, &text).unwrap();
    let walked: Vec<_> = (0..40).map(|n| of(format!("91.61.{}.{}", n * 6, n))).collect();
    assert_eq!(audit(&walked), Some(Alarm::Dense { share: 1.0, opened: 40 }));
    let honest: Vec<_> = (0..40).map(|n| of(format!("{}.{}.3.{n}", 20 + n, 7 * (n % 13)))).collect();
    assert_eq!(audit(&honest), None);
    assert_eq!(audit(&walked[..19]), None, "too few to say");
    let six: Vec<_> = (0..30).map(|n| of(format!("2001:db8:{n}::1"))).collect();
    assert!(matches!(audit(&six), Some(Alarm::Dense { opened: 30, .. })));
}
