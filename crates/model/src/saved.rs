//! Saved: what `detect --save` hands to the store, through the spool folder.
//! In: a report, and what was looked up in the logs for its campaigns. Out: one serde type, one file a run.
//! Invariant: stays at home: it names accounts and addresses; examples are apart, so that they can expire.
//! Not here: what the store makes of it (`tracked.rs`).

use serde::{Deserialize, Serialize};

use crate::report::{Example, Member, Timeline};
use crate::{Findings, canonical};

/// Version of the spool file; raised when a field changes meaning.
pub const SAVED_VERSION: u32 = 1;

/// The folder of the store when nobody says where it is: the engine and the store must mean the same.
pub const DATA: &str = "stillwatch-data";
/// The spool's name in the store's folder: where the two meet.
pub const SPOOL: &str = "spool";

/// One run's findings, and a detail for each campaign.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Saved {
    /// Version of this format.
    pub schema: u32,
    /// What was found.
    pub findings: Findings,
    /// One detail a campaign, in the order of `findings.campaigns`.
    pub details: Vec<Detail>,
}

impl Saved {
    /// The run's id: the same findings over the same window are the same run, whenever it was made.
    #[must_use]
    pub fn run(&self) -> String {
        let campaigns: Vec<_> = self.findings.campaigns.iter().map(|c| (&c.id, c.exchanges)).collect();
        let what = serde_json::json!({
            "window": self.findings.window, "exchanges": self.findings.exchanges,
            "accounts": self.findings.accounts, "campaigns": campaigns,
        });
        canonical::id("run", &what)
    }
}

/// What is known of a campaign besides its finding.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Detail {
    /// The finding's id.
    pub id: String,
    /// A few words for a heading, such as `templated harvest`.
    pub technique: String,
    /// Facts read from the log, a sentence each.
    pub observed: Vec<String>,
    /// What is concluded from them, a sentence each.
    pub inferred: Vec<String>,
    /// Members with their own scores, strongest first.
    pub members: Vec<Member>,
    /// Volume and active accounts over time.
    pub timeline: Timeline,
    /// Exchanges by model: (model, exchanges), most first.
    pub models: Vec<(String, u64)>,
    /// Addresses of the members, most exchanges first; empty when read from sketches, which hold hashes only.
    pub networks: Vec<Network>,
    /// Clients of the members, most exchanges first; empty when read from sketches.
    pub clients: Vec<Client>,
    /// Sketches of the texts that members share, most exchanges first.
    pub texts: Vec<TextSketch>,
    /// Shortened local examples.
    pub examples: Vec<Example>,
}

/// A network address that members came from.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Network {
    /// IPv4 or IPv6 address.
    pub address: String,
    /// Autonomous system, where the log names it.
    pub asn: Option<u32>,
    /// Exchanges of members from it.
    pub exchanges: u64,
    /// Members seen at it.
    pub accounts: u64,
    /// Accounts seen at it that are no members: what speaks against it as an indicator.
    pub strangers: u64,
}

/// A client that members used.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Client {
    /// HTTP user agent.
    pub user_agent: Option<String>,
    /// JA4 fingerprint of the TLS hello.
    pub tls_ja4: Option<String>,
    /// Exchanges of members with it.
    pub exchanges: u64,
    /// Members that used it.
    pub accounts: u64,
    /// Accounts that used it and are no members.
    pub strangers: u64,
}

/// Name of the text sketch's algorithm, as it travels: tokens folded, shingles of 3, 16 body slots, 4 system slots, edges of 8.
pub const TEXT_SKETCH: &str = "stillwatch-anchors-1";

/// What is fixed in a family of texts, as hashes; holds no text. A slot of 0 is free: whatever fills it says nothing.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct TextSketch {
    /// The value of each body slot that most texts of the family agree on; 16 slots.
    pub body: Vec<u32>,
    /// The same of the system prompt; 4 slots.
    pub system: Vec<u32>,
    /// Hash of the fixed first tokens; 0 when they vary.
    pub head: u32,
    /// Hash of the fixed last tokens; 0 when they vary.
    pub tail: u32,
    /// Share of the campaign's exchanges that it covers, 0 to 1.
    pub share: f64,
    /// Distinct fillings seen.
    pub fills: u64,
}

impl TextSketch {
    /// Slots that are fixed, edges included.
    #[must_use]
    pub fn fixed(&self) -> usize {
        let edges = usize::from(self.head != 0) + usize::from(self.tail != 0);
        self.body.iter().chain(&self.system).filter(|&&slot| slot != 0).count() + edges
    }

    /// Share of the fixed slots in which `other` has the same value, 0 to 1; 0 when nothing is fixed.
    /// The distance that `hunt` speaks of is 1 minus this.
    #[must_use]
    pub fn agreement(&self, other: &Self) -> f64 {
        let slots = |mine: &[u32], theirs: &[u32]| mine.iter().zip(theirs).filter(|(a, b)| **a != 0 && a == b).count();
        let edge = |mine: u32, theirs: u32| usize::from(mine != 0 && mine == theirs);
        let same = slots(&self.body, &other.body)
            + slots(&self.system, &other.system)
            + edge(self.head, other.head)
            + edge(self.tail, other.tail);
        if same == 0 { 0.0 } else { same as f64 / self.fixed() as f64 }
    }
}
