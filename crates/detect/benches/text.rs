//! Benches: what each reading of a text costs, against the floor (touching the bytes; hashing them once).
//! Run: `cargo bench -p stillwatch-detect --bench text`.

use divan::{Bencher, black_box, counter::BytesCount};
use stillwatch_detect::fingerprint::Fingerprinter;
use stillwatch_detect::text::{self, Tokens};

fn main() {
    divan::main();
}

/// A prompt of about 650 bytes; its words vary with `n`.
fn prompt(n: usize) -> String {
    const WORDS: [&str; 32] = [
        "explain", "the", "routine", "of", "a", "harbour", "pilot", "with", "numbers", "and", "reasons", "that", "led",
        "to", "each", "decision", "in", "order", "before", "you", "answer", "question", "about", "tides", "currents",
        "vessels", "weather", "charts", "signals", "please", "keep", "short",
    ];
    let mut out = String::new();
    let mut state = n as u64 + 1;
    while out.len() < 650 {
        state = text::fold(state ^ 0x9e37_79b9_7f4a_7c15, 0x8bb8_4b93_962e_acc9);
        out.push_str(WORDS[(state >> 59) as usize]);
        out.push(' ');
    }
    out
}

fn prompts() -> Vec<String> {
    (0..1000).map(prompt).collect()
}

fn each(bencher: Bencher, mut work: impl FnMut(&str) -> u64) {
    let prompts = prompts();
    let bytes: usize = prompts.iter().map(String::len).sum();
    bencher.counter(BytesCount::new(bytes)).bench_local(|| prompts.iter().fold(0, |sum, p| sum ^ work(black_box(p))));
}

#[divan::bench]
fn floor_hash_bytes_once(bencher: Bencher) {
    each(bencher, |p| text::hash(p.as_bytes()));
}

#[divan::bench]
fn tokens(bencher: Bencher) {
    let mut tokens = Tokens::default();
    each(bencher, |p| tokens.read(p).len() as u64);
}

#[divan::bench]
fn fingerprint(bencher: Bencher) {
    let mut tokens = Tokens::default();
    let mut make = Fingerprinter::default();
    each(bencher, |p| u64::from(make.fingerprint(tokens.read(p)).slots[0]));
}

#[divan::bench]
fn anchors(bencher: Bencher) {
    let mut tokens = Tokens::default();
    let mut make = Fingerprinter::default();
    each(bencher, |p| u64::from(make.anchors(tokens.read(p)).head));
}
