//! Plan: what a synthetic log should hold: who is honest, which campaigns run.
//! In: TOML or JSON, or one of the presets (`presets.rs`). Out: `Plan`.
//! Invariant: every field has a default, unknown fields are refused; the same plan makes the same bytes.
//! Not here: making it (`world.rs`).

use serde::{Deserialize, Serialize};
use stillwatch_model::Micros;

use crate::clock::DAY;

/// What to make.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Plan {
    /// The seed of everything that is drawn.
    pub seed: u64,
    /// The first instant, as RFC 3339 in files.
    #[serde(with = "instant")]
    pub start: Micros,
    /// How many days.
    pub days: u32,
    /// About how many honest accounts (at least one of each archetype; 0 for none).
    pub honest_accounts: u32,
    /// About how many exchanges in all; honest volumes are scaled to reach it, campaigns only if they would be more than half.
    pub exchanges: Option<u64>,
    /// The day after `start` on which model `atlas-5` comes out; half-way when absent.
    pub release_day: Option<f64>,
    /// The campaigns.
    pub campaigns: Vec<CampaignPlan>,
}

/// One campaign: how it asks, and how it hides.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CampaignPlan {
    /// Its name in the truth; also seeds whatever is its own.
    pub name: String,
    /// What it asks for.
    pub shape: Shape,
    /// Accounts of the first pool.
    pub accounts: u32,
    /// Exchanges of all its accounts together.
    pub exchanges: u64,
    /// Whose wording: campaigns with the same family use the same template. Drawn from the name when absent.
    pub family: Option<u64>,
    /// The chance that each fixed phrase of the template is replaced by another (0: word for word).
    pub paraphrase: f64,
    /// Share of sessions with ordinary people's prompts mixed in to hide the rest.
    pub cover: f64,
    /// Share of sessions that pass on a rival's own users.
    pub relay: f64,
    /// Share of requests that hand in reasoning tokens minted for another account.
    pub replay: f64,
    /// Exchanges before the rest that each try another technique and are mostly refused.
    pub probes: u32,
    /// How many payment instruments its accounts share (0: none is shared).
    pub payments: u32,
    /// How many sign-up devices its accounts share (0: none is shared).
    pub devices: u32,
    /// Size of its pool of residential exits.
    pub proxies: u32,
    /// Share of exchanges that leave by exits which honest people use too.
    pub shared_exits: f64,
    /// Spread of volume over its accounts (0: all alike).
    pub balance: f64,
    /// UTC hours of its shift; round the clock when absent.
    pub hours: Option<(u8, u8)>,
    /// Over how many days its accounts are created.
    pub burst_days: f64,
    /// How many days before its first exchange the first account is created.
    pub created_before: f64,
    /// Day of its first exchange.
    pub start_day: f64,
    /// Day of its last exchange; the last of the plan when absent.
    pub end_day: Option<f64>,
    /// Day on which all accounts of the first pool are refused (403).
    pub banned_day: Option<f64>,
    /// Accounts that take over within hours of the ban.
    pub successors: u32,
    /// Share of its traffic that moves to `atlas-5` within a day of its release.
    pub pivot: f64,
    /// Share of its accounts whose holder was verified.
    pub verified: f64,
    /// Share of its accounts that are users inside an honest aggregator's account.
    pub aggregator: f64,
}

/// What a campaign asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Default)]
#[serde(rename_all = "kebab-case")]
pub enum Shape {
    /// New tasks with their solutions.
    #[default]
    Tasks,
    /// Instructions made harder, then answered.
    Evolution,
    /// Questions in the name of invented people.
    Persona,
    /// Programming problems with tests and solutions.
    Code,
    /// Questions and answers about a passage.
    Grounded,
    /// Trajectories of tool use.
    Tools,
    /// Dialogues with itself.
    SelfPlay,
    /// Better answers to what another model refused.
    Rewriting,
    /// New tasks, in Chinese.
    TasksZh,
    /// Hidden reasoning between tags.
    ExtractTags,
    /// Hidden reasoning word for word.
    ExtractVerbatim,
    /// Reasoning invented after the answer.
    ExtractPosthoc,
    /// Hidden reasoning by way of a translation.
    ExtractTranslation,
    /// Hidden reasoning, in Chinese.
    ExtractZh,
    /// One fixed text put before everything, over ordinary and hard prompts.
    Injected,
    /// Sealed reasoning of other accounts handed in and unfolded.
    Replay,
    /// A rival's own users passed on.
    Relay,
    /// Grades for another model's rollouts.
    Judge,
    /// Another model's traces cleaned.
    Clean,
    /// Techniques tried one after the other.
    Probing,
    /// Hard mathematics without a template.
    BareMath,
    /// Programming without a template.
    BareCode,
    /// Science without a template.
    BareScience,
    /// Engineering episodes without a template.
    BareAgentic,
    /// Chinese expert questions without a template.
    BareZh,
}

impl Default for CampaignPlan {
    fn default() -> Self {
        Self {
            name: "harvest".to_owned(),
            shape: Shape::Tasks,
            accounts: 60,
            exchanges: 6000,
            family: None,
            paraphrase: 0.05,
            cover: 0.0,
            relay: 0.0,
            replay: 0.0,
            probes: 0,
            payments: 0,
            devices: 0,
            proxies: 300,
            shared_exits: 0.05,
            balance: 0.2,
            hours: None,
            burst_days: 2.0,
            created_before: 9.0,
            start_day: 0.0,
            end_day: None,
            banned_day: None,
            successors: 0,
            pivot: 0.0,
            verified: 0.1,
            aggregator: 0.0,
        }
    }
}

impl Plan {
    /// The end of the plan's window.
    #[must_use]
    pub fn end(&self) -> Micros {
        self.start + i64::from(self.days.max(1)) * DAY
    }

    /// The instant at which `atlas-5` comes out.
    #[must_use]
    pub fn release(&self) -> Micros {
        self.at_day(self.release_day.unwrap_or(f64::from(self.days) / 2.0))
    }

    /// The instant `day` days after the start.
    pub(crate) fn at_day(&self, day: f64) -> Micros {
        self.start + (day * DAY as f64) as Micros
    }
}

/// Instants in files: RFC 3339, or microseconds.
mod instant {
    use super::Micros;
    use crate::clock::write_instant;
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Written {
        Micros(Micros),
        Text(String),
    }

    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes fields by reference")]
    pub(super) fn serialize<S: Serializer>(at: &Micros, to: S) -> Result<S::Ok, S::Error> {
        let mut text = String::new();
        write_instant(&mut text, *at);
        to.serialize_str(&text)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Micros, D::Error> {
        match Written::deserialize(from)? {
            Written::Micros(at) => Ok(at),
            Written::Text(text) => text
                .parse::<jiff::Timestamp>()
                .map(jiff::Timestamp::as_microsecond)
                .map_err(|e| D::Error::custom(format!("`{text}` is no RFC 3339 instant: {e}"))),
        }
    }
}
