//! Grey: what looks like harvesting and is allowed; left out of every figure.
//! In: `Builder`. Out: accounts with the label grey.
//! Invariant: one account each, modest volume, a verified holder.
//! Not here: judges and evaluators, which are simply honest.

use stillwatch_model::TruthLabel;

use crate::actor::{Cast, Origin, Says};
use crate::client::SCRIPTS;
use crate::clock::Pace;
use crate::dice::Dice;
use crate::grammar::Author;
use crate::network::{Address, country_at};
use crate::world::{Builder, Holder};

/// Adds one grey account that speaks by `rules`.
fn add(
    builder: &mut Builder<'_>,
    dice: &mut Dice,
    group: &str,
    number: usize,
    rules: &[&str],
    refused: f64,
    median: f64,
) {
    let cast = Cast {
        says: Says::Rules(builder.rules(rules)),
        author: Author { family: dice.bits(), paraphrase: 0.1 },
        from: Origin::Fixed(vec![Address::cloud(dice.bits(), dice.bits())]),
        clients: SCRIPTS,
        answer: (700.0, 0.5),
        refused,
        ..Cast::default()
    };
    let cast = builder.cast(cast);
    let holder = Holder {
        label: TruthLabel::Grey,
        organization: Some(format!("org_{}{number:04}", &group[..3])),
        domain: Some(format!("{group}{number}.example")),
        ..Holder::honest(group, "api", 1.0)
    };
    let opened = builder.open(dice, holder);
    let volume = builder.volume(dice, median, 0.5, 900.0);
    let part = builder.part(Pace::Office { zone: country_at(opened.country).zone }, volume);
    builder.act(dice, opened, cast, part);
}

/// Verified companies that make test data for themselves, as their contract allows.
pub(super) fn test_data(builder: &mut Builder<'_>, dice: &mut Dice, n: usize) {
    for i in 0..n {
        let rules: &[&str] = match dice.below(3) {
            0 => &["harvest_tasks"],
            1 => &["harvest_grounded"],
            _ => &["harvest_persona"],
        };
        add(builder, dice, "test-data", i, rules, 0.005, 220.0);
    }
}

/// Academics who study extraction.
pub(super) fn researcher(builder: &mut Builder<'_>, dice: &mut Dice, n: usize) {
    for i in 0..n {
        add(builder, dice, "researcher", i, &["probe", "extract_tags", "extract_posthoc"], 0.5, 90.0);
    }
}
