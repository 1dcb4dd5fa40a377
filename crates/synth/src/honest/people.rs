//! People: individuals: at home, abroad, behind a VPN, a campus, a company's egress or a transfer station; users of popular apps.
//! In: `Builder`. Out: accounts with one person each.
//! Invariant: people are awake when their time zone is; what they share is an address or an app, never a purpose.
//! Not here: coding agents (`coding.rs`); companies (`organisation.rs`, `product.rs`).

use crate::actor::{Cast, Order, Origin, Says};
use crate::client::{BROWSERS, DESKTOP, PEOPLE, SCRIPTS};
use crate::clock::Pace;
use crate::dice::Dice;
use crate::grammar::Author;
use crate::network::{Address, EAST, any_country, country_among, country_at};
use crate::world::{Builder, Holder, Opened};

/// Adds one person to `cast` with a week's volume around `median`.
fn person(builder: &mut Builder<'_>, dice: &mut Dice, opened: Opened, cast: u32, median: f64) {
    let zone = country_at(opened.country).zone;
    let late = dice.pick(&[0i8, 0, 0, 1, -1, 2, 4]);
    let volume = builder.volume(dice, median, 1.1, 600.0);
    let part = builder.part(Pace::Waking { zone, late }, volume);
    builder.act(dice, opened, cast, part);
}

/// An individual's plan.
fn plan(dice: &mut Dice) -> &'static str {
    dice.pick(&["free", "free", "pro", "pro", "api"])
}

/// Ordinary people everywhere.
pub(super) fn casual(builder: &mut Builder<'_>, dice: &mut Dice, n: usize) {
    let subscribed = builder.cast(Cast { clients: PEOPLE, access: "subscription", stream: true, ..Cast::default() });
    let direct = builder.cast(Cast { clients: DESKTOP, stream: true, ..Cast::default() });
    for _ in 0..n {
        let plan = plan(dice);
        let opened = builder.open(dice, Holder::honest("casual", plan, 0.35));
        person(builder, dice, opened, if plan == "api" { direct } else { subscribed }, 12.0);
    }
}

/// Ordinary people in East and South-East Asia.
pub(super) fn apac(builder: &mut Builder<'_>, dice: &mut Dice, n: usize) {
    let cast = builder.cast(Cast { clients: PEOPLE, access: "subscription", stream: true, ..Cast::default() });
    let direct = builder.cast(Cast { clients: DESKTOP, stream: true, ..Cast::default() });
    for _ in 0..n {
        let plan = plan(dice);
        let country = Some(country_among(dice, EAST));
        let opened = builder.open(dice, Holder { country, ..Holder::honest("apac", plan, 0.35) });
        person(builder, dice, opened, if plan == "api" { direct } else { cast }, 14.0);
    }
}

/// Unrelated people who share a commercial VPN's exits.
pub(super) fn vpn(builder: &mut Builder<'_>, dice: &mut Dice, n: usize) {
    let cast = builder.cast(Cast {
        from: Origin::Vpn,
        clients: PEOPLE,
        access: "subscription",
        stream: true,
        ..Cast::default()
    });
    for _ in 0..n {
        let opened = builder.open(dice, Holder::honest("vpn", "pro", 0.3));
        person(builder, dice, opened, cast, 12.0);
    }
}

/// Individuals who buy access from a transfer station: shared exits, programs with a key, throw-away mail, ordinary questions.
pub(super) fn station(builder: &mut Builder<'_>, dice: &mut Dice, n: usize) {
    let casts: Vec<u32> = (0..3)
        .map(|s| builder.cast(Cast { from: Origin::Station(s), clients: DESKTOP, stream: true, ..Cast::default() }))
        .collect();
    for i in 0..n {
        let country = Some(country_among(dice, &["CN", "CN", "HK", "SG", "MY", "IN", "BR"]));
        let domain =
            dice.chance(0.4).then(|| format!("{}mail.example", dice.pick(&["ten", "temp", "drop", "quick", "zip"])));
        let opened = builder.open(dice, Holder { country, domain, ..Holder::honest("station-retail", "api", 0.05) });
        person(builder, dice, opened, casts.get(i % 3).copied().unwrap_or(0), 20.0);
    }
}

