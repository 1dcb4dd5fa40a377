//! Show: rules as they are understood.
//! In: files. Out: each rule: when it holds, what it does, for how long, why; the allow-list and the cap.
//! Invariant: defaults are written out.
//! Not here: reading rules (`stillwatch-gate`).

use serde_json::{Value, json};
use stillwatch_gate::Action;
use stillwatch_gate::rules::{Mode, Rule};

use super::Files;
use crate::verbs::store::{Format, plain, print, print_json};

/// Arguments of `rules show`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  stillwatch rules show rules.toml --access access.toml
  stillwatch rules show rules.toml --format json

Exit codes: 0 done; 2 a file can't be read.")]
pub(super) struct Args {
    #[command(flatten)]
    files: Files,
    /// How to print
    #[arg(long, value_enum, default_value_t = Format::Table, env = "STILLWATCH_FORMAT")]
    format: Format,
}

pub(super) fn run(args: &Args) -> Result<u8, String> {
    let rules = args.files.read()?;
    if args.format == Format::Json {
        let all: Vec<Value> = rules.rules.iter().map(told).collect();
        print_json(&json!({ "rules": all, "allow": rules.allow, "cap": rules.cap }))?;
        return Ok(0);
    }
    print(format!(
        "at most {} accounts and {} % of verified traffic an hour\n",
        rules.cap.accounts_per_hour, rules.cap.verified_percent_per_hour
    ))?;
    for listed in &rules.allow {
        let until = listed.until.map_or_else(String::new, |until| format!(", until {until}"));
        let line = format!("always through: {}: {} ({}{until})", listed.subject, listed.reason, listed.by);
        print(plain(&line) + "\n")?;
    }
    for rule in &rules.rules {
        let mode = if rule.mode == Mode::Enforce { "in force" } else { "shadow" };
        let first = format!("{}, {mode}: {} for {}", rule.name, action(rule.action), span(rule.lifetime.as_secs()));
        let decays = rule
            .decays
            .iter()
            .map(|step| format!(", after {} {}", span(i64::from(step.after_seconds)), action(step.action)));
        print(format!("\n{first}{}\n", decays.collect::<String>()))?;
        print(format!("  because {}; accounts are told `{}`\n", plain(&rule.because), rule.code))?;
        let when = when(rule);
        let conditions =
            when.as_object().into_iter().flatten().map(|(name, value)| format!("  when {name}: {value}\n"));
        print(plain_lines(&conditions.collect::<String>()))?;
    }
    Ok(0)
}

fn plain_lines(text: &str) -> String {
    text.lines().map(|line| plain(line) + "\n").collect()
}

fn told(rule: &Rule) -> Value {
    json!({
        "name": rule.name,
        "mode": rule.mode,
        "because": rule.because,
        "code": rule.code,
        "when": when(rule),
        "then": rule.action,
        "for_seconds": rule.lifetime.as_secs(),
        "decays": rule.decays,
        "line": rule.line,
    })
}

/// The conditions that are given.
fn when(rule: &Rule) -> Value {
    let mut when = serde_json::to_value(&rule.when).unwrap_or_default();
    given(&mut when);
    when
}

fn given(value: &mut Value) {
    if let Value::Object(fields) = value {
        fields.retain(|_, value| !value.is_null() && value.as_array().is_none_or(|all| !all.is_empty()));
        fields.values_mut().for_each(given);
    }
}

/// An action with its figures.
pub(in crate::verbs) fn action(action: Action) -> String {
    match action {
        Action::Throttle { requests_per_minute } => format!("throttle to {requests_per_minute} a minute"),
        Action::Degrade { withhold_reasoning, max_output_tokens, withhold_logprobs } => {
            let parts = [
                withhold_reasoning.then(|| "no reasoning".to_owned()),
                withhold_logprobs.then(|| "no log-probabilities".to_owned()),
                max_output_tokens.map(|most| format!("at most {most} tokens")),
            ];
            format!("degrade ({})", parts.into_iter().flatten().collect::<Vec<_>>().join(", "))
        }
        Action::Allow | Action::Challenge | Action::Block => action.name().to_owned(),
    }
}

/// A span in the largest unit that it is whole in.
pub(in crate::verbs) fn span(seconds: i64) -> String {
    for (unit, length) in [("d", 86_400), ("h", 3_600), ("m", 60)] {
        if seconds >= length && seconds % length == 0 {
            return format!("{}{unit}", seconds / length);
        }
    }
    format!("{seconds}s")
}
