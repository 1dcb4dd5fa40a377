//! Coding: users of public coding agents, and continuous integration.
//! In: `Builder`. Out: accounts of developers and of build systems.
//! Invariant: what unrelated developers share is the harness; sealed reasoning stays in its session.
//! Not here: programming questions of ordinary people (`people.rs`).

use crate::actor::{Cast, Origin, Reasoning, Says};
use crate::client::RUNNER;
use crate::clock::Pace;
use crate::dice::Dice;
use crate::network::{Address, country_at};
use crate::world::{Builder, Holder};

/// Developers with a coding agent: one long system prompt in hundreds of accounts, tools, growing context.
pub(super) fn agent(builder: &mut Builder<'_>, dice: &mut Dice, n: usize) {
    let cast = builder.cast(Cast {
        says: Says::Agent,
        thinks: 0.8,
        stream: true,
        reasoning: Reasoning::Session,
        models: crate::actor::Models { small: 0.1, newest: 0.6, days: 4.0 },
        ..Cast::default()
    });
    for _ in 0..n {
        let plan = dice.pick(&["pro", "api", "api", "team"]);
        let opened = builder.open(dice, Holder::honest("coding-agent", plan, 0.5));
        let volume = builder.volume(dice, 55.0, 0.9, 1200.0);
        let pace = Pace::Waking { zone: country_at(opened.country).zone, late: dice.pick(&[0, 1, 2, 4]) };
        let part = builder.part(pace, volume);
        builder.act(dice, opened, cast, part);
    }
}

/// Build systems: one account, a new machine for each run, one program.
pub(super) fn runners(builder: &mut Builder<'_>, dice: &mut Dice, n: usize) {
    let rules = builder.rules(&["ci_job"]);
    for i in 0..n {
        let cast = builder.cast(Cast {
            says: Says::Rules(rules.clone()),
            from: Origin::Runners(dice.bits() % 8),
            clients: RUNNER,
            answer: (160.0, 0.7),
            temperature: Some(0.0),
            throttled: 0.01,
            retries: 0.02,
            ..Cast::default()
        });
        let holder = Holder {
            organization: Some(format!("org_ci{i:04}")),
            domain: Some(format!("forge{i}.example")),
            ..Holder::honest("ci", "api", 0.9)
        };
        let opened = builder.open(dice, holder);
        let volume = builder.volume(dice, 700.0, 0.7, 5000.0);
        let pace = if dice.chance(0.5) { Pace::Flat } else { Pace::Office { zone: country_at(opened.country).zone } };
        let part = builder.part(pace, volume);
        builder.act(dice, opened, cast, part);
    }
}

/// Fleets of agents of one firm that is billed on a few accounts and hands sessions, sealed reasoning and all, from one to another.
pub(super) fn fleet(builder: &mut Builder<'_>, dice: &mut Dice, n: usize) {
    let mut left = n;
    let mut number = 0u64;
    while left > 0 {
        let size = (dice.range(2, 4) as usize).min(left);
        left -= size;
        number += 1;
        let cloud = dice.bits();
        let first = builder.actors();
        let cast = builder.cast(Cast {
            says: Says::Agent,
            thinks: 0.8,
            stream: true,
            from: Origin::Fixed((0..3).map(|_| Address::cloud(cloud, dice.bits())).collect()),
            reasoning: Reasoning::Across { share: 0.15, first, count: size as u32 },
            ..Cast::default()
        });
        let payment = format!("pay_fle{:08x}", dice.bits() >> 32);
        for _ in 0..size {
            let holder = Holder {
                payment: Some(payment.clone()),
                organization: Some(format!("org_fle{number:04}")),
                domain: Some(format!("fleet{number}.example")),
                ..Holder::honest("agent-fleet", "team", 1.0)
            };
            let opened = builder.open(dice, holder);
            let volume = builder.volume(dice, 500.0, 0.6, 3000.0);
            let part = builder.part(Pace::Customers { zone: country_at(opened.country).zone }, volume);
            builder.act(dice, opened, cast, part);
        }
    }
}
