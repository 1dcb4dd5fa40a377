//! Oprf: RFC 9497's vectors, the crate `voprf` as a second opinion, and what must be refused.
//! In: `vectors/rfc9497.json`, random inputs, bytes that are no elements. Out: nothing.
//! Invariant: each trap that a crate lays is held here, so that an update that springs it fails.
//! Not here: protocols.

use curve25519_dalek::ristretto::CompressedRistretto;
use curve25519_dalek::traits::Identity;
use curve25519_dalek::{RistrettoPoint, Scalar};
use serde_json::Value;
use stillwatch_matching::Error;
use stillwatch_matching::oprf::{Blinded, Key, MAX_BATCH, PublicKey};
use voprf::{BlindedElement, Ristretto255, VoprfClient, VoprfServer};

use crate::rng::rng;

fn bytes(value: &Value) -> Vec<Vec<u8>> {
    value.as_str().unwrap().split(',').map(|part| hex::decode(part).unwrap()).collect()
}

fn array(value: &Value) -> [u8; 32] {
    bytes(value)[0].as_slice().try_into().unwrap()
}

#[test]
fn rfc_9497_vectors_hold() {
    let all: Value = serde_json::from_str(include_str!("../../vectors/rfc9497.json")).unwrap();
    let key = Key::derive(&array(&all["Seed"]), &bytes(&all["KeyInfo"])[0]).unwrap();
    assert_eq!(key.to_bytes().as_slice(), bytes(&all["skSm"])[0]);
    assert_eq!(key.public().to_bytes().as_slice(), bytes(&all["pkSm"])[0]);
    let vectors = all["vectors"].as_array().unwrap();
    assert_eq!(vectors.len(), 3);
    for vector in vectors {
        let inputs = bytes(&vector["Input"]);
        let blinds: Vec<[u8; 32]> = bytes(&vector["Blind"]).iter().map(|b| b.as_slice().try_into().unwrap()).collect();
        let blinded = Blinded::with_blinds(&inputs, &blinds).unwrap();
        assert_eq!(blinded.message(), bytes(&vector["BlindedElement"]).concat());
        let answer = key.answer_with_nonce(blinded.message(), &array(&vector["ProofRandomScalar"])).unwrap();
        assert_eq!(answer, [bytes(&vector["EvaluationElement"]).concat(), bytes(&vector["Proof"]).concat()].concat());
        let outputs = blinded.finalize(&inputs, &answer, &key.public()).unwrap();
        let own = key.evaluate(&inputs).unwrap();
        for ((output, own), expected) in outputs.iter().zip(&own).zip(bytes(&vector["Output"])) {
            assert_eq!(output.as_slice(), expected);
            assert_eq!(own.as_slice(), expected);
        }
    }
}

#[test]
fn voprf_accepts_our_proofs_and_we_accept_its() {
    let mut r = rng(1);
    let mut theirs_rng = <rand_chacha_of_voprf::ChaCha20Rng as rand_core_of_voprf::SeedableRng>::seed_from_u64(1);
    let key = Key::generate(&mut r);
    let server = VoprfServer::<Ristretto255>::new_with_key(key.to_bytes().as_slice()).unwrap();
    let inputs: Vec<Vec<u8>> = (0..300u32).map(|n| n.to_be_bytes().repeat(1 + n as usize % 7)).collect();

    // They answer us.
    let blinded = Blinded::new(&inputs, 0, &mut r).unwrap();
    let asked: Vec<BlindedElement<Ristretto255>> =
        blinded.message().chunks(32).map(|c| BlindedElement::deserialize(c).unwrap()).collect();
    let answered = server.batch_blind_evaluate(&mut theirs_rng, &asked).unwrap();
    let mut answer: Vec<u8> = answered.messages.iter().flat_map(|m| m.serialize()).collect();
    answer.extend(answered.proof.serialize());
    let outputs = blinded.finalize(&inputs, &answer, &key.public()).unwrap();

    // We answer them.
    let states: Vec<_> =
        inputs.iter().map(|i| VoprfClient::<Ristretto255>::blind(i, &mut theirs_rng).unwrap()).collect();
    let asked: Vec<u8> = states.iter().flat_map(|s| s.message.serialize()).collect();
    let answer = key.answer(&asked, &mut r).unwrap();
    let (evaluated, proof) = answer.split_at(answer.len() - 64);
    let messages: Vec<_> = evaluated.chunks(32).map(|c| voprf::EvaluationElement::deserialize(c).unwrap()).collect();
    let clients: Vec<_> = states.into_iter().map(|s| s.state).collect();
    let proof = voprf::Proof::deserialize(proof).unwrap();
    let theirs: Vec<_> = VoprfClient::batch_finalize(&inputs, &clients, &messages, &proof, server.get_public_key())
        .unwrap()
        .map(Result::unwrap)
        .collect();

    let own = key.evaluate(&inputs).unwrap();
    for n in 0..inputs.len() {
        assert_eq!(outputs[n].as_slice(), &theirs[n][..]);
        assert_eq!(outputs[n], own[n]);
        assert_eq!(own[n].as_slice(), &server.evaluate(&inputs[n]).unwrap()[..]);
    }
}

