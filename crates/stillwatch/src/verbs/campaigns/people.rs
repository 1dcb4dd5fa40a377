//! People: what people say of a campaign.
//! In: an id and what is said. Out: one line on stderr.
//! Invariant: each is one change in the history.
//! Not here: which steps are allowed (`stillwatch_track::lifecycle`).

use clap::Args as ClapArgs;
use stillwatch_model::Verdict;
use stillwatch_model::tracked::{Basis, Factor, Likelihood, Status};
use stillwatch_track::{By, Store, change};

use super::words;
use crate::verbs::record::Recording;
use crate::verbs::store::{say, told};

/// Arguments of `campaigns label`.
#[derive(Debug, ClapArgs)]
#[command(after_help = "Examples:
  stillwatch campaigns label 5f0c12ab confirmed --because 'same card on 40 accounts'
  stillwatch campaigns label 5f0c12ab disrupted --since 2026-03-20    seen later than that, it has returned
  stillwatch campaigns label 5f0c12ab --account acct-17 --verdict false-positive

From new: under-review, confirmed, false-positive, benign, disrupted, closed. From under-review, confirmed and returned: the same.
From false-positive and benign: under-review, closed. From disrupted and closed: under-review, returned, closed.
With a ledger, false-positive and benign take back what was released of the campaign.
Confirmed and disrupted say that the detector was right, false-positive that it was wrong; under-review takes that back.
Exit codes: 0 done, 2 failure, also when the step is not allowed.")]
pub(super) struct LabelArgs {
    /// Its id, or an unambiguous beginning
    id: String,
    /// Where it stands now
    #[arg(value_parser = words::status(), required_unless_present = "account")]
    status: Option<Status>,
    /// When it ended, with disrupted and closed, if not now
    #[arg(long, value_name = "WHEN", value_parser = words::since)]
    since: Option<i64>,
    /// Judge this account instead
    #[arg(long, conflicts_with_all = ["status", "since"])]
    account: Option<String>,
    /// What it is; without it, the judgement is taken back
    #[arg(long, requires = "account", value_parser = words::verdict())]
    verdict: Option<Verdict>,
    /// The reason
    #[arg(long, value_name = "TEXT", default_value = "")]
    because: String,
}

/// Runs `label`.
pub(super) async fn label(store: &Store, args: &LabelArgs, recording: &Recording, by: &By) -> Result<u8, String> {
    if let Some(account) = &args.account {
        change::judge(store, &args.id, account, args.verdict, &args.because, by).await.map_err(told)?;
        say(&format!("{account}: {}", args.verdict.map_or("not judged", Verdict::name)));
    } else if let Some(status) = args.status {
        let id = change::label(store, &args.id, status, args.since, &args.because, by).await.map_err(told)?;
        say(&format!("{id}: {}", status.name()));
        recording.settle(store, by).await?;
    }
    Ok(0)
}

/// Arguments of `campaigns name`.
#[derive(Debug, ClapArgs)]
#[command(after_help = "Examples:
  stillwatch campaigns name 5f0c12ab 'Harvest of March'
  stillwatch campaigns name 5f0c12ab --none

Exit codes: 0 done, 2 failure.")]
pub(super) struct NameArgs {
    /// Its id, or an unambiguous beginning
    id: String,
    /// The name
    #[arg(required_unless_present = "none")]
    name: Option<String>,
    /// Take the name away
    #[arg(long, conflicts_with = "name")]
    none: bool,
}

/// Runs `name`.
pub(super) async fn name(store: &Store, args: &NameArgs, by: &By) -> Result<u8, String> {
    let id = change::rename(store, &args.id, args.name.as_deref(), by).await.map_err(told)?;
    say(&format!("{id}: {}", args.name.as_deref().unwrap_or("no name")));
    Ok(0)
}

/// Arguments of `campaigns note`.
#[derive(Debug, ClapArgs)]
#[command(after_help = "Examples:
  stillwatch campaigns note 5f0c12ab 'asked the payment team'
  stillwatch campaigns note 5f0c12ab - < answer.txt

Exit codes: 0 done, 2 failure.")]
pub(super) struct NoteArgs {
    /// Its id, or an unambiguous beginning
    id: String,
    /// What is noted; - reads it from stdin
    text: String,
}

/// Runs `note`.
pub(super) async fn note(store: &Store, args: &NoteArgs, by: &By) -> Result<u8, String> {
    let text = if args.text == "-" {
        std::io::read_to_string(std::io::stdin())
            .map_err(|e| format!("error: cannot read stdin: {e}\nhint: notes are text in UTF-8"))?
    } else {
        args.text.clone()
    };
    let id = change::note(store, &args.id, text.trim_end(), by).await.map_err(told)?;
    say(&format!("noted: {id}"));
    Ok(0)
}

