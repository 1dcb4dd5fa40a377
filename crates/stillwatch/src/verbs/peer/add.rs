//! Add: what the operator says of peers: who they are, what is followed, how recipients are reached.
//! In: names, addresses, files. Out: lines in the store.
//! Invariant: a peer is asked before it is added, unless `--no-check` says otherwise: a wrong address shows at once.
//! Not here: fetching (`sync.rs`).

use std::io::Read;
use std::path::{Path, PathBuf};

use stillwatch_node::peer::{self, Offer};
use stillwatch_track::peers::{self, Peer, Route};
use stillwatch_track::{By, Store};

use super::Format;
use crate::verbs::record::failed;
use crate::verbs::store::{now, print, print_json, say, told};

/// How a server is asked.
#[derive(Debug, clap::Args)]
pub(super) struct How {
    /// Its API root, or its discovery address
    #[arg(value_name = "URL")]
    url: String,
    /// The name to log in with; without it the token is a bearer's
    #[arg(long, value_name = "NAME")]
    user: Option<String>,
    /// The file with the token or password; `-`: standard input
    #[arg(long, value_name = "FILE")]
    token_file: Option<PathBuf>,
    /// Certificates to trust instead of the system's, PEM
    #[arg(long, value_name = "FILE")]
    ca: Option<PathBuf>,
    /// Our certificate, where the server asks for one, PEM
    #[arg(long, value_name = "FILE", requires = "identity_key")]
    identity: Option<PathBuf>,
    /// The key of that certificate, PEM
    #[arg(long, value_name = "FILE", requires = "identity")]
    identity_key: Option<PathBuf>,
}

/// Arguments of `peer look`.
#[derive(Debug, clap::Args)]
pub(super) struct LookArgs {
    #[command(flatten)]
    how: How,
    /// How it is printed
    #[arg(long, value_enum, default_value_t = Format::Table)]
    format: Format,
}

/// Arguments of `peer add`.
#[derive(Debug, clap::Args)]
pub(super) struct AddArgs {
    /// How it is called here: lower-case letters, digits, `.`, `-`, `_`
    name: String,
    #[command(flatten)]
    how: How,
    /// A collection to follow, by id or alias; repeatable
    #[arg(long, value_name = "COLLECTION")]
    follow: Vec<String>,
    /// Objects that are taken from one collection in an hour; more wait until a person has looked
    #[arg(long, value_name = "N", default_value_t = 100_000)]
    hourly: u64,
    /// Seconds that are read again each time, for servers where something may appear late
    #[arg(long, value_name = "SECONDS", default_value_t = 300)]
    overlap: u32,
    /// The key that its ledger is signed with, as `stillwatch ledger` prints it: then its ledger is watched
    #[arg(long, value_name = "KEY")]
    ledger_public: Option<String>,
    /// Tell it what was taken (Stillwatch nodes understand that)
    #[arg(long)]
    acknowledge: bool,
    /// A type that it can't hold, and is not sent; `unversioned`: all without `modified`; repeatable
    #[arg(long, value_name = "TYPE")]
    leave_out: Vec<String>,
    /// Add it without asking it first
    #[arg(long)]
    no_check: bool,
}

/// Arguments of `peer follow`, `unfollow` and `resume`.
#[derive(Debug, clap::Args)]
pub(super) struct FollowArgs {
    /// The peer
    name: String,
    /// Its collection, by id or alias
    collection: String,
}

/// Arguments of `peer route`.
#[derive(Debug, clap::Args)]
pub(super) struct RouteArgs {
    /// The recipient, as releases and profiles name it
    recipient: String,
    /// Hand things to a peer: PEER/COLLECTION
    #[arg(long, value_name = "PEER/COLLECTION", required_unless_present = "publish", conflicts_with = "publish")]
    to: Option<String>,
    /// Put things into a collection of this node, for the recipient to fetch: ROOT/COLLECTION
    #[arg(long, value_name = "ROOT/COLLECTION")]
    publish: Option<String>,
    /// Seal everything to this public key (age1…): who is between reads nothing
    #[arg(long, value_name = "KEY")]
    seal_to: Option<String>,
}

/// Arguments of `peer unroute`.
#[derive(Debug, clap::Args)]
pub(super) struct UnrouteArgs {
    /// The recipient
    recipient: String,
}

/// Arguments of `peer remove`.
#[derive(Debug, clap::Args)]
pub(super) struct RemoveArgs {
    /// The peer
    name: String,
}

impl How {
    /// As a peer; files by their whole paths, for `serve` may run elsewhere.
    fn peer(&self, name: &str, token: Option<PathBuf>) -> Result<Peer, String> {
        let whole = |file: &Option<PathBuf>| file.as_ref().map(|file| absolute(file)).transpose();
        Ok(Peer {
            name: name.to_owned(),
            url: self.url.clone(),
            username: self.user.clone(),
            token_file: whole(&token)?,
            ca: whole(&self.ca)?,
            certificate: whole(&self.identity)?,
            key: whole(&self.identity_key)?,
            hourly: 1,
            overlap: 0,
            acknowledges: false,
            leaves_out: Vec::new(),
            ledger: None,
            checkpoint: None,
            made: now(),
        })
    }

    fn is_stdin(&self) -> bool {
        self.token_file.as_deref() == Some(Path::new("-"))
    }
}

fn absolute(file: &Path) -> Result<String, String> {
    let failed = |e| format!("error: cannot find `{}`: {e}\nhint: check the path", file.display());
    Ok(std::fs::canonicalize(file).map_err(failed)?.display().to_string())
}

