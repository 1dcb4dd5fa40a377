//! Standing: the laws of what a received indicator is worth.
//! In: generated tellings, sightings, opinions, times. Out: passes, or the smallest that breaks a law.
//! Invariant: few producers, so that they meet.
//! Not here: half-lives of kinds (`gate/src/standing/decay.rs`).

use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use stillwatch_gate::standing::{Decay, Known, Sighted, Telling, Voice, Word, stand};
use stillwatch_model::IndicatorKind;

use crate::fixture::now;

const WORDS: [Word; 5] = [Word::StronglyDisagree, Word::Disagree, Word::Neutral, Word::Agree, Word::StronglyAgree];

/// A moment within a hundred days of now, after it too.
fn any_time() -> impl Strategy<Value = Timestamp> {
    (-100 * 86_400..10 * 86_400_i64).prop_map(|seconds| now() + SignedDuration::from_secs(seconds))
}

fn any_producer() -> impl Strategy<Value = String> {
    prop::sample::select(vec!["a", "b", "c", "d"]).prop_map(str::to_owned)
}

fn any_telling() -> impl Strategy<Value = Telling> {
    let over = || prop::option::of(any_time());
    (any_producer(), prop::option::of(0..=100_u8), any_time(), any_time(), over(), over(), any::<(bool, bool)>())
        .prop_map(|(producer, confidence, created, version, valid_from, valid_until, (revoked, gone))| Telling {
            producer,
            confidence,
            created,
            version,
            valid_from,
            valid_until,
            revoked,
            gone,
        })
}

fn any_sighted() -> impl Strategy<Value = Sighted> {
    (any_producer(), any_time()).prop_map(|(producer, at)| Sighted { producer, at })
}

fn any_voice() -> impl Strategy<Value = Voice> {
    (any_producer(), prop::sample::select(WORDS.to_vec()), any_time()).prop_map(|(producer, word, at)| Voice {
        producer,
        word,
        at,
    })
}

