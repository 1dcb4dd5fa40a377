//! Options: how a campaign is told.
//! In: who tells, to whom, until when, on what ground. Out: what every object made carries.
//! Invariant: the default tells least: TLP:AMBER+STRICT, no names that people gave, no notes, no claims.
//! Not here: the policy that chooses them.

use serde_json::json;

use crate::made::Made;
use crate::marking::{Pap, Tlp};
use crate::{id, version};

/// Who tells.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Producer {
    /// The organisation's name.
    pub name: String,
    /// Since when it tells, RFC 3339 UTC: `created` of its identity.
    pub created: String,
}

impl Producer {
    /// Id of its identity object, made from its name.
    #[must_use]
    pub fn id(&self) -> String {
        id::domain("identity", &json!({"name": self.name}))
    }

    /// The identity object (STIX 2.1, section 4.5).
    #[must_use]
    pub fn object(&self, tlp: Tlp) -> String {
        let since = version::timestamp(&self.created).unwrap_or_default();
        Made::new("identity", &self.id())
            .dated(&since, &since)
            .with("created_by_ref", json!(self.id()))
            .with("object_marking_refs", json!([tlp.id()]))
            .with("name", json!(self.name))
            .with("identity_class", json!("organization"))
            .text()
    }
}

/// Something that was done about a campaign.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Response {
    /// What: `suspend-accounts`, `block`, `throttle`, ... (open vocabulary of the extension `response-taken`).
    pub action: String,
    /// When, RFC 3339 UTC.
    pub taken: Option<String>,
    /// Accounts concerned; goes as an order of magnitude.
    pub accounts: u64,
}

/// How a campaign is told.
#[derive(Debug, Clone, PartialEq)]
pub struct Options {
    /// Who tells.
    pub producer: Producer,
    /// Who may know.
    pub tlp: Tlp,
    /// What may be done with it; `None`: not said.
    pub pap: Option<Pap>,
    /// When it is to be deleted, RFC 3339 UTC.
    pub expires: Option<String>,
    /// Ground on which it is shared.
    pub legal_basis: Option<String>,
    /// What it may be used for.
    pub purpose: Option<String>,
    /// What was done; where this is empty and the campaign is disrupted, that its accounts were suspended.
    pub responses: Vec<Response>,
    /// Tell the name that people gave the campaign; else it is named by its technique and id.
    pub names: bool,
    /// Tell who is said to be behind it.
    pub claims: bool,
    /// Tell what people noted: free text, which its writers answer for.
    pub notes: bool,
    /// Most addresses told.
    pub networks: usize,
    /// An address or client isn't told when more than this share of the accounts seen with it are no members.
    pub strangers: f64,
    /// Days after the last sighting for which an address is worth looking for: addresses move on to innocent people.
    pub network_days: u32,
    /// The same for clients and texts.
    pub content_days: u32,
    /// Share of a text sketch's fixed slots that must agree for a match.
    pub agreement: f64,
}

impl Default for Options {
    fn default() -> Self {
        Options {
            producer: Producer::default(),
            tlp: Tlp::default(),
            pap: Some(Pap::default()),
            expires: None,
            legal_basis: None,
            purpose: None,
            responses: Vec::new(),
            names: false,
            claims: false,
            notes: false,
            networks: 500,
            strangers: 0.5,
            network_days: 30,
            content_days: 180,
            agreement: 0.5,
        }
    }
}
