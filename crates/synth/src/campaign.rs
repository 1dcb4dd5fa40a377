//! Campaign: opens a campaign's accounts and gives them their traffic.
//! In: `CampaignPlan`. Out: accounts, a cast and actors in the `Builder`.
//! Invariant: its wording, exits, payments and hours are its own; successors begin after the ban with the same wording.
//! Not here: what the knobs mean (`plan.rs`), the texts (`grammar/harvest.txt`, `grammar/extract.txt`).

use stillwatch_model::{Micros, TruthLabel};

use crate::actor::{Cast, Models, Origin, Reasoning, Says};
use crate::client::HARVESTERS;
use crate::clock::{DAY, HOUR, MINUTE, Pace};
use crate::dice::{Dice, key, name_key};
use crate::grammar::Author;
use crate::network::any_country;
use crate::plan::{CampaignPlan, Shape};
use crate::world::{Builder, Holder, Opened, Part};

/// How long a banned account goes on trying.
const TRIES_ON: Micros = 3 * HOUR;

/// How a shape asks: its rules, the share refused, the median answer, reasoning tokens for each token of it.
struct Manner {
    rules: &'static [&'static str],
    refused: f64,
    answer: f64,
    thinks: f64,
}

const fn manner(rules: &'static [&'static str], refused: f64, answer: f64, thinks: f64) -> Manner {
    Manner { rules, refused, answer, thinks }
}

impl Shape {
    fn manner(self) -> Manner {
        match self {
            Self::Tasks => manner(&["harvest_tasks"], 0.004, 1100.0, 0.6),
            Self::Evolution => manner(&["harvest_evolve"], 0.004, 900.0, 0.5),
            Self::Persona => manner(&["harvest_persona"], 0.004, 850.0, 0.4),
            Self::Code => manner(&["harvest_code"], 0.003, 1500.0, 1.0),
            Self::Grounded => manner(&["harvest_grounded"], 0.002, 900.0, 0.3),
            Self::Tools => manner(&["harvest_tools"], 0.004, 1700.0, 0.8),
            Self::SelfPlay => manner(&["harvest_selfplay"], 0.004, 1400.0, 0.3),
            Self::Rewriting => manner(&["harvest_rewrite"], 0.05, 600.0, 0.2),
            Self::TasksZh => manner(&["harvest_zh"], 0.004, 1100.0, 0.6),
            Self::ExtractTags => manner(&["extract_tags"], 0.25, 1600.0, 1.2),
            Self::ExtractVerbatim => manner(&["extract_verbatim"], 0.55, 1300.0, 1.2),
            Self::ExtractPosthoc => manner(&["extract_posthoc"], 0.1, 1000.0, 0.6),
            Self::ExtractTranslation => manner(&["extract_translate"], 0.35, 1300.0, 1.1),
            Self::ExtractZh => manner(&["extract_zh"], 0.25, 1400.0, 1.1),
            Self::Injected => manner(
                &[
                    "hard_problem",
                    "bare_code",
                    "bare_agentic",
                    "bare_science",
                    "code_long",
                    "chat_story",
                    "office_task",
                    "zh_code",
                ],
                0.08,
                1500.0,
                1.0,
            ),
            Self::Replay => manner(&["replay_ask"], 0.15, 1200.0, 1.2),
            Self::Relay => manner(&["judge_pair", "bare_agentic"], 0.01, 500.0, 0.8),
            Self::Judge => manner(&["reward_grade"], 0.003, 420.0, 0.7),
            Self::Clean => manner(&["trace_clean"], 0.003, 900.0, 0.3),
            Self::Probing => manner(&["probe"], 0.9, 300.0, 0.5),
            Self::BareMath => manner(&["bare_math"], 0.001, 1400.0, 1.6),
            Self::BareCode => manner(&["bare_code"], 0.001, 1400.0, 0.9),
            Self::BareScience => manner(&["bare_science"], 0.002, 1300.0, 1.2),
            Self::BareAgentic => manner(&["bare_agentic"], 0.002, 1600.0, 0.9),
            Self::BareZh => manner(&["bare_zh"], 0.004, 1200.0, 1.0),
        }
    }
}

