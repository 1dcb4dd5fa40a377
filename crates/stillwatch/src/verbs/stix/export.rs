//! Export: campaigns as a STIX 2.1 bundle, or what was imported, given back as it was written.
//! In: campaigns' ids or none, who tells, markings. Out: one bundle, to a file or stdout.
//! Invariant: without ids only campaigns that a person vouched for; accounts and text never.
//! Not here: whether it may leave this organisation: that is for a person to say.

use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use clap::Args as ClapArgs;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use stillwatch_model::Tracked;
use stillwatch_model::tracked::Status;
use stillwatch_node::own::{self, OWN};
use stillwatch_stix::bundle;
use stillwatch_stix::campaign::{Options, Producer};
use stillwatch_stix::marking::{Pap, Tlp};
use stillwatch_track::objects::{self, After, Which};
use stillwatch_track::{Filter, Store, list, tracked_by_id};

use crate::verbs::record::failed as refused;
use crate::verbs::store::{Author, Data, block_on, say, told};

/// Campaigns and objects that are read at a time.
const PAGE: u32 = 500;
/// Statuses that a person vouched for.
const VOUCHED: [Status; 3] = [Status::Confirmed, Status::Disrupted, Status::Returned];

/// Arguments of `export`.
#[derive(Debug, ClapArgs)]
#[command(after_help = "Examples:
  stillwatch export --producer 'Harbor Lab' > bundle.json          confirmed, disrupted and returned campaigns
  stillwatch export 6242ab44 --producer 'Harbor Lab' --out c.json  one campaign, by the beginning of its id
  stillwatch export --received --source partner.json               what was imported from there, as it was written

