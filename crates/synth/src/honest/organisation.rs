//! Organisation: many people behind one account, or many accounts behind one payer.
//! In: `Builder`. Out: enterprises on a small plan, agencies, aggregators with their users.
//! Invariant: an aggregator's users are as different as people are; each has a truth of its own.
//! Not here: employees with accounts of their own (`people.rs`).

use stillwatch_model::TruthLabel;

use crate::actor::{Cast, Origin, Says};
use crate::client::{BROWSERS, ROUTER, SERVERS};
use crate::clock::Pace;
use crate::dice::Dice;
use crate::grammar::Author;
use crate::network::{Address, any_country, country_at};
use crate::world::{Builder, Holder};

/// An enterprise that still pays for a small plan: much traffic of every kind of desk work.
pub(super) fn small_plan(builder: &mut Builder<'_>, dice: &mut Dice, n: usize) {
    for i in 0..n {
        let country = any_country(dice);
        let site = dice.bits();
        let says = builder.rules(&[
            "office_task",
            "chat_document",
            "chat_document",
            "email_write",
            "chat_pasted",
            "job_summarise",
            "code_question",
            "office_marketing",
            "translate_ask",
            "chat_learn",
            "explain_decision",
        ]);
        let cast = builder.cast(Cast {
            says: Says::Rules(says),
            from: Origin::Fixed((0..3).map(|host| Address::site(country, site, host)).collect()),
            clients: SERVERS,
            throttled: 0.04,
            ..Cast::default()
        });
        let holder = Holder {
            country: Some(country),
            organization: Some(format!("org_ent{i:04}")),
            domain: Some(format!("enterprise{i}.example")),
            ..Holder::honest("enterprise-small-plan", "pro", 1.0)
        };
        let opened = builder.open(dice, holder);
        let volume = builder.volume(dice, 2500.0, 0.5, 9000.0);
        let part = builder.part(Pace::Office { zone: country_at(country).zone }, volume);
        builder.act(dice, opened, cast, part);
    }
}

/// Agencies: one card, one account for each client, a template for each.
pub(super) fn agency(builder: &mut Builder<'_>, dice: &mut Dice, n: usize) {
    let mut left = n;
    let mut number = 0u64;
    while left > 0 {
        let size = (dice.range(3, 14) as usize).min(left);
        left -= size;
        number += 1;
        let country = any_country(dice);
        let site = dice.bits();
        let payment = format!("pay_agy{:08x}", dice.bits() >> 32);
        for _ in 0..size {
            let author = Author::fixed(dice.bits());
            let cast = Cast {
                says: Says::Rules(builder.rules(&["agency_turn"])),
                author,
                system: Some(builder.text("product_system", author)),
                from: Origin::Fixed(vec![Address::site(country, site, 3)]),
                clients: BROWSERS,
                ..Cast::default()
            };
            let cast = builder.cast(cast);
            let holder = Holder {
                country: Some(country),
                payment: Some(payment.clone()),
                domain: Some(format!("agency{number}.example")),
                ..Holder::honest("agency", "api", 0.9)
            };
            let opened = builder.open(dice, holder);
            let volume = builder.volume(dice, 90.0, 0.8, 900.0);
            let part = builder.part(Pace::Office { zone: country_at(country).zone }, volume);
            builder.act(dice, opened, cast, part);
        }
    }
}

/// Aggregators: one account, hundreds of users that are passed through.
pub(super) fn aggregator(builder: &mut Builder<'_>, dice: &mut Dice, n: usize) {
    for i in 0..n {
        let holder = Holder {
            organization: Some(format!("org_agg{i:04}")),
            domain: Some(format!("router{i}.example")),
            ..Holder::honest("aggregator", "api", 1.0)
        };
        let opened = builder.open(dice, holder);
        let cloud = dice.bits();
        let egress: Vec<Address> = (0..4).map(|_| Address::cloud(cloud, dice.bits())).collect();
        builder.aggregators.push((opened, Origin::Fixed(egress.clone())));
        let base = Cast {
            from: Origin::Fixed(egress),
            clients: ROUTER,
            access: "aggregator",
            stream: true,
            ..Cast::default()
        };
        let chat = builder.cast(base.clone());
        let agent = builder.cast(Cast { says: Says::Agent, thinks: 0.8, ..base.clone() });
        let says = Says::Rules(builder.rules(&["job_classify", "job_extract", "job_translate"]));
        let jobs = builder.cast(Cast { says, author: Author::fixed(dice.bits()), answer: (60.0, 0.6), ..base });
        for _ in 0..dice.range(60, 300) {
            let cast = dice.pick(&[chat, chat, chat, chat, agent, agent, jobs]);
            let volume = builder.volume(dice, 18.0, 1.0, 800.0);
            let pace = Pace::Waking { zone: country_at(any_country(dice)).zone, late: 0 };
            let part = builder.part(pace, volume);
            builder.act_inside(dice, opened, cast, part, TruthLabel::Honest, "aggregator");
        }
    }
}
