//! Epoch: keys that this node makes with others, for a pool that all can look up in.
//! In: who, for what, how long. Out: an epoch; a table of epochs; what was published; who erased.
//! Invariant: the hub makes, publishes and ends; members need agree beforehand only, their nodes do the rest.
//! Not here: how (`stillwatch_node::matching::epoch`).

use clap::Subcommand;
use serde_json::json;
use stillwatch_matching::templates::ANCHORS;
use stillwatch_matching::{LABEL, Namespace, padded};
use stillwatch_node::matching::Place;
use stillwatch_node::matching::epoch::{Kept, Known, New, Terms, close, open, publish, usage};
use stillwatch_track::By;
use stillwatch_track::matches::epochs::{self, State};
use stillwatch_track::matches::{files, holding};

use super::namespace;
use crate::verbs::record::failed;
use crate::verbs::store::{Format, minute, plain, print, print_json, say, told};

/// Arguments of `match epoch`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  stillwatch match epoch open --namespace address --members lab-one,lab-two,lab-three --quorum 2 --threshold 3 --days 7 --budget 200000
  stillwatch match epoch list
  stillwatch match epoch show --namespace address
  stillwatch match epoch publish --namespace address        at the hub, when members contributed
  stillwatch match epoch close --namespace address          at the hub: all erase their shares; then members report

Members agree beforehand: `stillwatch match agree HUB --namespace address …` says up to which budget. All nodes must run while the key is
made, the hub's too: it passes on what members send each other, and can't read it.")]
pub(super) struct Args {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
#[command(disable_help_subcommand = true)]
enum Verb {
    /// Make a key with members; from then on they can contribute
    Open(OpenArgs),
    /// List epochs, newest first
    List(ListArgs),
    /// Show an epoch: who contributed, what was asked, alarms
    Show(WhichArgs),
    /// End an epoch: every holder erases its share
    Close(WhichArgs),
    /// Publish what members contributed
    Publish(WhichArgs),
}

#[derive(Debug, clap::Args)]
struct OpenArgs {
    /// What the key is for
    #[arg(long, value_name = "NAMESPACE", value_parser = namespace)]
    namespace: Namespace,
    /// Members that hold a share, besides this node
    #[arg(long, value_name = "NAMES", value_delimiter = ',', required = true)]
    members: Vec<String>,
    /// Members whose shares are needed, besides this node's
    #[arg(long, value_name = "T", default_value_t = 2)]
    quorum: u16,
    /// Members that must report an element before it opens
    #[arg(long, value_name = "K", default_value_t = 3)]
    threshold: u8,
    /// Days until its time is over
    #[arg(long, value_name = "N", default_value_t = 7, value_parser = clap::value_parser!(u32).range(1..=90))]
    days: u32,
    /// Evaluations that each member may have of each holder
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=100_000_000))]
    budget: u64,
    /// Open by tables of bins, for sets of at most N elements: the hub doesn't see how many members have what fewer than K have;
    /// nothing can be published or looked up in such an epoch
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=4_194_304))]
    bins: Option<u64>,
}

#[derive(Debug, clap::Args)]
struct ListArgs {
    /// How it is printed
    #[arg(long, value_enum, default_value_t = Format::Table)]
    format: Format,
}

/// Which epoch.
#[derive(Debug, clap::Args)]
pub(super) struct WhichArgs {
    /// What its key is for
    #[arg(long, value_name = "NAMESPACE", value_parser = namespace)]
    pub(super) namespace: Namespace,
    /// Its number; the newest where it isn't said
    #[arg(long, value_name = "N")]
    pub(super) number: Option<u64>,
    /// How it is printed
    #[arg(long, value_enum, default_value_t = Format::Table)]
    pub(super) format: Format,
}

impl WhichArgs {
    /// The newest of them in one of these states.
    pub(super) async fn known(&self, place: &Place, states: &[State]) -> Result<Known, String> {
        Known::newest(place, self.namespace, self.number, states).await.map_err(failed)
    }
}

