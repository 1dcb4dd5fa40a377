//! Collection: into which objects are put, for whom.
//! In: a title, a root, the strictest markings that are shown. Out: a collection; a list.
//! Invariant: what a collection shows is said when it is made.
//! Not here: what is in it (the node serves it).

use clap::{Args as ClapArgs, Subcommand};
use serde_json::json;
use stillwatch_stix::marking::{Pap, Tlp};
use stillwatch_track::exchange::{NewCollection, collections, make_collection};

use super::{Settings, level, root};
use crate::verbs::store::{Format, block_on, now, print, print_json, told};

/// Arguments of `collection`.
#[derive(Debug, ClapArgs)]
#[command(after_help = "Examples:
  stillwatch collection add --alias shared --title \"What we share\" --most-tlp green
  stillwatch collection add --alias inbox --title \"What members send\" --no-read
  stillwatch collection list

An object that is marked more strictly than a collection's `--most-tlp` or `--most-pap` is kept, and not shown to anybody; so is one
with a marking that isn't known. What has no marking counts as amber+strict.
Exit codes: 0 done; 2 failure.")]
pub(crate) struct Args {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
#[command(disable_help_subcommand = true)]
enum Verb {
    /// Make a collection and print its id
    Add(Box<AddArgs>),
    /// List collections
    List(ListArgs),
}

#[derive(Debug, ClapArgs)]
struct AddArgs {
    #[command(flatten)]
    settings: Settings,
    /// What people call it
    #[arg(long)]
    title: String,
    /// A word that may stand for its id
    #[arg(long, value_name = "WORD")]
    alias: Option<String>,
    /// What is in it
    #[arg(long, value_name = "TEXT")]
    description: Option<String>,
    /// Its id [default: one is made up]
    #[arg(long, value_name = "UUID")]
    id: Option<String>,
    /// The API root in which it is [default: the first of node.toml]
    #[arg(long, value_name = "PATH")]
    root: Option<String>,
    /// The sharing profile under which it is filled
    #[arg(long, value_name = "NAME")]
    profile: Option<String>,
    /// The strictest TLP that is shown
    #[arg(long, value_name = "TLP", value_parser = Tlp::ALL.map(Tlp::name), default_value = "red")]
    most_tlp: String,
    /// The strictest PAP that is shown
    #[arg(long, value_name = "PAP", value_parser = Pap::ALL.map(Pap::name), default_value = "red")]
    most_pap: String,
    /// Nobody reads it over TAXII
    #[arg(long)]
    no_read: bool,
    /// Nobody adds to it over TAXII
    #[arg(long)]
    no_write: bool,
}

#[derive(Debug, ClapArgs)]
struct ListArgs {
    #[command(flatten)]
    settings: Settings,
    /// How it is printed
    #[arg(long, value_enum, default_value_t = Format::Table)]
    format: Format,
}

/// Runs `collection`.
pub(crate) fn run(args: &Args) -> Result<u8, String> {
    match &args.verb {
        Verb::Add(args) => block_on(add(args)),
        Verb::List(args) => block_on(list(args)),
    }
}

async fn add(args: &AddArgs) -> Result<u8, String> {
    let (config, store) = args.settings.open().await?;
    let root = root(&config, args.root.as_deref())?;
    let new = NewCollection {
        id: args.id.clone(),
        root: root.to_owned(),
        alias: args.alias.clone(),
        title: args.title.clone(),
        description: args.description.clone(),
        can_read: !args.no_read,
        can_write: !args.no_write,
        profile: args.profile.clone(),
        most_tlp: level(&Tlp::ALL.map(Tlp::name), &args.most_tlp),
        most_pap: level(&Pap::ALL.map(Pap::name), &args.most_pap),
    };
    let made = make_collection(&store, &new, now()).await.map_err(told)?;
    store.close().await;
    print(format!("{}\n", made.id))?;
    Ok(0)
}

async fn list(args: &ListArgs) -> Result<u8, String> {
    let (_, store) = args.settings.open().await?;
    let all = collections(&store).await.map_err(told)?;
    store.close().await;
    let tlp = |level: u8| Tlp::ALL.get(usize::from(level)).map_or("", |tlp| tlp.name());
    let pap = |level: u8| Pap::ALL.get(usize::from(level)).map_or("", |pap| pap.name());
    if args.format == Format::Json {
        let all: Vec<_> = all
            .iter()
            .map(|c| {
                json!({
                    "id": c.id, "alias": c.alias, "root": c.root, "title": c.title, "description": c.description,
                    "can_read": c.can_read, "can_write": c.can_write, "profile": c.profile,
                    "most_tlp": tlp(c.most_tlp), "most_pap": pap(c.most_pap),
                })
            })
            .collect();
        print_json(&all)?;
        return Ok(0);
    }
    let mut text = String::new();
    for c in &all {
        let way = match (c.can_read, c.can_write) {
            (true, true) => "read, write",
            (true, false) => "read",
            (false, true) => "write",
            (false, false) => "closed",
        };
        let alias = c.alias.as_deref().unwrap_or("-");
        let shows = format!("up to TLP:{} PAP:{}", tlp(c.most_tlp).to_uppercase(), pap(c.most_pap).to_uppercase());
        text.push_str(&format!("{} {:<12} {alias:<16} {way:<12} {shows}  {}\n", c.id, c.root, c.title));
    }
    print(text)?;
    Ok(0)
}
