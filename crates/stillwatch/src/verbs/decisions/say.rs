//! Say: what people do about decisions: decide, let through, contest, review, take back.
//! In: a number, a key or a rule, why. Out: what became of it, said.
//! Invariant: a reason is always given; a reversal becomes a label and drafts of opinions in the same call.
//! Not here: how it is kept (`stillwatch_node::decisions`).

use jiff::SignedDuration;
use stillwatch_gate::decision::appeal::Outcome;
use stillwatch_gate::{Action, Kind, Rollback, Subject};
use stillwatch_node::decisions;
use stillwatch_track::{By, Store};

use crate::verbs::record::failed;
use crate::verbs::rules::action;
use crate::verbs::store::{print, say};

/// About whom, for how long, why.
#[derive(Debug, clap::Args)]
struct About {
    /// What kind of key
    #[arg(value_parser = Kind::ALL.map(Kind::name))]
    kind: String,
    /// The key: an account, a client, a JA4 fingerprint, a network in CIDR notation
    value: String,
}

#[derive(Debug, clap::Args)]
struct Why {
    /// Why: kept, and shown to those who review
    #[arg(long, value_name = "TEXT")]
    because: String,
}

/// Arguments of `decisions make`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  stillwatch decisions make account acct-7 challenge --for 7d --because 'asked for by T-17'
  stillwatch decisions make network 203.0.113.0/24 throttle --requests-per-minute 60 --for 12h --because 'incident 31'
  stillwatch decisions make account acct-8 degrade --withhold-reasoning --max-output-tokens 2048 --for 3d --because 'T-18'

Prints the decision's number. Exit codes: 0 done, 2 failure.")]
pub(super) struct MakeArgs {
    #[command(flatten)]
    about: About,
    /// What is done
    #[arg(value_parser = ["allow", "challenge", "throttle", "degrade", "block"])]
    action: String,
    /// With `throttle`: requests that are served a minute
    #[arg(long, value_name = "N", required_if_eq("action", "throttle"), value_parser = clap::value_parser!(u32).range(1..))]
    requests_per_minute: Option<u32>,
    /// With `degrade`: leave out reasoning traces
    #[arg(long)]
    withhold_reasoning: bool,
    /// With `degrade`: leave out log-probabilities
    #[arg(long)]
    withhold_logprobs: bool,
    /// With `degrade`: cut output
    #[arg(long, value_name = "N")]
    max_output_tokens: Option<u32>,
    /// For how long, such as 12h or 7d; at most a year, 30 days for networks
    #[arg(long = "for", value_name = "SPAN", value_parser = span)]
    lifetime: SignedDuration,
    #[command(flatten)]
    why: Why,
}

/// Arguments of `decisions allow`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  stillwatch decisions allow account acme-evals --for 30d --because 'contract 2026-14'

An `allow` wins over every other decision. For good, write a line into the allow-list of the rules. Exit codes: 0 done, 2 failure.")]
pub(super) struct AllowArgs {
    #[command(flatten)]
    about: About,
    /// For how long, such as 12h or 7d
    #[arg(long = "for", value_name = "SPAN", value_parser = span)]
    lifetime: SignedDuration,
    #[command(flatten)]
    why: Why,
}

/// Arguments of `decisions appeal`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  stillwatch decisions appeal 17 --account acct-7 --because 'this is our nightly evaluation'

The decision holds until somebody other than who made it reviews it. Exit codes: 0 done, 2 failure.")]
pub(super) struct AppealArgs {
    /// The decision's number
    id: u64,
    /// Who contests it
    #[arg(long, value_name = "NAME", default_value = "")]
    account: String,
    /// What was said
    #[arg(long, value_name = "TEXT")]
    because: String,
}

/// Arguments of `decisions review`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  stillwatch decisions review 17 --outcome uphold --because 'the card is that of six others'
  stillwatch decisions review 17 --outcome wrong --because 'a known harness'

`wrong`: the detector was wrong about the account. `permitted`: it does what the detector says, and may. Both take the decision back, give
the account's verdict in its campaign, and draft what we think of indicators that it rested on (`stillwatch intel propose --opinion`).
The same rule leaves the account alone for 30 days. Exit codes: 0 done, 2 failure.")]
pub(super) struct ReviewArgs {
    /// The decision's number
    id: u64,
    /// What you concluded
    #[arg(long, value_parser = ["uphold", "wrong", "permitted"])]
    outcome: String,
    #[command(flatten)]
    why: Why,
}

/// Arguments of `decisions reverse`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  stillwatch decisions reverse 17 --because 'a known harness'

The same as `stillwatch decisions review 17 --outcome wrong`. Exit codes: 0 done, 2 failure.")]
pub(super) struct ReverseArgs {
    /// The decision's number
    id: u64,
    #[command(flatten)]
    why: Why,
}

/// Arguments of `decisions rollback`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  stillwatch decisions rollback --rule likely-campaign --because 'the detector was retrained'
  stillwatch decisions rollback --campaign campaign--5f0c… --because 'it is our own evaluation'

