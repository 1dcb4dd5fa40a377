//! Member: with whom may be matched.
//! In: names, keys, peers. Out: lines in the store; a table.
//! Invariant: a key is a person's word.
//! Not here: what may be matched (`agree.rs`).

use clap::Subcommand;
use stillwatch_track::matches::{self, Member};
use stillwatch_track::{By, Store};

use crate::verbs::store::{Format, print, print_json, say, told};

/// Arguments of `match member`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  stillwatch match member add lab-two --public-key 3b1f… --peer lab-two       its own server is asked
  stillwatch match member add lab-three --public-key 77a0… --through hub      the hub passes on, and can read nothing
  stillwatch match member add lab-four --public-key 09fe…                     it may ask us; we can't ask it
  stillwatch match member list")]
pub(super) struct Args {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
#[command(disable_help_subcommand = true)]
enum Verb {
    /// Add a member, or give it another key or way
    Add(AddArgs),
    /// List members
    List(ListArgs),
    /// Remove a member, with what was agreed on
    Remove(RemoveArgs),
}

#[derive(Debug, clap::Args)]
struct AddArgs {
    /// Its node's name (`name` in its node.toml)
    name: String,
    /// The key that its `stillwatch match key` printed: 64 hexadecimal digits
    #[arg(long, value_name = "HEX")]
    public_key: String,
    /// The peer that is its own server
    #[arg(long, value_name = "PEER")]
    peer: Option<String>,
    /// The peer that passes on to it
    #[arg(long, value_name = "PEER", conflicts_with = "peer")]
    through: Option<String>,
}

#[derive(Debug, clap::Args)]
struct ListArgs {
    /// How it is printed
    #[arg(long, value_enum, default_value_t = Format::Table)]
    format: Format,
}

#[derive(Debug, clap::Args)]
struct RemoveArgs {
    /// Its name
    name: String,
}

pub(super) async fn run(store: &Store, args: &Args, by: &By) -> Result<u8, String> {
    match &args.verb {
        Verb::Add(args) => {
            let peer = args.peer.clone().or_else(|| args.through.clone()).unwrap_or_default();
            let member = Member {
                name: args.name.clone(),
                key: args.public_key.trim().to_ascii_lowercase(),
                peer,
                relayed: args.through.is_some(),
                made: by.at,
            };
            matches::add(store, &member, by).await.map_err(told)?;
            say(&format!("`{}` is known; `stillwatch match agree {0}` says what may be matched", args.name));
        }
        Verb::List(args) => {
            let all = matches::members(store).await.map_err(told)?;
            if args.format == Format::Json {
                print_json(&all)?;
            } else if all.is_empty() {
                print("no members to match with; `stillwatch match member add` adds one\n")?;
            } else {
                let mut text = format!("{:<24} {:<24} {}\n", "MEMBER", "REACHED", "PUBLIC KEY");
                for one in all {
                    let reached = match (one.peer.as_str(), one.relayed) {
                        ("", _) => "it asks us".to_owned(),
                        (peer, false) => format!("at {peer}"),
                        (peer, true) => format!("through {peer}"),
                    };
                    text.push_str(&format!(
                        "{:<24} {reached:<24} {}…\n",
                        one.name,
                        one.key.get(..16).unwrap_or(&one.key)
                    ));
                }
                print(text)?;
            }
        }
        Verb::Remove(args) => {
            matches::remove(store, &args.name).await.map_err(told)?;
            say(&format!("`{}` is known no longer; what was found with it stays", args.name));
        }
    }
    Ok(0)
}
