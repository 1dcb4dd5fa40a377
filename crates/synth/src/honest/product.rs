//! Product: companies whose product talks to its customers through the interface.
//! In: `Builder`. Out: one account of a company each, many customers behind it.
//! Invariant: one company, one template; the customers' turns are their own.
//! Not here: pipelines without people (`pipeline.rs`).

use crate::actor::{Cast, Origin, Says};
use crate::client::SERVERS;
use crate::clock::Pace;
use crate::dice::Dice;
use crate::grammar::Author;
use crate::network::{Address, country_at};
use crate::world::{Builder, Holder};

/// A company of archetype `group`: its account plays `cast` at customers' hours.
fn company(builder: &mut Builder<'_>, dice: &mut Dice, group: &str, number: usize, cast: Cast, median: f64) {
    let holder = Holder {
        organization: Some(format!("org_{}{number:04}", &group[..3])),
        domain: Some(format!("{group}{number}.example")),
        ..Holder::honest(group, "api", 0.9)
    };
    let opened = builder.open(dice, holder);
    let cast = builder.cast(cast);
    let volume = builder.volume(dice, median, 0.8, 6000.0);
    let part = builder.part(Pace::Customers { zone: country_at(opened.country).zone }, volume);
    builder.act(dice, opened, cast, part);
}

/// Two to five machines of one cloud.
fn machines(dice: &mut Dice) -> Origin {
    let cloud = dice.bits();
    Origin::Fixed((0..dice.range(2, 5)).map(|_| Address::cloud(cloud, dice.bits())).collect())
}

/// The cast of a product's assistant.
fn speaks(builder: &mut Builder<'_>, dice: &mut Dice, turns: &[&str]) -> Cast {
    let author = Author::fixed(dice.bits());
    Cast {
        says: Says::Rules(builder.rules(turns)),
        author,
        system: Some(builder.text("product_system", author)),
        from: machines(dice),
        clients: SERVERS,
        answer: (130.0, 0.6),
        stream: dice.chance(0.7),
        temperature: dice.pick(&[None, Some(0.2), Some(0.7)]),
        max_tokens: dice.pick(&[None, Some(600), Some(1024)]),
        ..Cast::default()
    }
}

/// Assistants of shops, banks, schools.
pub(super) fn assistant(builder: &mut Builder<'_>, dice: &mut Dice, n: usize) {
    for i in 0..n {
        let turns: &[&str] = match dice.below(5) {
            0 => &["tutor_turn"],
            1 => &["job_rag"],
            _ => &["customer_turn", "customer_turn", "customer_story"],
        };
        let cast = speaks(builder, dice, turns);
        company(builder, dice, "product", i, cast, 700.0);
    }
}

/// Companies that strip address and program for privacy.
pub(super) fn stripped(builder: &mut Builder<'_>, dice: &mut Dice, n: usize) {
    for i in 0..n {
        let cast = Cast { stripped: true, ..speaks(builder, dice, &["customer_turn", "email_write", "job_summarise"]) };
        company(builder, dice, "stripped", i, cast, 600.0);
    }
}

/// Products that must say why they decided as they did.
pub(super) fn audit(builder: &mut Builder<'_>, dice: &mut Dice, n: usize) {
    for i in 0..n {
        let cast = Cast {
            thinks: 0.5,
            answer: (260.0, 0.5),
            ..speaks(builder, dice, &["explain_decision", "explain_decision", "job_classify"])
        };
        company(builder, dice, "audit-trail", i, cast, 500.0);
    }
}

/// Resilience routers: what fails with 5xx is sent again, here or elsewhere.
pub(super) fn failover(builder: &mut Builder<'_>, dice: &mut Dice, n: usize) {
    for i in 0..n {
        let cast = Cast {
            retries: 0.18,
            throttled: 0.03,
            ..speaks(builder, dice, &["customer_turn", "job_rag", "job_extract"])
        };
        company(builder, dice, "failover", i, cast, 700.0);
    }
}