fn any_known() -> impl Strategy<Value = Known> {
    (
        prop::sample::select(IndicatorKind::ALL.to_vec()),
        prop::collection::vec(any_telling(), 0..4),
        prop::collection::vec(any_sighted(), 0..6),
        prop::collection::vec(any_voice(), 0..6),
        prop::option::of(prop::sample::select(WORDS.to_vec())),
        prop::option::of(any_time()),
    )
        .prop_map(|(kind, told, sighted, voices, own, own_seen)| Known {
            kind,
            told,
            sighted,
            voices,
            own,
            own_seen,
        })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1024))]

    #[test]
    fn it_never_rises_with_age(known in any_known(), later in 0..400 * 86_400_i64) {
        let decay = Decay::default();
        let before = stand(&known, &decay, now());
        let after = stand(&known, &decay, now() + SignedDuration::from_secs(later));
        prop_assert!(after.confidence <= before.confidence, "{before:?} {after:?}");
        prop_assert_eq!(after.disputed, before.disputed);
    }

    #[test]
    fn another_sighting_never_lowers_it(known in any_known(), more in any_sighted()) {
        let decay = Decay::default();
        let before = stand(&known, &decay, now());
        let mut known = known;
        known.sighted.push(more);
        let after = stand(&known, &decay, now());
        prop_assert!(after.confidence >= before.confidence && after.sightings >= before.sightings);
        prop_assert!(before.disputed || !after.disputed);
        prop_assert!(after.drives || !before.drives);
    }

    #[test]
    fn a_producer_that_repeats_itself_counts_once(
        known in any_known(),
        by in any_producer(),
        seen in prop::collection::vec(any_time(), 1..20),
        said in prop::collection::vec((prop::sample::select(WORDS.to_vec()), any_time()), 1..20),
    ) {
        let decay = Decay::default();
        let with = |times: &[Timestamp], words: &[(Word, Timestamp)]| {
            let mut known = known.clone();
            known.sighted.retain(|one| one.producer != by);
            known.voices.retain(|one| one.producer != by);
            known.sighted.extend(times.iter().map(|at| Sighted { producer: by.clone(), at: *at }));
            known.voices.extend(words.iter().map(|(word, at)| Voice { producer: by.clone(), word: *word, at: *at }));
            stand(&known, &decay, now())
        };
        // The last sighting, and the newest opinion, of those of one moment the one most against.
        let last: Vec<_> = seen.iter().max().copied().into_iter().collect();
        let newest: Vec<_> = said.iter().max_by_key(|(word, at)| (*at, std::cmp::Reverse(*word))).copied().into_iter().collect();
        prop_assert_eq!(with(&seen, &said), with(&last, &newest));
    }

    #[test]
    fn who_told_it_adds_nothing_to_it(known in any_known(), at in any_time(), word in prop::sample::select(vec![Word::Agree, Word::StronglyAgree])) {
        let decay = Decay::default();
        let Some(teller) = known.told.first().map(|one| one.producer.clone()) else { return Ok(()) };
        let mut known = known;
        known.voices.retain(|one| one.producer != teller);
        let before = stand(&known, &decay, now());
        known.sighted.push(Sighted { producer: teller.clone(), at });
        known.voices.push(Voice { producer: teller, word, at });
        prop_assert_eq!(stand(&known, &decay, now()), before);
    }

    #[test]
    fn what_is_disputed_taken_back_or_over_drives_nothing(known in any_known()) {
        let standing = stand(&known, &Decay::default(), now());
        let newest = known.told.iter().map(|one| one.version).max();
        let over = known.told.iter().filter(|one| Some(one.version) == newest);
        let ends = over.clone().any(|one| one.revoked)
            || (over.clone().count() == 1 && over.clone().any(|one| one.valid_until.is_some_and(|until| until <= now())));
        let wrong = matches!(known.own, Some(Word::Disagree | Word::StronglyDisagree));
        prop_assert!(!wrong || standing.disputed);
        prop_assert!(!(standing.disputed || ends || known.told.is_empty()) || !standing.drives, "{standing:?}");
        prop_assert!(standing.confidence <= 100 && !standing.because.is_empty());
    }

    #[test]
    fn order_never_shows(known in any_known(), by in any::<[prop::sample::Index; 3]>()) {
        let mut turned = known.clone();
        for (at, list) in [turned.sighted.len(), turned.voices.len(), turned.told.len()].into_iter().enumerate() {
            if list > 0 {
                let by = by[at].index(list);
                match at {
                    0 => turned.sighted.rotate_left(by),
                    1 => turned.voices.rotate_left(by),
                    _ => turned.told.rotate_left(by),
                }
            }
        }
        turned.sighted.reverse();
        turned.told.reverse();
        let decay = Decay::default();
        prop_assert_eq!(stand(&known, &decay, now()), stand(&turned, &decay, now()));
    }
}

/// A crowd that speaks with one voice is one voice.
#[test]
fn a_flood_of_opinions_by_one_producer_is_one_opinion() {
    let telling = Telling {
        producer: "a".to_owned(),
        confidence: Some(90),
        created: now(),
        version: now(),
        valid_from: None,
        valid_until: None,
        revoked: false,
        gone: false,
    };
    let says = |later: i64| Voice {
        producer: "b".to_owned(),
        word: Word::StronglyDisagree,
        at: now() - SignedDuration::from_secs(later),
    };
    let sighted = ["c", "d", "e"].map(|who| Sighted { producer: who.to_owned(), at: now() }).to_vec();
    let known = |voices: Vec<Voice>| Known {
        kind: IndicatorKind::Ja4,
        told: vec![telling.clone()],
        sighted: sighted.clone(),
        voices,
        own: None,
        own_seen: None,
    };
    let one = stand(&known(vec![says(0)]), &Decay::default(), now());
    let flood = stand(&known((0..10_000).map(says).collect()), &Decay::default(), now());
    assert_eq!(one, flood);
    assert!(one.drives && !one.disputed, "{one:?}");
}
