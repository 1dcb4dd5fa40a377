//! Simulate: who would have been hit, had these rules been in force.
//! In: rules; facts in a file, or campaigns and received indicators in the store. Out: figures a rule, and whether the cap would have stopped it.
//! Invariant: nothing is decided; shadow rules are counted as if they were in force.
//! Not here: what rules say of facts (`stillwatch_gate::rules::simulate`).

use std::path::PathBuf;

use stillwatch_gate::rules::Mode;
use stillwatch_gate::rules::simulate::{Simulated, simulate};
use stillwatch_gate::{Facts, Rules};
use stillwatch_node::decisions::{Known, gather};
use stillwatch_node::intel::{Decay, follow};

use super::Files;
use crate::verbs::record::failed;
use crate::verbs::store::{Author, Data, Format, block_on, plain, print, print_json};

/// Arguments of `rules simulate`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  stillwatch rules simulate rules.toml --over facts.jsonl                  what the lab knows of its accounts, a JSON object a line
  stillwatch rules simulate rules.toml --saved                             campaigns and received indicators in the store
  stillwatch rules simulate rules.toml --saved --over facts.jsonl          both, joined: who is verified is in the file alone

schemas/gate/facts.schema.json has the fields of a line. Requests of verified accounts in the file are all verified traffic of an hour.
Exit codes: 0 done, 1 with --exit-code: the cap would have stopped a rule, 2 failure.")]
pub(super) struct Args {
    #[command(flatten)]
    files: Files,
    #[command(flatten)]
    data: Data,
    #[command(flatten)]
    author: Author,
    /// Facts, a JSON object a line
    #[arg(long, value_name = "FILE", required_unless_present = "saved")]
    over: Option<PathBuf>,
    /// Campaigns and received indicators in the store
    #[arg(long)]
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
    let now = jiff::Timestamp::from_microsecond(by.at).unwrap_or(jiff::Timestamp::MAX);
    let known = args.over.as_deref().map(Known::read).transpose().map_err(failed)?.unwrap_or_default();
    let mut facts: Vec<Facts> = Vec::new();
    if args.saved {
        let since = by.at - i64::from(args.days) * 86_400_000_000;
        let gathered = block_on(async {
            let store = args.data.open(&by).await?;
            follow(&store).await.map_err(failed)?;
            let gathered = gather(&store, &known, &Decay::default(), since, now).await.map_err(failed);
            store.close().await;
            gathered
        })?;
        facts.extend(gathered.facts.into_values());
    }
    let there: std::collections::BTreeSet<_> = facts.iter().map(|one| one.subject.clone()).collect();
    let verified = known.verified_requests;
    facts.extend(known.facts.into_values().filter(|one| !there.contains(&one.subject)));
    facts.sort_by(|one, other| one.subject.cmp(&other.subject));
    let simulated = simulate(&rules, &facts, verified, now);
    match args.format {
        Format::Json => print_json(&simulated)?,
        Format::Table => table(&rules, &simulated)?,
    }
    Ok(u8::from(args.exit_code && simulated.rules.iter().any(|rule| rule.stopped.is_some())))
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