/// Adds campaign `number` of the plan.
pub(crate) fn join(builder: &mut Builder<'_>, plan: &CampaignPlan, number: u64) {
    let mut dice = Dice::of(&[builder.plan.seed, name_key(&plan.name), number]);
    let family = plan.family.map_or_else(|| key(&[name_key(&plan.name)]), |family| key(&[family]));
    let pool = dice.bits();
    let from = builder.plan.at_day(plan.start_day);
    let end = plan.end_day.map_or(builder.plan.end(), |day| builder.plan.at_day(day).min(builder.plan.end()));
    let banned = plan.banned_day.map(|day| builder.plan.at_day(day)).filter(|ban| *ban < end);
    let main = cast(builder, plan, family, pool, &mut dice);
    let pace = plan.hours.map_or(Pace::Waves { seed: pool }, |(from, to)| Pace::Shift { from, to });

    let mut crew = Crew { plan, pool, main, inside: None, opened: 0 };
    let born = from - (plan.created_before * DAY as f64) as Micros;
    let members: Vec<Member> = (0..plan.accounts)
        .map(|_| {
            let created = born + (dice.unit() * plan.burst_days * DAY as f64) as Micros;
            crew.member(builder, &mut dice, created, 0)
        })
        .collect();

    // How the traffic divides between those who are banned and those who come after them.
    let last = banned.map_or(end, |ban| (ban + TRIES_ON).min(end));
    let total = plan.exchanges as f64;
    let before = banned.map_or(1.0, |ban| (ban - from) as f64 / (end - from).max(1) as f64).clamp(0.0, 1.0);
    let heirs = if banned.is_some() { plan.successors } else { 0 };
    let first_pool = if heirs > 0 { total * before } else { total };

    let first = builder.actors();
    spread(builder, &mut dice, plan, &members, first_pool, Part { pace, volume: 0.0, from, to: last });
    if let Some(ban) = banned {
        let successors: Vec<Member> = (0..heirs)
            .map(|_| {
                let created = ban + (dice.between(-10.0, 9.0) * HOUR as f64) as Micros;
                crew.member(builder, &mut dice, created, 1)
            })
            .collect();
        // The successors' cast is the same but for the ban.
        let fresh = builder.cast_mut(main).cloned().unwrap_or_default();
        let fresh = builder.cast(fresh);
        let successors: Vec<Member> = successors.into_iter().map(|m| Member { cast: fresh, ..m }).collect();
        let part = Part { pace, volume: 0.0, from: ban + HOUR, to: end };
        spread(builder, &mut dice, plan, &successors, total - first_pool, part);
        if let Some(cast) = builder.cast_mut(main) {
            cast.banned = Some(ban);
        }
        share_reasoning(builder, plan, fresh, first);
    }
    share_reasoning(builder, plan, main, first);
    if let Some(inside) = crew.inside {
        share_reasoning(builder, plan, inside, first);
    }
    probe(builder, &mut dice, plan, &members, main, from);
}

/// An account of the campaign and the cast that it plays.
#[derive(Clone, Copy)]
struct Member {
    opened: Opened,
    cast: u32,
    inside: bool,
}

/// What a campaign's accounts have in common while they are opened.
struct Crew<'a> {
    plan: &'a CampaignPlan,
    pool: u64,
    main: u32,
    inside: Option<u32>,
    opened: u32,
}

impl Crew<'_> {
    fn member(&mut self, builder: &mut Builder<'_>, dice: &mut Dice, created: Micros, generation: u64) -> Member {
        let plan = self.plan;
        if plan.aggregator > 0.0
            && dice.chance(plan.aggregator)
            && let Some((opened, from)) = builder.aggregators.first().cloned()
        {
            let main = self.main;
            let inside = *self.inside.get_or_insert_with(|| {
                let mut cast = builder.cast_mut(main).cloned().unwrap_or_default();
                cast.from = from;
                cast.clients = crate::client::ROUTER;
                cast.access = "aggregator";
                builder.cast(cast)
            });
            return Member { opened, cast: inside, inside: true };
        }
        self.opened += 1;
        let shared = |prefix: &str, of: u32, salt: u64| {
            let which = u64::from(self.opened % of.max(1));
            (of > 0).then(|| format!("{prefix}_{:010x}", key(&[self.pool, which, generation, salt]) >> 24))
        };
        let domain = dice
            .chance(0.35)
            .then(|| format!("{}.example", dice.pick(&["zmailr", "inboxly", "dropnote", "ninemail", "mailpup"])));
        let holder = Holder {
            label: TruthLabel::Campaign,
            created: Some(created),
            payment: shared("pay", plan.payments, 1),
            device: shared("dev", plan.devices, 2),
            domain,
            country: Some(any_country(dice)),
            ..Holder::honest(&plan.name, dice.pick(&["api", "api", "api", "pro"]), plan.verified)
        };
        Member { opened: builder.open(dice, holder), cast: self.main, inside: false }
    }
}

