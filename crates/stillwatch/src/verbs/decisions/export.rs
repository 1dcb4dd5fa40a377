//! Export: decisions in the words of programs that read files.
//! In: a format, where it needs them a kind of key and an action. Out: the file, on stdout or beside its name.
//! Invariant: what a format can't say is counted and told; nobody on the allow-list is in any list of those to be hit.
//! Not here: the formats (`stillwatch_gate::enforce`), points that ask (the node, `[gate]`).

use std::io::Write;
use std::path::PathBuf;

use clap::ValueEnum;
use stillwatch_gate::enforce::carve::{Allowed, networks};
use stillwatch_gate::enforce::{aws_waf, haproxy, lists, nginx, opa};
use stillwatch_gate::{Action, Kind, Table};
use stillwatch_node::decisions::table;
use stillwatch_stix::campaign::Producer;
use stillwatch_stix::decided::{self, Decided};
use stillwatch_track::{By, Store};

use crate::verbs::record::failed;
use crate::verbs::store::{print, say};

/// Arguments of `decisions export`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  stillwatch decisions export list --kind network --action block > blocked.txt
  stillwatch decisions export nginx > decisions.conf
  stillwatch decisions export haproxy --kind account > accounts.map
  stillwatch decisions export aws-waf --action block > sets.json
  stillwatch decisions export opa --out bundle.tar.gz
  stillwatch decisions export stix --producer 'Harbor Lab' > networks.json

A file is a picture of a moment: write it again as often as you can bear its age. docs/decisions.md tells how each is loaded.
Exit codes: 0 done, 2 failure.")]
pub(super) struct Args {
    /// For which program
    #[arg(value_enum)]
    format: Form,
    /// Of `list` and `haproxy`: which keys
    #[arg(long, default_value = "network", value_parser = Kind::ALL.map(Kind::name))]
    kind: String,
    /// Of `list` and `aws-waf`: which action
    #[arg(long, default_value = "block", value_parser = ["allow", "challenge", "throttle", "degrade", "block"])]
    action: String,
    /// Of `stix`: the name of this organisation
    #[arg(long, value_name = "NAME", env = "STILLWATCH_PRODUCER")]
    producer: Option<String>,
    /// Write here, whole or not at all, and not to stdout
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Form {
    /// A key a line
    List,
    /// `map` and `geo` blocks to include
    Nginx,
    /// A map file
    Haproxy,
    /// IP sets of AWS WAF, JSON
    AwsWaf,
    /// A bundle of the Open Policy Agent, .tar.gz
    Opa,
    /// The data of that bundle, JSON
    OpaData,
    /// Networks as STIX 2.1 indicators for own tools, marked TLP:RED
    Stix,
}

pub(super) async fn run(store: &Store, args: &Args, by: &By) -> Result<u8, String> {
    let now = by.at.div_euclid(1_000_000);
    let (table, _) = table(store, now).await.map_err(failed)?;
    let bytes = written(args, &table, now)?;
    let Some(file) = &args.out else {
        if args.format == Form::Opa {
            return out(&bytes);
        }
        print(String::from_utf8_lossy(&bytes))?;
        return Ok(0);
    };
    let mut part = file.as_os_str().to_owned();
    part.push(".part");
    let part = PathBuf::from(part);
    let done = std::fs::write(&part, &bytes).and_then(|()| std::fs::rename(&part, file));
    done.map_err(|e| {
        format!("error: cannot write `{}`: {e}\nhint: check the path, and that there is space", file.display())
    })?;
    Ok(0)
}

fn written(args: &Args, table: &Table, now: i64) -> Result<Vec<u8>, String> {
    let kind = Kind::ALL.into_iter().find(|kind| kind.name() == args.kind).unwrap_or(Kind::Network);
    let failed = |e: &dyn std::fmt::Display| format!("error: cannot write the export: {e}\nhint: report this as a bug");
    let (text, left_out) = match args.format {
        Form::List => with(lists::list(table, kind, &args.action, now)),
        Form::Nginx => with(nginx::maps(table, nginx::Variables::default(), now)),
        Form::Haproxy => with(haproxy::map(table, kind, now)),
        Form::AwsWaf => {
            let (sets, left_out) = aws_waf::ip_sets(table, &args.action, "stillwatch", "REGIONAL", now);
            (serde_json::to_string_pretty(&sets).map_err(|e| failed(&e))? + "\n", left_out)
        }
        Form::OpaData => (opa::data(table, now).map_err(|e| failed(&e))? + "\n", 0),
        Form::Stix => stix(args, table, now)?,
        Form::Opa => return opa::bundle(table, now).map_err(|e| failed(&e)),
    };
    if left_out > 0 {
        say(&format!("{left_out} keys can't be said in this format, and are left out"));
    }
    Ok(text.into_bytes())
}

/// Networks; accounts, clients and fingerprints are counted and stay here: they are customers of this lab.
fn stix(args: &Args, table: &Table, now: i64) -> Result<(String, usize), String> {
    let name = args.producer.clone().filter(|name| !name.trim().is_empty()).ok_or(
        "error: a STIX bundle says who made it\nhint: name this organisation with `--producer` or STILLWATCH_PRODUCER",
    )?;
    let instant = |second: i64| stillwatch_track::instant(second.saturating_mul(1_000_000));
    let allowed = Allowed::of(table, now);
    let hit = networks(table, &allowed, now).filter(|(_, best)| best.action != Action::Allow);
    let mut decided: Vec<Decided> = hit
        .map(|(net, best)| Decided {
            network: net.to_string(),
            v4: net.addr().is_ipv4(),
            action: best.action.name().to_owned(),
            decision: best.line.id,
            since: instant(best.line.since),
            until: (best.line.expires < i64::MAX).then(|| instant(best.line.expires)),
        })
        .collect();
    decided.sort_by(|one, other| one.network.cmp(&other.network));
    decided.dedup_by(|one, other| one.network == other.network);
    let others = table.keys(now).filter(|(key, best)| key.kind() != Kind::Network && best.action != Action::Allow);
    let by = Producer { name, created: String::new() };
    Ok((decided::bundle(&by, &decided, &instant(now)) + "\n", others.count()))
}

fn with(exported: stillwatch_gate::enforce::Exported) -> (String, usize) {
    (exported.text, exported.left_out)
}

fn out(bytes: &[u8]) -> Result<u8, String> {
    let mut out = std::io::stdout().lock();
    match out.write_all(bytes).and_then(|()| out.flush()) {
        Err(e) if e.kind() != std::io::ErrorKind::BrokenPipe => Err(format!(
            "error: cannot write to stdout: {e}\nhint: check where the output goes, and that there is space"
        )),
        _ => Ok(0),
    }
}
