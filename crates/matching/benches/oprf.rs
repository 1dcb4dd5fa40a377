//! Bench: what one element costs in each role, beside what the curve operations in it cost by themselves.
//! In: batches of 4096 addresses. Out: time a batch, elements a second.
//! Invariant: one thread; the same elements each run. `floor_*` do the curve operations alone that RFC 9497 asks for, each as
//! cheaply as the curve crate offers it: hashing to the group, one multiplication, decoding, encoding in a batch. `voprf_*` is
//! what the crate `voprf` takes for the same bytes.
//! Not here: whole matches (`two_labs`).

use curve25519_dalek::ristretto::CompressedRistretto;
use curve25519_dalek::{RistrettoPoint, Scalar};
use divan::Bencher;
use divan::counter::ItemsCount;
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;
use sha2::{Digest, Sha512};
use stillwatch_matching::oprf::{Blinded, Key};
use stillwatch_matching::{Element, Namespace, normalise};
use voprf::{BlindedElement, Ristretto255, VoprfClient, VoprfServer};

const BATCH: usize = 4096;

fn main() {
    divan::main();
}

fn rng() -> ChaCha20Rng {
    ChaCha20Rng::seed_from_u64(1)
}

fn elements() -> Vec<Element> {
    (0..BATCH as u32)
        .filter_map(|n| normalise(Namespace::Address, &std::net::Ipv4Addr::from(0x5b3d_0000 + n).to_string()).ok())
        .collect()
}

fn points() -> Vec<RistrettoPoint> {
    (0..BATCH as u64).map(|n| RistrettoPoint::mul_base(&Scalar::from(n + 1))).collect()
}

fn scalar() -> Scalar {
    Scalar::random(&mut rng())
}

fn key() -> Key {
    Key::generate(&mut rng())
}

/// Hash to the group, multiply, encode.
#[divan::bench]
fn floor_of_blind_and_of_own(bencher: Bencher) {
    let (elements, by) = (elements(), scalar());
    bencher.counter(ItemsCount::new(BATCH)).bench(|| {
        let points: Vec<RistrettoPoint> = elements
            .iter()
            .map(|e| RistrettoPoint::from_uniform_bytes(&Sha512::digest(e.as_bytes()).into()) * by)
            .collect();
        RistrettoPoint::double_and_compress_batch(&points)
    });
}

/// Decode, multiply, encode.
#[divan::bench]
fn floor_of_answer_and_of_finalize(bencher: Bencher) {
    let encoded: Vec<CompressedRistretto> = points().iter().map(RistrettoPoint::compress).collect();
    let by = scalar();
    bencher.counter(ItemsCount::new(BATCH)).bench(|| {
        let points: Vec<RistrettoPoint> = encoded.iter().filter_map(|c| c.decompress()).map(|p| p * by).collect();
        RistrettoPoint::double_and_compress_batch(&points)
    });
}

/// One multiplication, and an addition.
#[divan::bench]
fn multiplication(bencher: Bencher) {
    let (points, by) = (points(), scalar());
    bencher.counter(ItemsCount::new(BATCH)).bench(|| points.iter().map(|p| p * by).sum::<RistrettoPoint>());
}

#[divan::bench]
fn blind(bencher: Bencher) {
    let elements = elements();
    bencher.counter(ItemsCount::new(BATCH)).bench(|| Blinded::new(&elements, 0, &mut rng()));
}

#[divan::bench]
fn answer_with_proof(bencher: Bencher) {
    let Ok(blinded) = Blinded::new(&elements(), 0, &mut rng()) else { return };
    let key = key();
    bencher.counter(ItemsCount::new(BATCH)).bench(|| key.answer(blinded.message(), &mut rng()));
}

#[divan::bench]
fn verify_and_finalize(bencher: Bencher) {
    let (elements, key) = (elements(), key());
    let Ok(blinded) = Blinded::new(&elements, 0, &mut rng()) else { return };
    let Ok(answer) = key.answer(blinded.message(), &mut rng()) else { return };
    let public = key.public();
    bencher.counter(ItemsCount::new(BATCH)).bench(|| blinded.finalize(&elements, &answer, &public));
}

#[divan::bench]
fn evaluate_own(bencher: Bencher) {
    let (elements, key) = (elements(), key());
    bencher.counter(ItemsCount::new(BATCH)).bench(|| key.evaluate(&elements));
}

fn voprf_rng() -> rand_chacha_of_voprf::ChaCha20Rng {
    rand_core_of_voprf::SeedableRng::seed_from_u64(1)
}

#[divan::bench]
fn voprf_blind(bencher: Bencher) {
    let elements = elements();
    bencher.counter(ItemsCount::new(BATCH)).bench(|| {
        let mut rng = voprf_rng();
        elements.iter().map(|e| VoprfClient::<Ristretto255>::blind(e.as_bytes(), &mut rng)).collect::<Vec<_>>()
    });
}

#[divan::bench]
fn voprf_answer_with_proof(bencher: Bencher) {
    let Ok(blinded) = Blinded::new(&elements(), 0, &mut rng()) else { return };
    let Ok(server) = VoprfServer::<Ristretto255>::new(&mut voprf_rng()) else { return };
    bencher.counter(ItemsCount::new(BATCH)).bench(|| {
        let asked: Vec<BlindedElement<Ristretto255>> =
            blinded.message().chunks(32).filter_map(|c| BlindedElement::deserialize(c).ok()).collect();
        let answer = server.batch_blind_evaluate(&mut voprf_rng(), &asked).ok()?;
        Some(answer.messages.iter().map(voprf::EvaluationElement::serialize).collect::<Vec<_>>())
    });
}

#[divan::bench]
fn voprf_verify_and_finalize(bencher: Bencher) {
    let elements = elements();
    let mut rng = voprf_rng();
    let Ok(server) = VoprfServer::<Ristretto255>::new(&mut rng) else { return };
    let (states, asked): (Vec<_>, Vec<_>) = elements
        .iter()
        .filter_map(|e| VoprfClient::<Ristretto255>::blind(e.as_bytes(), &mut rng).ok())
        .map(|blinded| (blinded.state, blinded.message))
        .unzip();
    let Ok(answer) = server.batch_blind_evaluate(&mut rng, &asked) else { return };
    let public = server.get_public_key();
    bencher.counter(ItemsCount::new(BATCH)).bench(|| {
        VoprfClient::batch_finalize(&elements, &states, &answer.messages, &answer.proof, public)
            .ok()
            .map(|outputs| outputs.filter_map(Result::ok).collect::<Vec<_>>())
    });
}
