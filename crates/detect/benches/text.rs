//! Benches: what each reading of a text costs, against the floor (touching the bytes; hashing them once).
//! In: 1000 prompts of 650 bytes. Out: time for all of them, so that microseconds read as nanoseconds a prompt.
//! Invariant: `tokens` is part of `fingerprint`, `anchors` and `exchange`; `exchange` is part of `observe_sampled`.
//! Run: `cargo bench -p stillwatch-detect --bench text`.

use divan::{Bencher, black_box, counter::BytesCount};
use stillwatch_detect::cues::Model;
use stillwatch_detect::fingerprint::Fingerprinter;
use stillwatch_detect::sketch::{Observation, Reader, Sketch};
use stillwatch_detect::text::{self, Tokens};

fn main() {
    divan::main();
}

const SENTENCES: [&str; 12] = [
    "Could you look over the letter to my landlord and tell me whether it sounds too harsh? ",
    "Write 10 varied questions about harbour law, each with a short answer that a clerk could check. ",
    "The tide was late that morning, and the pilots were waiting by the sea wall with their charts. ",
    "I get an error when the second worker starts: the lock file is already held by process 4411. ",
    "Think through the problem inside <work> tags before you give the final answer. ",
    "Please translate the menu below into plain English, and keep the prices (from 7.50 to 32.00) as they are.\n",
    "How many ways are there to seat 6 guests at a round table if two of them won't sit together? ",
    "Summarise the minutes of the meeting in three sentences for people who weren\u{2019}t there. ",
    "Rate the following answer from 1 to 5 for accuracy and give the reason for your score. ",
    "My sister is allergic to nuts, so what could I bake for her birthday that isn't too sweet? ",
    "Give me a function that merges two sorted lists without copying more than it must: `merge(a[0..n], b)`. ",
    "Explain to a new colleague why the invoices of March were booked twice and how to mend it. ",
];

fn prompts() -> Vec<String> {
    (0..1000usize)
        .map(|n| {
            let mut out = String::new();
            let mut at = n * 7;
            while out.len() < 650 {
                out.push_str(SENTENCES[at % SENTENCES.len()]);
                // Steps of five: none comes twice.
                at += 5;
            }
            let end = (0..=650).rev().find(|&end| out.is_char_boundary(end)).unwrap_or(0);
            out.truncate(end);
            out
        })
        .collect()
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

#[divan::bench]
fn tokens_and_cues(bencher: Bencher) {
    let mut tokens = Tokens::default();
    let model = Model::shipped();
    each(bencher, |p| u64::from(model.score(&[], tokens.read(p)).cues));
}

/// All that is read of one prompt: hash, tokens, anchors, topic, cues.
#[divan::bench]
fn exchange(bencher: Bencher) {
    let mut reader = Reader::default();
    each(bencher, |p| u64::from(reader.exchange(&observation(p, 0)).cues));
}

/// The first exchanges of an account, whose text is read; each of 50 accounts has 20.
#[divan::bench]
fn observe_sampled(bencher: Bencher) {
    observe(bencher, 50);
}

/// Most exchanges of a busy account: 1000 of one, 24 of which (and on the way there, a few more) are read.
#[divan::bench]
fn observe_busy(bencher: Bencher) {
    observe(bencher, 1);
}

fn observe(bencher: Bencher, accounts: usize) {
    let (prompts, mut reader) = (prompts(), Reader::default());
    let bytes: usize = prompts.iter().map(String::len).sum();
    bencher.counter(BytesCount::new(bytes)).bench_local(|| {
        let mut sketches = vec![Sketch::default(); accounts];
        for (n, prompt) in prompts.iter().enumerate() {
            sketches[n % accounts].observe(&observation(black_box(prompt), n as i64), &mut reader);
        }
        sketches
    });
}

fn observation(prompt: &str, second: i64) -> Observation<'_> {
    Observation {
        time: 1_772_000_000_000_000 + second * 7_000_000,
        prompt: Some(prompt),
        organization: Some("org_4411"),
        ip: Some("203.0.113.7"),
        user_agent: Some("python-requests/2.32"),
        tls_ja4: Some("t13d1516h2_8daaf6152771_b186095e22b6"),
        model: Some("atlas-4"),
        input_tokens: Some(150),
        output_tokens: Some(420),
        status: Some(200),
        ..Observation::default()
    }
}
