//! Group: sharing groups of a hub, and who is in them.
//! In: a name, a UUID, clients. Out: a group with a collection of its own; a list; who is in it and who left.
//! Invariant: a running node hears of a change within a second; who left stays on record.
//! Not here: what being in a group allows (`stillwatch_node::access`).

use std::fmt::Write;

use clap::{Args as ClapArgs, Subcommand};
use serde_json::{Value, json};
use stillwatch_node::access::group;
use stillwatch_stix::marking::{Pap, Tlp};
use stillwatch_track::groups::{self, Group, NewGroup, Whose};
use stillwatch_track::{Store, instant};

use super::{Settings, level, root, said};
use crate::verbs::record::Recording;
use crate::verbs::store::{Author, Format, block_on, now, print, print_json, say, told};

/// Arguments of `group`.
#[derive(Debug, ClapArgs)]
#[command(after_help = "Examples:
  stillwatch group add --name \"Three labs\" --alias three --most-tlp amber     prints its id
  stillwatch group join 8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f lab-two
  stillwatch group show 8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f                  who is in it, and who left
  stillwatch group leave 8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f lab-two
  stillwatch group end 8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f                   everybody leaves, for good

A group has a collection, which its members read and write, and nobody else but an admin, whatever else is granted. Clients with the
roles `member` and `hub` join. Members see who else is in it under /api/v1/groups. A change is one of roles: with a ledger (--ledger,
STILLWATCH_LEDGER) it is written down there; without one it is owed to it.
Exit codes: 0 done; 2 failure.")]
pub(crate) struct Args {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
#[command(disable_help_subcommand = true)]
enum Verb {
    /// Make a group with a collection of its own, and print its id
    Add(Box<AddArgs>),
    /// List groups
    List(ListArgs),
    /// Show who is in a group, and who left
    Show(ShowArgs),
    /// A client joins a group
    Join(Box<PartArgs>),
    /// A client leaves a group
    Leave(Box<PartArgs>),
    /// End a group: everybody leaves it
    End(Box<EndArgs>),
}

#[derive(Debug, ClapArgs)]
struct AddArgs {
    #[command(flatten)]
    settings: Settings,
    /// What people call it
    #[arg(long)]
    name: String,
    /// Its id [default: one is made up]
    #[arg(long, value_name = "UUID")]
    id: Option<String>,
    /// A word that may stand for the id of its collection
    #[arg(long, value_name = "WORD")]
    alias: Option<String>,
    /// The API root of its collection [default: the first of node.toml]
    #[arg(long, value_name = "PATH")]
    root: Option<String>,
    /// The strictest TLP that its collection takes
    #[arg(long, value_name = "TLP", value_parser = Tlp::ALL.map(Tlp::name), default_value = "amber")]
    most_tlp: String,
    /// The strictest PAP that its collection takes
    #[arg(long, value_name = "PAP", value_parser = Pap::ALL.map(Pap::name), default_value = "red")]
    most_pap: String,
}

#[derive(Debug, ClapArgs)]
struct ListArgs {
    #[command(flatten)]
    settings: Settings,
    /// How it is printed
    #[arg(long, value_enum, default_value_t = Format::Table)]
    format: Format,
}

#[derive(Debug, ClapArgs)]
struct ShowArgs {
    #[command(flatten)]
    settings: Settings,
    /// Its id
    #[arg(value_name = "UUID")]
    id: String,
    /// How it is printed
    #[arg(long, value_enum, default_value_t = Format::Table)]
    format: Format,
}

#[derive(Debug, ClapArgs)]
struct PartArgs {
    #[command(flatten)]
    settings: Settings,
    #[command(flatten)]
    author: Author,
    #[command(flatten)]
    recording: Recording,
    /// The group's id
    #[arg(value_name = "UUID")]
    id: String,
    /// The client's name
    client: String,
}

#[derive(Debug, ClapArgs)]
struct EndArgs {
    #[command(flatten)]
    settings: Settings,
    #[command(flatten)]
    author: Author,
    #[command(flatten)]
    recording: Recording,
    /// The group's id
    #[arg(value_name = "UUID")]
    id: String,
}

/// Runs `group`.
pub(crate) fn run(args: &Args) -> Result<u8, String> {
    match &args.verb {
        Verb::Add(args) => block_on(add(args)),
        Verb::List(args) => block_on(list(args)),
        Verb::Show(args) => block_on(show(args)),
        Verb::Join(args) => block_on(change(args, true)),
        Verb::Leave(args) => block_on(change(args, false)),
        Verb::End(args) => block_on(end(args)),
    }
}

async fn add(args: &AddArgs) -> Result<u8, String> {
    let (config, store) = args.settings.open().await?;
    let root = root(&config, args.root.as_deref())?;
    let new = NewGroup {
        id: args.id.clone(),
        name: args.name.clone(),
        root: root.to_owned(),
        alias: args.alias.clone(),
        most_tlp: level(&Tlp::ALL.map(Tlp::name), &args.most_tlp),
        most_pap: level(&Pap::ALL.map(Pap::name), &args.most_pap),
    };
    let made = groups::make(&store, &new, now()).await.map_err(told)?;
    store.close().await;
    print(format!("{}\n", made.id))?;
    say(&format!("its collection is /{}/collections/{}/; nobody is in it yet", made.root, made.collection));
    Ok(0)
}

async fn list(args: &ListArgs) -> Result<u8, String> {
    let (_, store) = args.settings.open().await?;
    let all = groups::groups(&store, Whose::All, None).await.map_err(told)?;
    store.close().await;
    if args.format == Format::Json {
        print_json(&all.iter().map(written).collect::<Vec<_>>())?;
        return Ok(0);
    }
    let mut text = String::new();
    for group in &all {
        let members: Vec<&str> = is_in(group).collect();
        let state = match group.ended {
            Some(at) => format!("ended {}", instant(at)),
            None if members.is_empty() => "nobody is in it".to_owned(),
            None => members.join(", "),
        };
        // Writing into a string doesn't fail.
        let _ = writeln!(text, "{}  {}: {state}", group.id, group.name);
    }
    print(text)?;
    Ok(0)
}

async fn show(args: &ShowArgs) -> Result<u8, String> {
    let (_, store) = args.settings.open().await?;
    let group = one(&store, &args.id).await?;
    store.close().await;
    if args.format == Format::Json {
        print_json(&written(&group))?;
        return Ok(0);
    }
    let mut text = format!(
        "{}\n{}\ncollection /{}/collections/{}/\nmade {}",
        group.name,
        group.id,
        group.root,
        group.collection,
        instant(group.made)
    );
    if let Some(at) = group.ended {
        let _ = write!(text, ", ended {}", instant(at));
    }
    let _ = writeln!(text, "; {} changes", group.changes);
    for member in &group.members {
        let _ = write!(text, "  {:<24} joined {}", member.name, instant(member.joined));
        if let Some(at) = member.departed {
            let _ = write!(text, ", left {}", instant(at));
        }
        if let Some(key) = &member.seal_to {
            let _ = write!(text, ", sealed to {key}");
        }
        text.push('\n');
    }
    print(text)?;
    Ok(0)
}

async fn change(args: &PartArgs, joins: bool) -> Result<u8, String> {
    let (_, store) = args.settings.open().await?;
    let by = args.author.by();
    let done = if joins {
        group::join(&store, &args.id, &args.client, &by).await
    } else {
        group::leave(&store, &args.id, &args.client, &by).await
    };
    done.map_err(said)?;
    args.recording.settle(&store, &by).await?;
    store.close().await;
    let how = if joins { "is in the group" } else { "left the group" };
    say(&format!("`{}` {how}; a running node hears of it within a second", args.client));
    Ok(0)
}

async fn end(args: &EndArgs) -> Result<u8, String> {
    let (_, store) = args.settings.open().await?;
    let by = args.author.by();
    group::end(&store, &args.id, &by).await.map_err(said)?;
    args.recording.settle(&store, &by).await?;
    store.close().await;
    say("the group has ended; what it shared stays in its collection, which only an admin may use");
    Ok(0)
}

async fn one(store: &Store, id: &str) -> Result<Group, String> {
    let found = groups::groups(store, Whose::All, Some(&id.to_lowercase())).await.map_err(told)?;
    let none = || format!("error: there is no group `{id}`\nhint: `stillwatch group list` shows all");
    found.into_iter().next().filter(|group| group.id == id.to_lowercase()).ok_or_else(none)
}

fn is_in(group: &Group) -> impl Iterator<Item = &str> {
    group.members.iter().filter(|m| m.departed.is_none()).map(|m| m.name.as_str())
}

fn written(group: &Group) -> Value {
    let members: Vec<Value> = group
        .members
        .iter()
        .map(|m| {
            json!({"name": m.name, "joined": instant(m.joined), "left": m.departed.map(instant), "seal_to": m.seal_to})
        })
        .collect();
    json!({
        "id": group.id, "name": group.name, "root": group.root, "collection": group.collection,
        "made": instant(group.made), "ended": group.ended.map(instant), "changes": group.changes, "members": members,
    })
}
