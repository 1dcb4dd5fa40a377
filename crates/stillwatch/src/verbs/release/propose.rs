//! Propose: puts before people what of a campaign would leave.
//! In: a campaign, members, the profile in force. Out: a release that waits; what of it would leave.
//! Invariant: nothing leaves by this verb.
//! Not here: what may leave (`share`).

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use clap::ValueEnum;
use stillwatch_node::profile;
use stillwatch_node::release::{About, Asked};
use stillwatch_share::TokenKey;
use stillwatch_stix::campaign::{Options, Producer};
use stillwatch_stix::marking::{Pap, Tlp};
use stillwatch_track::{By, Store, groups, tracked_by_id};

use super::{put, scanners};
use crate::verbs::policy::files;
use crate::verbs::record::{Recording, Trusted, failed};
use crate::verbs::stix::export::{pap, tlp};
use crate::verbs::store::told;

/// Arguments of `release propose`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  stillwatch release propose 5f0c12ab --profile conservative --producer 'Harbor Lab' --key signer.pub
  stillwatch release propose 5f0c12ab --profile expanded --to lab-one.example --names staff.txt --tell names

The profile is one that `stillwatch policy adopt` put in force. Prints the release's id.
Exit codes: 0 proposed, 2 failure, also when nothing would leave.")]
pub(super) struct Args {
    /// The campaign, by id or the beginning of one
    campaign: String,
    /// The profile in force, by name
    #[arg(long, value_name = "NAME", env = "STILLWATCH_PROFILE_NAME")]
    profile: String,
    /// Members that it is for [default: all that the profile names]
    #[arg(long, value_name = "MEMBER")]
    to: Vec<String>,
    /// Members of a sharing group that it is for, by the group's id
    #[arg(long, value_name = "UUID")]
    to_group: Vec<String>,
    /// The name of this organisation, as others shall read it
    #[arg(long, value_name = "NAME", env = "STILLWATCH_PRODUCER")]
    producer: String,
    /// Traffic Light Protocol 2.0: who may know; the profile may mark it more strictly
    #[arg(long, default_value = "amber", value_parser = tlp())]
    tlp: Tlp,
    /// Permissible Actions Protocol: what may be done with it
    #[arg(long, default_value = "amber", value_parser = pap())]
    pap: Pap,
    /// Tell, where the profile permits it, what people wrote
    #[arg(long, value_enum, value_delimiter = ',')]
    tell: Vec<Tell>,
    /// Names that must not leave, one a line
    #[arg(long, value_name = "FILE", env = "STILLWATCH_NAMES")]
    names: Option<PathBuf>,
    /// Key of a member's tokens, at least 16 bytes; without it what leaves as a token does not leave
    #[arg(long, value_name = "MEMBER=FILE")]
    token_key: Vec<String>,
    /// Days in which people may decide
    #[arg(long, default_value_t = 14, value_parser = clap::value_parser!(u32).range(1..=365))]
    days: u32,
    #[command(flatten)]
    trusted: Trusted,
}

/// What people wrote.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Tell {
    /// The names that they gave campaigns
    Names,
    /// Who is said to be behind them
    Claims,
    /// What they noted
    Notes,
}

pub(super) async fn run(store: &Store, args: &Args, recording: &Recording, by: &By) -> Result<u8, String> {
    let profile = profile::in_force(store, &args.profile, &args.trusted.keys()?, by).await.map_err(failed)?;
    let campaign = tracked_by_id(store, &args.campaign).await.map_err(told)?;
    let options = Options {
        producer: Producer { name: args.producer.clone(), created: String::new() },
        tlp: args.tlp,
        pap: Some(args.pap),
        purpose: Some(profile.draft().about.purpose.clone()),
        legal_basis: Some(profile.draft().about.legal_basis.clone()),
        names: args.tell.contains(&Tell::Names),
        claims: args.tell.contains(&Tell::Claims),
        notes: args.tell.contains(&Tell::Notes),
        ..Options::default()
    };
    let scanners = scanners(store, args.names.as_deref()).await?;
    let mut to = args.to.clone();
    for group in &args.to_group {
        let members = groups::members(store, group).await.map_err(told)?;
        if members.is_empty() {
            return Err(format!(
                "error: no member of the group `{group}` is known\nhint: `stillwatch peer sync` learns of groups from the hub"
            ));
        }
        to.extend(members.into_iter().map(|member| member.name));
    }
    let asked = Asked {
        about: About::Campaign { campaign: &campaign, options: &options },
        to: &to,
        keys: &keys(&args.token_key)?,
        profile: &profile,
        scanners: &scanners,
        days: args.days,
    };
    put(store, &asked, by).await?;
    recording.settle(store, by).await?;
    Ok(0)
}

/// Keys of members' tokens, from `MEMBER=FILE`.
pub(crate) fn keys(given: &[String]) -> Result<BTreeMap<String, TokenKey>, String> {
    let one = |given: &String| {
        let (member, file) = given.split_once('=').ok_or_else(|| {
            format!("error: `--token-key {given}` has no `=`\nhint: --token-key lab-one.example=FILE")
        })?;
        Ok((member.to_owned(), files::token_key(Path::new(file))?))
    };
    given.iter().map(one).collect()
}
