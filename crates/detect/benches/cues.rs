//! Benches: what scoring one prompt for cues costs.
//! Run: `cargo bench -p stillwatch-detect --bench cues`.

use divan::{Bencher, black_box, counter::ItemsCount};
use stillwatch_detect::cues::Model;
use stillwatch_detect::text::Tokens;

fn main() {
    divan::main();
}

const SENTENCES: [&str; 12] = [
    "Could you look over the letter to my landlord and tell me whether it sounds too harsh? ",
    "Write ten varied questions about harbour law, each with a short answer that a clerk could check. ",
    "The tide was late that morning, and the pilots were waiting by the sea wall with their charts. ",
    "I get an error when the second worker starts: the lock file is already held by process 4411. ",
    "Think through the problem inside <work> tags before you give the final answer. ",
    "Please translate the menu below into plain English and keep the prices as they are. ",
    "How many ways are there to seat six guests at a round table if two of them will not sit together? ",
    "Summarise the minutes of the meeting in three sentences for people who were not there. ",
    "Rate the following answer from 1 to 5 for accuracy and give the reason for your score. ",
    "My sister is allergic to nuts, so what could I bake for her birthday that is not too sweet? ",
    "Give me a function that merges two sorted lists without copying more than it must. ",
    "Explain to a new colleague why the invoices of March were booked twice and how to mend it. ",
];

/// Prompts of about so many bytes.
fn prompts(bytes: usize) -> Vec<Vec<u64>> {
    let mut tokens = Tokens::default();
    (0..1000usize)
        .map(|n| {
            let mut out = String::new();
            let mut at = n * 7;
            while out.len() < bytes {
                out.push_str(SENTENCES[at % SENTENCES.len()]);
                at = at * 5 + n + 1;
            }
            out.truncate(bytes);
            tokens.read(&out).to_vec()
        })
        .collect()
}

#[divan::bench(args = [650, 6000])]
fn score(bencher: Bencher, bytes: usize) {
    let (prompts, model) = (prompts(bytes), Model::shipped());
    let mut at = 0;
    bencher.counter(ItemsCount::new(1usize)).bench_local(|| {
        at = (at + 1) % prompts.len();
        model.score(&[], black_box(&prompts[at]))
    });
}
