//! Clock: the time that decisions are looked up at, and a person's word that the system's clock is right.
//! In: the store, this machine's clock. Out: how far apart they are; the word, kept.
//! Invariant: time never goes back: a clock that was moved back isn't followed, whoever asks for it.
//! Not here: following it (`stillwatch_node::decisions`).

use serde_json::json;
use stillwatch_node::decisions;
use stillwatch_track::{By, Store, decisions as kept, instant};

use crate::verbs::record::failed;
use crate::verbs::store::{Format, print, print_json, say, told};

/// Arguments of `decisions clock`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  stillwatch decisions clock              until when decisions were looked up, and what this machine's clock says
  stillwatch decisions clock --accept     the clock was wrong before, and is right now: follow it

Where the system's clock leaps a running node counts on by itself, so that nothing ends early or holds again (`/readyz` says so). Accepted on
the node's machine, a clock that leapt ahead is followed within ten seconds: decisions that end by then end. One that was moved back never is.
Exit codes: 0 done, 1 with --exit-code: this machine's clock stands before what was looked up, 2 failure.")]
pub(super) struct Args {
    /// The clock of this machine is right
    #[arg(long)]
    accept: bool,
    /// How to print
    #[arg(long, value_enum, default_value_t = Format::Table, env = "STILLWATCH_FORMAT")]
    format: Format,
    /// Exit with 1 when this machine's clock stands before what was looked up
    #[arg(long)]
    exit_code: bool,
}

pub(super) async fn run(store: &Store, args: &Args, by: &By) -> Result<u8, String> {
    let seen = kept::clock(store).await.map_err(told)?.seen;
    if args.accept {
        decisions::accept_clock(store, by).await.map_err(failed)?;
        say("this machine's clock is right: a running node follows it within ten seconds if it leapt ahead");
    }
    let is_behind = by.at < seen;
    match args.format {
        Format::Json => {
            print_json(&json!({"looked_up": instant(seen), "now": instant(by.at), "is_behind": is_behind}))?
        }
        Format::Table if seen == 0 => print("no node looked decisions up yet\n")?,
        Format::Table => print(format!("looked up until {}\nthis machine     {}\n", instant(seen), instant(by.at)))?,
    }
    Ok(u8::from(args.exit_code && is_behind))
}
