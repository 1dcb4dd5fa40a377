//! Peers, fingerprint: ours against the crate `gaoya` on the same prompts in the same run, one thread: time and error.
//! In: `--prompts N --rounds N`. Out: a table; `--write FILE` and `--ours FILE` serve `../fingerprint_rensa.py`.
//! Invariant: prompts are made from a seed; rounds alternate, so what else the machine does hits all alike.
//! Not here: Python's peers (`fingerprint_rensa.py`), whole commands (`detect_duckdb.py`).

mod error;
mod prompts;

use std::hint::black_box;
use std::time::Instant;

use gaoya::minhash::{MinHasher, MinHasher32};
use gaoya::text::whitespace_split;
use stillwatch_detect::fingerprint::{Fingerprinter, SLOTS};
use stillwatch_detect::text::{self, Tokens};

fn main() -> std::io::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let (mut count, mut rounds) = (1000, 100);
    while let Some(argument) = arguments.next() {
        let mut value = || arguments.next().unwrap_or_default();
        match argument.as_str() {
            "--prompts" => count = value().parse().unwrap_or(count),
            "--rounds" => rounds = value().parse().unwrap_or(rounds),
            "--write" => return prompts::write(&value(), count),
            "--ours" => return ours(&prompts::read(&value())?, rounds),
            _ => eprintln!("unknown argument `{argument}`"),
        }
    }
    compare(&prompts::make(count), rounds);
    Ok(())
}

/// Prints our nanoseconds a prompt, the least and the median of the rounds.
fn ours(prompts: &[String], rounds: usize) -> std::io::Result<()> {
    let (mut tokens, mut make) = (Tokens::default(), Fingerprinter::default());
    let mut times = Times::default();
    for _ in 0..rounds {
        times.take(prompts, |p| u64::from(make.fingerprint(tokens.read(p)).slots[0]));
    }
    println!("{:.1} {:.1}", times.least(), times.median());
    Ok(())
}

fn compare(prompts: &[String], rounds: usize) {
    let (mut tokens, mut make) = (Tokens::default(), Fingerprinter::default());
    let gaoya = MinHasher32::new(SLOTS);
    let mut rows: [(&str, Times); 6] = [
        ("floor: hash all bytes once", Times::default()),
        ("ours: split and hash words", Times::default()),
        ("ours: anchors, what a sketch keeps", Times::default()),
        ("ours: fingerprint, 128 slots", Times::default()),
        ("gaoya: MinHash, 128 slots", Times::default()),
        ("gaoya: the same, lower case first, as its docs show", Times::default()),
    ];
    for _ in 0..rounds {
        rows[0].1.take(prompts, |p| text::hash(p.as_bytes()));
        rows[1].1.take(prompts, |p| tokens.read(p).len() as u64);
        rows[2].1.take(prompts, |p| u64::from(make.anchors(tokens.read(p)).head));
        rows[3].1.take(prompts, |p| u64::from(make.fingerprint(tokens.read(p)).slots[0]));
        rows[4].1.take(prompts, |p| u64::from(gaoya.create_signature(whitespace_split(p))[0]));
        rows[5].1.take(prompts, |p| u64::from(gaoya.create_signature(whitespace_split(&p.to_lowercase()))[0]));
    }
    let bytes = prompts.iter().map(String::len).sum::<usize>() / prompts.len().max(1);
    println!("{} prompts of {bytes} bytes, {rounds} rounds, one thread", prompts.len());
    println!("{:<52} {:>9} {:>9} {:>12}", "", "least ns", "median ns", "a second");
    for (name, times) in &rows {
        println!("{name:<52} {:>9.0} {:>9.0} {:>12.0}", times.least(), times.median(), 1e9 / times.median());
    }
    let ratio = |a: usize, b: usize| {
        let mut of: Vec<f64> = rows[a].1.0.iter().zip(&rows[b].1.0).map(|(a, b)| a / b).collect();
        of.sort_by(f64::total_cmp);
        of[of.len() / 2]
    };
    println!("gaoya / ours: {:.1} (median of the rounds' ratios)", ratio(4, 3));
    println!("gaoya / our anchors: {:.1}", ratio(4, 2));
    let (ours, theirs) = error::measure(prompts);
    println!("RMS error of similarity over {} pairs: ours {:.4}, gaoya {:.4}", ours.pairs, ours.rms(), theirs.rms());
    println!("mean error: ours {:+.4}, gaoya {:+.4}", ours.mean(), theirs.mean());
}

/// Nanoseconds a prompt, round by round.
#[derive(Default)]
struct Times(Vec<f64>);

impl Times {
    fn take(&mut self, prompts: &[String], mut work: impl FnMut(&str) -> u64) {
        let start = Instant::now();
        for prompt in prompts {
            black_box(work(black_box(prompt)));
        }
        self.0.push(start.elapsed().as_nanos() as f64 / prompts.len().max(1) as f64);
    }

    fn least(&self) -> f64 {
        self.0.iter().copied().fold(f64::INFINITY, f64::min)
    }

    fn median(&self) -> f64 {
        let mut all = self.0.clone();
        all.sort_by(f64::total_cmp);
        all.get(all.len() / 2).copied().unwrap_or(0.0)
    }
}
