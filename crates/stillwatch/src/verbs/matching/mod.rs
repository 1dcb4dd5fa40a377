//! Matching: what is common with other labs, learned without showing the rest.
//! In: a verb on matches. Out: an exit code.
//! Invariant: a key is made once and compared by people; nothing is matched that two people didn't agree on.
//! Not here: protocols (`stillwatch_matching`), lines and rounds (`stillwatch_node::matching`).

mod agree;
mod audit;
mod check;
mod epoch;
mod key;
mod member;
mod pool;
mod propose;
mod rounds;
mod with;

use clap::{Args as ClapArgs, Subcommand};
use stillwatch_matching::Namespace;
use stillwatch_node::Record;
use stillwatch_node::config::Config;
use stillwatch_node::matching::Place;
use stillwatch_track::Store;

use super::node::Settings;
use super::record::failed;
use super::store::{Author, block_on};

/// Arguments of `match`.
#[derive(Debug, ClapArgs)]
#[command(after_help = "Examples:
  stillwatch match key                                             this node's public key, for others to add
  stillwatch match member add lab-two --public-key 3b1f… --peer lab-two
  stillwatch match agree lab-two --namespace address --profile conservative --budget 100000 --policy-key signer.pub
  stillwatch match approve lab-two --namespace address --author ben
  stillwatch match with lab-two --namespace address                learn which addresses both have
  stillwatch match rounds; stillwatch match show 5c1a
  stillwatch match propose 5c1a --profile conservative --producer 'Harbor Lab' --policy-key signer.pub
  stillwatch match audit 5c1a --leaves 3,17 > opened.json          open part of our set to the other side
  stillwatch match verify opened.json                              was what they opened what they committed to?
  stillwatch match epoch --help                                    a key with many members: a pool to look up in
  stillwatch match check --namespace address 11.2.0.7              has any member this one?

Each side learns what is common and nothing else (docs/matching.md); who carries the messages learns nothing. `stillwatch serve` answers
others, by what was agreed on. Namespaces: address, prefix, domain, email, phone, phone-prefix, payment, ja4, device, template.
Exit codes: 0 done; 1 nothing in common, or an audit found something; 2 failure. Times are UTC.")]
pub(crate) struct Args {
    #[command(flatten)]
    settings: Settings,
    #[command(flatten)]
    author: Author,
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
#[command(disable_help_subcommand = true)]
enum Verb {
    /// Show this node's public key for matching; it is made where there is none
    Key,
    /// With whom may be matched: add, list, remove
    Member(member::Args),
    /// Propose what may be matched with a member, as the profile in force lets it
    Agree(agree::Args),
    /// Approve what somebody else proposed
    Approve(agree::WhichArgs),
    /// End what was agreed on
    End(agree::WhichArgs),
    /// List what was proposed and agreed on
    Agreements(agree::ListArgs),
    /// Match with a member: learn what both have
    With(with::Args),
    /// List rounds, newest first
    Rounds(rounds::Args),
    /// Show what a round found
    Show(rounds::ShowArgs),
    /// Put sightings of what a round found before people, for the other side
    Propose(Box<propose::Args>),
    /// Open part of our set of a round, for the other side to verify
    Audit(audit::Args),
    /// Verify what the other side opened
    Verify(audit::VerifyArgs),
    /// Keys made with others for a pool: open, list, show, close, publish
    Epoch(epoch::Args),
    /// Give our set to the pool of the active epoch
    Contribute(check::ContributeArgs),
    /// Look values up in the pool: nobody learns which
    Check(check::CheckArgs),
    /// Report what was contributed, after an epoch; open what enough members reported
    Pool(pool::Args),
}

/// Runs the verb.
pub(crate) fn run(args: &Args) -> Result<u8, String> {
    let by = args.author.by();
    block_on(async {
        let (config, store) = args.settings.open().await?;
        let done = match &args.verb {
            Verb::Key => key::run(&config),
            Verb::Member(args) => member::run(&store, args, &by).await,
            Verb::Agree(args) => agree::agree(&store, &config, args, &by).await,
            Verb::Approve(args) => agree::approve(&store, &config, args, &by).await,
            Verb::End(args) => agree::end(&store, &config, args, &by).await,
            Verb::Agreements(args) => agree::list(&store, args).await,
            Verb::With(args) => with::run(&place(&config, &store)?, args, &by).await,
            Verb::Rounds(args) => rounds::list(&store, args).await,
            Verb::Show(args) => rounds::show(&store, args).await,
            Verb::Propose(args) => propose::run(&store, &config, args, &by).await,
            Verb::Audit(args) => audit::open(&place(&config, &store)?, args).await,
            Verb::Verify(args) => audit::verify(&place(&config, &store)?, args).await,
            Verb::Epoch(args) => epoch::run(&place(&config, &store)?, args, &by).await,
            Verb::Contribute(args) => check::give(&place(&config, &store)?, args).await,
            Verb::Check(args) => check::run(&place(&config, &store)?, args).await,
            Verb::Pool(args) => pool::run(&place(&config, &store)?, args).await,
        };
        store.close().await;
        done
    })
}

/// Where this node's side is done.
fn place(config: &Config, store: &Store) -> Result<Place, String> {
    let record = Record::of(config).map_err(failed)?;
    Place::of(config, store, record.as_ref()).map_err(failed)?.ok_or_else(|| {
        "error: this node has no key for matching\nhint: set `matching_key` in node.toml; `stillwatch match key` makes it".into()
    })
}

/// Brings the ledger up to date, where there is one.
async fn recorded(config: &Config, store: &Store, by: &stillwatch_track::By) -> Result<(), String> {
    if let Some(record) = Record::of(config).map_err(failed)? {
        record.take_over(store, by).await.map_err(failed)?;
    }
    Ok(())
}

/// A namespace by its name.
fn namespace(name: &str) -> Result<Namespace, String> {
    let all: Vec<&str> = Namespace::ALL.into_iter().map(Namespace::name).collect();
    Namespace::named(name).ok_or_else(|| format!("it is one of {}", all.join(", ")))
}