/// The habits of the campaign's accounts.
fn cast(builder: &mut Builder<'_>, plan: &CampaignPlan, family: u64, pool: u64, dice: &mut Dice) -> u32 {
    let manner = plan.shape.manner();
    let author = Author { family, paraphrase: plan.paraphrase };
    let rules = builder.rules(manner.rules);
    let says = match (plan.shape, rules.first()) {
        (Shape::SelfPlay, Some(rule)) => Says::Dialogue(*rule),
        _ => Says::Rules(rules),
    };
    let fixed = Author::fixed(family);
    let inject = (plan.shape == Shape::Injected).then(|| builder.text("inject_text", fixed));
    let system = (plan.shape == Shape::Relay).then(|| builder.text("relay_system", fixed));
    let relay = if plan.shape == Shape::Relay && plan.relay == 0.0 { 0.9 } else { plan.relay };
    builder.cast(Cast {
        says,
        author,
        system,
        from: Origin::Proxies { pool, exits: plan.proxies.max(1), shared: plan.shared_exits },
        clients: HARVESTERS,
        models: Models { small: 0.0, newest: plan.pivot, days: 1.0 },
        answer: (manner.answer, 0.5),
        thinks: manner.thinks,
        temperature: dice.pick(&[None, Some(0.7), Some(1.0)]),
        max_tokens: dice.pick(&[Some(4096), Some(8192), None]),
        refused: manner.refused,
        throttled: 0.015,
        retries: 0.01,
        cover: plan.cover,
        relay,
        inject,
        ..Cast::default()
    })
}

/// Divides `total` exchanges over `members`, each with at least one.
fn spread(builder: &mut Builder<'_>, dice: &mut Dice, plan: &CampaignPlan, members: &[Member], total: f64, part: Part) {
    let weights: Vec<f64> = members.iter().map(|_| (1.0 + plan.balance * dice.normal()).max(0.1)).collect();
    let all: f64 = weights.iter().sum();
    for (member, weight) in members.iter().zip(weights) {
        let part = Part { volume: (total * weight / all.max(1e-9)).max(1.0), ..part };
        if member.inside {
            builder.act_inside(dice, member.opened, member.cast, part, TruthLabel::Campaign, &plan.name);
        } else {
            builder.act(dice, member.opened, member.cast, part);
        }
    }
}

/// Lets the actors of `cast` hand in what any actor since `first` was given.
fn share_reasoning(builder: &mut Builder<'_>, plan: &CampaignPlan, cast: u32, first: u32) {
    let share = if plan.shape == Shape::Replay && plan.replay == 0.0 { 0.8 } else { plan.replay };
    let count = builder.actors() - first;
    if share > 0.0
        && let Some(cast) = builder.cast_mut(cast)
    {
        cast.reasoning = Reasoning::Across { share, first, count };
    }
}

/// The search for a technique: before the rest, in the first half day, nearly all refused.
fn probe(builder: &mut Builder<'_>, dice: &mut Dice, plan: &CampaignPlan, members: &[Member], main: u32, from: Micros) {
    if plan.probes == 0 {
        return;
    }
    let mut cast = builder.cast_mut(main).cloned().unwrap_or_default();
    cast.says = Says::Rules(builder.rules(&["probe"]));
    cast.refused = 0.9;
    cast.answer = (250.0, 0.6);
    cast.inject = None;
    cast.cover = 0.0;
    cast.relay = 0.0;
    cast.reasoning = Reasoning::None;
    let cast = builder.cast(cast);
    let members: Vec<Member> = members.iter().filter(|m| !m.inside).take(20).map(|m| Member { cast, ..*m }).collect();
    let part = Part { pace: Pace::Flat, volume: 0.0, from: from + 10 * MINUTE, to: from + DAY / 2 };
    spread(builder, dice, plan, &members, f64::from(plan.probes), part);
}