pub(super) async fn run(place: &Place, args: &Args, by: &By) -> Result<u8, String> {
    match &args.verb {
        Verb::Open(args) => begin(place, args, by).await,
        Verb::List(args) => list(place, args).await,
        Verb::Show(args) => show(place, args).await,
        Verb::Close(args) => end(place, args).await,
        Verb::Publish(args) => publication(place, args).await,
    }
}

async fn begin(place: &Place, args: &OpenArgs, by: &By) -> Result<u8, String> {
    let label = if args.namespace == Namespace::Template { LABEL + 2 * ANCHORS } else { LABEL };
    let terms = Terms {
        threshold: args.threshold,
        ends: by.at + i64::from(args.days) * 86_400_000_000,
        budget: args.budget,
        element: longest(args.namespace),
        label: u16::try_from(label).unwrap_or(u16::MAX),
        bins: args.bins.map_or(0, padded),
    };
    let new = New { namespace: args.namespace, members: args.members.clone(), quorum: args.quorum, terms };
    let known = open(place, &Kept::of(place), &new, &|step| say(step)).await.map_err(failed)?;
    print(format!(
        "epoch {} of `{}` is active until {}: {} members, {} of them and this node are needed\n",
        known.setup.epoch,
        known.row.namespace,
        minute(known.row.ends),
        known.setup.members.len(),
        known.setup.quorum
    ))?;
    say("members contribute now: `stillwatch match contribute`");
    Ok(0)
}

/// Bytes of the longest element of a namespace: all reports are as long.
fn longest(namespace: Namespace) -> u16 {
    match namespace {
        Namespace::Address | Namespace::Prefix => 16,
        Namespace::Phone | Namespace::PhonePrefix | Namespace::Template => 32,
        Namespace::Ja4 => 64,
        Namespace::Domain | Namespace::Payment | Namespace::Device => 260,
        _ => 512,
    }
}

async fn list(place: &Place, args: &ListArgs) -> Result<u8, String> {
    let all = epochs::all(&place.store).await.map_err(told)?;
    if args.format == Format::Json {
        let all: Vec<_> = all.iter().map(row).collect();
        print_json(&all)?;
        return Ok(0);
    }
    if all.is_empty() {
        print("no epochs yet; `stillwatch match epoch open` at the hub makes one\n")?;
        return Ok(0);
    }
    let mut text =
        format!("{:<14} {:>6} {:<16} {:<8} {:<20} {:<20}\n", "NAMESPACE", "NUMBER", "HUB", "STATE", "BEGUN", "ENDS");
    for one in all {
        text.push_str(&format!(
            "{:<14} {:>6} {:<16} {:<8} {:<20} {:<20}\n",
            one.namespace,
            one.number,
            one.hub,
            one.state.name(),
            minute(one.begun),
            minute(one.ends)
        ));
        if !one.because.is_empty() {
            text.push_str(&format!("               {}\n", plain(&one.because)));
        }
    }
    print(text)?;
    Ok(0)
}

fn row(one: &epochs::Epoch) -> serde_json::Value {
    json!({
        "id": one.id, "namespace": one.namespace, "number": one.number, "hub": one.hub, "state": one.state.name(),
        "begun": stillwatch_track::instant(one.begun), "ends": stillwatch_track::instant(one.ends),
        "settled": one.settled.map(stillwatch_track::instant), "because": one.because, "profile": one.profile,
    })
}

