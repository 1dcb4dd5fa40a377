//! Client: who may use the node, and what of it.
//! In: a name, a role, collections, certificates. Out: a token, once; a list.
//! Invariant: a running node hears of a change within a second.
//! Not here: what roles may do (`stillwatch_node::access`).

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use clap::{Args as ClapArgs, Subcommand};
use serde_json::json;
use stillwatch_node::access::{Role, Token, end, grant};
use stillwatch_node::seal::Recipient;
use stillwatch_node::serve::tls;
use stillwatch_track::exchange::{self, Right};
use stillwatch_track::{Store, instant};

use super::{Settings, find, said};
use crate::verbs::record::Recording;
use crate::verbs::store::{Author, Format, block_on, print, print_json, say, told};

/// Arguments of `client`.
#[derive(Debug, ClapArgs)]
#[command(after_help = "Examples:
  stillwatch client add lab-two --role member --read shared --write inbox     prints its token, once
  stillwatch client add lab-three --role member --read shared --certificate lab-three.pem     known by its certificate, without a token
  stillwatch client allow lab-two --read shared --read other                  rights to these, from now on
  stillwatch client allow lab-two --seal-to age1…                             members of its groups may seal to this key
  stillwatch client allow lab-three --certificate renewed.pem                 besides the one that it has
  stillwatch client list
  stillwatch client revoke lab-two

