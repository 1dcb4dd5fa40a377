//! Verify: whether the decisions that are kept are those that the ledger was told of.
//! In: the store, the ledger. Out: how much was held against it; what differs.
//! Invariant: what can't be checked any more is told apart from what is right.
//! Not here: whether the ledger itself is whole (`ledger verify`).

use stillwatch_node::decisions;
use stillwatch_track::{By, Store};

use crate::verbs::record::{Recording, failed};
use crate::verbs::store::{Format, print, print_json};

/// Arguments of `decisions verify`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  stillwatch decisions verify --ledger record

Each batch of decisions is one entry of the ledger, with a hash over its changes; here that hash is made again from the store.
Entries whose changes aren't kept any more are counted. Look at the ledger itself with `ledger verify`.
Exit codes: 0 all the same, 1 something differs, 2 failure.")]
pub(super) struct Args {
    #[command(flatten)]
    recording: Recording,
    /// How to print
    #[arg(long, value_enum, default_value_t = Format::Table, env = "STILLWATCH_FORMAT")]
    format: Format,
}

pub(super) async fn run(store: &Store, args: &Args, by: &By) -> Result<u8, String> {
    let record = args.recording.record()?.ok_or(
        "error: no ledger was named\nhint: name it with --ledger or STILLWATCH_LEDGER; without one nothing says what was decided then",
    )?;
    let checked = decisions::verify(store, &record, by).await.map_err(failed)?;
    if args.format == Format::Json {
        print_json(&checked)?;
    } else {
        print(format!(
            "{} entries with {} changes say the same; of {} the changes aren't kept any more\n",
            checked.entries, checked.changes, checked.gone
        ))?;
        for one in &checked.differs {
            print(format!("differs: {one}\n"))?;
        }
    }
    Ok(u8::from(!checked.differs.is_empty()))
}
