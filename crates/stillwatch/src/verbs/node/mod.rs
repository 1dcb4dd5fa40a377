//! Node: what runs a node: `init`, `serve`, and who may use it: `client`, `collection`, `group`.
//! In: `node.toml`. Out: an open store; a node that answers.
//! Invariant: a token is printed once, when it is made, and kept nowhere.
//! Not here: what a node does (`stillwatch-node`).

pub(crate) mod client;
pub(crate) mod collection;
pub(crate) mod group;
pub(crate) mod init;
pub(crate) mod serve;

use std::path::PathBuf;

use stillwatch_node::config::Config;
use stillwatch_track::exchange::{Collection, collections};
use stillwatch_track::{Missing, Place, Store};

use super::record::failed as said;
use super::store::told;

/// Where the node's settings are.
#[derive(Debug, clap::Args)]
pub(crate) struct Settings {
    /// The node's settings, as `stillwatch init` writes them
    #[arg(long, value_name = "FILE", default_value = "node.toml", env = "STILLWATCH_NODE")]
    config: PathBuf,
}

impl Settings {
    fn read(&self) -> Result<Config, String> {
        Config::read(&self.config).map_err(said)
    }

    /// The settings, and the store that they name.
    pub(crate) async fn open(&self) -> Result<(Config, Store), String> {
        let config = self.read()?;
        let store = Store::open(&Place::parse(config.data.as_ref()), Missing::Refuse).await.map_err(told)?;
        Ok((config, store))
    }
}

/// The API root that is meant: the first where none is named.
fn root<'a>(config: &'a Config, named: Option<&'a str>) -> Result<&'a str, String> {
    let roots: Vec<&str> = config.roots.iter().map(|root| root.path.as_str()).collect();
    let root = named.unwrap_or(roots.first().copied().unwrap_or_default());
    if roots.contains(&root) {
        return Ok(root);
    }
    Err(format!("error: there is no root `{root}`\nhint: node.toml has {}", roots.join(", ")))
}

/// The number of a level among those that the command line takes, 0 the most open.
fn level(names: &[&str], name: &str) -> u8 {
    names.iter().position(|n| *n == name).and_then(|at| u8::try_from(at).ok()).unwrap_or(0)
}

/// The collection with that id or alias, of whatever root.
async fn find(store: &Store, named: &str) -> Result<Collection, String> {
    let all = collections(store).await.map_err(told)?;
    let mut found = all.into_iter().filter(|c| c.id == named || c.alias.as_deref() == Some(named));
    match (found.next(), found.next()) {
        (Some(one), None) => Ok(one),
        (Some(_), Some(_)) => Err(format!(
            "error: several roots have a collection `{named}`\nhint: give its id; `stillwatch collection list` shows it"
        )),
        _ => Err(format!("error: there is no collection `{named}`\nhint: `stillwatch collection list` shows all")),
    }
}