It takes back what holds and judges nobody; a rule that goes on decides anew: set its `mode` to `shadow` first.
Exit codes: 0 done, also when nothing held; 2 failure.")]
pub(super) struct RollbackArgs {
    /// Of this rule
    #[arg(long, value_name = "NAME", required_unless_present = "campaign", conflicts_with = "campaign")]
    rule: Option<String>,
    /// Of this campaign
    #[arg(long, value_name = "ID")]
    campaign: Option<String>,
    #[command(flatten)]
    why: Why,
}

impl About {
    fn subject(&self) -> Result<Subject, String> {
        let kind = Kind::ALL.into_iter().find(|kind| kind.name() == self.kind).unwrap_or(Kind::Account);
        Subject::new(kind, &self.value).map_err(|error| format!("error: {error}"))
    }
}

pub(super) async fn make(store: &Store, args: &MakeArgs, by: &By) -> Result<u8, String> {
    let action = match args.action.as_str() {
        "allow" => Action::Allow,
        "challenge" => Action::Challenge,
        "throttle" => Action::Throttle { requests_per_minute: args.requests_per_minute.unwrap_or(1) },
        "degrade" => Action::Degrade {
            withhold_reasoning: args.withhold_reasoning,
            max_output_tokens: args.max_output_tokens,
            withhold_logprobs: args.withhold_logprobs,
        },
        _ => Action::Block,
    };
    let degrades = args.withhold_reasoning || args.withhold_logprobs || args.max_output_tokens.is_some();
    if degrades != (args.action == "degrade") || (args.requests_per_minute.is_some() != (args.action == "throttle")) {
        return Err("error: the figures don't fit the action\n\
                    hint: `--requests-per-minute` goes with throttle; one of `--withhold-reasoning`, `--withhold-logprobs`, `--max-output-tokens` with degrade"
            .into());
    }
    decide(store, &args.about, action, args.lifetime, &args.why.because, by).await
}

pub(super) async fn allow(store: &Store, args: &AllowArgs, by: &By) -> Result<u8, String> {
    decide(store, &args.about, Action::Allow, args.lifetime, &args.why.because, by).await
}

async fn decide(
    store: &Store,
    about: &About,
    what: Action,
    lifetime: SignedDuration,
    because: &str,
    by: &By,
) -> Result<u8, String> {
    let subject = about.subject()?;
    let days = subject.kind().longest_days();
    if lifetime > SignedDuration::from_hours(24 * days) {
        return Err(format!(
            "error: {} is decided on for at most {days} days\nhint: decide anew when they are over",
            about.kind
        ));
    }
    let made = decisions::decide(store, subject, what, lifetime, because, by).await.map_err(failed)?;
    say(&format!("{}, {}", action(made.action), made.subject));
    print(format!("{}\n", made.id))?;
    Ok(0)
}

pub(super) async fn appeal(store: &Store, args: &AppealArgs, by: &By) -> Result<u8, String> {
    decisions::contest(store, args.id, &args.account, &args.because, by).await.map_err(failed)?;
    say(&format!("decision {} is contested; it holds until it was reviewed", args.id));
    Ok(0)
}

pub(super) async fn review(store: &Store, args: &ReviewArgs, by: &By) -> Result<u8, String> {
    let outcome = match args.outcome.as_str() {
        "uphold" => Outcome::Uphold,
        "permitted" => Outcome::Permitted,
        _ => Outcome::Wrong,
    };
    conclude(store, args.id, outcome, &args.why.because, by).await
}

pub(super) async fn reverse(store: &Store, args: &ReverseArgs, by: &By) -> Result<u8, String> {
    conclude(store, args.id, Outcome::Wrong, &args.why.because, by).await
}

async fn conclude(store: &Store, id: u64, outcome: Outcome, because: &str, by: &By) -> Result<u8, String> {
    let reversed = decisions::review(store, id, outcome, because, by).await.map_err(failed)?;
    if reversed.is_none() {
        say(&format!("decision {id} stands"));
        return Ok(0);
    }
    say(&format!("decision {id} is reversed"));
    let taught = decisions::teach(store, by).await.map_err(failed)?;
    for (account, campaign, verdict) in &taught.labels {
        say(&format!("{account} is labelled {verdict} in {campaign}"));
    }
    for (indicator, word) in &taught.opinions {
        say(&format!("we {word}: {indicator}; `stillwatch intel propose --opinion` puts it before people"));
    }
    for left in &taught.left {
        say(&format!("not done: {left}"));
    }
    Ok(0)
}

pub(super) async fn rollback(store: &Store, args: &RollbackArgs, by: &By) -> Result<u8, String> {
    let what = match (&args.rule, &args.campaign) {
        (Some(rule), _) => Rollback::Rule(rule.clone()),
        (None, campaign) => Rollback::Campaign(campaign.clone().unwrap_or_default()),
    };
    let count = decisions::rollback(store, &what, &args.why.because, by).await.map_err(failed)?;
    say(&format!("{count} decisions are taken back"));
    Ok(0)
}

/// A span such as `7d`; a day has 24 hours.
pub(super) fn span(text: &str) -> Result<SignedDuration, String> {
    let wrong = || "write `30m`, `12h`, `7d` or `2w`".to_owned();
    stillwatch_gate::span(text).filter(|span| *span > SignedDuration::ZERO).ok_or_else(wrong)
}
