//! Init: a node in a folder of its own.
//! In: a folder. Out: `node.toml` with every key explained, a store, a certificate for trials, and a token for who runs it.
//! Invariant: nothing that is there is overwritten; keys and the store are readable by their owner only.
//! Not here: what the keys mean (`stillwatch_node::config`).

use std::io::Write;
use std::path::{Path, PathBuf};

use clap::Args as ClapArgs;
use stillwatch_node::access::{Role, Token, grant};
use stillwatch_node::config::Config;
use stillwatch_node::matching::make_key;
use stillwatch_node::seal::Identity;
use stillwatch_node::serve::tls;
use stillwatch_track::{Missing, Place, Store};

use super::said;
use crate::verbs::store::{Author, block_on, print, say, told};

/// The settings as they are written.
const SETTINGS: &str = include_str!("node.toml");

/// Arguments of `init`.
#[derive(Debug, ClapArgs)]
#[command(after_help = "Examples:
  stillwatch init lab
  stillwatch serve --config lab/node.toml
  stillwatch init hub --role hub               a node in the middle, which passes on what members share (docs/hub.md)

Writes DIR/node.toml with every key explained, a store, a certificate for trials on this machine, a key with which this node opens
what others seal to it (sealing.key), a key for private matching (matching.key; both public halves are printed), and prints the token of a client `admin`, once. Others cannot know the certificate: put one from your authority in its place before they connect.
Exit codes: 0 done; 2 failure, such as a node that is there already.")]
pub(crate) struct Args {
    /// The folder; it is made where there is none
    #[arg(value_name = "DIR")]
    folder: PathBuf,
    /// What the node is to others
    #[arg(long, value_name = "ROLE", value_parser = ["member", "hub"], default_value = "member")]
    role: String,
}

/// Runs `init`.
pub(crate) fn run(args: &Args) -> Result<u8, String> {
    let folder = &args.folder;
    let file = folder.join("node.toml");
    if file.exists() {
        return Err(format!("error: there is a node in `{}` already\nhint: choose another folder", folder.display()));
    }
    std::fs::create_dir_all(folder)
        .map_err(|e| format!("error: cannot make `{}`: {e}\nhint: check who may write there", folder.display()))?;
    let (certificate, key) = tls::trial().map_err(said)?;
    write(&folder.join("certificate.pem"), &certificate)?;
    write(&folder.join("key.pem"), &key)?;
    let sealing = Identity::make();
    sealing.write(&folder.join("sealing.key")).map_err(|e| said(e.into()))?;
    let matching = make_key(&folder.join("matching.key")).map_err(said)?;
    // Last, since it is what says that a node is here.
    write(&file, &settings(args.role == "hub"))?;
    let config = Config::read(&file).map_err(said)?;
    let token = Token::make();
    block_on(async {
        let store = Store::open(&Place::parse(config.data.as_ref()), Missing::Make).await.map_err(told)?;
        grant(&store, "admin", Role::Admin, &token, &[], &Author::default().by()).await.map_err(said)?;
        store.close().await;
        Ok(())
    })?;
    say(&format!("made a node in {0}; this is the token of the client `admin`, shown once:", folder.display()));
    print(format!("{}\n", token.show()))?;
    say(&format!("others seal to this node with the public key {}", sealing.recipient()));
    say(&format!("others match with this node by the public key {matching}"));
    say(&format!(
        "next:\n  stillwatch collection add --config {0} --alias shared --title \"What we share\"\n  \
         stillwatch client add lab-two --config {0} --role member --read shared\n  stillwatch serve --config {0}",
        file.display()
    ));
    Ok(0)
}

/// The settings of a member's node, or of a hub.
fn settings(is_hub: bool) -> String {
    if is_hub { SETTINGS.replace("# role = \"member\"", "role = \"hub\"") } else { SETTINGS.to_owned() }
}

/// Writes a new file that only its owner reads.
fn write(path: &Path, text: &str) -> Result<(), String> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(0o600);
    }
    let written = options.open(path).and_then(|mut file| file.write_all(text.as_bytes()));
    written.map_err(|e| format!("error: cannot write `{}`: {e}\nhint: choose an empty folder", path.display()))
}

#[cfg(test)]
mod tests {
    use stillwatch_node::config::Part;

    use super::*;

    /// What is written says what holds without it, and names every key.
    #[test]
    fn the_settings_are_the_defaults() -> Result<(), stillwatch_node::Error> {
        let hub = Config::parse(&settings(true))?;
        assert_eq!((hub.role, Config::parse(SETTINGS)?.role), (Part::Hub, Part::Member));
        let written = Config::parse(SETTINGS)?;
        assert!(written.tls.is_some() && written.sealing_key.is_some() && written.matching_key.is_some());
        assert_eq!(Config { tls: None, sealing_key: None, matching_key: None, ..written }, Config::default());
        let all: String =
            SETTINGS.lines().map(|line| line.strip_prefix("# ").unwrap_or(line)).collect::<Vec<_>>().join("\n");
        for key in [
            "role",
            "data",
            "ledger",
            "ledger_key",
            "sealing_key",
            "matching_key",
            "matching_transcript",
            "every_seconds",
            "hourly",
            "listen",
            "behind_proxy",
            "name",
            "title",
            "description",
            "contact",
            "[[root]]",
            "path",
            "[tls]",
            "certificate",
            "key",
            "client_ca",
            "client_crl",
            "[oidc]",
            "issuer",
            "audience",
            "name_claim",
            "role_claim",
            "roles",
            "ca",
            "keys_seconds",
            "[gate]",
            "rules",
            "access",
            "accounts",
            "days",
            "[gate.envoy]",
            "[[gate.webhook]]",
            "url",
            "[limits]",
            "body_bytes",
            "bodies",
            "objects",
            "depth",
            "page",
            "page_most",
            "page_bytes",
            "seconds",
            "idle_milliseconds",
            "requests_per_second",
            "burst",
            "strangers_per_second",
            "connections",
            "connections_per_address",
        ] {
            let there = |line: &str| line == key || line.strip_prefix(key).is_some_and(|rest| rest.starts_with(" ="));
            assert!(all.lines().any(there), "{key}");
        }
        Ok(())
    }
}
