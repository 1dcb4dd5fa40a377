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

/// Likeness that a pair of prompts must have besides, at each of these.
const LIKE: [f64; 4] = [0.2, 0.4, 0.6, 0.8];

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
    /// Of those that met: how many are as like as each of [`LIKE`] by what opens for them.
    alike: [u64; LIKE.len()],
}

impl Rate {
    /// One lab's prompts with the other's, every `step`th of them.
    fn count(&mut self, ours: &[Prompt], theirs: &[Prompt], step: usize) {
        for one in ours.iter().step_by(step) {
            for other in theirs.iter().step_by(step) {
                self.pairs += 1;
                if one.meets(other) {
                    self.met += 1;
                    let like = likeness(&one.sketch, &other.sketch);
                    self.alike.iter_mut().zip(LIKE).for_each(|(count, least)| *count += u64::from(like >= least));
                }
            }
        }
    }

    fn of_all(&self) -> f64 {
        self.met as f64 / self.pairs as f64
    }

    fn say(&self, what: &str) {
        let percent = |count: u64| format!("{:.4} %", 1e2 * count as f64 / self.pairs as f64);
        let alike =
            LIKE.iter().zip(self.alike).map(|(least, count)| format!(", {} as like as {least}", percent(count)));
        println!(
            "{what}: {} pairs, {} with a band in common{}",
            self.pairs,
            percent(self.met),
            alike.collect::<String>()
        );
    }
}

/// How many prompts of one lab's group meet any of another's: [`ENOUGH`] of them and more, in how many pairs of groups.
#[derive(Default)]
struct Groups {
    pairs: u32,
    met: [u32; ENOUGH.len()],
}

const ENOUGH: [usize; 3] = [1, 5, 15];

impl Groups {
    fn count(&mut self, ours: &[Prompt], theirs: &HashSet<u32>) {
        let met = ours.iter().filter(|prompt| prompt.bands.iter().any(|band| theirs.contains(band))).count();
        self.pairs += 1;
        self.met.iter_mut().zip(ENOUGH).for_each(|(count, least)| *count += u32::from(met >= least));
    }

    fn share(&self, at: usize) -> f64 {
        f64::from(self.met[at]) / f64::from(self.pairs)
    }

    fn say(&self, what: &str) {
        let met =
            ENOUGH.iter().zip(self.met).map(|(least, count)| format!(", {least} prompts and more met in {count}"));
        println!("{what}: {} pairs of groups{}", self.pairs, met.collect::<String>());
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

    let sets = |groups: &BTreeMap<String, Group>| -> BTreeMap<String, HashSet<u32>> {
        groups.iter().map(|(name, [_, theirs])| (name.clone(), set(theirs))).collect()
    };
    let (campaign_sets, honest_sets) = (sets(&campaigns), sets(&honest));
    let (mut own, mut wordings, mut shapes) = (Rate::default(), Rate::default(), Rate::default());
    let (mut mixed, mut archetypes) = (Rate::default(), Rate::default());
    let [mut of_own, mut of_wordings, mut of_shapes, mut of_mixed] = [0; 4].map(|_| Groups::default());
    for (name, [ours, _]) in &campaigns {
        for (other, [_, theirs]) in &campaigns {
            // `shape 07 wording 2`
            let (rate, groups, step) = if other == name {
                (&mut own, &mut of_own, 1)
            } else if other[..8] == name[..8] {
                (&mut wordings, &mut of_wordings, 1)
            } else {
                (&mut shapes, &mut of_shapes, 4)
            };
            rate.count(ours, theirs, step);
            groups.count(ours, &campaign_sets[other]);
        }
        for (other, [_, theirs]) in &honest {
            mixed.count(ours, theirs, 2);
            of_mixed.count(ours, &honest_sets[other]);
        }
    }
    for (name, [ours, _]) in &honest {
        for (_, [_, theirs]) in honest.iter().filter(|(other, _)| *other != name) {
            archetypes.count(ours, theirs, 1);
        }
    }
    own.say("prompts of one campaign");
    wordings.say("of two campaigns of one shape, worded apart");
    shapes.say("of two campaigns of two shapes");
    mixed.say("honest with campaign");
    archetypes.say("two honest archetypes");
    of_own.say("one campaign");
    of_wordings.say("two campaigns of one shape");
    of_shapes.say("two campaigns of two shapes");
    of_mixed.say("a campaign and an honest archetype");

    // Misses.
    assert!(of_own.share(0) >= 0.98, "{:?} of 100 campaigns are found", of_own.met);
    assert!((0.10..0.20).contains(&own.of_all()), "prompts of one campaign: {}", own.of_all());
    assert!(of_own.share(2) >= 0.75, "{:?} of 100 campaigns meet in 15 prompts", of_own.met);
    // False matches.
    assert!(of_shapes.share(2) < 0.008, "two shapes that meet in 15 prompts: {:?}", of_shapes.met);
    assert!(of_mixed.share(2) < 0.004, "honest ones that meet in 15 prompts: {:?}", of_mixed.met);
    assert!(wordings.of_all() < 0.03, "worded apart: {}", wordings.of_all());
    assert!(shapes.of_all() < 0.0003, "of two shapes: {}", shapes.of_all());
    assert!(mixed.of_all() < 0.0003, "honest with campaign: {}", mixed.of_all());
    assert!(archetypes.of_all() < 0.0005, "two honest archetypes: {}", archetypes.of_all());
}
