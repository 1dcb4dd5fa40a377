//! Agree: what may be matched with a member.
//! In: a namespace, a source, a profile in force. Out: an agreement that waits for approval, or holds.
//! Invariant: what a label may hold is what the profile says, not who asks; the ledger is told each step.
//! Not here: what the profile says (`share`), matching (`with.rs`).

use stillwatch_ledger::Step;
use stillwatch_matching::Namespace;
use stillwatch_matching::walk::{self, Alarm};
use stillwatch_node::config::Config;
use stillwatch_node::matching::Told;
use stillwatch_node::matching::agreed::May;
use stillwatch_node::matching::set::CAMPAIGNS;
use stillwatch_node::profile;
use stillwatch_track::matches::{self, Agreement};
use stillwatch_track::{By, Store};

use super::{namespace, recorded};
use crate::verbs::policy::files;
use crate::verbs::record::failed;
use crate::verbs::store::{Format, minute, print, print_json, say, told};

const DAY: i64 = 86_400_000_000;

/// Arguments of `match agree`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  stillwatch match agree lab-two --namespace address --profile conservative --budget 100000 --policy-key signer.pub
  stillwatch match agree lab-two --namespace payment --from payments.csv --both --profile expanded --budget 50000

A match says that we have seen something, as a sighting does: what may be attached is what the profile lets a sighting tell that
member, and as many people must approve. A file has one value a line, or CSV with `value` and any of first_seen, last_seen,
confidence, count. Both sides agree, each for itself; a profile that is replaced ends what was agreed on under it.")]
pub(super) struct Args {
    /// The member
    member: String,
    /// What is matched
    #[arg(long, value_name = "NAMESPACE", value_parser = namespace)]
    namespace: Namespace,
    /// Where our own set comes from: `campaigns`, or a file
    #[arg(long, value_name = "FILE", default_value = CAMPAIGNS)]
    from: String,
    /// Both sides learn what is common; without it, the one that asks
    #[arg(long)]
    both: bool,
    /// Elements that the member may ask about in a week
    #[arg(long, value_name = "N")]
    budget: u64,
    /// The profile in force, by name
    #[arg(long, value_name = "NAME", env = "STILLWATCH_PROFILE_NAME")]
    profile: String,
    /// Public keys whose profiles are trusted: files with PEM, or 64 hexadecimal digits
    #[arg(long, value_name = "FILE|HEX", env = "STILLWATCH_POLICY_KEYS", value_delimiter = ',', required = true)]
    policy_key: Vec<String>,
    /// Days for which it holds
    #[arg(long, default_value_t = 90, value_parser = clap::value_parser!(u32).range(1..=365))]
    days: u32,
}

/// Which agreement.
#[derive(Debug, clap::Args)]
pub(super) struct WhichArgs {
    /// The member
    member: String,
    /// What is matched
    #[arg(long, value_name = "NAMESPACE", value_parser = namespace)]
    namespace: Namespace,
}

/// Arguments of `match agreements`.
#[derive(Debug, clap::Args)]
pub(super) struct ListArgs {
    /// How it is printed
    #[arg(long, value_enum, default_value_t = Format::Table)]
    format: Format,
}

pub(super) async fn agree(store: &Store, config: &Config, args: &Args, by: &By) -> Result<u8, String> {
    let keys = files::public_keys(&args.policy_key)?;
    let profile = profile::in_force(store, &args.profile, &keys, by).await.map_err(failed)?;
    let may = May::of(&profile, &args.member).map_err(failed)?;
    let about = &profile.draft().about;
    let from = if args.from == CAMPAIGNS {
        args.from.clone()
    } else {
        let path = std::fs::canonicalize(&args.from);
        path.map_err(|e| format!("error: cannot read `{}`: {e}\nhint: give a file that is there", args.from))?
            .display()
            .to_string()
    };
    let new = Agreement {
        member: args.member.clone(),
        namespace: args.namespace.name().to_owned(),
        source: from,
        both: args.both,
        budget: args.budget,
        profile: about.name.clone(),
        version: about.version,
        digest: profile.digest().to_owned(),
        may: serde_json::to_string(&may).map_err(|e| format!("error: {e}\nhint: report this as a bug"))?,
        needed: may.approvals,
        approved: Vec::new(),
        until: by.at.saturating_add(i64::from(args.days) * DAY).min(about.valid_until.as_microsecond()),
        state: String::new(),
        made: by.at,
        author: by.author.clone(),
    };
    matches::agree(store, &new, &told_of(&new, Step::Agreed, by)?).await.map_err(told)?;
    recorded(config, store, by).await?;
    say(&format!("a match in `{}` tells `{}`: {}", new.namespace, new.member, may.words(args.namespace)));
    if new.needed == 0 {
        say(&format!("agreed on until {}", minute(new.until)));
    } else {
        say(&format!(
            "{} others have to approve: `stillwatch match approve {} --namespace {}`",
            new.needed, new.member, new.namespace
        ));
    }
    Ok(0)
}

