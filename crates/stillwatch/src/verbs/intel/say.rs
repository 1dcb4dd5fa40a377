//! Say: what we think of others' indicators, and putting it before people as an answer.
//! In: an id, a code, who; a profile and recipients. Out: a verdict; a release that waits.
//! Invariant: nothing leaves by these verbs; the reason is a code, since it may leave.
//! Not here: what may leave (`share`), approving (`release`).

use std::path::PathBuf;

use stillwatch_node::intel::{self, Which};
use stillwatch_node::profile;
use stillwatch_node::release::{About, Asked};
use stillwatch_stix::campaign::Producer;
use stillwatch_stix::opinion::Opinion;
use stillwatch_track::{By, Store, intel as kept, releases};

use crate::verbs::record::{Recording, Trusted, failed};
use crate::verbs::release::{keys, put, scanners};
use crate::verbs::store::{say, told};

/// Arguments of `intel dispute`, `intel agree` and `intel dismiss`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  stillwatch intel dispute 5f0c12ab --because library-proxy
  stillwatch intel agree 5f0c12ab --because T-1043

`stillwatch intel propose --opinion` puts it before people to be told to others. Exit codes: 0 done, 2 failure.")]
pub(super) struct SayArgs {
    /// Its id, or the beginning of one
    id: String,
    /// Why: a code or a ticket's id, without spaces
    #[arg(long, value_name = "CODE")]
    because: String,
}

/// Arguments of `intel propose`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  stillwatch intel propose 5f0c12ab --sighting --profile conservative --producer 'Harbor Lab' --key signer.pub
  stillwatch intel propose 5f0c12ab 77aa31cd --opinion --profile conservative --producer 'Harbor Lab' --to lab-one.example

Without `--to` it goes to those whom the peers that told it reach (`stillwatch peer route`). From there it goes the way of any release:
`stillwatch release show`, `approve`, `send`. Prints the release's id. Exit codes: 0 proposed, 2 failure, also when nothing would leave.")]
pub(super) struct ProposeArgs {
    /// Indicators, by id or the beginning of one; for an opinion also the whole id of an object of ours that others have
    #[arg(required = true, value_name = "ID")]
    ids: Vec<String>,
    /// That we saw it: our draft sighting
    #[arg(long, required_unless_present = "opinion", conflicts_with = "opinion")]
    sighting: bool,
    /// What we think of it: our verdict
    #[arg(long)]
    opinion: bool,
    /// The profile in force, by name
    #[arg(long, value_name = "NAME", env = "STILLWATCH_PROFILE_NAME")]
    profile: String,
    /// The name of this organisation, as others shall read it
    #[arg(long, value_name = "NAME", env = "STILLWATCH_PRODUCER")]
    producer: String,
    /// Members that it is for
    #[arg(long, value_name = "MEMBER")]
    to: Vec<String>,
    /// All members that the profile names
    #[arg(long, conflicts_with = "to")]
    to_all: bool,
    /// Names that must not leave, one a line
    #[arg(long, value_name = "FILE", env = "STILLWATCH_NAMES")]
    names: Option<PathBuf>,
    /// Key of a member's tokens, at least 16 bytes: what is said of a campaign of ours that has a name needs it
    #[arg(long, value_name = "MEMBER=FILE")]
    token_key: Vec<String>,
    /// Days in which people may decide
    #[arg(long, default_value_t = 14, value_parser = clap::value_parser!(u32).range(1..=365))]
    days: u32,
    #[command(flatten)]
    trusted: Trusted,
}

pub(super) async fn dispute(store: &Store, args: &SayArgs, by: &By) -> Result<u8, String> {
    opine(store, args, Opinion::StronglyDisagree, by).await
}

pub(super) async fn agree(store: &Store, args: &SayArgs, by: &By) -> Result<u8, String> {
    opine(store, args, Opinion::Agree, by).await
}

async fn opine(store: &Store, args: &SayArgs, word: Opinion, by: &By) -> Result<u8, String> {
    let id = kept::find(store, &args.id).await.map_err(told)?;
    let is_new = intel::opine(store, &id, word, &args.because, by).await.map_err(failed)?;
    say(&format!("{id}: {}{}", word.name(), if is_new { "" } else { ", as before" }));
    Ok(0)
}

pub(super) async fn dismiss(store: &Store, args: &SayArgs, by: &By) -> Result<u8, String> {
    let id = kept::find(store, &args.id).await.map_err(told)?;
    kept::state(store, std::slice::from_ref(&id), "dismissed", None, &args.because, by).await.map_err(told)?;
    say(&format!("{id}: its draft sighting is put aside"));
    Ok(0)
}

/// A received indicator; or, for an opinion, the whole id of an object of ours that others have.
async fn meant(store: &Store, given: &str, is_opinion: bool) -> Result<String, String> {
    if is_opinion && !releases::holders(store, given).await.map_err(told)?.is_empty() {
        return Ok(given.to_owned());
    }
    kept::find(store, given).await.map_err(told)
}

pub(super) async fn propose(store: &Store, args: &ProposeArgs, recording: &Recording, by: &By) -> Result<u8, String> {
    let profile = profile::in_force(store, &args.profile, &args.trusted.keys()?, by).await.map_err(failed)?;
    let mut ids = Vec::with_capacity(args.ids.len());
    for given in &args.ids {
        ids.push(meant(store, given, args.opinion).await?);
    }
    ids.sort();
    ids.dedup();
    let producer = Producer { name: args.producer.clone(), created: String::new() };
    let which = if args.opinion { Which::Opinion } else { Which::Sighting };
    let answer = intel::answers(store, which, &ids, &producer, by).await.map_err(failed)?;
    let to = match (args.to.is_empty(), args.to_all) {
        (false, _) => args.to.clone(),
        (true, true) => Vec::new(),
        (true, false) if answer.tellers.is_empty() => {
            return Err("error: it isn't known how those who told it are reached\n\
                        hint: name recipients with `--to MEMBER` or `--to-all`; `stillwatch peer route` ties a member to a peer"
                .into());
        }
        (true, false) => answer.tellers.clone(),
    };
    let scanners = scanners(store, args.names.as_deref()).await?;
    let subject = ids.first().map(String::as_str).unwrap_or_default();
    let asked = Asked {
        about: About::Objects { subject, texts: &answer.texts, known: &answer.known },
        to: &to,
        keys: &keys(&args.token_key)?,
        profile: &profile,
        scanners: &scanners,
        days: args.days,
    };
    let release = put(store, &asked, by).await?;
    match which {
        Which::Opinion => kept::opined(store, &ids, &release.id, by).await,
        Which::Sighting => kept::state(store, &ids, "proposed", Some(&release.id), &release.id, by).await,
    }
    .map_err(told)?;
    recording.settle(store, by).await?;
    Ok(0)
}
