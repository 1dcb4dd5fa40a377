//! Notice: 'we act on campaign C from T on', told to others and heard of them, and that it was read.
//! In: a verb on notices. Out: an exit code.
//! Invariant: one file a verb; nothing leaves by these verbs: a notice or an acknowledgement is proposed as any release is.
//! Not here: the form (`stix`), whether a profile permits it (`share`).

mod effect;
mod list;
mod propose;
mod read;
mod show;

use std::path::PathBuf;

use clap::{Args as ClapArgs, Subcommand};
use stillwatch_node::notices::{Notice, Ready};
use stillwatch_node::profile;
use stillwatch_node::release::{About, Asked};
use stillwatch_stix::campaign::Producer;
use stillwatch_track::releases::Release;
use stillwatch_track::{By, Store};

use super::record::{Recording, Trusted, failed};
use super::release::{keys, put, scanners};
use super::store::{Author, Data, block_on, minute, plain, print, print_json, say};

/// Arguments of `notice`.
#[derive(Debug, ClapArgs)]
#[command(after_help = "Examples:
  stillwatch notice propose 5f0c12ab --at 2026-12-01T09:00:00Z --to lab-one.example --profile expanded --producer Harbor
  stillwatch notice list                            ours and received, and who has read ours
  stillwatch notice show 81c2aa00
  stillwatch notice read 81c2aa00 --profile expanded --producer Harbor
  stillwatch notice effect 5f0c12ab --to hub.example --profile expanded --producer Harbor
  stillwatch release withdraw RELEASE --because T-9   takes a notice back, as anything that was released

A notice says from when we act on a campaign, so that an actor isn't warned early: which campaign, which hour, nothing
else. It asks for nothing and promises nothing, and no rule sees one. Every shipped profile forbids it
(docs/coordination.md has the line that a member's lawyers may turn). Times are UTC. Exit codes: 0 done, 1 the answer is no (`list --exit-code`: there is none), 2 failure.
Environment: STILLWATCH_DATA is the store, STILLWATCH_LEDGER the ledger, STILLWATCH_AUTHOR who says something,
STILLWATCH_POLICY_KEYS who may sign profiles.")]
pub(crate) struct Args {
    #[command(flatten)]
    data: Data,
    #[command(flatten)]
    author: Author,
    #[command(flatten)]
    recording: Recording,
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Put before people that others be told from when we act on a campaign
    Propose(Box<propose::Args>),
    /// Put before people that a hub be told how a campaign's volume changed here, for a mean of several members
    Effect(Box<effect::Args>),
    /// List notices, ours and received, with who has read ours
    List(list::Args),
    /// Show one
    Show(show::Args),
    /// Write down that you have read a received one, and put before people that its teller be told just that
    Read(Box<read::Args>),
}

/// Who tells, to whom, under which profile.
#[derive(Debug, ClapArgs)]
struct Proposing {
    /// The profile in force, by name; it must permit notices
    #[arg(long, value_name = "NAME", env = "STILLWATCH_PROFILE_NAME")]
    profile: Option<String>,
    /// The name of this organisation, as others shall read it
    #[arg(long, value_name = "NAME", env = "STILLWATCH_PRODUCER")]
    producer: Option<String>,
    /// Members that it is for
    #[arg(long, value_name = "MEMBER")]
    to: Vec<String>,
    /// All members that the profile names
    #[arg(long, conflicts_with = "to")]
    to_all: bool,
    /// Names that must not leave, one a line
    #[arg(long, value_name = "FILE", env = "STILLWATCH_NAMES")]
    names: Option<PathBuf>,
    /// Key of a member's tokens, where the profile tells campaigns' names as tokens: what may not leave itself isn't named either
    #[arg(long, value_name = "MEMBER=FILE")]
    token_key: Vec<String>,
    /// Days in which people may decide; for a notice until its hour at most
    #[arg(long, default_value_t = 14, value_parser = clap::value_parser!(u32).range(1..=365))]
    days: u32,
    #[command(flatten)]
    trusted: Trusted,
}

impl Proposing {
    fn producer(&self) -> Result<Producer, String> {
        let name = self.producer.clone().ok_or_else(|| missing("--producer", "STILLWATCH_PRODUCER"))?;
        Ok(Producer { name, created: String::new() })
    }

    /// Puts it before people; prints the release's id.
    async fn put(&self, store: &Store, ready: &Ready, to: &[String], by: &By) -> Result<Release, String> {
        let name = self.profile.as_deref().ok_or_else(|| missing("--profile", "STILLWATCH_PROFILE_NAME"))?;
        let profile = profile::in_force(store, name, &self.trusted.keys()?, by).await.map_err(failed)?;
        let scanners = scanners(store, self.names.as_deref()).await?;
        let asked = Asked {
            about: About::Objects { subject: &ready.subject, texts: &ready.texts, known: &ready.known },
            to,
            keys: &keys(&self.token_key)?,
            profile: &profile,
            scanners: &scanners,
            days: self.days,
        };
        put(store, &asked, by).await
    }
}

fn missing(flag: &str, variable: &str) -> String {
    format!("error: {flag} is missing\nhint: give it, or set {variable}")
}

/// Runs the verb.
pub(crate) fn run(args: &Args) -> Result<u8, String> {
    let by = args.author.by();
    block_on(async {
        let store = args.data.open(&by).await?;
        let done = match &args.verb {
            Verb::Propose(inner) => propose::run(&store, inner, &args.recording, &by).await,
            Verb::Effect(inner) => effect::run(&store, inner, &args.recording, &by).await,
            Verb::List(inner) => list::run(&store, inner, &by).await,
            Verb::Show(inner) => show::run(&store, inner, &by).await,
            Verb::Read(inner) => read::run(&store, inner, &args.recording, &by).await,
        };
        store.close().await;
        done
    })
}

/// The moment that something is asked at.
fn now(by: &By) -> jiff::Timestamp {
    jiff::Timestamp::from_microsecond(by.at).unwrap_or(jiff::Timestamp::MAX)
}

/// An hour, as people read it.
fn hour(at: jiff::Timestamp) -> String {
    minute(at.as_microsecond())
}

/// The beginning of an id that is enough to name it.
fn short(id: &str) -> &str {
    let from = id.find("--").map_or(0, |at| at + 2);
    id.get(from..from + 8).unwrap_or(id)
}

/// From whom a notice is.
fn whose(one: &Notice) -> String {
    one.peer.as_deref().map_or_else(|| "ours".to_owned(), |peer| format!("from {}", plain(peer)))
}
