//! Facts: what is known of every account in logs, as rules ask for it.
//! In: logs or sketches, what is known of the accounts. Out: a JSON object a line (`schemas/gate/facts.schema.json`), by account.
//! Invariant: what isn't known isn't there; who is no member of a campaign has its signals not.
//! Not here: what rules make of it (`stillwatch rules simulate`).

use std::collections::HashMap;
use std::fmt::Write;
use std::path::PathBuf;

use clap::Args as ClapArgs;
use serde::Serialize;
use stillwatch_detect::account::Account;
use stillwatch_detect::campaign;
use stillwatch_model::{Report, Signal};

use super::detect::shift;
use super::stage::Stage;
use super::{Exit, Failure, Reading, output, progress::Bar};

/// Bytes printed at once.
const PRINTED: usize = 1 << 16;

/// Arguments of `facts`.
#[derive(Debug, ClapArgs)]
#[command(after_help = "Examples:
  stillwatch facts logs/ --accounts accounts.jsonl > facts.jsonl
  stillwatch rules simulate rules.toml --over logs/ --accounts accounts.jsonl      the same, and rules asked

A line an account: its campaign and membership, signals, whether it is verified, its requests in these logs.")]
pub struct Args {
    #[command(flatten)]
    reading: Reading,
    /// How scores are shifted by what people concluded before: a file of `stillwatch train --calibration`
    #[arg(long, value_name = "FILE", env = "STILLWATCH_CALIBRATION")]
    calibration: Option<PathBuf>,
}

#[derive(Serialize)]
struct Line<'a> {
    subject: Subject<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    campaign: Option<Belongs<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    signals: Vec<Told<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    verified: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    verified_requests: Option<u64>,
}

#[derive(Serialize)]
struct Subject<'a> {
    kind: &'static str,
    value: &'a str,
}

#[derive(Serialize, Clone, Copy)]
struct Belongs<'a> {
    id: &'a str,
    score: f64,
    label: &'static str,
    actionable: bool,
    membership: f64,
}

#[derive(Serialize)]
struct Told<'a> {
    name: &'a str,
    contribution: f64,
}

/// Runs the verb.
///
/// # Errors
/// When the logs can't be read, too many records are bad, or stdout can't be written.
pub fn run(args: &Args) -> Result<Exit, Failure> {
    let (accounts, _, _) = args.reading.read()?;
    let stage = Stage::begin("link and score");
    let bar = Bar::spin("linking and scoring");
    let mut report = campaign::find(&accounts);
    drop(bar);
    stage.end(report.findings.exchanges);
    if let Some(path) = &args.calibration {
        shift(path)?.apply(&mut report);
    }
    print(&accounts, &report)?;
    Ok(Exit::Done)
}

fn print(accounts: &[Account], report: &Report) -> Result<(), Failure> {
    let known = known(report);
    let mut text = String::new();
    for account in accounts {
        let (campaign, signals) = known.get(account.name.as_str()).copied().unwrap_or((None, &[]));
        let line = Line {
            subject: Subject { kind: "account", value: &account.name },
            campaign,
            signals: signals.iter().map(|s| Told { name: &s.name, contribution: s.contribution }).collect(),
            verified: account.verified,
            verified_requests: (account.verified == Some(true)).then_some(account.sketch.counts.exchanges),
        };
        let json = serde_json::to_string(&line)
            .map_err(|e| Failure::new(format!("cannot write facts: {e}"), "report this as a bug"))?;
        let _ = writeln!(text, "{json}");
        if text.len() >= PRINTED {
            output::print(&text)?;
            text.clear();
        }
    }
    output::print(&text)
}

type Known<'a> = (Option<Belongs<'a>>, &'a [Signal]);

/// The campaign that an account belongs to, or what speaks against it alone. Groups share no account, and whoever hardly belongs is no
/// member (`stillwatch_detect::campaign`), so that a campaign's signals speak against each of its members.
fn known(report: &Report) -> HashMap<&str, Known<'_>> {
    let mut known: HashMap<&str, Known<'_>> = HashMap::new();
    for suspect in &report.findings.suspects {
        known.insert(&suspect.account, (None, &suspect.signals));
    }
    for (campaign, case) in report.findings.campaigns.iter().zip(&report.cases) {
        for member in &case.members {
            let belongs = Belongs {
                id: &campaign.id,
                score: campaign.score,
                label: "new",
                actionable: campaign.actionable,
                membership: member.score,
            };
            known.insert(&member.account, (Some(belongs), &campaign.signals));
        }
    }
    known
}
