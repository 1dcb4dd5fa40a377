//! Prompts of the lab are found again by their sketches; texts that describe are not taken for prompts.
//! In: prompts made by `synth`, sketches of them as the store keeps them, descriptions. Out: passes or fails.
//! Invariant: sketches hold no text; what is looked at was made from the same templates, not the same prompts.
//! Not here: other secrets (`secrets.rs`).

use std::collections::{BTreeMap, HashMap};

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use stillwatch_detect::fingerprint::{Anchors, BODY, Fingerprinter, SYSTEM};
use stillwatch_detect::text::Tokens;
use stillwatch_model::{Exchange, TextSketch, TruthLabel};
use stillwatch_share::scan::{Scanners, prompts};
use stillwatch_synth::Plan;

use crate::fixture::{Done, draft, exported};
use crate::secrets::leaves;

/// Prompts by campaign, in the order in which they were sent.
fn by_campaign() -> BTreeMap<String, Vec<String>> {
    let plan = Plan { honest_accounts: 10, exchanges: Some(8_000), ..Plan::demo() };
    let world = stillwatch_synth::accounts(&plan);
    let campaigns: HashMap<String, String> = world
        .truth()
        .into_iter()
        .filter(|truth| truth.label == TruthLabel::Campaign)
        .map(|truth| (truth.account, truth.group))
        .collect();
    let (mut all, mut exchange): (BTreeMap<String, Vec<String>>, _) = (BTreeMap::new(), Exchange::default());
    let mut exchanges = world.exchanges();
    while exchanges.fill(&mut exchange) {
        let Some(campaign) = campaigns.get(&exchange.account) else { continue };
        let last = exchange.messages.iter().flatten().rfind(|message| message.role == "user");
        if let Some(text) = exchange.prompt.clone().or_else(|| last.map(|message| message.content.clone())) {
            all.entry(campaign.clone()).or_default().push(text);
        }
    }
    all
}

fn anchors(text: &str) -> (Anchors, [u32; SYSTEM]) {
    let (mut tokens, mut make) = (Tokens::default(), Fingerprinter::default());
    let tokens = tokens.read(text);
    (make.anchors(tokens), make.system(tokens))
}

fn of_one(text: &str) -> TextSketch {
    let (anchors, _) = anchors(text);
    let Anchors { body, head, tail } = anchors;
    TextSketch { body: body.to_vec(), system: vec![0; SYSTEM], head, tail, ..TextSketch::default() }
}

/// What half of some texts agree on, slot by slot, as `detect` sketches a family.
fn of_family(texts: &[String]) -> TextSketch {
    let all: Vec<Anchors> = texts.iter().map(|text| anchors(text).0).collect();
    let fixed = |slot: &dyn Fn(&Anchors) -> u32| {
        let mut counts: BTreeMap<u32, usize> = BTreeMap::new();
        all.iter().for_each(|anchors| *counts.entry(slot(anchors)).or_default() += 1);
        counts
            .into_iter()
            .max_by_key(|(_, count)| *count)
            .filter(|(_, count)| count * 2 >= all.len())
            .map_or(0, |(v, _)| v)
    };
    TextSketch {
        body: (0..BODY).map(|at| fixed(&|anchors| anchors.body.get(at).copied().unwrap_or_default())).collect(),
        system: vec![0; SYSTEM],
        head: fixed(&|anchors| anchors.head),
        tail: fixed(&|anchors| anchors.tail),
        ..TextSketch::default()
    }
}

/// Texts of the kind that is shared: descriptions of techniques and campaigns, notes, requests.
const DESCRIPTIONS: [&str; 14] = [
    "Adversaries may train a model that behaves like a victim's by asking it many questions and learning from its answers.",
    "The campaign sent templated prompts through some forty accounts, each from a pool of residential addresses, and moved on within hours of a ban.",
    "Prompts ask for step by step reasoning on tasks of all trades; the fixed part is the same in all of them, and slots are filled with names of professions.",
    "Accounts were created in batches of ten, paid with virtual cards, and asked at temperature 0 in the working hours of one time zone.",
    "Extract ML Model: adversaries may extract a functional copy of a private model by repeatedly querying the inference API.",
    "Came back after the release of May, with the same template and other exits.",
    "We saw it too, from the same network, though with a user agent of its own. Is anybody else seeing it?",
    "Mitigation: limit the rate by payment instrument and not by account; look at the share of requests that begin with the same words.",
    "The operator replays reasoning tokens that were minted for another account, which a provider can see and a client cannot hide.",
    "The network belongs to a hosting company that rents servers by the hour; many honest customers are there too, so do not block it whole.",
    "An account that asks the same thing of many models and grades the answers is likely a benchmark, and not a harvest.",
    "Synchronised activity: thirty accounts fell silent within the same ten minutes and came back on the following day.",
    "Confidence is moderate. Evidence comes from content and network; payment was not looked at. Please tell us of false positives.",
    "Relay: an aggregator passes its own customers' questions on, and keeps the answers. It is hard to tell from a reseller.",
];

