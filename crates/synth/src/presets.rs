//! Presets: the plans that need no file.
//! In: nothing. Out: the default week, a small demonstration, a week without campaigns, and the default campaigns.
//! Invariant: between them the default campaigns show every shape of hiding that `CampaignPlan` knows.
//! Not here: what the fields mean (`plan.rs`).

use crate::plan::{CampaignPlan, Plan, Shape};

/// Monday, 2 March 2026, 00:00 UTC.
const START: i64 = 1_772_409_600_000_000;

impl Default for Plan {
    fn default() -> Self {
        Self { campaigns: campaigns(), ..Self::quiet() }
    }
}

impl Plan {
    /// A week of 2000 honest accounts and no campaign.
    #[must_use]
    pub fn quiet() -> Self {
        Self {
            seed: 1,
            start: START,
            days: 7,
            honest_accounts: 2000,
            exchanges: None,
            release_day: None,
            campaigns: Vec::new(),
        }
    }

    /// A small week: some 300 honest accounts and five campaigns that look nothing like each other.
    #[must_use]
    pub fn demo() -> Self {
        Self {
            seed: 7,
            honest_accounts: 300,
            exchanges: Some(45_000),
            campaigns: vec![
                CampaignPlan {
                    accounts: 80,
                    exchanges: 4200,
                    payments: 6,
                    proxies: 400,
                    ..named("hydra", Shape::Tasks)
                },
                CampaignPlan {
                    accounts: 60,
                    exchanges: 3600,
                    cover: 0.5,
                    probes: 150,
                    devices: 4,
                    ..named("undertow", Shape::Injected)
                },
                CampaignPlan {
                    accounts: 50,
                    exchanges: 3000,
                    replay: 0.35,
                    relay: 0.9,
                    ..named("lanternfish", Shape::Relay)
                },
                CampaignPlan {
                    accounts: 30,
                    exchanges: 2400,
                    banned_day: Some(3.5),
                    successors: 34,
                    payments: 2,
                    ..named("second-wind", Shape::Judge)
                },
                CampaignPlan {
                    accounts: 260,
                    exchanges: 1300,
                    burst_days: 5.0,
                    proxies: 900,
                    ..named("drizzle", Shape::ExtractTags)
                },
            ],
            ..Self::quiet()
        }
    }
}

fn named(name: &str, shape: Shape) -> CampaignPlan {
    CampaignPlan { name: name.to_owned(), shape, ..CampaignPlan::default() }
}

/// The campaigns of the default plan.
fn campaigns() -> Vec<CampaignPlan> {
    vec![
        CampaignPlan { accounts: 150, exchanges: 12_000, proxies: 900, ..named("hydra", Shape::Tasks) },
        CampaignPlan {
            accounts: 40,
            exchanges: 4000,
            payments: 3,
            shared_exits: 0.2,
            ..named("cards", Shape::Evolution)
        },
        CampaignPlan {
            accounts: 120,
            exchanges: 3600,
            burst_days: 30.0,
            created_before: 34.0,
            ..named("slow", Shape::Persona)
        },
        CampaignPlan { accounts: 60, exchanges: 7000, cover: 0.5, paraphrase: 0.2, ..named("cover", Shape::Code) },
        CampaignPlan {
            accounts: 30,
            exchanges: 3500,
            hours: Some((1, 10)),
            proxies: 20,
            ..named("office", Shape::Grounded)
        },
        CampaignPlan { accounts: 50, exchanges: 6000, pivot: 0.5, ..named("pivot", Shape::Tools) },
        CampaignPlan {
            accounts: 1500,
            exchanges: 6000,
            burst_days: 8.0,
            proxies: 4000,
            ..named("thin", Shape::ExtractTags)
        },
        CampaignPlan { accounts: 120, exchanges: 6000, cover: 0.6, proxies: 800, ..named("inject", Shape::Injected) },
        CampaignPlan { accounts: 150, exchanges: 7000, relay: 0.9, replay: 0.3, ..named("relay", Shape::Relay) },
        CampaignPlan { accounts: 60, exchanges: 2500, replay: 0.8, ..named("replay", Shape::Replay) },
        CampaignPlan { accounts: 25, exchanges: 2500, probes: 900, ..named("probe", Shape::ExtractVerbatim) },
        CampaignPlan { accounts: 12, exchanges: 800, proxies: 60, ..named("techniques", Shape::Probing) },
        CampaignPlan {
            accounts: 60,
            exchanges: 5000,
            banned_day: Some(3.5),
            successors: 70,
            ..named("heirs", Shape::SelfPlay)
        },
        CampaignPlan { accounts: 1, exchanges: 3000, proxies: 3, ..named("lone", Shape::Rewriting) },
        CampaignPlan { accounts: 45, exchanges: 4000, devices: 5, ..named("judge", Shape::Judge) },
        CampaignPlan { accounts: 20, exchanges: 2500, payments: 2, ..named("clean", Shape::Clean) },
        CampaignPlan { accounts: 90, exchanges: 4500, ..named("afterthought", Shape::ExtractPosthoc) },
        CampaignPlan { accounts: 40, exchanges: 2500, paraphrase: 0.35, ..named("laundry", Shape::ExtractTranslation) },
        CampaignPlan { accounts: 70, exchanges: 3500, cover: 0.3, ..named("monologue-zh", Shape::ExtractZh) },
        CampaignPlan { accounts: 50, exchanges: 3000, aggregator: 0.6, ..named("tasks-zh", Shape::TasksZh) },
        CampaignPlan { accounts: 80, exchanges: 6000, ..named("bare-math", Shape::BareMath) },
        CampaignPlan { accounts: 60, exchanges: 4000, shared_exits: 0.3, ..named("bare-agentic", Shape::BareAgentic) },
    ]
}
