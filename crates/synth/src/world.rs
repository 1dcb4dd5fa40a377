//! World: everybody who sends traffic in a plan's window, before any exchange is made.
//! In: `Plan`. Out: `World`: accounts, truth, actors; and `Exchanges` on demand.
//! Invariant: the truth covers every account and every end user; an actor's window lies after its account's creation.
//! Not here: the exchanges themselves (`stream.rs`, `exchange.rs`).

use stillwatch_model::{AccountInfo, Micros, Truth, TruthLabel};

use crate::actor::{Actor, Cast, NOBODY, Origin};
use crate::clock::{DAY, HOUR, MINUTE, Pace, Rhythms, write_instant};
use crate::dice::{Dice, key, mix};
use crate::grammar::{Author, Grammar, RuleId};
use crate::network::{any_country, country_at};
use crate::plan::Plan;
use crate::speech::Speech;
use crate::stream::Exchanges;
use crate::{campaign, honest};

/// Everybody in a plan, and the truth about them.
#[derive(Debug)]
pub struct World {
    accounts: Vec<AccountInfo>,
    truth: Vec<Truth>,
    pub(crate) organizations: Vec<Option<String>>,
    pub(crate) casts: Vec<Cast>,
    pub(crate) actors: Vec<Actor>,
    pub(crate) rhythms: Rhythms,
    pub(crate) grammar: Grammar,
    pub(crate) speech: Speech,
    pub(crate) start: Micros,
    pub(crate) end: Micros,
    pub(crate) release: Micros,
    expected: u64,
    /// Rules that were asked for and do not exist; empty unless a name was misspelt.
    pub(crate) missing: Vec<String>,
}

/// Makes the world of `plan`.
#[must_use]
pub fn accounts(plan: &Plan) -> World {
    let mut builder = Builder::new(plan);
    honest::join(&mut builder);
    for (number, campaign) in plan.campaigns.iter().enumerate() {
        campaign::join(&mut builder, campaign, number as u64);
    }
    builder.finish()
}

impl World {
    /// What is known of each account.
    #[must_use]
    pub fn accounts(&self) -> &[AccountInfo] {
        &self.accounts
    }

    /// What each account, and each user inside an aggregator's account, really is.
    #[must_use]
    pub fn truth(&self) -> Vec<Truth> {
        self.truth.clone()
    }

    /// About how many exchanges there are.
    #[must_use]
    pub fn expected(&self) -> u64 {
        self.expected
    }

    /// Every exchange in order of time.
    #[must_use]
    pub fn exchanges(&self) -> Exchanges<'_> {
        self.exchanges_between(self.start, self.end)
    }

    /// The exchanges of `from..to` in order of time, without making those before.
    #[must_use]
    pub fn exchanges_between(&self, from: Micros, to: Micros) -> Exchanges<'_> {
        Exchanges::new(self, from, to)
    }
}

/// What `honest` and `campaign` say of an account that they open.
#[derive(Debug, Clone)]
pub(crate) struct Holder<'a> {
    /// Archetype or campaign.
    pub(crate) group: &'a str,
    /// The truth about it.
    pub(crate) label: TruthLabel,
    /// When it was opened; long ago, mostly, when absent.
    pub(crate) created: Option<Micros>,
    /// Who pays; its own instrument when absent.
    pub(crate) payment: Option<String>,
    /// The device at sign-up; its own when absent.
    pub(crate) device: Option<String>,
    /// The e-mail domain; a public provider's when absent.
    pub(crate) domain: Option<String>,
    /// Index of the country; any when absent.
    pub(crate) country: Option<u8>,
    /// The price plan.
    pub(crate) plan: &'static str,
    /// The chance that the holder was verified.
    pub(crate) verified: f64,
    /// The organisation.
    pub(crate) organization: Option<String>,
    /// Who referred it.
    pub(crate) referrer: Option<&'static str>,
}