pub(super) async fn approve(store: &Store, config: &Config, args: &WhichArgs, by: &By) -> Result<u8, String> {
    let waits = matches::agreement(store, &args.member, args.namespace.name()).await.map_err(told)?;
    let owes = told_of(&waits, Step::Agreed, by)?;
    let now = matches::approve(store, &args.member, args.namespace.name(), by, &owes).await.map_err(told)?;
    recorded(config, store, by).await?;
    say(&format!("{}: {} of {} approvals, until {}", now.state, now.approved.len(), now.needed, minute(now.until)));
    Ok(0)
}

pub(super) async fn end(store: &Store, config: &Config, args: &WhichArgs, by: &By) -> Result<u8, String> {
    let one = matches::agreement(store, &args.member, args.namespace.name()).await.map_err(told)?;
    matches::end(store, &args.member, args.namespace.name(), &told_of(&one, Step::Closed, by)?).await.map_err(told)?;
    recorded(config, store, by).await?;
    say(&format!("nothing is matched with `{}` in `{}` from now on", args.member, args.namespace.name()));
    Ok(0)
}

pub(super) async fn list(store: &Store, args: &ListArgs, by: &By) -> Result<u8, String> {
    let mut all = Vec::new();
    for agreement in matches::agreements(store).await.map_err(told)? {
        let (asked, alarms) = asked(store, &agreement, by).await?;
        all.push(Listed { agreement, asked, alarms });
    }
    if args.format == Format::Json {
        print_json(&all)?;
        return Ok(0);
    }
    if all.is_empty() {
        print("nothing is agreed on; `stillwatch match agree` proposes\n")?;
        return Ok(0);
    }
    let mut text = format!(
        "{:<20} {:<12} {:<9} {:<5} {:>21}  {:<20} {:<20} {}\n",
        "MEMBER", "NAMESPACE", "STATE", "BOTH", "ASKED THIS WEEK", "PROFILE", "UNTIL", "FROM"
    );
    for Listed { agreement: one, asked, alarms } in all {
        let state =
            if one.state == "proposed" { format!("{} of {}", one.approved.len(), one.needed) } else { one.state };
        let both = if one.both { "yes" } else { "no" };
        let (profile, asked) = (format!("{} {}", one.profile, one.version), format!("{asked} of {}", one.budget));
        text.push_str(&format!(
            "{:<20} {:<12} {state:<9} {both:<5} {asked:>21}  {profile:<20} {:<20} {}\n",
            one.member,
            one.namespace,
            minute(one.until),
            one.source
        ));
        for alarm in alarms {
            text.push_str(&format!("    alarm: {alarm}\n"));
        }
    }
    print(text)?;
    Ok(0)
}

/// An agreement, with what the member asked for under it.
#[derive(Debug, serde::Serialize)]
struct Listed {
    #[serde(flatten)]
    agreement: Agreement,
    /// Evaluations within the last 168 hours.
    asked: u64,
    /// What people should look at.
    alarms: Vec<String>,
}

/// What a member asked for within a week, and what is odd about it.
async fn asked(store: &Store, one: &Agreement, by: &By) -> Result<(u64, Vec<String>), String> {
    let hours = matches::hours(store, &one.member, &one.namespace, by.at).await.map_err(told)?;
    let asked = hours.iter().map(|hour| hour.asked).sum();
    let rounds = matches::rounds(store, 10_000).await.map_err(told)?;
    let is_its = |round: &&matches::Round| {
        round.member == one.member && round.namespace == one.namespace && round.side == "answers"
    };
    let committed = rounds.iter().filter(is_its).map(|round| round.theirs).max().unwrap_or(0);
    let volumes: Vec<u64> = hours.iter().map(|hour| hour.asked).collect();
    let alarms = walk::volume(&volumes, committed).into_iter().map(|alarm| match alarm {
        Alarm::Burst { asked, usual, .. } => format!("{asked} elements in one hour; {usual} are usual"),
        Alarm::Beyond { asked, committed } => {
            format!(
                "{asked} elements in a week, and its largest set has {committed}: it may be walking through a range"
            )
        }
        Alarm::Dense { share, opened } => format!("{:.0} % of {opened} opened lie together", share * 100.0),
    });
    Ok((asked, alarms.collect()))
}

fn told_of(one: &Agreement, step: Step, by: &By) -> Result<String, String> {
    let with = [one.member.clone()];
    let told = Told {
        round: "agreement",
        step,
        with: &with,
        namespace: &one.namespace,
        own: 0,
        theirs: 0,
        budget: Some(one.budget),
        profile: Some(format!("{} {}", one.profile, one.version)),
        hash: None,
    };
    told.text(by).map_err(failed)
}
