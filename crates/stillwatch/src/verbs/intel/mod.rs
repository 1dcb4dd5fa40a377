//! Intel: what others tell, what it is worth here, and what we answer.
//! In: a verb on received indicators. Out: an exit code.
//! Invariant: one file a verb or a kin of verbs; nothing leaves by these verbs: an answer is proposed as any release is.
//! Not here: asking peers (`peer`), the formula (`gate`), reading logs (the engine).

mod list;
mod look;
mod say;
mod show;

use std::path::PathBuf;

use clap::{Args as ClapArgs, Subcommand};
use stillwatch_node::intel::{Decay, follow};
use stillwatch_track::{By, Store, intel};

use super::record::{Recording, failed};
use super::store::{Author, Data, block_on, minute, plain, print, told};

/// Arguments of `intel`.
#[derive(Debug, ClapArgs)]
#[command(after_help = "Examples:
  stillwatch intel list --drives                     what a rule may rest on
  stillwatch intel why 5f0c12ab                      the sum: what it was told with, who saw it, what is left
  stillwatch intel hunt logs/                        look for all that stands; matches become draft sightings
  stillwatch intel dispute 5f0c12ab --because T-17   it drives nothing from then on
  stillwatch intel propose 5f0c12ab --sighting --profile conservative --producer 'Harbor Lab' --key signer.pub

What peers send is taken by `stillwatch peer sync`, and read here whenever one of these verbs runs (docs/intel.md).
Times are UTC. Exit codes: 0 done, 1 the answer is no (`list --exit-code`: nothing matches; nothing to look for), 2 failure.
Environment: STILLWATCH_DATA is the store, STILLWATCH_AUTHOR who says something, STILLWATCH_DECAY a table of half-lives.")]
pub(crate) struct Args {
    #[command(flatten)]
    data: Data,
    #[command(flatten)]
    author: Author,
    #[command(flatten)]
    recording: Recording,
    /// Half-lives and the least confidence, TOML; `stillwatch intel decay` prints the shipped table
    #[arg(long, value_name = "FILE", env = "STILLWATCH_DECAY", global = true)]
    decay: Option<PathBuf>,
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// List received indicators, latest first
    List(list::Args),
    /// Show one: everything with source, path and marking, and what was done
    Show(show::Args),
    /// Tell why one counts as much as it does, and whether it drives anything
    Why(show::Args),
    /// Look in own logs for what stands; what matches becomes draft sightings
    Hunt(look::HuntArgs),
    /// Take in what `hunt --format json` printed elsewhere
    Sight(look::SightArgs),
    /// Say that one is wrong: it drives nothing any longer
    Dispute(say::SayArgs),
    /// Say that one is right
    Agree(say::SayArgs),
    /// Put a draft sighting aside: it isn't told, and doesn't count
    Dismiss(say::SayArgs),
    /// Put before people what would be answered: that we saw it, or what we think of it
    Propose(Box<say::ProposeArgs>),
    /// Write indicators that stand as a bundle, each as it was sent
    Export(look::ExportArgs),
    /// Print the shipped table of half-lives, to begin a file of your own with
    Decay,
}

/// Runs the verb.
pub(crate) fn run(args: &Args) -> Result<u8, String> {
    let by = args.author.by();
    if matches!(args.verb, Verb::Decay) {
        print(stillwatch_node::intel::shipped_decay())?;
        return Ok(0);
    }
    let decay = decay(args.decay.as_deref())?;
    block_on(async {
        let store = args.data.open(&by).await?;
        let done = verb(&store, args, &decay, &by).await;
        store.close().await;
        done
    })
}

async fn verb(store: &Store, args: &Args, decay: &Decay, by: &By) -> Result<u8, String> {
    follow(store).await.map_err(failed)?;
    intel::judged(store, by).await.map_err(told)?;
    match &args.verb {
        Verb::List(args) => list::run(store, args, decay, by).await,
        Verb::Show(args) => show::show(store, args, decay, by).await,
        Verb::Why(args) => show::why(store, args, decay, by).await,
        Verb::Hunt(args) => look::hunt(store, args, decay, by).await,
        Verb::Sight(args) => look::sight(store, args, decay, by).await,
        Verb::Dispute(args) => say::dispute(store, args, by).await,
        Verb::Agree(args) => say::agree(store, args, by).await,
        Verb::Dismiss(args) => say::dismiss(store, args, by).await,
        Verb::Propose(inner) => say::propose(store, inner, &args.recording, by).await,
        Verb::Export(args) => look::export(store, args, decay, by).await,
        Verb::Decay => Ok(0),
    }
}

fn decay(file: Option<&std::path::Path>) -> Result<Decay, String> {
    let Some(file) = file else { return Ok(Decay::default()) };
    let name = file.display().to_string();
    let text = std::fs::read_to_string(file).map_err(|e| {
        format!("error: cannot read `{name}`: {e}\nhint: `stillwatch intel decay` prints a whole table")
    })?;
    Decay::read(&name, &text).map_err(|error| format!("error: {error}"))
}

/// The beginning of an id that is enough to name it.
fn short(id: &str) -> &str {
    let end = id.find("--").map_or(12, |at| at + 10);
    id.get(..end).unwrap_or(id)
}

/// The moment that something is weighed at.
fn now(by: &By) -> jiff::Timestamp {
    jiff::Timestamp::from_microsecond(by.at).unwrap_or(jiff::Timestamp::MAX)
}
