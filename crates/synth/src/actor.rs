//! Actor: one source of traffic, and the cast of habits that it plays from.
//! In: what `honest` and `campaign` decide. Out: `Actor` and `Cast`, plain data.
//! Invariant: an actor and a session number say everything about that session; nothing is remembered in between.
//! Not here: when sessions fall (`stream.rs`) and what they look like on the wire (`exchange.rs`).

use stillwatch_model::Micros;

use crate::client::Client;
use crate::dice::{Dice, key};
use crate::grammar::{Author, RuleId};
use crate::network::Address;

/// No end user: the account is its own.
pub(crate) const NOBODY: u32 = u32::MAX;

/// A person, a job, or one member of a campaign.
#[derive(Debug, Clone)]
pub(crate) struct Actor {
    /// The seed of everything that it does.
    pub(crate) seed: u64,
    /// Index of its account.
    pub(crate) account: u32,
    /// Index of its cast.
    pub(crate) cast: u32,
    /// Number of the user inside an aggregator's account, or `NOBODY`.
    pub(crate) end_user: u32,
    /// Index of its country.
    pub(crate) country: u8,
    /// How many sessions it has.
    pub(crate) sessions: u32,
    /// Index of its rhythm.
    pub(crate) rhythm: u32,
    /// Weight of its rhythm before `from`.
    pub(crate) low: f64,
    /// Weight of its rhythm before `to`.
    pub(crate) high: f64,
    /// No exchange before.
    pub(crate) from: Micros,
    /// No exchange from here on.
    pub(crate) to: Micros,
}

/// The habits that a group of actors shares.
#[derive(Debug, Clone)]
pub(crate) struct Cast {
    /// What it asks.
    pub(crate) says: Says,
    /// Whose fixed phrases.
    pub(crate) author: Author,
    /// The system prompt.
    pub(crate) system: Option<String>,
    /// Names of the tools offered.
    pub(crate) tools: &'static [&'static str],
    /// Where it sends from.
    pub(crate) from: Origin,
    /// The programs it uses.
    pub(crate) clients: &'static [Client],
    /// Which models.
    pub(crate) models: Models,
    /// The access path.
    pub(crate) access: &'static str,
    /// Median length of the answer in tokens, and its spread.
    pub(crate) answer: (f64, f64),
    /// Reasoning tokens for each token of the answer.
    pub(crate) thinks: f64,
    /// Answers are streamed.
    pub(crate) stream: bool,
    /// Requests go through the batch endpoint.
    pub(crate) batch: bool,
    /// Sampling temperature.
    pub(crate) temperature: Option<f64>,
    /// Output limit.
    pub(crate) max_tokens: Option<i64>,
    /// Share refused.
    pub(crate) refused: f64,
    /// Share that is throttled (429).
    pub(crate) throttled: f64,
    /// Chance that a session's first tries fail with 5xx and are repeated.
    pub(crate) retries: f64,
    /// What is done with sealed reasoning.
    pub(crate) reasoning: Reasoning,
    /// Neither address nor program is passed on.
    pub(crate) stripped: bool,
    /// Refused from here on, however it asks.
    pub(crate) banned: Option<Micros>,
    /// Share of sessions that are an ordinary person's.
    pub(crate) cover: f64,
    /// Share of sessions that are a rival's users'.
    pub(crate) relay: f64,
    /// Text put before every prompt of its own.
    pub(crate) inject: Option<String>,
}

impl Default for Cast {
    fn default() -> Self {
        Self {
            says: Says::Person,
            author: Author::default(),
            system: None,
            tools: &[],
            from: Origin::Home,
            clients: crate::client::PEOPLE,
            models: Models::default(),
            access: "direct",
            answer: (220.0, 0.8),
            thinks: 0.0,
            stream: false,
            batch: false,
            temperature: None,
            max_tokens: None,
            refused: 0.006,
            throttled: 0.001,
            retries: 0.003,
            reasoning: Reasoning::None,
            stripped: false,
            banned: None,
            cover: 0.0,
            relay: 0.0,
            inject: None,
        }
    }
}

/// What is asked.
#[derive(Debug, Clone)]
pub(crate) enum Says {
    /// An ordinary person's questions in the language of the country, with follow-ups.
    Person,
    /// One of these rules, afresh each time.
    Rules(Vec<RuleId>),
    /// Items of a fixed set, the same text whenever and by whomever one is drawn.
    Items {
        /// The rules that items are made by.
        rules: Vec<RuleId>,
        /// Whose set.
        set: u64,
        /// How many items.
        count: u32,
        /// Which item is next.
        order: Order,
    },
    /// Exercises of a shared sheet about half of the time, a person's questions otherwise.
    Homework {
        /// Whose sheet.
        set: u64,
        /// How many exercises.
        count: u32,
    },
    /// A coding agent at work: tools, growing context.
    Agent,
    /// A dialogue that the model writes with itself, turn by turn.
    Dialogue(RuleId),
}

