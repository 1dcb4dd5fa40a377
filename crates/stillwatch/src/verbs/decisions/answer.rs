//! Answer: what the cap asks, and what a person answers.
//! In: a rule's name. Out: the question; decisions made, or a rule that goes on.
//! Invariant: only what was proposed when the question was asked is approved.
//! Not here: the cap (`stillwatch_gate::rules::cap`).

use serde_json::{Value, json};
use stillwatch_node::decisions;
use stillwatch_track::{By, Store};

use crate::verbs::record::failed;
use crate::verbs::store::{Format, print, print_json, say};

/// Arguments of `decisions held`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  stillwatch decisions held

A rule that would hit more than `[cap]` of the rules allows is stopped, and none of what it proposed is done until somebody answers:
`approve` does just that, `release` lets the rule go on under the same cap. Exit codes: 0 done, 1 with --exit-code: a rule is stopped, 2 failure.")]
pub(super) struct HeldArgs {
    /// How to print
    #[arg(long, value_enum, default_value_t = Format::Table, env = "STILLWATCH_FORMAT")]
    format: Format,
    /// Exit with 1 when a rule is stopped
    #[arg(long)]
    exit_code: bool,
}

/// Arguments of `decisions approve` and `decisions release`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  stillwatch decisions approve likely-campaign
  stillwatch decisions release likely-campaign

Exit codes: 0 done, 2 failure, also when that rule isn't stopped.")]
pub(super) struct RuleArgs {
    /// The rule's name
    rule: String,
}

pub(super) async fn held(store: &Store, args: &HeldArgs) -> Result<u8, String> {
    let all = decisions::held(store).await.map_err(failed)?;
    if args.format == Format::Json {
        let row = |(rule, (stopped, waits)): (&String, &(_, usize))| {
            let stopped: &stillwatch_gate::rules::cap::Stopped = stopped;
            json!({ "rule": rule, "at": stopped.at, "question": stopped.question, "proposals": waits })
        };
        print_json(&json!({ "held": all.iter().map(row).collect::<Vec<Value>>() }))?;
    } else if all.is_empty() {
        print("no rule is stopped\n")?;
    }
    for (rule, (stopped, waits)) in all.iter().filter(|_| args.format == Format::Table) {
        print(format!("{rule}: {}\n", stopped.question))?;
        print(format!("  since {}, {waits} proposals wait\n", super::show::minute(stopped.at)))?;
    }
    Ok(u8::from(args.exit_code && !all.is_empty()))
}

pub(super) async fn approve(store: &Store, args: &RuleArgs, by: &By) -> Result<u8, String> {
    let count = decisions::approve(store, &args.rule, by).await.map_err(failed)?;
    say(&format!("{count} decisions of rule {} are made", args.rule));
    Ok(0)
}

pub(super) async fn release(store: &Store, args: &RuleArgs, by: &By) -> Result<u8, String> {
    decisions::release(store, &args.rule, by).await.map_err(failed)?;
    say(&format!("rule {} goes on under the same cap", args.rule));
    Ok(0)
}
