//! Facts: what a rule knows of received intelligence about one subject.
//! In: a subject, half-lives, the time. Out: `gate::facts::Received`, an indicator each.
//! Invariant: confidence is what is left of it now; what is taken back, over or gone stale is no fact; the strictest marking holds.
//! Not here: what a rule makes of it (`gate`).

use std::collections::BTreeSet;

use ipnet::IpNet;
use jiff::Timestamp;
use stillwatch_gate::Subject;
use stillwatch_gate::facts::{Pap, Received, Tlp};
use stillwatch_gate::standing::Decay;
use stillwatch_track::Store;
use stillwatch_track::intel::{self, Told};

use super::at;
use super::weigh::{Weighed, weigh};
use crate::error::Result;

/// What others told that is about a subject: by its value, and for an account by what matched its traffic.
///
/// # Errors
/// When the store can't be read.
pub async fn facts(store: &Store, subject: &Subject, decay: &Decay, now: Timestamp) -> Result<Vec<Received>> {
    let mut ids: BTreeSet<String> = match subject {
        Subject::Network(network) => intel::of_values(store, &wider(*network)).await?,
        Subject::Ja4(ja4) => intel::of_values(store, &[("ja4".to_owned(), ja4.clone())]).await?,
        Subject::Account(account) => intel::of_values(store, &[("account".to_owned(), account.clone())]).await?,
        Subject::Client(_) => Vec::new(),
    }
    .into_iter()
    .collect();
    if let Subject::Account(account) = subject {
        ids.extend(intel::of_account(store, account).await?);
    }
    let ids: Vec<String> = ids.into_iter().collect();
    let weighed = weigh(store, &ids, decay, now).await?;
    Ok(weighed.values().filter_map(fact).collect())
}

/// A network and all that hold it.
fn wider(network: IpNet) -> Vec<(String, String)> {
    (0..=network.prefix_len())
        .filter_map(|length| IpNet::new(network.addr(), length).ok())
        .map(|net| ("network".to_owned(), net.trunc().to_string()))
        .collect()
}

fn fact(weighed: &Weighed) -> Option<Received> {
    let standing = &weighed.standing;
    // What is disputed is told as such: that it is no ground is the gate's own law too.
    if !standing.drives && !standing.disputed {
        return None;
    }
    let newest = weighed.newest().filter(|_| !weighed.is_withdrawn())?;
    let tlp = |told: &Told| match told.tlp.as_str() {
        "clear" => Tlp::Clear,
        "green" => Tlp::Green,
        "amber" => Tlp::Amber,
        "amber+strict" => Tlp::AmberStrict,
        _ => Tlp::Red,
    };
    let pap = |told: &Told| match told.pap.as_str() {
        "clear" => Pap::Clear,
        "green" => Pap::Green,
        "amber" => Pap::Amber,
        _ => Pap::Red,
    };
    Some(Received {
        indicator: weighed.id.clone(),
        producer: newest.producer.clone(),
        confidence: standing.confidence,
        tlp: weighed.told.iter().map(tlp).max().unwrap_or(Tlp::Red),
        pap: weighed.told.iter().map(pap).max().unwrap_or(Pap::Red),
        sightings: standing.sightings,
        valid_until: newest.valid_until.map(at),
        disputed: standing.disputed,
    })
}
