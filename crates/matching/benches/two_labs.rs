//! Bench: two labs match sets of a given size, both on one thread; beside plain Diffie-Hellman on the same curve crate.
//! In: `-- 100000 1000000` (sizes). Out: CPU seconds of both together, bytes an element, memory at its highest.
//! Invariant: half of the addresses are common, and all of them are found.
//! Not here: others' programs (`benches/peers/psi.py` of the repository).

use std::time::Duration;

use curve25519_dalek::ristretto::CompressedRistretto;
use curve25519_dalek::{RistrettoPoint, Scalar};
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;
use sha2::{Digest, Sha512};
use stillwatch_matching::budget::Budgets;
use stillwatch_matching::commit::{Commitment, Salt};
use stillwatch_matching::pair::{Own, Party, Receiver, Sender, Terms, Turn};
use stillwatch_matching::{Element, LABEL, Label, Namespace, Result, normalise, padded};

fn main() -> std::result::Result<(), Box<dyn std::error::Error>> {
    let sizes: Vec<u32> = std::env::args().skip(1).filter_map(|size| size.parse().ok()).collect();
    for size in if sizes.is_empty() { vec![10_000] } else { sizes } {
        let plain = if size > 1_000_000 { None } else { Some(diffie_hellman(size)) };
        let (ours, bytes, common) = ours(size)?;
        let each = |time: Duration| time.as_secs_f64() * 1e6 / f64::from(size);
        println!(
            "{size} x {size}, {common} common: {:.2} CPU s, {:.1} us an element pair, {:.1} bytes an element of one side; \
             {} MiB at most for both",
            ours.as_secs_f64(),
            each(ours),
            bytes as f64 / f64::from(size),
            peak_memory() >> 10,
        );
        if let Some(plain) = plain {
            println!(
                "  plain Diffie-Hellman, no proofs, no labels: {:.2} CPU s, {:.1} us; ours takes {:.2} times that",
                plain.as_secs_f64(),
                each(plain),
                ours.as_secs_f64() / plain.as_secs_f64(),
            );
        }
    }
    Ok(())
}

fn element(number: u32) -> Result<Element> {
    normalise(Namespace::Address, &std::net::Ipv4Addr::from(0x0b00_0000 + number).to_string())
}

fn label(number: u32) -> [u8; LABEL] {
    let (first_seen, last_seen) = (Some(20_000), Some(20_000 + number % 90));
    Label { first_seen, last_seen, confidence: Some(80), magnitude: Some(7) }.to_bytes()
}

fn root(first: u32, size: u32, salt: &Salt) -> Result<[u8; 32]> {
    let mut commitment = Commitment::new(salt.clone());
    for number in first..first + size {
        commitment.add(element(number)?.as_bytes(), &label(number))?;
    }
    commitment.root()
}

fn items(first: u32, count: u32) -> Result<Vec<(Element, [u8; LABEL])>> {
    (first..first + count).map(|number| Ok((element(number)?, label(number)))).collect()
}

fn ours(size: u32) -> Result<(Duration, u64, usize)> {
    let before = cpu();
    let mut rng = ChaCha20Rng::seed_from_u64(1);
    let salts = [Salt::new([1; 32]), Salt::new([2; 32])];
    let party = |name: &str, first: u32, salt: &Salt| {
        Ok(Party { name: name.to_owned(), size: padded(size.into()), root: root(first, size, salt)? })
    };
    let half = size / 2;
    let terms = Terms {
        session: [1; 16],
        namespace: Namespace::Address,
        receiver: party("lab-one.example", 0, &salts[0])?,
        sender: party("lab-two.example", half, &salts[1])?,
        label: LABEL as u16,
        two_sided: false,
    };
    let mut budgets = Budgets::new(1);
    budgets.allow("lab-one.example", Namespace::Address, u64::MAX);
    let permit = budgets.charge("lab-one.example", Namespace::Address, terms.receiver.size)?;
    let own = |salt: &Salt| Own { count: size.into(), salt: salt.clone() };
    let mut sender = Sender::new(terms.clone(), own(&salts[1]), permit, &mut rng)?;
    for first in (0..size).step_by(10_000) {
        let items = items(half + first, 10_000.min(size - first))?;
        let items: Vec<(Element, &[u8])> = items.iter().map(|(e, l)| (e.clone(), l.as_slice())).collect();
        sender.add(&items)?;
    }
    sender.seal()?;
    let mut receiver = Receiver::new(terms, own(&salts[0]))?;
    let mut frame = receiver.open()?;
    let mut handed = 0;
    while let Some(reply) = sender.receive(&frame, &mut rng)? {
        frame = match receiver.receive(&reply)? {
            Turn::Elements(count) => {
                let items = items(handed, count as u32)?;
                handed += count as u32;
                let items: Vec<(Element, &[u8])> = items.iter().map(|(e, l)| (e.clone(), l.as_slice())).collect();
                receiver.blind(&items, &mut rng)?
            }
            Turn::Send(frame) | Turn::Last(frame) => frame,
        };
    }
    let bytes = sender.progress().sent + sender.progress().received;
    let matches = receiver.into_matches()?;
    let opened = matches.filter(|found| found.label.as_deref().and_then(Label::from_bytes).is_some()).count();
    Ok((cpu() - before, bytes, opened))
}

/// Both sides multiply their own and each other's: the textbook's protocol, batches encoded together.
fn diffie_hellman(size: u32) -> Duration {
    let before = cpu();
    let mut rng = ChaCha20Rng::seed_from_u64(2);
    let keys = [Scalar::random(&mut rng), Scalar::random(&mut rng)];
    let mut common = std::collections::HashSet::new();
    let mut found = 0;
    for (side, first) in [(0, 0), (1, size / 2)] {
        for from in (first..first + size).step_by(4096) {
            let mine: Vec<RistrettoPoint> = (from..(from + 4096).min(first + size))
                .map(|n| RistrettoPoint::from_uniform_bytes(&Sha512::digest(n.to_be_bytes()).into()) * keys[side])
                .collect();
            let sent: Vec<CompressedRistretto> = RistrettoPoint::double_and_compress_batch(&mine);
            let theirs: Vec<RistrettoPoint> =
                sent.iter().filter_map(|c| c.decompress()).map(|p| p * keys[1 - side]).collect();
            for tag in RistrettoPoint::double_and_compress_batch(&theirs) {
                if side == 0 {
                    common.insert(tag);
                } else {
                    found += usize::from(common.contains(&tag));
                }
            }
        }
    }
    assert_eq!(found, size as usize - size as usize / 2);
    cpu() - before
}

/// This process's CPU time, in hundredths of a second as the system counts it.
fn cpu() -> Duration {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let after = stat.rsplit_once(')').map_or("", |(_, rest)| rest);
    let ticks: u64 = after.split_whitespace().skip(11).take(2).filter_map(|field| field.parse::<u64>().ok()).sum();
    Duration::from_millis(ticks * 10)
}

/// Kilobytes that this process held at most.
fn peak_memory() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmHWM")).unwrap_or_default();
    line.split_whitespace().nth(1).and_then(|number| number.parse().ok()).unwrap_or(0)
}
