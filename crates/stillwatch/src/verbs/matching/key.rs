//! Key: this node's public key for matching.
//! In: the settings. Out: 64 hexadecimal digits.
//! Invariant: a key that is there stays.
//! Not here: what it is for (`stillwatch_node::matching`).

use stillwatch_node::config::Config;
use stillwatch_node::matching::{make_key, public, read_key};

use crate::verbs::record::failed;
use crate::verbs::store::{print, say};

pub(super) fn run(config: &Config) -> Result<u8, String> {
    let file = config.matching_key.as_ref().ok_or(
        "error: node.toml names no key for matching\nhint: set `matching_key = \"matching.key\"` in it, then ask again",
    )?;
    let key = if file.exists() {
        public(&read_key(file).map_err(failed)?).map_err(failed)?
    } else {
        let key = make_key(file).map_err(failed)?;
        say(&format!("made `{}`", file.display()));
        key
    };
    say(
        "others add this key with `stillwatch match member add`; compare it with them over another way than the network",
    );
    print(format!("{key}\n"))?;
    Ok(0)
}
