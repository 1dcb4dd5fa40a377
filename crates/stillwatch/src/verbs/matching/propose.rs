//! Propose: sightings of what a round found, put before people.
//! In: a round, the profile in force. Out: a release that waits.
//! Invariant: nothing leaves by this verb; it goes the way of any release.
//! Not here: what may leave (`share`), what is said (`stillwatch_node::matching::drafts`).

use std::collections::BTreeMap;
use std::path::PathBuf;

use stillwatch_node::config::Config;
use stillwatch_node::matching::drafts::drafts;
use stillwatch_node::profile;
use stillwatch_node::release::{About, Asked};
use stillwatch_stix::campaign::Producer;
use stillwatch_track::{By, Store, matches};

use super::recorded;
use crate::verbs::policy::files;
use crate::verbs::record::failed;
use crate::verbs::release::{put, scanners};
use crate::verbs::store::told;

/// Arguments of `match propose`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  stillwatch match propose 5c1a --profile conservative --producer 'Harbor Lab' --policy-key signer.pub

Of what is common and belongs to a campaign of ours: our indicator, and that we sighted it. From there it goes the way of any release:
`stillwatch release show`, `approve`, `send`. Prints the release's id. Exit codes: 0 proposed, 2 failure, also when nothing would leave.")]
pub(super) struct Args {
    /// The round, by id or the beginning of one
    round: String,
    /// The profile in force, by name
    #[arg(long, value_name = "NAME", env = "STILLWATCH_PROFILE_NAME")]
    profile: String,
    /// The name of this organisation, as others shall read it
    #[arg(long, value_name = "NAME", env = "STILLWATCH_PRODUCER")]
    producer: String,
    /// Members that it is for [default: the round's other side]
    #[arg(long, value_name = "MEMBER")]
    to: Vec<String>,
    /// Names that must not leave, one a line
    #[arg(long, value_name = "FILE", env = "STILLWATCH_NAMES")]
    names: Option<PathBuf>,
    /// Days in which people may decide
    #[arg(long, default_value_t = 14, value_parser = clap::value_parser!(u32).range(1..=365))]
    days: u32,
    /// Public keys whose profiles are trusted: files with PEM, or 64 hexadecimal digits
    #[arg(long, value_name = "FILE|HEX", env = "STILLWATCH_POLICY_KEYS", value_delimiter = ',', required = true)]
    policy_key: Vec<String>,
}

pub(super) async fn run(store: &Store, config: &Config, args: &Args, by: &By) -> Result<u8, String> {
    let keys = files::public_keys(&args.policy_key)?;
    let profile = profile::in_force(store, &args.profile, &keys, by).await.map_err(failed)?;
    let round = matches::round(store, &args.round).await.map_err(told)?;
    let producer = Producer { name: args.producer.clone(), created: String::new() };
    let texts = drafts(store, &round, &producer, by).await.map_err(failed)?;
    let to = if args.to.is_empty() { vec![round.member.clone()] } else { args.to.clone() };
    let scanners = scanners(store, args.names.as_deref()).await?;
    let asked = Asked {
        about: About::Objects { subject: &round.id, texts: &texts, known: &[] },
        to: &to,
        keys: &BTreeMap::new(),
        profile: &profile,
        scanners: &scanners,
        days: args.days,
    };
    put(store, &asked, by).await?;
    recorded(config, store, by).await?;
    Ok(0)
}