impl<'a> Holder<'a> {
    /// An ordinary holder of archetype `group`.
    pub(crate) fn honest(group: &'a str, plan: &'static str, verified: f64) -> Self {
        Self {
            group,
            label: TruthLabel::Honest,
            created: None,
            payment: None,
            device: None,
            domain: None,
            country: None,
            plan,
            verified,
            organization: None,
            referrer: None,
        }
    }
}

/// An account that was opened.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Opened {
    /// Its index.
    pub(crate) account: u32,
    /// Index of its country.
    pub(crate) country: u8,
    /// When it was opened.
    pub(crate) created: Micros,
    /// The truth about it.
    pub(crate) label: TruthLabel,
}

/// When an actor is there and how much it does.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Part {
    /// Its hours.
    pub(crate) pace: Pace,
    /// Exchanges in the window.
    pub(crate) volume: f64,
    /// No exchange before.
    pub(crate) from: Micros,
    /// No exchange from here on.
    pub(crate) to: Micros,
}

/// A world being made.
#[derive(Debug)]
pub(crate) struct Builder<'p> {
    /// What is wanted.
    pub(crate) plan: &'p Plan,
    world: World,
    /// The aggregators' accounts and the addresses that they send from.
    pub(crate) aggregators: Vec<(Opened, Origin)>,
    /// Exchanges of each actor, and whether they may be scaled.
    volumes: Vec<(f64, bool)>,
}

impl<'p> Builder<'p> {
    fn new(plan: &'p Plan) -> Self {
        let grammar = Grammar::new();
        let mut missing = Vec::new();
        let speech = Speech::new(&grammar, &mut missing);
        let world = World {
            accounts: Vec::new(),
            truth: Vec::new(),
            organizations: Vec::new(),
            casts: Vec::new(),
            actors: Vec::new(),
            rhythms: Rhythms::default(),
            grammar,
            speech,
            start: plan.start,
            end: plan.end(),
            release: plan.release(),
            expected: 0,
            missing,
        };
        Self { plan, world, aggregators: Vec::new(), volumes: Vec::new() }
    }

    /// Dice for one group.
    pub(crate) fn dice(&self, group: &str) -> Dice {
        Dice::of(&[self.plan.seed, crate::dice::name_key(group)])
    }

    /// The rule called `name`.
    pub(crate) fn rule(&mut self, name: &str) -> RuleId {
        self.world.grammar.rule(name).unwrap_or_else(|| {
            self.world.missing.push(name.to_owned());
            RuleId::default()
        })
    }

    /// The rules called `names`.
    pub(crate) fn rules(&mut self, names: &[&str]) -> Vec<RuleId> {
        names.iter().map(|name| self.rule(name)).collect()
    }

    /// One text of rule `name`, as `author` writes it.
    pub(crate) fn text(&mut self, name: &str, author: Author) -> String {
        let rule = self.rule(name);
        let mut out = String::new();
        self.world.grammar.write(rule, author, &mut Dice::of(&[author.family]), &mut out);
        out
    }

    /// A volume for a week drawn around `median`, for the days of the plan.
    pub(crate) fn volume(&self, dice: &mut Dice, median: f64, sigma: f64, most: f64) -> f64 {
        dice.lognormal(median, sigma).clamp(1.0, most) * f64::from(self.plan.days.max(1)) / 7.0
    }

    /// The whole window.
    pub(crate) fn part(&self, pace: Pace, volume: f64) -> Part {
        Part { pace, volume, from: self.plan.start, to: self.plan.end() }
    }

    /// Adds a cast.
    pub(crate) fn cast(&mut self, cast: Cast) -> u32 {
        self.world.casts.push(cast);
        self.world.casts.len() as u32 - 1
    }

    /// The cast at `index`, to be changed once its actors are known.
    pub(crate) fn cast_mut(&mut self, index: u32) -> Option<&mut Cast> {
        self.world.casts.get_mut(index as usize)
    }

    /// How many actors there are.
    pub(crate) fn actors(&self) -> u32 {
        self.world.actors.len() as u32
    }