/// RFC 9496 A.3: encodings that must not be taken.
const BAD: [&str; 12] = [
    // Not canonical: beyond the field's size.
    "00ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "f3ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    // Negative.
    "0100000000000000000000000000000000000000000000000000000000000000",
    "01ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "ed57ffd8c914fb201471d1c3d245ce3c746fcbe63a3679d51b6a516ebebe0e20",
    "c34c4e1826e5d403b78e246e88aa051c36ccf0aafebffe137d148a2bf9104562",
    // No square root.
    "26948d35ca62e643e26a83177332e6b6afeb9d08e4268b650f1f5bbd8d81d371",
    "4eac077a713c57b4f4397629a4145982c661f48044dd3f96427d40b147d9742f",
    "de6a7b00deadc788eb6b6c8d20c0ae96c2f2019078fa604fee5b87d6e989ad87",
    // The identity.
    "0000000000000000000000000000000000000000000000000000000000000000",
];

#[test]
fn elements_that_are_none_are_refused_wherever_they_stand() {
    let mut r = rng(2);
    let key = Key::generate(&mut r);
    let inputs = ["one", "two", "three"];
    let blinded = Blinded::new(&inputs, 0, &mut r).unwrap();
    let answer = key.answer(blinded.message(), &mut r).unwrap();
    for bad in BAD {
        let bad = hex::decode(bad).unwrap();
        for at in 0..3 {
            let mut asked = blinded.message().to_vec();
            asked[at * 32..][..32].copy_from_slice(&bad);
            assert_eq!(key.answer(&asked, &mut r), Err(Error::Point(at)));
            let mut answer = answer.clone();
            answer[at * 32..][..32].copy_from_slice(&bad);
            assert_eq!(blinded.finalize(&inputs, &answer, &key.public()).unwrap_err(), Error::Point(at));
        }
        assert!(PublicKey::from_bytes(&bad.try_into().unwrap()).is_err());
    }
}

