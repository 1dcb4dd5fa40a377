//! Decide: the answer to one request.
//! In: account, client, fingerprint and address of a request; the table; the time. Out: action, reason code, and for how long it may be kept.
//! Invariant: an `allow` on any of them wins; else the hardest; no reason, rule or threshold is told.
//! Not here: HTTP (`node`), what a point makes of it (`enforce/`).

use std::net::IpAddr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::action::Action;
use crate::subject::{Kind, MAX_KEY};
use crate::table::Table;
use crate::table::row::{Best, Key};

/// Seconds that an answer may be kept at most: a new decision reaches points that keep answers within these.
pub const MAX_TTL: u32 = 10;

/// What is known of a request; whatever is absent isn't looked up.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Request {
    /// The account; a user inside an aggregator is `account/end_user`, and the aggregator's own account is looked up too.
    #[serde(default)]
    pub account: Option<String>,
    /// The client.
    #[serde(default)]
    pub client: Option<String>,
    /// JA4 fingerprint.
    #[serde(default)]
    pub ja4: Option<String>,
    /// Address.
    #[serde(default)]
    #[schemars(with = "Option<String>")]
    pub ip: Option<IpAddr>,
}

/// The answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Answer {
    /// What is to be done.
    #[serde(flatten)]
    pub action: Action,
    /// Why, in a word that gives no threshold away; `none` when there is no decision.
    pub code: String,
    /// Seconds that the answer may be kept.
    pub ttl: u32,
    /// Number of the decision, to be named in an appeal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decision: Option<u64>,
    /// Number of the last change that the answer knows of.
    pub table: u64,
}

/// The answer to a request.
#[must_use]
pub fn decide<'a>(table: &'a Table, request: &'a Request, now: i64) -> Answer {
    // What is longer than a key can be is no key.
    let text = |text: &'a Option<String>| text.as_deref().filter(|text| text.len() <= MAX_KEY);
    let account = text(&request.account);
    let mut best = account.and_then(|text| table.find(Key::Exact(Kind::Account, text), now));
    if let Some(container) = account.and_then(container) {
        let key = Key::Exact(Kind::Account, container);
        best = match (best, table.find(key, now)) {
            // An aggregator that is let through doesn't let through a user of its that was decided on.
            (Some(own), Some(around)) if around.action == Action::Allow => {
                Some(Best { until: own.until.min(around.until), ..own })
            }
            (own, _) => table.consider(own, key, now),
        };
    }
    for (kind, text) in [(Kind::Client, text(&request.client)), (Kind::Ja4, text(&request.ja4))] {
        if let Some(text) = text {
            best = table.consider(best, Key::Exact(kind, text), now);
        }
    }
    if let Some(ip) = request.ip {
        best = table.consider(best, Key::address(ip), now);
    }
    let kept = |until: i64| u32::try_from(until.saturating_sub(now)).unwrap_or(MAX_TTL).min(MAX_TTL);
    match best {
        Some(best) => Answer {
            action: best.action,
            code: best.line.course.code.clone(),
            ttl: kept(best.until),
            decision: Some(best.line.id),
            table: table.number(),
        },
        None => Answer {
            action: Action::Allow,
            code: "none".to_owned(),
            ttl: MAX_TTL,
            decision: None,
            table: table.number(),
        },
    }
}

/// The aggregator's account of `account/end_user`.
fn container(account: &str) -> Option<&str> {
    account.split_once('/').map(|(container, _)| container)
}
