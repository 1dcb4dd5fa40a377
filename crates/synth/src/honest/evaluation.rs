//! Evaluation: teams that ask a model test questions, again and again.
//! In: `Builder`. Out: accounts of evaluators.
//! Invariant: test sets are fixed, so the very same prompts come back; a harvest's never do.
//! Not here: grading answers (`pipeline.rs`).

use crate::actor::{Cast, Models, Order, Origin, Says};
use crate::client::{EVALKIT, SCRIPTS};
use crate::clock::{DAY, Pace};
use crate::dice::Dice;
use crate::network::{Address, country_at};
use crate::world::{Builder, Holder, Part};

/// The items that the whole world calls public benchmarks.
const PUBLIC: u64 = 0x0b1c;

/// Teams of one organisation that rerun their set each night, on one to four accounts.
pub(super) fn nightly(builder: &mut Builder<'_>, dice: &mut Dice, n: usize) {
    let mut left = n;
    let mut number = 0u64;
    while left > 0 {
        let size = (dice.pick(&[1usize, 1, 2, 4])).min(left);
        left -= size;
        number += 1;
        let rule = dice.pick(&[
            "bench_any",
            "bench_any",
            "bench_math",
            "bench_code",
            "bench_reading",
            "bench_passages",
            "bench_fewshot",
        ]);
        let count = dice.range(120, 500) as u32;
        let cloud = dice.bits();
        let cast = Cast {
            says: Says::Items { rules: builder.rules(&[rule]), set: dice.bits(), count, order: Order::Cycle },
            from: Origin::Fixed(vec![Address::cloud(cloud, dice.bits())]),
            clients: EVALKIT,
            answer: (140.0, 0.8),
            temperature: Some(0.0),
            models: Models { small: 0.3, newest: 0.5, days: 1.0 },
            throttled: 0.01,
            ..Cast::default()
        };
        let cast = builder.cast(cast);
        let payment = format!("pay_eva{:08x}", dice.bits() >> 32);
        let hour = dice.below(24) as u8;
        for _ in 0..size {
            let holder = Holder {
                payment: Some(payment.clone()),
                organization: Some(format!("org_eva{number:04}")),
                domain: Some(format!("evals{number}.example")),
                ..Holder::honest("nightly-evals", "api", 0.8)
            };
            let opened = builder.open(dice, holder);
            let volume = f64::from(count) * f64::from(builder.plan.days) * dice.pick(&[0.3, 0.5, 1.0]);
            let part = builder.part(Pace::Nightly { hour }, volume);
            builder.act(dice, opened, cast, part);
        }
    }
}

/// Unrelated people who try the new model on its first day with the same public items.
pub(super) fn day_one(builder: &mut Builder<'_>, dice: &mut Dice, n: usize) {
    let says = Says::Items { rules: builder.rules(&["bench_any"]), set: PUBLIC, count: 400, order: Order::Any };
    let models = Models { small: 0.0, newest: 1.0, days: 0.02 };
    let cast = builder.cast(Cast { says, clients: SCRIPTS, answer: (160.0, 0.8), models, ..Cast::default() });
    let release = builder.plan.release();
    for _ in 0..n {
        let created = Some(release - (dice.exponential(150.0) * DAY as f64) as i64 - DAY / 24);
        let opened = builder.open(dice, Holder { created, ..Holder::honest("day-one", "api", 0.4) });
        let volume = dice.lognormal(30.0, 0.6).min(200.0);
        let pace = Pace::Waking { zone: country_at(opened.country).zone, late: 2 };
        let part = Part { pace, volume, from: release + DAY / 48, to: release + DAY * 3 / 2 };
        builder.act(dice, opened, cast, part);
    }
}

/// Harnesses that repeat a few dozen prompts all day to see whether the model drifts.
pub(super) fn drift(builder: &mut Builder<'_>, dice: &mut Dice, n: usize) {
    for i in 0..n {
        let cast = Cast {
            says: Says::Items {
                rules: builder.rules(&["bench_any", "chat_learn", "job_summarise"]),
                set: dice.bits(),
                count: dice.range(20, 60) as u32,
                order: Order::Cycle,
            },
            from: Origin::Fixed(vec![Address::cloud(dice.bits(), dice.bits())]),
            clients: EVALKIT,
            answer: (150.0, 0.4),
            temperature: Some(0.0),
            ..Cast::default()
        };
        let cast = builder.cast(cast);
        let holder = Holder {
            organization: Some(format!("org_dri{i:04}")),
            domain: Some(format!("monitor{i}.example")),
            ..Holder::honest("quality-drift", "api", 0.8)
        };
        let opened = builder.open(dice, holder);
        let volume = builder.volume(dice, 900.0, 0.5, 4000.0);
        let part = builder.part(Pace::Flat, volume);
        builder.act(dice, opened, cast, part);
    }
}