/// How a fixed set of items is gone through.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Order {
    /// From the first to the last and again.
    Cycle,
    /// Any.
    Any,
}

/// Which models an actor asks for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Models {
    /// Share of actors that use the small model.
    pub(crate) small: f64,
    /// Share of exchanges that use `atlas-5` in the end.
    pub(crate) newest: f64,
    /// Days after the release in which that share is reached.
    pub(crate) days: f64,
}

impl Default for Models {
    fn default() -> Self {
        Self { small: 0.25, newest: 0.3, days: 8.0 }
    }
}

/// Where requests come from.
#[derive(Debug, Clone)]
pub(crate) enum Origin {
    /// One to three addresses of its own: home, work, telephone.
    Home,
    /// A few fixed addresses.
    Fixed(Vec<Address>),
    /// A new machine of this cloud for each session.
    Runners(u64),
    /// A person who often uses the commercial VPN.
    Vpn,
    /// A customer of this transfer station.
    Station(u64),
    /// A few exits each of a residential pool; a share of exchanges by exits that others use too.
    Proxies {
        /// Whose pool.
        pool: u64,
        /// How many exits it has.
        exits: u32,
        /// Share by the commercial VPN and a transfer station.
        shared: f64,
    },
}

/// What is done with sealed reasoning.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Reasoning {
    /// None is asked for.
    None,
    /// Handed out with each answer, handed in with the next turn of the session.
    Session,
    /// Handed in in the sessions of others: actors `first..first + count`.
    Across {
        /// Share of requests that do.
        share: f64,
        /// First actor of the pool.
        first: u32,
        /// Actors of the pool.
        count: u32,
    },
}

/// How the turns of a session follow each other.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Turns {
    /// How many.
    pub(crate) count: u8,
    /// Mean seconds from one to the next.
    pub(crate) gap: f64,
}

impl Actor {
    /// The dice of one session, for `purpose`.
    pub(crate) fn dice(&self, session: u32, purpose: u64) -> Dice {
        Dice::of(&[self.seed, u64::from(session), purpose])
    }

    /// The dice of whatever this actor does always, for `purpose`.
    pub(crate) fn habit(&self, purpose: u64) -> Dice {
        Dice::of(&[self.seed, purpose])
    }

    /// The reference of the sealed reasoning that one answer hands out.
    pub(crate) fn minted(&self, session: u32, turn: u8) -> u64 {
        key(&[self.seed, u64::from(session), u64::from(turn), 0x5ea1])
    }
}

impl Cast {
    /// What session `session` of `actor` is about: its own business, cover, or a relayed user's.
    pub(crate) fn says_in(&self, actor: &Actor, session: u32) -> &Says {
        if self.cover > 0.0 || self.relay > 0.0 {
            let mut dice = actor.dice(session, 0xc07e);
            if dice.chance(self.cover) {
                return &Says::Person;
            }
            if dice.chance(self.relay) {
                return if dice.chance(0.5) { &Says::Agent } else { &Says::Person };
            }
        }
        &self.says
    }

    /// The turns of session `session` of `actor`.
    pub(crate) fn turns(&self, actor: &Actor, session: u32) -> Turns {
        let mut dice = actor.dice(session, 0x7e45);
        let says = self.says_in(actor, session);
        match says {
            Says::Agent => Turns { count: 2 + dice.below(7) as u8, gap: 45.0 },
            Says::Dialogue(_) => Turns { count: 2 + dice.below(3) as u8, gap: 20.0 },
            Says::Person | Says::Homework { .. } => {
                let mut count = 1;
                while count < 6 && dice.chance(0.45) {
                    count += 1;
                }
                Turns { count, gap: 110.0 }
            }
            Says::Rules(_) | Says::Items { .. } if self.retries > 0.0 && dice.chance(self.retries) => {
                Turns { count: 2 + dice.below(2) as u8, gap: 5.0 }
            }
            Says::Rules(_) | Says::Items { .. } => Turns { count: 1, gap: 1.0 },
        }
    }

    /// The mean number of exchanges in a session.
    pub(crate) fn mean_turns(&self) -> f64 {
        let of = |says: &Says| match says {
            Says::Agent => 5.0,
            Says::Dialogue(_) => 3.0,
            Says::Person | Says::Homework { .. } => 1.8,
            Says::Rules(_) | Says::Items { .. } => 1.0 + 1.5 * self.retries,
        };
        let own = (1.0 - self.cover) * (1.0 - self.relay);
        self.cover * 1.8 + (1.0 - self.cover) * self.relay * 3.4 + own * of(&self.says)
    }
}