A bundle holds addresses, clients, text sketches, techniques and sizes in orders of magnitude; no account and no text (docs/stix.md).
The store remembers what was told: what did not change since comes again as it was, what changed has a later `modified`, and a campaign that
turned out to be none is taken back (`revoked`) when it is exported by its id.
It is marked TLP:AMBER+STRICT and PAP:AMBER when nothing else is said. Whether it may leave is for you to decide.
Exit codes: 0 done, 1 nothing to export, 2 failure.")]
pub(crate) struct Args {
    #[command(flatten)]
    data: Data,
    #[command(flatten)]
    author: Author,
    /// Campaigns, by id, alias or the beginning of one
    #[arg(value_name = "CAMPAIGN", conflicts_with = "received")]
    campaigns: Vec<String>,
    /// The name of this organisation, as others shall read it
    #[arg(long, value_name = "NAME", env = "STILLWATCH_PRODUCER", required_unless_present = "received")]
    producer: Option<String>,
    /// Traffic Light Protocol 2.0: who may know
    #[arg(long, default_value = "amber+strict", value_parser = tlp())]
    tlp: Tlp,
    /// Permissible Actions Protocol: what may be done with it
    #[arg(long, default_value = "amber", value_parser = pap())]
    pap: Pap,
    /// When it is to be deleted, RFC 3339
    #[arg(long, value_name = "TIME")]
    expires: Option<String>,
    /// The ground on which it is shared
    #[arg(long, value_name = "TEXT")]
    legal_basis: Option<String>,
    /// What it may be used for
    #[arg(long, value_name = "TEXT")]
    purpose: Option<String>,
    /// Tell the names that people gave campaigns
    #[arg(long)]
    names: bool,
    /// Tell who is said to be behind them
    #[arg(long)]
    claims: bool,
    /// Tell what people noted
    #[arg(long)]
    notes: bool,
    /// What was imported, in place of campaigns
    #[arg(long)]
    received: bool,
    /// Of what was imported: from this source only
    #[arg(long, value_name = "NAME", requires = "received")]
    source: Option<String>,
    /// Of what was imported: of this type only
    #[arg(long = "type", value_name = "TYPE", requires = "received")]
    kind: Option<String>,
    /// Where to write; stdout when not given
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

pub(crate) fn tlp() -> impl TypedValueParser<Value = Tlp> {
    PossibleValuesParser::new(Tlp::ALL.map(Tlp::name))
        .try_map(|typed| Tlp::ALL.into_iter().find(|level| level.name() == typed).ok_or("an unknown level"))
}

pub(crate) fn pap() -> impl TypedValueParser<Value = Pap> {
    PossibleValuesParser::new(Pap::ALL.map(Pap::name))
        .try_map(|typed| Pap::ALL.into_iter().find(|level| level.name() == typed).ok_or("an unknown level"))
}

/// Runs the verb.
pub(crate) fn run(args: &Args) -> Result<u8, String> {
    block_on(async {
        let store = args.data.open(&args.author.by()).await?;
        let mut out = Out::open(args.out.as_deref())?;
        let count = if args.received {
            received(&store, args, &mut out).await?
        } else {
            let campaigns = chosen(&store, args).await?;
            if !campaigns.is_empty() {
                let texts =
                    own::objects(&store, &campaigns, &options(args), &args.author.by()).await.map_err(refused)?;
                out.text(&bundle::write(texts.iter().map(String::as_str)))?;
            }
            campaigns.len()
        };
        if count == 0 {
            say(if args.received {
                "nothing to export: no imported object matches"
            } else {
                "nothing to export: no campaign is confirmed, disrupted or returned; name one, or see `stillwatch campaigns label`"
            });
            return Ok(1);
        }
        out.finish()?;
        Ok(0)
    })
}

async fn chosen(store: &Store, args: &Args) -> Result<Vec<Tracked>, String> {
    let mut ids = args.campaigns.clone();
    if ids.is_empty() {
        let filter = Filter { status: VOUCHED.to_vec(), ..Filter::default() };
        let mut after = None;
        loop {
            let page = list(store, &filter, PAGE, after.as_deref()).await.map_err(told)?;
            ids.extend(page.campaigns.into_iter().map(|campaign| campaign.id));
            after = page.next;
            if after.is_none() {
                break;
            }
        }
    }
    let mut campaigns = Vec::with_capacity(ids.len());
    for id in ids {
        campaigns.push(tracked_by_id(store, &id).await.map_err(told)?);
    }
    Ok(campaigns)
}

fn options(args: &Args) -> Options {
    Options {
        producer: Producer { name: args.producer.clone().unwrap_or_default(), created: String::new() },
        tlp: args.tlp,
        pap: Some(args.pap),
        expires: args.expires.clone(),
        legal_basis: args.legal_basis.clone(),
        purpose: args.purpose.clone(),
        names: args.names,
        claims: args.claims,
        notes: args.notes,
        ..Options::default()
    }
}

/// Writes a bundle of objects as they were written, page by page.
async fn received(store: &Store, args: &Args, out: &mut Out) -> Result<usize, String> {
    let which = Which { kind: args.kind.clone(), id: None, source: args.source.clone() };
    let (mut count, mut after): (usize, Option<After>) = (0, None);
    loop {
        let page = objects::page(store, &which, 10_000, after.as_ref()).await.map_err(told)?;
        for object in page.iter().filter(|object| object.source != OWN || which.source.as_deref() == Some(OWN)) {
            // The bundle's own id says nothing of what is in it: any will do, and one alone makes the same bytes again.
            out.text(if count == 0 { BUNDLE } else { "," })?;
            out.text(&object.json)?;
            count += 1;
        }
        match page.last() {
            Some(last) => after = Some(last.into()),
            None => break,
        }
    }
    if count > 0 {
        out.text("]}\n")?;
    }
    Ok(count)
}

const BUNDLE: &str = r#"{"type":"bundle","id":"bundle--7f1a3c52-5f0d-5c0e-9d67-3b1f3f0a6c11","objects":["#;

/// A file that appears as a whole or not at all, or stdout.
struct Out {
    to: Option<(PathBuf, PathBuf)>,
    writer: BufWriter<Box<dyn Write>>,
}

impl Out {
    fn open(path: Option<&Path>) -> Result<Self, String> {
        let Some(path) = path else {
            return Ok(Self { to: None, writer: BufWriter::new(Box::new(std::io::stdout().lock())) });
        };
        let mut name = path.file_name().unwrap_or_default().to_owned();
        name.push(".part");
        let part = path.with_file_name(name);
        let file = std::fs::File::create(&part).map_err(|e| failed(path, &e))?;
        Ok(Self { to: Some((part, path.to_owned())), writer: BufWriter::new(Box::new(file)) })
    }

    fn text(&mut self, text: &str) -> Result<(), String> {
        match self.writer.write_all(text.as_bytes()) {
            Err(e) if e.kind() != std::io::ErrorKind::BrokenPipe => Err(failed(&self.shown(), &e)),
            _ => Ok(()),
        }
    }

    fn shown(&self) -> PathBuf {
        self.to.as_ref().map_or_else(|| "stdout".into(), |(_, path)| path.clone())
    }

    fn finish(mut self) -> Result<(), String> {
        match self.writer.flush() {
            Err(e) if e.kind() != std::io::ErrorKind::BrokenPipe => return Err(failed(&self.shown(), &e)),
            _ => {}
        }
        let Some((part, path)) = self.to.take() else { return Ok(()) };
        std::fs::rename(part, &path).map_err(|e| failed(&path, &e))?;
        say(&format!("wrote {}", path.display()));
        Ok(())
    }
}

impl Drop for Out {
    fn drop(&mut self) {
        if let Some((part, _)) = &self.to {
            // It isn't finished: half a bundle is nothing. That it can't be removed changes nothing for the reader.
            let _ = std::fs::remove_file(part);
        }
    }
}

fn failed(path: &Path, error: &std::io::Error) -> String {
    format!(
        "error: cannot write `{}`: {error}\nhint: check that the folder exists, may be written to and has space",
        path.display()
    )
}
