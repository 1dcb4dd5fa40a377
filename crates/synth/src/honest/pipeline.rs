//! Pipeline: companies' jobs without people: documents, migrations, grading.
//! In: `Builder`. Out: accounts with one template each and a new document every time.
//! Invariant: structure comes from the template, novelty from the documents; answers are short.
//! Not here: test sets that are repeated (`evaluation.rs`).

use crate::actor::{Cast, Origin, Says};
use crate::client::SERVERS;
use crate::clock::{DAY, Pace};
use crate::dice::Dice;
use crate::grammar::Author;
use crate::network::Address;
use crate::world::{Builder, Holder, Part};

const JOBS: &[(&str, f64)] = &[
    ("job_classify", 6.0),
    ("job_extract", 90.0),
    ("job_summarise", 110.0),
    ("job_translate", 140.0),
    ("job_row", 14.0),
    ("job_rag", 120.0),
];

/// The cast of one company's job.
fn job(builder: &mut Builder<'_>, dice: &mut Dice, batch: bool) -> Cast {
    let (rule, answer) = JOBS.get(dice.below(JOBS.len())).copied().unwrap_or(("job_row", 14.0));
    let cloud = dice.bits();
    Cast {
        says: Says::Rules(builder.rules(&[rule])),
        author: Author::fixed(dice.bits()),
        from: Origin::Fixed((0..dice.range(1, 3)).map(|_| Address::cloud(cloud, dice.bits())).collect()),
        clients: SERVERS,
        answer: (answer, 0.5),
        batch,
        temperature: Some(0.0),
        max_tokens: dice.pick(&[Some(256), Some(512), None]),
        models: crate::actor::Models { small: 0.6, newest: 0.05, days: 8.0 },
        throttled: 0.004,
        retries: 0.01,
        ..Cast::default()
    }
}

/// Backfills through the batch endpoint: a day or two at full rate.
pub(super) fn batch(builder: &mut Builder<'_>, dice: &mut Dice, n: usize) {
    for i in 0..n {
        let cast = job(builder, dice, true);
        let cast = builder.cast(cast);
        let holder = Holder {
            organization: Some(format!("org_bat{i:04}")),
            domain: Some(format!("archive{i}.example")),
            ..Holder::honest("batch", "api", 0.8)
        };
        let opened = builder.open(dice, holder);
        let days = f64::from(builder.plan.days);
        let length = dice.between(0.4, 2.0).min(days);
        let start = dice.between(0.0, days - length);
        let from = builder.plan.at_day(start).max(opened.created);
        let volume = dice.lognormal(1100.0, 0.7).min(8000.0);
        let part = Part { pace: Pace::Flat, volume, from, to: builder.plan.at_day(start + length).max(from + DAY / 4) };
        builder.act(dice, opened, cast, part);
    }
}

/// A workload that moves to a new key: a new account at full rate from its first hour.
pub(super) fn migration(builder: &mut Builder<'_>, dice: &mut Dice, n: usize) {
    for i in 0..n.div_ceil(2) {
        let cast = job(builder, dice, false);
        let cast = builder.cast(cast);
        let moved = builder.plan.at_day(f64::from(builder.plan.days) * dice.between(0.3, 0.7));
        let payment = format!("pay_mig{:08x}", dice.bits() >> 32);
        let volume = builder.volume(dice, 1200.0, 0.5, 5000.0) / 2.0;
        for (created, from, to) in
            [(None, builder.plan.start, moved), (Some(moved - DAY / 8), moved, builder.plan.end())]
        {
            let holder = Holder {
                created: created.or(Some(builder.plan.start - 300 * DAY)),
                payment: Some(payment.clone()),
                organization: Some(format!("org_mig{i:04}")),
                domain: Some(format!("mover{i}.example")),
                ..Holder::honest("migration", "api", 0.9)
            };
            let opened = builder.open(dice, holder);
            builder.act(dice, opened, cast, Part { pace: Pace::Flat, volume, from, to });
        }
    }
}

/// Customers and preference-data vendors whose job is to grade: a rubric, short answers, several accounts of one firm.
pub(super) fn judge(builder: &mut Builder<'_>, dice: &mut Dice, n: usize) {
    let mut left = n;
    let mut number = 0u64;
    while left > 0 {
        let size = (dice.range(1, 3) as usize).min(left);
        left -= size;
        number += 1;
        let rule = dice.pick(&["judge_rubric", "judge_rubric", "judge_pair"]);
        let cloud = dice.bits();
        let cast = Cast {
            says: Says::Rules(builder.rules(&[rule])),
            author: Author::fixed(dice.bits()),
            from: Origin::Fixed(vec![Address::cloud(cloud, dice.bits()), Address::cloud(cloud, dice.bits())]),
            clients: SERVERS,
            answer: (35.0, 0.6),
            temperature: Some(0.0),
            ..Cast::default()
        };
        let cast = builder.cast(cast);
        let payment = format!("pay_jud{:08x}", dice.bits() >> 32);
        for _ in 0..size {
            let holder = Holder {
                payment: Some(payment.clone()),
                organization: Some(format!("org_jud{number:04}")),
                domain: Some(format!("raters{number}.example")),
                ..Holder::honest("judge-customer", "api", 0.9)
            };
            let opened = builder.open(dice, holder);
            let volume = builder.volume(dice, 800.0, 0.7, 5000.0);
            let part = builder.part(Pace::Customers { zone: 0 }, volume);
            builder.act(dice, opened, cast, part);
        }
    }
}