fn encoded(text: &str) -> [(&'static str, String); 4] {
    [
        ("plain", text.to_owned()),
        ("within a text", format!("They send this, again and again: {text} Please look for it.")),
        ("base64", BASE64_STANDARD.encode(text)),
        ("hex", hex::encode(text)),
    ]
}

#[test]
fn prompts_of_known_campaigns_are_held_in_plain_base64_and_hex() -> Done {
    let (draft, all) = (draft("internal")?, by_campaign());
    assert!(all.len() >= 4, "{:?}", all.keys());
    let mut out = Vec::new();
    let mut looked = 0;
    for (campaign, texts) in &all {
        let (sent, later) = texts.split_at(texts.len() / 2);
        let mut sketches: Vec<TextSketch> = sent.iter().take(200).map(|text| of_one(text)).collect();
        let scanners = Scanners::new(&[], Some(prompts(&sketches)));
        // A prompt whose own sketch is kept; those of five words or fewer are nobody's.
        for text in sent.iter().take(200).filter(|text| text.split_whitespace().count() >= 12).step_by(17).take(6) {
            for (how, text) in encoded(text.get(..text.floor_char_boundary(1500)).unwrap_or_default()) {
                looked += 1;
                if leaves(&draft, &text, &scanners) {
                    out.push(format!("{campaign}, {how}: {text}"));
                }
            }
        }
        // The family's sketch alone, and prompts that it wasn't made from; where a family has nothing fixed there is nothing to find.
        sketches = vec![of_family(sent)];
        if sketches.iter().any(|sketch| sketch.fixed() >= 8) {
            let check = prompts(&sketches);
            let found = later.iter().filter(|text| check(text)).count();
            assert!(found * 10 >= later.len() * 8, "{campaign}: {found} of {}", later.len());
        }
    }
    assert!(looked >= 60, "{looked}");
    assert!(out.is_empty(), "{} of {looked} got out:\n{}", out.len(), out.join("\n"));
    Ok(())
}

#[test]
fn descriptions_are_no_prompts() -> Done {
    let (draft, all) = (draft("internal")?, by_campaign());
    let sketches: Vec<TextSketch> =
        all.values().flatten().map(|text| of_one(text)).chain(all.values().map(|texts| of_family(texts))).collect();
    assert!(sketches.len() > 3_000, "{}", sketches.len());
    let check = prompts(&sketches);
    let scanners = Scanners::new(&[], Some(prompts(&sketches)));
    for text in DESCRIPTIONS {
        assert!(!check(text), "{text}");
        assert!(leaves(&draft, text, &scanners), "{text}");
    }
    let joined = DESCRIPTIONS.join(" ");
    assert!(!check(&joined));
    for text in exported(stillwatch_stix::marking::Tlp::Green, stillwatch_model::tracked::Status::Confirmed) {
        assert!(!check(&text), "{text}");
    }
    Ok(())
}

#[test]
fn a_quoted_beginning_and_a_system_prompt_are_found() {
    let prompt = "Act as a patient teacher of organic chemistry and explain the mechanism of each reaction step by step in plain words.";
    let check = prompts(&[of_one(prompt)]);
    assert!(check("It begins: \"Act as a patient teacher of organic chemistry and\" and so on."));
    assert!(check("…EXPLAIN the mechanism of each reaction, step by step, in plain words!"));
    assert!(!check("The teacher was patient, and each reaction took one step."));
    let (_, system) = anchors("You are the assistant of Example Bank and never speak of other banks");
    let sketch = TextSketch { body: vec![0; BODY], system: system.to_vec(), ..TextSketch::default() };
    let check = prompts(&[sketch]);
    assert!(check("Its system prompt: You are the assistant of Example Bank, and never speak of other banks. Odd."));
    assert!(!check("Banks have assistants of their own, and never speak of each other."));
    assert!(!prompts(&[])(prompt));
}