pub(super) async fn look(args: &LookArgs) -> Result<u8, String> {
    if args.how.is_stdin() {
        return Err("error: `look` keeps no token\nhint: give the file it is in with `--token-file`".into());
    }
    let (root, offers) = peer::look(&args.how.peer("server", args.how.token_file.clone())?).await.map_err(failed)?;
    if args.format == Format::Json {
        print_json(&serde_json::json!({ "api_root": root, "collections": offers }))?;
    } else {
        print(format!("API root {root}\n{}", shown(&offers)))?;
    }
    Ok(0)
}

fn shown(offers: &[Offer]) -> String {
    if offers.is_empty() {
        return "no collections that this node may use\n".to_owned();
    }
    let line = |offer: &Offer| {
        let how = match (offer.can_read, offer.can_write) {
            (true, true) => "read, write",
            (true, false) => "read",
            (false, true) => "write",
            (false, false) => "nothing",
        };
        let called = offer.alias.as_ref().unwrap_or(&offer.id);
        format!("{called:<36}  {how:<11}  {}\n", offer.title)
    };
    offers.iter().map(line).collect()
}

pub(super) async fn add(store: &Store, args: &AddArgs, by: &By) -> Result<u8, String> {
    let token = if args.how.is_stdin() { Some(kept(&args.name)?) } else { args.how.token_file.clone() };
    let mut one = args.how.peer(&args.name, token)?;
    one.hourly = args.hourly.max(1);
    one.overlap = i64::from(args.overlap) * 1_000_000;
    one.acknowledges = args.acknowledge;
    one.leaves_out = args.leave_out.clone();
    one.ledger = args.ledger_public.clone();
    if let Some(line) = &one.ledger {
        stillwatch_ledger::PublicKey::parse(line).map_err(|e| format!("error: {e}\nhint: {}", e.hint()))?;
    }
    if !args.no_check {
        let (root, offers) = peer::look(&one).await.map_err(failed)?;
        one.url = root;
        let may =
            |named: &String| offers.iter().any(|o| (o.id == *named || o.alias.as_ref() == Some(named)) && o.can_read);
        if let Some(missing) = args.follow.iter().find(|named| !may(named)) {
            return Err(format!(
                "error: `{}` has no collection `{missing}` that this node may read; it has:\n{}hint: choose one of these, or ask who runs it",
                args.name,
                shown(&offers)
            ));
        }
    }
    peers::add(store, &one, by).await.map_err(told)?;
    for collection in &args.follow {
        peers::follow(store, &one.name, collection).await.map_err(told)?;
    }
    say(&format!("`{}` is a peer; `stillwatch peer sync` fetches what is there", one.name));
    Ok(0)
}

/// Keeps a token that came on standard input in a file that nobody else reads.
fn kept(name: &str) -> Result<PathBuf, String> {
    let mut text = String::new();
    std::io::stdin().take(16_384).read_to_string(&mut text).map_err(|e| {
        format!("error: cannot read the token from standard input: {e}\nhint: give `--token-file FILE`")
    })?;
    let file = PathBuf::from(format!("{name}.token"));
    let written = || {
        let mut options = std::fs::OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        std::io::Write::write_all(&mut options.open(&file)?, text.trim().as_bytes())
    };
    written().map_err(|e| format!("error: cannot write `{}`: {e}\nhint: give `--token-file FILE`", file.display()))?;
    say(&format!("the token is in `{}`, which only you may read", file.display()));
    Ok(file)
}

pub(super) async fn follow(store: &Store, args: &FollowArgs) -> Result<u8, String> {
    peers::follow(store, &args.name, &args.collection).await.map_err(told)?;
    Ok(0)
}

pub(super) async fn unfollow(store: &Store, args: &FollowArgs) -> Result<u8, String> {
    peers::unfollow(store, &args.name, &args.collection).await.map_err(told)?;
    Ok(0)
}

pub(super) async fn resume(store: &Store, args: &FollowArgs) -> Result<u8, String> {
    peers::unhold(store, &args.name, &args.collection).await.map_err(told)?;
    say(&format!("`{}` of `{}` goes on with the next sync", args.collection, args.name));
    Ok(0)
}

pub(super) async fn route(store: &Store, args: &RouteArgs) -> Result<u8, String> {
    let (peer, collection) = match (&args.to, &args.publish) {
        (Some(to), _) => {
            let (peer, collection) = to.split_once('/').ok_or_else(|| {
                format!("error: `{to}` names no collection\nhint: give PEER/COLLECTION, such as hub/shared")
            })?;
            (Some(peer.to_owned()), collection.to_owned())
        }
        (None, Some(publish)) => (None, publish.clone()),
        (None, None) => return Err("error: no way is named\nhint: give `--to` or `--publish`".into()),
    };
    let route = Route {
        recipient: args.recipient.clone(),
        peer,
        collection,
        seal_to: args.seal_to.clone(),
        failures: 0,
        retry: 0,
        because: String::new(),
    };
    peers::route(store, &route).await.map_err(told)?;
    Ok(0)
}

pub(super) async fn unroute(store: &Store, args: &UnrouteArgs) -> Result<u8, String> {
    peers::unroute(store, &args.recipient).await.map_err(told)?;
    Ok(0)
}

pub(super) async fn remove(store: &Store, args: &RemoveArgs) -> Result<u8, String> {
    peers::remove(store, &args.name).await.map_err(told)?;
    say(&format!(
        "`{}` is a peer no longer; what came from it stays, under the source `peer:{}`",
        args.name, args.name
    ));
    Ok(0)
}