    /// Opens an account.
    pub(crate) fn open(&mut self, dice: &mut Dice, holder: Holder<'_>) -> Opened {
        let number = self.world.accounts.len() as u64;
        let country = holder.country.unwrap_or_else(|| any_country(dice));
        let place = country_at(country);
        let created = holder.created.unwrap_or_else(|| {
            if dice.chance(0.05) {
                self.plan.start + (dice.unit() * f64::from(self.plan.days.max(1)) * 0.7 * DAY as f64) as Micros
            } else {
                self.plan.start - HOUR - (dice.exponential(200.0) * DAY as f64) as Micros
            }
        });
        // `mix` maps different numbers to different ones, so no two accounts share a name.
        let name = format!("acc_{:016x}", mix(number.wrapping_add(key(&[self.plan.seed]))));
        let mut written = String::new();
        write_instant(&mut written, created);
        let hex = |dice: &mut Dice| dice.bits() >> 24;
        self.world.accounts.push(AccountInfo {
            account: name.clone(),
            created: Some(written),
            payment: holder.payment.or_else(|| (holder.plan != "free").then(|| format!("pay_{:010x}", hex(dice)))),
            device: holder.device.or_else(|| Some(format!("dev_{:010x}", hex(dice)))),
            email_domain: Some(holder.domain.unwrap_or_else(|| {
                dice.pick(&[
                    "postbox.example",
                    "postbox.example",
                    "mailhub.example",
                    "letterly.example",
                    "quickmail.example",
                ])
                .to_owned()
            })),
            phone_prefix: dice.chance(0.85).then(|| format!("{}-{}", place.phone, dice.range(20, 98))),
            billing_country: Some(place.code.to_owned()),
            plan: Some(holder.plan.to_owned()),
            referrer: holder.referrer.map(str::to_owned),
            verified: Some(dice.chance(holder.verified)),
        });
        self.world.truth.push(Truth { account: name, label: holder.label, group: holder.group.to_owned() });
        self.world.organizations.push(holder.organization);
        Opened { account: number as u32, country, created, label: holder.label }
    }

    /// Adds an actor to an account that was opened before.
    pub(crate) fn act(&mut self, dice: &mut Dice, holder: Opened, cast: u32, part: Part) {
        self.add(dice, holder, cast, part, NOBODY);
    }

    /// Adds a user inside an aggregator's account, with a truth of its own.
    pub(crate) fn act_inside(
        &mut self,
        dice: &mut Dice,
        holder: Opened,
        cast: u32,
        part: Part,
        label: TruthLabel,
        group: &str,
    ) {
        let number = (dice.bits() >> 34) as u32;
        let account = self.world.accounts.get(holder.account as usize).map_or("", |a| a.account.as_str());
        let user = end_user(number);
        self.world.truth.push(Truth { account: format!("{account}/{user}"), label, group: group.to_owned() });
        let from_anywhere = Opened { country: any_country(dice), label, ..holder };
        self.add(dice, from_anywhere, cast, part, number);
    }

    fn add(&mut self, dice: &mut Dice, holder: Opened, cast: u32, part: Part, end_user: u32) {
        let from = part.from.max(holder.created + 2 * MINUTE).max(self.plan.start);
        let to = part.to.min(self.plan.end());
        let hours = self.plan.days.max(1) as usize * 24;
        let rhythm = self.world.rhythms.of(part.pace, self.plan.start, hours);
        let (low, high) = self.world.rhythms.all().get(rhythm as usize).map_or((0.0, 0.0), |r| (r.at(from), r.at(to)));
        let volume = if from < to { part.volume } else { 0.0 };
        self.volumes.push((volume, holder.label != TruthLabel::Campaign));
        self.world.actors.push(Actor {
            seed: dice.bits(),
            account: holder.account,
            cast,
            end_user,
            country: holder.country,
            sessions: 0,
            rhythm,
            low,
            high,
            from,
            to,
        });
    }

