//! Epoch: a key that nobody holds, and what cheating holders and askers may try.
//! In: keys of a few members. Out: nothing.
//! Invariant: any quorum gives RFC 9497's output under one key; nothing less gives it.
//! Not here: what outputs are for.

use std::collections::BTreeMap;

use curve25519_dalek::Scalar;
use stillwatch_matching::epoch::{Dealing, EpochKey, Holder, possession};
use stillwatch_matching::oprf::Key;
use stillwatch_matching::{Error, HEADER};

use crate::rng::rng;
use crate::shared::{HUB, Shared, deal, member, setup};
use crate::two::addresses;

fn whole_key(shared: &Shared, quorum: &[usize]) -> Key {
    let place = |seat: usize| Scalar::from(seat as u64 + 1);
    let scalar = |bytes: [u8; 32]| Option::<Scalar>::from(Scalar::from_canonical_bytes(bytes)).unwrap();
    let mut sum = scalar(*shared.secrets.last().unwrap());
    for seat in quorum {
        let lambda: Scalar = quorum
            .iter()
            .filter(|other| *other != seat)
            .map(|other| place(*other) * (place(*other) - place(*seat)).invert())
            .product();
        sum += lambda * scalar(shared.secrets[*seat]);
    }
    Key::from_bytes(&sum.to_bytes()).unwrap()
}

#[test]
fn every_quorum_gives_the_output_of_one_key_and_fewer_do_not() {
    let mut shared = Shared::new(1, 5, 3);
    let elements = addresses(0, 4);
    let key = whole_key(&shared, &[0, 1, 2]);
    let expected = key.evaluate(&elements).unwrap();
    for quorum in [[0, 1, 2], [0, 2, 4], [4, 3, 1], [2, 3, 4]] {
        let outputs = shared.outputs(&member(1), &elements, &quorum).unwrap();
        assert!(outputs.iter().zip(&expected).all(|((_, output), expected)| output == expected));
    }
    assert_ne!(whole_key(&shared, &[0, 1]).to_bytes(), key.to_bytes(), "two of three");
    assert!(shared.outputs(&member(1), &elements, &[0, 1]).is_err());
    assert!(shared.outputs(&member(1), &elements, &[0, 1, 2, 3]).is_err());
    assert!(shared.outputs(&member(1), &elements, &[0, 1, 1]).is_err());
    // Another epoch: another key, and nothing of it fits this one.
    let mut other = Shared::new(2, 5, 3);
    let outputs = other.outputs(&member(1), &elements, &[0, 1, 2]).unwrap();
    assert!(outputs.iter().zip(&expected).all(|((_, output), expected)| output != expected));
    // A request of one epoch is refused in another, an answer too: shares of two never come together.
    let names = [member(0), member(1), member(2)];
    let quorum: Vec<&str> = names.iter().map(String::as_str).collect();
    let mut asked = shared.asker(&member(4)).ask(elements.clone(), 0, &quorum, &mut shared.rng).unwrap();
    assert!(matches!(other.holders[0].charge(&member(4), asked.request()), Err(Error::Frame { .. })));
    let of_other = other.asker(&member(4)).ask(elements, 0, &quorum, &mut other.rng).unwrap();
    let charged = other.holders[0].charge(&member(4), of_other.request()).unwrap();
    let answer = other.holders[0].answer(charged, &mut other.rng).unwrap();
    assert!(asked.take(&member(0), &answer).is_err());
}

#[test]
fn a_holder_with_a_second_key_is_named() {
    let mut shared = Shared::new(1, 4, 2);
    let mut other = Shared::new(3, 4, 2);
    let names = [member(0), member(1)];
    let quorum: Vec<&str> = names.iter().map(String::as_str).collect();
    let mut asked = shared.asker(&member(2)).ask(addresses(0, 3), 0, &quorum, &mut shared.rng).unwrap();
    let charged = shared.holders[0].charge(&member(2), asked.request()).unwrap();
    let answer = shared.holders[0].answer(charged, &mut shared.rng).unwrap();
    let blinded = &asked.request()[HEADER + 16..].to_vec();
    // With a key of its own; with the key 1 (what was sent comes back); with its whole share instead of its part.
    let key_of = |bytes: &[u8; 32]| Key::from_bytes(bytes).unwrap();
    for key in [Key::generate(&mut other.rng), key_of(&Scalar::ONE.to_bytes()), key_of(&shared.secrets[0])] {
        let mut forged = answer.clone();
        forged[HEADER..].copy_from_slice(&key.answer(blinded, &mut other.rng).unwrap());
        assert_eq!(asked.take(&member(0), &forged), Err(Error::Proof { holder: member(0) }));
    }
    // One holder's answer in another's name, twice, or of one that wasn't asked.
    assert_eq!(asked.take(&member(1), &answer), Err(Error::Proof { holder: member(1) }));
    assert_eq!(asked.take(HUB, &answer), Err(Error::Proof { holder: HUB.to_owned() }));
    assert!(asked.take(&member(3), &answer).is_err());
    asked.take(&member(0), &answer).unwrap();
    assert!(asked.take(&member(0), &answer).is_err());
    assert_eq!(asked.missing(), [HUB, &member(1)]);
    // A hub that drops an answer gets nothing out.
    assert!(asked.finish().is_err());
}