Roles: viewer, approver and auditor read; analyst, member and hub read and write; admin may use every collection and remove what
others sent; admin and auditor see figures. A right to a collection is given by its alias or id.
A certificate is tied to its client by the SHA-256 of its DER; who issues and revokes them is said in node.toml (`client_ca`).
The token goes to the client as `Authorization: Bearer TOKEN`, or as the password of HTTP Basic with its name.
With a ledger (--ledger, STILLWATCH_LEDGER) roles that somebody gets or loses are written down there; without one they are owed to it.
Exit codes: 0 done; 2 failure.")]
pub(crate) struct Args {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
#[command(disable_help_subcommand = true)]
enum Verb {
    /// Make a client and print its token
    Add(AddArgs),
    /// Say what a client may do with collections, from now on
    Allow(AllowArgs),
    /// List clients with their rights
    List(ListArgs),
    /// End a client's token and certificates
    Revoke(RevokeArgs),
}

#[derive(Debug, ClapArgs)]
struct AddArgs {
    #[command(flatten)]
    settings: Settings,
    #[command(flatten)]
    author: Author,
    #[command(flatten)]
    recording: Recording,
    /// Its name: lower-case letters, digits, `.`, `-`, `_`
    name: String,
    /// Its role
    #[arg(long, value_name = "ROLE", value_parser = Role::ALL.map(Role::name))]
    role: String,
    #[command(flatten)]
    rights: Rights,
    /// The public key to which others may seal what is for it
    #[arg(long, value_name = "age1…")]
    seal_to: Option<Recipient>,
    /// Its certificate in PEM: it needs no token, and none is printed
    #[arg(long, value_name = "FILE")]
    certificate: Option<PathBuf>,
    /// Print a token too
    #[arg(long, requires = "certificate")]
    token: bool,
}

#[derive(Debug, ClapArgs)]
struct AllowArgs {
    #[command(flatten)]
    settings: Settings,
    /// Its name
    name: String,
    #[command(flatten)]
    rights: Rights,
    /// A collection that it may not use any more
    #[arg(long, value_name = "COLLECTION")]
    none: Vec<String>,
    /// The public key to which others may seal what is for it
    #[arg(long, value_name = "age1…")]
    seal_to: Option<Recipient>,
    /// A further certificate of it, in PEM
    #[arg(long, value_name = "FILE")]
    certificate: Vec<PathBuf>,
    /// A certificate that isn't its any more: SHA-256 as `client list` shows it, or a file
    #[arg(long, value_name = "SHA256")]
    no_certificate: Vec<String>,
}

#[derive(Debug, ClapArgs)]
struct Rights {
    /// A collection that it may read
    #[arg(long, value_name = "COLLECTION")]
    read: Vec<String>,
    /// A collection that it may add objects to
    #[arg(long, value_name = "COLLECTION")]
    write: Vec<String>,
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
struct RevokeArgs {
    #[command(flatten)]
    settings: Settings,
    #[command(flatten)]
    author: Author,
    #[command(flatten)]
    recording: Recording,
    /// Its name
    name: String,
}

/// Runs `client`.
pub(crate) fn run(args: &Args) -> Result<u8, String> {
    match &args.verb {
        Verb::Add(args) => block_on(add(args)),
        Verb::Allow(args) => block_on(allow(args)),
        Verb::List(args) => block_on(list(args)),
        Verb::Revoke(args) => block_on(revoke(args)),
    }
}

impl Rights {
    async fn of(&self, store: &Store) -> Result<Vec<Right>, String> {
        let mut all: BTreeMap<i64, Right> = BTreeMap::new();
        for (named, write) in self.read.iter().map(|n| (n, false)).chain(self.write.iter().map(|n| (n, true))) {
            let number = find(store, named).await?.number;
            let right = all.entry(number).or_insert(Right { collection: number, can_read: false, can_write: false });
            right.can_write |= write;
            right.can_read |= !write;
        }
        Ok(all.into_values().collect())
    }
}

async fn add(args: &AddArgs) -> Result<u8, String> {
    let (_, store) = args.settings.open().await?;
    let role =
        Role::of(&args.role).ok_or("error: there is no such role\nhint: `stillwatch client --help` lists them")?;
    if !args.rights.write.is_empty() && !role.writes() {
        return Err(format!(
            "error: the role `{}` never writes\nhint: leave `--write` out, or choose another role",
            args.role
        ));
    }
    let rights = args.rights.of(&store).await?;
    let certificate = args.certificate.as_deref().map(tls::known_as).transpose().map_err(said)?;
    let token = Token::make();
    let by = args.author.by();
    grant(&store, &args.name, role, &token, &rights, &by).await.map_err(said)?;
    if let Some(key) = &args.seal_to {
        exchange::seal_to(&store, &args.name, Some(&key.to_string())).await.map_err(told)?;
    }
    if let Some(certificate) = &certificate {
        exchange::tie(&store, &args.name, certificate, by.at).await.map_err(told)?;
    }
    args.recording.settle(&store, &by).await?;
    store.close().await;
    if let Some(certificate) = &certificate {
        say(&format!("the client `{}` is known by the certificate {certificate}", args.name));
        if !args.token {
            // Nobody ever sees its token: there is none to lose.
            return Ok(0);
        }
    }
    say(&format!("this is the token of the client `{}`, shown once:", args.name));
    print(format!("{}\n", token.show()))?;
    Ok(0)
}

async fn allow(args: &AllowArgs) -> Result<u8, String> {
    let (_, store) = args.settings.open().await?;
    let mut rights = args.rights.of(&store).await?;
    for named in &args.none {
        let collection = find(&store, named).await?.number;
        rights.push(Right { collection, can_read: false, can_write: false });
    }
    let no_change = args.certificate.is_empty() && args.no_certificate.is_empty();
    if rights.is_empty() && args.seal_to.is_none() && no_change {
        let how = "give `--read`, `--write`, `--none`, `--seal-to` or `--certificate`";
        return Err(format!("error: nothing is said\nhint: {how}"));
    }
    if let Some(key) = &args.seal_to {
        exchange::seal_to(&store, &args.name, Some(&key.to_string())).await.map_err(told)?;
    }
    let tied = args.certificate.iter().map(|file| tls::known_as(file)).collect::<Result<Vec<_>, _>>().map_err(said)?;
    for right in rights {
        exchange::allow(&store, &args.name, right).await.map_err(told)?;
    }
    for one in &tied {
        exchange::tie(&store, &args.name, one, Author::default().by().at).await.map_err(told)?;
    }
    for one in &args.no_certificate {
        let hash = if Path::new(one).is_file() { tls::known_as(Path::new(one)).map_err(said)? } else { one.clone() };
        exchange::untie(&store, &args.name, &hash).await.map_err(told)?;
    }
    store.close().await;
    Ok(0)
}

async fn list(args: &ListArgs) -> Result<u8, String> {
    let (_, store) = args.settings.open().await?;
    let clients = exchange::clients(&store).await.map_err(told)?;
    let collections = exchange::collections(&store).await.map_err(told)?;
    store.close().await;
    let named = |number: i64| {
        let one = collections.iter().find(|c| c.number == number);
        one.map_or_else(String::new, |c| c.alias.clone().unwrap_or_else(|| c.id.clone()))
    };
    if args.format == Format::Json {
        let all: Vec<_> = clients
            .iter()
            .map(|client| {
                let of = |is: fn(&Right) -> bool| {
                    client.rights.iter().filter(|r| is(r)).map(|r| named(r.collection)).collect::<Vec<_>>()
                };
                json!({
                    "name": client.name, "role": client.role, "made": instant(client.made),
                    "revoked": client.revoked.map(instant), "read": of(|r| r.can_read), "write": of(|r| r.can_write),
                    "certificates": client.certificates,
                })
            })
            .collect();
        print_json(&all)?;
        return Ok(0);
    }
    let mut text = String::new();
    for client in &clients {
        let rights: Vec<String> = client
            .rights
            .iter()
            .map(|right| {
                let how = match (right.can_read, right.can_write) {
                    (true, true) => "reads and writes",
                    (true, false) => "reads",
                    _ => "writes",
                };
                format!("{how} {}", named(right.collection))
            })
            .collect();
        let state = client.revoked.map_or_else(String::new, |at| format!("  revoked {}", instant(at)));
        text.push_str(&format!("{:<24} {:<9} {}{state}\n", client.name, client.role, rights.join(", ")));
        for certificate in &client.certificates {
            text.push_str(&format!("{:<24} certificate {certificate}\n", ""));
        }
    }
    print(text)?;
    Ok(0)
}

async fn revoke(args: &RevokeArgs) -> Result<u8, String> {
    let (_, store) = args.settings.open().await?;
    let by = args.author.by();
    end(&store, &args.name, &by).await.map_err(said)?;
    args.recording.settle(&store, &by).await?;
    store.close().await;
    say(&format!("the token of `{}` opens nothing any more; a running node hears of it within a second", args.name));
    Ok(0)
}