/// Universities: one address each, one sheet of exercises a week for each course.
pub(super) fn campus(builder: &mut Builder<'_>, dice: &mut Dice, n: usize) {
    let mut left = n;
    let mut number = 0u64;
    while left > 0 {
        let size = (dice.range(30, 160) as usize).min(left);
        left -= size;
        number += 1;
        let country = any_country(dice);
        let site = dice.bits();
        let egress = vec![Address::site(country, site, 1), Address::site(country, site, 2)];
        let cast = builder.cast(Cast {
            says: Says::Homework { set: dice.bits(), count: 40 },
            from: Origin::Fixed(egress),
            clients: BROWSERS,
            access: "subscription",
            stream: true,
            ..Cast::default()
        });
        let pace = Pace::Homework { zone: country_at(country).zone, due: dice.below(5) as u8 };
        for _ in 0..size {
            let domain = Some(format!("uni{number}.example"));
            let holder = Holder { country: Some(country), domain, ..Holder::honest("campus", "free", 0.6) };
            let opened = builder.open(dice, holder);
            let volume = builder.volume(dice, 16.0, 0.8, 200.0);
            let part = builder.part(pace, volume);
            builder.act(dice, opened, cast, part);
        }
    }
}

/// Employees behind their company's egress.
pub(super) fn corporate(builder: &mut Builder<'_>, dice: &mut Dice, n: usize) {
    let mut left = n;
    let mut number = 0u64;
    while left > 0 {
        let size = (dice.range(8, 60) as usize).min(left);
        left -= size;
        number += 1;
        let (country, site) = (any_country(dice), dice.bits());
        let cast = builder.cast(Cast {
            from: Origin::Fixed(vec![Address::site(country, site, 9)]),
            clients: BROWSERS,
            access: "subscription",
            stream: true,
            ..Cast::default()
        });
        let (domain, organization) = (format!("corp{number}.example"), format!("org_corp{number:04}"));
        let payment = format!("pay_inv{:08x}", dice.bits() >> 32);
        for _ in 0..size {
            let holder = Holder {
                country: Some(country),
                domain: Some(domain.clone()),
                payment: Some(payment.clone()),
                organization: Some(organization.clone()),
                ..Holder::honest("corporate-sso", "team", 1.0)
            };
            let opened = builder.open(dice, holder);
            let volume = builder.volume(dice, 25.0, 0.9, 400.0);
            let part = builder.part(Pace::Office { zone: country_at(country).zone }, volume);
            builder.act(dice, opened, cast, part);
        }
    }
}

/// Users of five popular apps that ask for one's own key: the same system prompt in many unrelated accounts.
pub(super) fn popular_app(builder: &mut Builder<'_>, dice: &mut Dice, n: usize) {
    let turns = builder.rules(&["popular_turn"]);
    let apps: Vec<u32> = (0..5)
        .map(|app| {
            let system = Some(builder.text("popular_app_system", Author::fixed(app)));
            builder.cast(Cast {
                says: Says::Rules(turns.clone()),
                system,
                clients: DESKTOP,
                stream: true,
                ..Cast::default()
            })
        })
        .collect();
    for _ in 0..n {
        let opened = builder.open(dice, Holder::honest("popular-app", "api", 0.3));
        let app = dice.pick(&apps);
        person(builder, dice, opened, app, 18.0);
    }
}

/// Learners who paste a tutorial's prompts.
pub(super) fn tutorial(builder: &mut Builder<'_>, dice: &mut Dice, n: usize) {
    let rules = builder.rules(&["tutorial_item"]);
    let cast = builder.cast(Cast {
        says: Says::Items { rules, set: dice.bits(), count: 24, order: Order::Any },
        clients: SCRIPTS,
        answer: (120.0, 0.7),
        ..Cast::default()
    });
    for _ in 0..n {
        let referrer = dice.pick(&["tutorial.example", "tutorial.example", "course.example"]);
        let opened = builder.open(dice, Holder { referrer: Some(referrer), ..Holder::honest("tutorial", "free", 0.2) });
        person(builder, dice, opened, cast, 8.0);
    }
}
