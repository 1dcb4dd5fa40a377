//! Template rates: how often two labs that saw the same campaign find its template in common, and how often what is no kin meets.
//! In: synthetic campaigns of every shape, honest traffic, fingerprints of prompts. Out: rates, printed, and bounds that they keep.
//! Invariant: seeded; the same figures each time. `docs/matching.md` ('Synthetic campaigns') has them.
//! Not here: pairs of sets with a known similarity (`matching`).

use std::collections::{BTreeMap, HashMap, HashSet};

use stillwatch_detect::fingerprint::Fingerprinter;
use stillwatch_detect::text::Tokens;
use stillwatch_matching::templates::{BANDS, SLOTS, bands, likeness, sketch};
use stillwatch_model::{Exchange, TruthLabel};
use stillwatch_synth::{CampaignPlan, Plan, Shape};

/// Prompts of each group that a lab looks at.
const PROMPTS: usize = 60;

/// Likeness from which a band in common counts as kin.
const KIN: f64 = 0.2;

const SHAPES: [Shape; 25] = [
    Shape::Tasks,
    Shape::Evolution,
    Shape::Persona,
    Shape::Code,
    Shape::Grounded,
    Shape::Tools,
    Shape::SelfPlay,
    Shape::Rewriting,
    Shape::TasksZh,
    Shape::ExtractTags,
    Shape::ExtractVerbatim,
    Shape::ExtractPosthoc,
    Shape::ExtractTranslation,
    Shape::ExtractZh,
    Shape::Injected,
    Shape::Replay,
    Shape::Relay,
    Shape::Judge,
    Shape::Clean,
    Shape::Probing,
    Shape::BareMath,
    Shape::BareCode,
    Shape::BareScience,
    Shape::BareAgentic,
    Shape::BareZh,
];

/// A prompt as matching sees it: its bands, numbered, and the sketch that opens for those in common.
struct Prompt {
    bands: [u32; BANDS],
    sketch: [u8; SLOTS],
}

impl Prompt {
    fn meets(&self, other: &Self) -> bool {
        self.bands.iter().zip(&other.bands).any(|(a, b)| a == b)
    }
}

/// Prompts of a group in each of two labs, which have half of the accounts each.
type Group = [Vec<Prompt>; 2];

/// Four wordings of every shape, and honest traffic: campaigns and archetypes by name.
fn traffic() -> [BTreeMap<String, Group>; 2] {
    let campaigns = SHAPES.iter().enumerate().flat_map(|(shape, of)| {
        (0..4u64).map(move |wording| CampaignPlan {
            name: format!("shape {shape:02} wording {wording}"),
            shape: *of,
            accounts: 12,
            exchanges: 260,
            family: Some(100 * wording + shape as u64 + 1),
            ..CampaignPlan::default()
        })
    });
    let plan = Plan {
        seed: 5,
        honest_accounts: 150,
        exchanges: Some(36_000),
        campaigns: campaigns.collect(),
        ..Plan::quiet()
    };
    let world = stillwatch_synth::accounts(&plan);
    let truth: HashMap<String, (TruthLabel, String, usize)> = world
        .truth()
        .into_iter()
        .enumerate()
        .map(|(number, truth)| (truth.account, (truth.label, truth.group, number % 2)))
        .collect();
    let (mut tokens, mut make, mut exchange) = (Tokens::default(), Fingerprinter::default(), Exchange::default());
    let mut numbers: HashMap<Vec<u8>, u32> = HashMap::new();
    let mut groups = [BTreeMap::new(), BTreeMap::new()];
    let mut exchanges = world.exchanges();
    while exchanges.fill(&mut exchange) {
        let Some((label, group, lab)) = truth.get(&exchange.account) else { continue };
        let kind = match label {
            TruthLabel::Campaign => 0,
            TruthLabel::Honest => 1,
            TruthLabel::Grey => continue,
        };
        let seen: &mut Group = groups[kind].entry(group.clone()).or_default();
        if seen[*lab].len() == PROMPTS {
            continue;
        }
        let last = exchange.messages.iter().flatten().rfind(|message| message.role == "user");
        let Some(text) = exchange.prompt.as_deref().or(last.map(|message| message.content.as_str())) else { continue };
        let slots = make.fingerprint(tokens.read(text)).slots;
        let Ok(elements) = bands(&slots) else { continue };
        let mut prompt = Prompt { bands: [0; BANDS], sketch: sketch(&slots) };
        for (number, element) in prompt.bands.iter_mut().zip(&elements) {
            let next = numbers.len() as u32;
            *number = *numbers.entry(element.as_bytes().to_vec()).or_insert(next);
        }
        seen[*lab].push(prompt);
    }
    groups
}

#[derive(Default)]
struct Rate {
    pairs: u64,
    met: u64,
    /// Of those that met: how many are kin by the likeness of their sketches.
    alike: u64,
}

impl Rate {
    /// One lab's prompts with the other's, every `step`th of them.
    fn count(&mut self, ours: &[Prompt], theirs: &[Prompt], step: usize) {
        for one in ours.iter().step_by(step) {
            for other in theirs.iter().step_by(step) {
                self.pairs += 1;
                if one.meets(other) {
                    self.met += 1;
                    self.alike += u64::from(likeness(&one.sketch, &other.sketch) >= KIN);
                }
            }
        }
    }

    fn of_all(&self) -> f64 {
        self.met as f64 / self.pairs as f64
    }

    fn kin(&self) -> f64 {
        self.alike as f64 / self.pairs as f64
    }

    fn say(&self, what: &str) {
        println!(
            "{what}: {} pairs, {:.4} % with a band in common, {:.4} % of likeness {KIN} besides",
            self.pairs,
            1e2 * self.of_all(),
            1e2 * self.kin()
        );
    }
}

fn set(prompts: &[Prompt]) -> HashSet<u32> {
    prompts.iter().flat_map(|prompt| prompt.bands).collect()
}

#[test]
fn both_labs_find_a_campaign_and_little_else() {
    let [campaigns, honest] = traffic();
    let enough = campaigns.values().filter(|labs| labs.iter().all(|lab| lab.len() >= PROMPTS / 2)).count();
    assert_eq!((campaigns.len(), enough), (100, 100), "both labs saw each campaign");
    assert!(honest.len() >= 8, "{} archetypes", honest.len());

    let found = campaigns.values().filter(|[ours, theirs]| !set(ours).is_disjoint(&set(theirs))).count();
    let (mut own, mut two, mut mixed, mut archetypes) =
        (Rate::default(), Rate::default(), Rate::default(), Rate::default());
    campaigns.values().for_each(|[ours, theirs]| own.count(ours, theirs, 1));
    for (name, [ours, _]) in &campaigns {
        for (_, [_, theirs]) in campaigns.iter().filter(|(other, _)| *other != name) {
            two.count(ours, theirs, 4);
        }
        honest.values().for_each(|[_, theirs]| mixed.count(ours, theirs, 2));
    }
    for (name, [ours, _]) in &honest {
        for (_, [_, theirs]) in honest.iter().filter(|(other, _)| *other != name) {
            archetypes.count(ours, theirs, 1);
        }
    }
    println!("{found} of {} campaigns found by both labs", campaigns.len());
    own.say("prompts of one campaign");
    two.say("of two campaigns");
    mixed.say("honest with campaign");
    archetypes.say("two honest archetypes");
}