    /// Scales the volumes to what was asked and hands out the sessions.
    fn finish(mut self) -> World {
        let sum = |scaled: bool| self.volumes.iter().filter(|v| v.1 == scaled).map(|v| v.0).sum::<f64>();
        let (mut honest, mut campaigns) = (1.0, 1.0);
        if let Some(wanted) = self.plan.exchanges {
            let wanted = wanted as f64;
            let half = if sum(true) > 0.0 { wanted / 2.0 } else { wanted };
            campaigns = (half / sum(false).max(1.0)).min(1.0);
            honest = self.honest_scale(wanted - campaigns * sum(false));
        }
        let mut expected = 0.0;
        let mut carried = 0.0;
        for (actor, (volume, scaled)) in self.world.actors.iter_mut().zip(&self.volumes) {
            let turns = self.world.casts.get(actor.cast as usize).map_or(1.0, Cast::mean_turns);
            let sessions = volume * if *scaled { honest } else { campaigns } / turns;
            if *volume > 0.0 {
                // What rounding takes from one it gives to the next.
                actor.sessions = ((sessions + carried).round().max(1.0)) as u32;
                carried = (carried + sessions - f64::from(actor.sessions)).clamp(-1.0, 1.0);
            }
            expected += f64::from(actor.sessions) * turns;
        }
        self.world.expected = expected as u64;
        self.world
    }

    /// The factor by which honest volumes become `wanted` together, each of them at least one session.
    fn honest_scale(&self, wanted: f64) -> f64 {
        let total = |scale: f64| {
            let mut sum = 0.0;
            for (actor, (volume, _)) in self.world.actors.iter().zip(&self.volumes).filter(|(_, v)| v.1 && v.0 > 0.0) {
                let turns = self.world.casts.get(actor.cast as usize).map_or(1.0, Cast::mean_turns);
                sum += (volume * scale).max(turns);
            }
            sum
        };
        let (mut low, mut high) = (0.0, 1e7);
        for _ in 0..60 {
            let middle = (low + high) / 2.0;
            if total(middle) < wanted {
                low = middle;
            } else {
                high = middle;
            }
        }
        low
    }
}

/// The name of a user inside an aggregator's account.
pub(crate) fn end_user(number: u32) -> String {
    format!("u{number:08x}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::{CampaignPlan, Shape};

    const SHAPES: [Shape; 25] = [
        Shape::Tasks,
        Shape::Evolution,
        Shape::Persona,
        Shape::Code,
        Shape::Grounded,
        Shape::Tools,
        Shape::SelfPlay,
        Shape::Rewriting,
        Shape::TasksZh,
        Shape::ExtractTags,
        Shape::ExtractVerbatim,
        Shape::ExtractPosthoc,
        Shape::ExtractTranslation,
        Shape::ExtractZh,
        Shape::Injected,
        Shape::Replay,
        Shape::Relay,
        Shape::Judge,
        Shape::Clean,
        Shape::Probing,
        Shape::BareMath,
        Shape::BareCode,
        Shape::BareScience,
        Shape::BareAgentic,
        Shape::BareZh,
    ];

    #[test]
    fn every_rule_that_is_asked_for_exists_and_every_shape_has_words_of_its_own() {
        let campaigns = SHAPES
            .iter()
            .map(|&shape| CampaignPlan {
                name: format!("{shape:?}"),
                shape,
                accounts: 4,
                exchanges: 40,
                probes: 4,
                ..CampaignPlan::default()
            })
            .collect();
        let world = accounts(&Plan { honest_accounts: 60, campaigns, ..Plan::default() });
        assert!(world.missing.is_empty(), "{:?}", world.missing);
        for e in world.exchanges() {
            let said = e.prompt.is_some_and(|p| !p.is_empty()) || e.messages.is_some_and(|m| !m.is_empty());
            assert!(said, "{} says nothing", e.account);
        }
    }

    #[test]
    fn scaled_volumes_add_up() {
        for wanted in [20_000, 100_000, 2_000_000] {
            let world = accounts(&Plan { exchanges: Some(wanted), ..Plan::default() });
            let expected = world.expected();
            assert!(expected * 100 > wanted * 97 && expected * 100 < wanted * 115, "{expected} of {wanted}");
        }
    }
}