#[test]
fn requests_are_charged_once_and_answered_as_they_were() {
    let mut shared = Shared::new(1, 3, 2);
    let names = [member(0), member(1)];
    let quorum: Vec<&str> = names.iter().map(String::as_str).collect();
    let mut asker = shared.asker(&member(2));
    let asked = asker.ask(addresses(0, 100), 0, &quorum, &mut shared.rng).unwrap();
    let used = |holder: &Holder| {
        let state = serde_json::to_value(holder.state()).unwrap();
        state["budgets"]["accounts"].as_array().unwrap().iter().find(|a| a["member"] == member(2)).unwrap()["used"]
            .as_u64()
            .unwrap()
    };
    let holder = &mut shared.holders[0];
    let first = holder.charge(&member(2), asked.request()).unwrap();
    let again = holder.charge(&member(2), asked.request()).unwrap();
    assert_eq!(used(holder), 100);
    let (first, again) =
        (holder.answer(first, &mut shared.rng).unwrap(), holder.answer(again, &mut shared.rng).unwrap());
    assert_eq!(first[HEADER..HEADER + 3200], again[HEADER..HEADER + 3200]);
    // The same round with other elements; in another's name; altered; cut; longer.
    let mut twice = stillwatch_matching::epoch::Asker::new(shared.key.clone(), &member(2), asker.round() - 1);
    let other = twice.ask(addresses(1, 100), 0, &quorum, &mut shared.rng).unwrap();
    assert!(matches!(holder.charge(&member(2), other.request()), Err(Error::Frame { .. })));
    assert!(matches!(holder.charge(&member(1), asked.request()), Err(Error::Frame { .. })));
    for at in 0..HEADER + 16 {
        let mut altered = asked.request().to_vec();
        altered[at] ^= 1;
        assert!(holder.charge(&member(2), &altered).is_err(), "byte {at}");
    }
    for length in [0, 10, HEADER, HEADER + 15, HEADER + 16, asked.request().len() - 1] {
        assert!(holder.charge(&member(2), &asked.request()[..length]).is_err());
    }
    assert!(holder.charge(&member(2), &[asked.request(), &[0]].concat()).is_err());
    assert_eq!(used(holder), 100);
    // A holder that isn't in the quorum doesn't answer.
    assert!(matches!(shared.holders[2].charge(&member(2), asked.request()), Err(Error::Frame { .. })));
}

#[test]
fn a_member_over_budget_gets_nothing_and_the_state_survives() {
    let mut shared = Shared::new(1, 3, 2);
    let names = [member(0), member(1)];
    let quorum: Vec<&str> = names.iter().map(String::as_str).collect();
    let mut asker = shared.asker(&member(2));
    for _ in 0..2 {
        let asked = asker.ask(addresses(0, 4000), 0, &quorum, &mut shared.rng).unwrap();
        shared.holders[0].charge(&member(2), asked.request()).unwrap();
    }
    // Kept and taken up again: what was used stays used, the last round stays asked.
    let state = serde_json::to_vec(shared.holders[0].state()).unwrap();
    let share = Key::from_bytes(&shared.secrets[0]).unwrap();
    let mut holder =
        Holder::restore(shared.key.clone(), &member(0), share, serde_json::from_slice(&state).unwrap()).unwrap();
    let asked = asker.ask(addresses(0, 2001), 0, &quorum, &mut shared.rng).unwrap();
    assert!(matches!(holder.charge(&member(2), asked.request()), Err(Error::Budget { asked: 2001, left: 2000, .. })));
    let asked = asker.ask(addresses(0, 2000), 0, &quorum, &mut shared.rng).unwrap();
    holder.charge(&member(2), asked.request()).unwrap();
    // Padding is charged like anything: else it could be elements.
    let asked = asker.ask(addresses(0, 1), 0, &quorum, &mut shared.rng).unwrap();
    assert!(matches!(holder.charge(&member(2), asked.request()), Err(Error::Budget { left: 0, .. })));
    assert!(matches!(holder.charge("stranger.example", asked.request()), Err(Error::Frame { .. })));
}

#[test]
fn an_erased_share_answers_nothing() {
    let mut shared = Shared::new(1, 3, 2);
    shared.holders[3].erase();
    assert!(shared.holders[3].erased());
    assert!(shared.outputs(&member(0), &addresses(0, 1), &[0, 1]).is_err());
}