async fn show(place: &Place, args: &WhichArgs) -> Result<u8, String> {
    let known = args.known(place, &[State::Active, State::Closed, State::Making, State::Failed]).await?;
    let id = &known.row.id;
    let committed = files::commitments(&place.store, id).await.map_err(told)?;
    let whole = files::files(&place.store, id).await.map_err(told)?;
    let alarms = holding::alarms(&place.store, id).await.map_err(told)?;
    let used = usage(place, &known).await.map_err(failed)?;
    if args.format == Format::Json {
        print_json(&json!({
            "epoch": row(&known.row), "members": known.setup.members, "quorum": known.setup.quorum,
            "threshold": known.terms.threshold, "budget": known.terms.budget, "bins": known.terms.bins,
            "committed": committed.iter().map(|one| json!({"member": one.member, "size": one.size, "root": one.root})).collect::<Vec<_>>(),
            "files": whole.iter().map(|one| json!({"member": one.member, "what": one.what, "bytes": one.bytes, "sha256": one.hash})).collect::<Vec<_>>(),
            "asked": used.iter().map(|(member, used, limit)| json!({"member": member, "used": used, "limit": limit})).collect::<Vec<_>>(),
            "alarms": alarms.iter().map(|one| json!({"member": one.member, "what": one.what, "told": one.told, "at": stillwatch_track::instant(one.at)})).collect::<Vec<_>>(),
        }))?;
        return Ok(0);
    }
    let mut text = format!(
        "epoch {} of `{}`, hub `{}`: {}, ends {}\n{} of {} members and the hub are needed; {} reports open an element\n",
        known.row.number,
        known.row.namespace,
        known.row.hub,
        known.row.state.name(),
        minute(known.row.ends),
        known.setup.quorum,
        known.setup.members.len(),
        known.terms.threshold
    );
    if known.terms.bins > 0 {
        text.push_str(&format!("by tables of bins, for sets of {} at most; nothing is published\n", known.terms.bins));
    }
    text.push_str(&format!("\n{:<20} {:>12} {:>12} {:>12}\n", "MEMBER", "SET ≤", "ASKED HERE", "OF"));
    for member in &known.setup.members {
        let size = committed.iter().find(|one| one.member == *member);
        let size = size.map_or_else(|| "-".to_owned(), |one| one.size.to_string());
        let asked = used.iter().find(|(name, _, _)| name == member);
        let (asked, of) = asked.map_or((0, known.terms.budget), |(_, used, limit)| (*used, *limit));
        text.push_str(&format!("{member:<20} {size:>12} {asked:>12} {of:>12}\n"));
    }
    if !whole.is_empty() {
        text.push_str(&format!("\n{:<14} {:<20} {:>14}  {}\n", "FILE", "OF", "BYTES", "SHA-256"));
        for one in &whole {
            let hash = one.hash.get(..16).unwrap_or(&one.hash);
            text.push_str(&format!("{:<14} {:<20} {:>14}  {hash}…\n", one.what, one.member, one.bytes));
        }
    }
    for one in &alarms {
        text.push_str(&format!("\nalarm: `{}` {}: {}", one.member, one.what, plain(&one.told)));
    }
    if !alarms.is_empty() {
        text.push('\n');
    }
    print(text)?;
    Ok(0)
}

async fn end(place: &Place, args: &WhichArgs) -> Result<u8, String> {
    let known = args.known(place, &[State::Active]).await?;
    let erased = close(place, &Kept::of(place), &known).await.map_err(failed)?;
    let mut all = true;
    for (member, done) in &erased {
        match done {
            Ok(()) => say(&format!("`{member}` erased its share")),
            Err(error) => {
                all = false;
                say(&format!("{error}; it erases by itself at {}", minute(known.row.ends)));
            }
        }
    }
    print(format!("epoch {} of `{}` is closed; this node's share is erased\n", known.row.number, known.row.namespace))?;
    Ok(u8::from(!all))
}

async fn publication(place: &Place, args: &WhichArgs) -> Result<u8, String> {
    let known = args.known(place, &[State::Active]).await?;
    let published = publish(place, &known).await.map_err(failed)?;
    if args.format == Format::Json {
        print_json(&json!({
            "of": published.of, "records": published.records,
            "files": published.files.iter().map(|(what, bytes, hash)| json!({"what": what, "bytes": bytes, "sha256": hash})).collect::<Vec<_>>(),
        }))?;
        return Ok(0);
    }
    let mut text = format!("published {} records of {}\n", published.records, published.of.join(", "));
    for (what, bytes, hash) in &published.files {
        text.push_str(&format!("{what:<8} {bytes:>14} bytes  {hash}\n"));
    }
    print(text)?;
    Ok(0)
}
