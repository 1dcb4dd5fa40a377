//! Simulate: who would have been hit, had these rules been in force.
//! In: rules; logs, campaigns and received indicators in the store, facts in a file. Out: figures a rule, and whether the cap would have stopped it.
//! Invariant: nothing is decided; shadow rules are counted as if they were in force.
//! Not here: what rules say of facts (`stillwatch_gate::rules::simulate`), finding campaigns in logs (the engine).

use std::collections::BTreeMap;
use std::path::PathBuf;

use jiff::Timestamp;
use stillwatch_gate::rules::Mode;
use stillwatch_gate::rules::simulate::{Simulated, simulate};
use stillwatch_gate::{Facts, Rules, Subject};
use stillwatch_node::decisions::{Known, gather};
use stillwatch_node::intel::{Decay, follow};

use super::Files;
use crate::engine;
use crate::verbs::record::failed;
use crate::verbs::store::{Author, Data, Format, block_on, plain, print, print_json};

/// Arguments of `rules simulate`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  stillwatch rules simulate rules.toml --over logs/ --accounts accounts.jsonl    campaigns are found in logs, and rules asked about them
  stillwatch rules simulate rules.toml --saved                                   campaigns and received indicators in the store
  stillwatch rules simulate rules.toml --known facts.jsonl                       what the lab knows of its accounts, a JSON object a line
  stillwatch rules simulate rules.toml --over 'logs/*.parquet' --known facts.jsonl    both, joined: places and owners are in the file alone

schemas/gate/facts.schema.json has the fields of a line. All requests of verified accounts, in the logs or in the file, are all verified
traffic; where the file tells of any, it counts and the logs don't. How logs are read can be set in `stillwatch.toml` (`stillwatch help detect`).
Exit codes: 0 done, 1 with --exit-code: the cap would have stopped a rule, 2 failure.")]
pub(super) struct Args {
    #[command(flatten)]
    files: Files,
    #[command(flatten)]
    data: Data,
    #[command(flatten)]
    author: Author,
    /// Logs, or sketches: files, globs or folders; campaigns are found in them as `detect` does
    #[arg(long, value_name = "PATH|GLOB|DIR", num_args = 1.., required_unless_present_any = ["saved", "known"])]
    over: Vec<String>,
    /// What is known of the accounts in the logs: created, payment, verified, … (JSONL, CSV or Parquet)
    #[arg(long, value_name = "FILE", requires = "over")]
    accounts: Option<PathBuf>,
    /// Facts, a JSON object a line
    #[arg(long, value_name = "FILE")]
    known: Option<PathBuf>,
    /// Campaigns and received indicators in the store
    #[arg(long, conflicts_with = "over")]
    saved: bool,
    /// Who wasn't seen within so many days isn't looked at, with `--saved`
    #[arg(long, default_value_t = 30, value_parser = clap::value_parser!(u32).range(1..=3650))]
    days: u32,
    /// How to print
    #[arg(long, value_enum, default_value_t = Format::Table, env = "STILLWATCH_FORMAT")]
    format: Format,
    /// Exit with 1 when the cap would have stopped a rule
    #[arg(long)]
    exit_code: bool,
}

pub(super) fn run(args: &Args) -> Result<u8, String> {
    let rules = args.files.read()?;
    let by = args.author.by();
    let now = Timestamp::from_microsecond(by.at).unwrap_or(Timestamp::MAX);
    let mut known = args.known.as_deref().map(Known::read).transpose().map_err(failed)?.unwrap_or_default();
    let mut all: BTreeMap<Subject, Facts> = BTreeMap::new();
    let mut others = 0;
    if args.saved {
        let since = by.at - i64::from(args.days) * 86_400_000_000;
        let gathered = block_on(async {
            let store = args.data.open(&by).await?;
            follow(&store).await.map_err(failed)?;
            let gathered = gather(&store, &known, &Decay::default(), since, now).await.map_err(failed);
            store.close().await;
            gathered
        })?;
        all.extend(gathered.facts);
    } else if !args.over.is_empty() {
        let (found, passed) = logs(args)?;
        let counts = known.verified_requests == 0;
        if counts {
            known.verified_requests = found.verified_requests;
        }
        others = passed;
        all.extend(found.facts.into_iter().map(|(subject, found)| {
            let told = known.facts.get(&subject);
            let joined = joined(found, told, counts);
            (subject, joined)
        }));
    }
    let verified = known.verified_requests;
    for (subject, told) in known.facts {
        all.entry(subject).or_insert(told);
    }
    let facts: Vec<Facts> = all.into_values().collect();
    let mut simulated = simulate(&rules, &facts, verified, now);
    simulated.subjects += others;
    match args.format {
        Format::Json => print_json(&simulated)?,
        Format::Table => table(&rules, &simulated)?,
    }
    Ok(u8::from(args.exit_code && simulated.rules.iter().any(|rule| rule.stopped.is_some())))
}

/// What the engine finds in logs; of accounts that nothing speaks against only how many there are.
fn logs(args: &Args) -> Result<(Known, u64), String> {
    let mut command = engine::command("facts");
    if let Some(accounts) = &args.accounts {
        command.arg("--accounts").arg(accounts);
    }
    command.arg("--").args(&args.over);
    let speaks = |facts: &Facts| facts.campaign.is_some() || !facts.signals.is_empty();
    engine::piped(&mut command, |lines| Known::take(lines, "stillwatch facts", speaks).map_err(failed))
}

/// Logs tell of campaigns and signals, the lab's file of everything else.
fn joined(found: Facts, told: Option<&Facts>, counts: bool) -> Facts {
    let requests = |found: u64| if counts { found } else { told.map_or(0, |told| told.verified_requests) };
    let verified_requests = requests(found.verified_requests);
    let Some(told) = told.cloned() else { return Facts { verified_requests, ..found } };
    let verified = told.verified.or(found.verified);
    Facts { campaign: found.campaign, signals: found.signals, verified, verified_requests, ..told }
}

fn table(rules: &Rules, simulated: &Simulated) -> Result<(), String> {
    print(format!(
        "{} accounts and networks; {} of them on the allow-list ({} lines)\n",
        simulated.subjects,
        simulated.listed,
        rules.allow.len()
    ))?;
    let holds: Vec<String> = simulated.holds.iter().map(|(action, count)| format!("{count} {action}")).collect();
    print(format!("in force: {}\n\n", if holds.is_empty() { "nobody is hit".to_owned() } else { holds.join(", ") }))?;
    print(format!("{:<24} {:<8} {:>8} {:>8} {:>8}  {}\n", "rule", "mode", "subjects", "accounts", "verified", "who"))?;
    for rule in &simulated.rules {
        let mode = if rule.mode == Mode::Enforce { "enforce" } else { "shadow" };
        let named: Vec<String> = rule.named.iter().take(3).map(|one| plain(&one.value())).collect();
        let more = if rule.subjects > 3 { ", …" } else { "" };
        let line = format!(
            "{:<24} {mode:<8} {:>8} {:>8} {:>8}  {}{more}",
            rule.rule,
            rule.subjects,
            rule.accounts,
            rule.verified,
            named.join(", ")
        );
        print(line.trim_end().to_owned() + "\n")?;
        if let Some(question) = &rule.stopped {
            print(format!("  stopped: {question}\n"))?;
        }
    }
    Ok(())
}
