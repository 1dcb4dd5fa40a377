//! Honest: the archetypes that are no campaign, most of which look like one from some side.
//! In: `Builder`. Out: their accounts, casts and actors in it.
//! Invariant: each archetype of the false-positive catalogue is there, at about its share, at least once.
//! Not here: campaigns (`campaign.rs`).

mod coding;
mod evaluation;
mod grey;
mod organisation;
mod people;
mod pipeline;
mod product;

use crate::dice::Dice;
use crate::world::Builder;

/// Makes `n` accounts of one archetype.
type Make = fn(&mut Builder<'_>, &mut Dice, usize);

/// Name, share of the honest accounts in thousandths, least number, maker.
const ARCHETYPES: &[(&str, usize, usize, Make)] = &[
    ("apac", 80, 2, people::apac),
    ("vpn", 50, 2, people::vpn),
    ("station-retail", 50, 3, people::station),
    ("campus", 70, 12, people::campus),
    ("corporate-sso", 50, 8, people::corporate),
    ("popular-app", 50, 8, people::popular_app),
    ("tutorial", 25, 5, people::tutorial),
    ("coding-agent", 120, 12, coding::agent),
    ("agent-fleet", 3, 3, coding::fleet),
    ("ci", 5, 1, coding::runners),
    ("product", 14, 3, product::assistant),
    ("stripped", 3, 1, product::stripped),
    ("audit-trail", 4, 1, product::audit),
    ("failover", 3, 1, product::failover),
    ("enterprise-small-plan", 3, 1, organisation::small_plan),
    ("agency", 14, 4, organisation::agency),
    ("aggregator", 1, 1, organisation::aggregator),
    ("batch", 12, 3, pipeline::batch),
    ("migration", 4, 2, pipeline::migration),
    ("judge-customer", 5, 2, pipeline::judge),
    ("nightly-evals", 8, 2, evaluation::nightly),
    ("day-one", 20, 4, evaluation::day_one),
    ("quality-drift", 4, 1, evaluation::drift),
    ("test-data", 2, 1, grey::test_data),
    ("researcher", 2, 1, grey::researcher),
];

/// Makes the honest (and grey) accounts of the plan.
pub(crate) fn join(builder: &mut Builder<'_>) {
    let all = builder.plan.honest_accounts as usize;
    if all == 0 {
        return;
    }
    let mut left = all;
    for &(name, share, least, make) in ARCHETYPES {
        let n = ((all * share + 500) / 1000).max(least);
        make(builder, &mut builder.dice(name), n);
        left = left.saturating_sub(n);
    }
    people::casual(builder, &mut builder.dice("casual"), left.max(1));
}