#[test]
fn keys_of_strangers_and_of_a_hub_that_does_not_know_its_own_are_refused() {
    let mut r = rng(9);
    let setup = setup(1, 5, 3);
    let dealt = deal(&setup, &mut r);
    let shares = &dealt[0].shares;
    let hub = Key::generate(&mut r);
    let proof = possession(&setup, &hub, &mut r).unwrap();
    let public = hub.public().to_bytes();
    assert!(EpochKey::new(setup.clone(), &public, &proof, shares).is_ok());
    let mut of_other = shares.clone();
    of_other[4] = Key::generate(&mut r).public().to_bytes();
    let refused = EpochKey::new(setup.clone(), &public, &proof, &of_other).unwrap_err();
    assert!(matches!(refused, Error::Dealing(why) if why.contains(&member(4))));
    of_other[4] = [0; 32];
    assert!(EpochKey::new(setup.clone(), &public, &proof, &of_other).is_err());
    // A hub that would choose the whole key: its share less the members' sum, of which it knows no secret.
    let rogue = Key::generate(&mut r).public().to_bytes();
    assert_eq!(EpochKey::new(setup.clone(), &rogue, &proof, shares), Err(Error::Proof { holder: HUB.to_owned() }));
    let mut of_other_epoch = setup.clone();
    of_other_epoch.epoch = 2;
    assert!(EpochKey::new(of_other_epoch, &public, &proof, shares).is_err(), "a proof of another epoch");
    for spoil in 0..4 {
        let mut bad = setup.clone();
        match spoil {
            0 => bad.quorum = 1,
            1 => bad.quorum = 6,
            2 => bad.members.swap(0, 1),
            _ => bad.members[4] = HUB.to_owned(),
        }
        assert!(bad.digest().is_err());
    }
}

#[test]
fn a_dealer_that_cheats_is_found_out() {
    let mut r = rng(11);
    let setup = setup(1, 4, 3);
    let begin = |r: &mut _| -> Vec<_> {
        setup.members.iter().map(|name| Dealing::begin(setup.clone(), name, r).unwrap()).collect()
    };
    let begun = begin(&mut r);
    let all: BTreeMap<String, Vec<u8>> =
        setup.members.iter().cloned().zip(begun.iter().map(|(_, package)| package.clone())).collect();
    let other: Vec<Vec<u8>> = begin(&mut r).into_iter().map(|(_, package)| package).collect();
    let for_seat = |seat: usize| {
        let mut packages = all.clone();
        packages.remove(&member(seat));
        packages
    };
    // A member without, cut, lengthened, with one too many, or spoilt.
    for spoil in 0..5 {
        let (dealing, _) = Dealing::begin(setup.clone(), &member(0), &mut r).unwrap();
        let mut packages = for_seat(0);
        let package = packages.get_mut(&member(1)).unwrap();
        match spoil {
            0 => package.truncate(20),
            1 => package.push(0),
            2 => *package.last_mut().unwrap() ^= 1,
            3 => drop(packages.remove(&member(1))),
            _ => drop(packages.insert("stranger.example".to_owned(), vec![1])),
        }
        assert!(dealing.second(&packages).is_err(), "{spoil}");
    }
    // Lab 3 tells lab 0 another first package than the others: their echoes differ.
    let mut second = Vec::new();
    for (seat, (dealing, _)) in begun.into_iter().enumerate() {
        let mut packages = for_seat(seat);
        if seat == 0 {
            packages.insert(member(3), other[3].clone());
        }
        second.push(dealing.second(&packages).unwrap());
    }
    let echoes: BTreeMap<String, [u8; 32]> =
        setup.members.iter().cloned().zip(second.iter().map(|(_, _, echo)| *echo)).collect();
    let mail = |to: usize| -> BTreeMap<String, Vec<u8>> {
        (0..4).filter(|from| *from != to).map(|from| (member(from), second[from].1[&member(to)].clone())).collect()
    };
    let (mail1, mut mail2) = (mail(1), mail(2));
    let mut sharing = second.into_iter().map(|(sharing, _, _)| sharing);
    let (_, one, two) = (sharing.next(), sharing.next().unwrap(), sharing.next().unwrap());
    assert!(matches!(one.finish(&mail1, &echoes), Err(Error::Dealing(why)) if why.contains("lab-00")));
    // A share that isn't what its dealer committed to.
    let mut alike = echoes.clone();
    let echo = echoes[&member(2)];
    alike.values_mut().for_each(|one| *one = echo);
    *mail2.get_mut(&member(1)).unwrap() = mail1[&member(3)].clone();
    assert!(matches!(two.finish(&mail2, &alike), Err(Error::Dealing(_))));
}