#[test]
fn an_answer_holds_only_as_it_was_given() {
    let mut r = rng(3);
    let (key, other) = (Key::generate(&mut r), Key::generate(&mut r));
    let inputs = ["one", "two", "three"];
    let blinded = Blinded::new(&inputs, 2, &mut r).unwrap();
    let answer = key.answer(blinded.message(), &mut r).unwrap();
    assert!(blinded.finalize(&inputs, &answer, &key.public()).is_ok());
    let refused = |answer: &[u8], public: &PublicKey| blinded.finalize(&inputs, answer, public).is_err();
    assert!(refused(&answer, &other.public()), "another's key");
    assert!(refused(&other.answer(blinded.message(), &mut r).unwrap(), &key.public()), "answered with another key");
    // One element answered with another key, the rest and the proof as they should be: a second key for one's victim.
    let mut mixed = answer.clone();
    mixed[32..64].copy_from_slice(&other.answer(blinded.message(), &mut r).unwrap()[32..64]);
    assert!(refused(&mixed, &key.public()), "one answered with another key");
    let mut swapped = answer.clone();
    swapped[..32].copy_from_slice(&answer[32..64]);
    swapped[32..64].copy_from_slice(&answer[..32]);
    assert!(refused(&swapped, &key.public()), "two swapped");
    assert!(refused(&answer[..answer.len() - 1], &key.public()), "cut");
    assert!(refused(&answer[32..], &key.public()), "one left out");
    assert!(refused(&[answer.as_slice(), &[0]].concat(), &key.public()), "a byte too many");
    assert!(refused(&[], &key.public()));
    // The answer k = 1, which makes outputs guessable: what was sent comes back.
    let mut echoed = blinded.message().to_vec();
    echoed.extend_from_slice(&answer[answer.len() - 64..]);
    assert!(refused(&echoed, &key.public()), "echoed");
    for at in 0..answer.len() {
        let mut flipped = answer.clone();
        flipped[at] ^= 1;
        assert!(refused(&flipped, &key.public()), "byte {at}");
    }
    assert!(blinded.finalize(&["one", "two"], &answer, &key.public()).is_err(), "other inputs");
}

#[test]
fn batches_are_bounded() {
    let mut r = rng(4);
    let key = Key::generate(&mut r);
    assert!(Blinded::new(&[] as &[&str], 0, &mut r).is_err());
    assert!(Blinded::new(&["x"], MAX_BATCH, &mut r).is_err());
    assert!(key.answer(&[], &mut r).is_err());
    let one = Blinded::new(&["x"], 0, &mut r).unwrap();
    assert!(key.answer(&one.message().repeat(MAX_BATCH + 1), &mut r).is_err());
    assert!(key.answer(&one.message()[..31], &mut r).is_err());
    assert!(key.answer(&[one.message(), &[7]].concat(), &mut r).is_err(), "trailing bytes");
    assert!(Blinded::new(&[vec![0; 65_536]], 0, &mut r).is_err());
    assert!(key.evaluate(&[vec![0; 65_536]]).is_err());
    assert!(Key::from_bytes(&[0; 32]).is_err());
    assert!(Key::from_bytes(&[255; 32]).is_err());
}

/// What the crates below do, which this crate guards against. If one of these fails after an update, a guard may go.
mod traps {
    use super::*;

    #[test]
    fn voprf_takes_an_element_with_trailing_bytes() {
        let mut longer = RistrettoPoint::mul_base(&Scalar::from(5u8)).compress().to_bytes().to_vec();
        longer.push(9);
        assert!(BlindedElement::<Ristretto255>::deserialize(&longer).is_ok());
    }

    #[test]
    fn dalek_decodes_zero_bytes_to_the_identity() {
        assert_eq!(CompressedRistretto([0; 32]).decompress(), Some(RistrettoPoint::identity()));
    }

    /// In debug builds dalek panics instead; tests' dependencies are built without its assertions or with, so both count.
    #[test]
    fn dalek_spoils_a_batch_of_inverses_with_a_zero_in_it() {
        let spoiled = std::panic::catch_unwind(|| {
            let mut batch = [Scalar::from(2u8), Scalar::ZERO];
            Scalar::invert_batch_alloc(&mut batch);
            batch[0] * Scalar::from(2u8) != Scalar::ONE
        });
        assert!(spoiled.unwrap_or(true));
        // So a blind of zero never comes that far.
        assert!(Blinded::with_blinds(&["a", "b"], &[Scalar::from(2u8).to_bytes(), [0; 32]]).is_err());
    }

    #[test]
    fn dalek_encodes_a_batch_with_the_identity_in_it() {
        let five = RistrettoPoint::mul_base(&Scalar::from(5u8));
        let batch = RistrettoPoint::double_and_compress_batch(&[five, RistrettoPoint::identity(), five]);
        assert_eq!(batch[0], (five + five).compress());
        assert_eq!(batch[2], batch[0]);
        assert_eq!(batch[1].to_bytes(), [0; 32]);
    }
}