/// Arguments of `campaigns assign`.
#[derive(Debug, ClapArgs)]
#[command(after_help = "Examples:
  stillwatch campaigns assign 5f0c12ab ada
  stillwatch campaigns assign 5f0c12ab --none

Exit codes: 0 done, 2 failure.")]
pub(super) struct AssignArgs {
    /// Its id, or an unambiguous beginning
    id: String,
    /// Who looks after it
    #[arg(required_unless_present = "none")]
    name: Option<String>,
    /// Nobody does
    #[arg(long, conflicts_with = "name")]
    none: bool,
}

/// Runs `assign`.
pub(super) async fn assign(store: &Store, args: &AssignArgs, by: &By) -> Result<u8, String> {
    let id = change::assign(store, &args.id, args.name.as_deref(), by).await.map_err(told)?;
    say(&format!("{id}: {}", args.name.as_deref().unwrap_or("nobody")));
    Ok(0)
}

/// Arguments of `campaigns claim`.
#[derive(Debug, ClapArgs)]
#[command(after_help = "Examples:
  stillwatch campaigns claim 5f0c12ab --actor 'Example Lab' --likelihood likely --source 'partner report 12' --because 'same exits'
  stillwatch campaigns claim 5f0c12ab --withdraw 77aa31 --because 'the partner took it back'

Claims stand beside each other and may contradict each other; a withdrawn one stays readable.
Likelihoods are the words of Intelligence Community Directive 203. Exit codes: 0 done, 2 failure.")]
pub(super) struct ClaimArgs {
    /// Its id, or an unambiguous beginning
    id: String,
    /// Who may be behind it
    #[arg(
        long,
        value_name = "NAME",
        required_unless_present = "withdraw",
        requires = "likelihood",
        requires = "source"
    )]
    actor: Option<String>,
    /// How likely that is
    #[arg(long, value_parser = words::likelihood())]
    likelihood: Option<Likelihood>,
    /// What it rests on
    #[arg(long, value_name = "TEXT")]
    source: Option<String>,
    /// Withdraw that claim, by an unambiguous beginning of its id
    #[arg(long, value_name = "CLAIM", conflicts_with_all = ["actor", "likelihood", "source"])]
    withdraw: Option<String>,
    /// Why
    #[arg(long, value_name = "TEXT", default_value = "")]
    because: String,
}

/// Runs `claim`.
pub(super) async fn claim(store: &Store, args: &ClaimArgs, by: &By) -> Result<u8, String> {
    if let Some(claim) = &args.withdraw {
        let claim = change::withdraw(store, &args.id, claim, &args.because, by).await.map_err(told)?;
        say(&format!("withdrawn: {claim}"));
    } else if let (Some(actor), Some(likelihood), Some(source)) = (&args.actor, args.likelihood, &args.source) {
        let said = change::Hypothesis { actor, likelihood, source, reason: &args.because };
        let claim = change::claim(store, &args.id, &said, by).await.map_err(told)?;
        say(&format!("claimed: {claim}"));
    }
    Ok(0)
}

/// Arguments of `campaigns evidence`.
#[derive(Debug, ClapArgs)]
#[command(after_help = "Examples:
  stillwatch campaigns evidence 5f0c12ab --factor timeline --source 'public release notes' \\
      'A model of that firm was released nine days after the last window'

The factors: pattern (volume, structure, timing), concentration (on capabilities), coordination (of accounts), timeline
(correlation with another model's development). What was read is observed; what is concluded, inferred.
Exit codes: 0 done, 2 failure.")]
pub(super) struct EvidenceArgs {
    /// Its id, or an unambiguous beginning
    id: String,
    /// One sentence
    text: String,
    /// Which factor it speaks to
    #[arg(long, value_parser = words::factor())]
    factor: Factor,
    /// Whether it was read or concluded
    #[arg(long, value_parser = words::basis(), default_value = "inferred")]
    basis: Basis,
    /// What it comes from
    #[arg(long, value_name = "TEXT")]
    source: String,
}

/// Runs `evidence`.
pub(super) async fn evidence(store: &Store, args: &EvidenceArgs, by: &By) -> Result<u8, String> {
    let said = change::Statement { factor: args.factor, basis: args.basis, text: &args.text, source: &args.source };
    let id = change::evidence(store, &args.id, &said, by).await.map_err(told)?;
    say(&format!("added: {id}"));
    Ok(0)
}
