//! Save: campaigns handed to the store, with what their members came from.
//! In: a report, the logs. Out: one file in the spool folder, from which `stillwatch` takes it into the store; the run's sketches.
//! Invariant: the file appears as a whole or not at all; nobody here talks to the store.
//! Not here: what the store makes of it (`stillwatch campaigns`).

use std::collections::HashMap;
use std::hash::Hash;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use datafusion::arrow::array::{Array, AsArray};
use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::{DataType, Int64Type};
use datafusion::functions_aggregate::expr_fn::count;
use datafusion::prelude::{Expr, col, lit};
use stillwatch_detect::account::Account;
use stillwatch_detect::text;
use stillwatch_model::Report;
use stillwatch_model::saved::{Client, DATA, Detail, Network, SAVED_VERSION, SPOOL, Saved};

use crate::pipeline::{RunError, account_key, context, each};
use crate::scan::{self, Tally};

use super::progress::Bar;
use super::{Failure, Reading, file_failure, output, sketch};

/// Addresses and clients kept of a campaign, most exchanges first.
const KEPT: usize = 2000;

/// Where the store is.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Place {
    /// The store: a folder, or a PostgreSQL URL
    #[arg(long, value_name = "DIR|URL", default_value = DATA, env = "STILLWATCH_DATA", hide_env_values = true)]
    data: String,
}

impl Place {
    /// A folder inside the store's, or inside the default one when the store is a server.
    fn inside(&self, name: &str) -> PathBuf {
        Path::new(if self.data.contains("://") { DATA } else { &self.data }).join(name)
    }

    /// Where sketches of saved runs are kept.
    pub(crate) fn sketches(&self) -> PathBuf {
        self.inside("sketches")
    }
}

/// Arguments of saving.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Saving {
    /// Put the campaigns into the store, where `stillwatch campaigns` follows them over time, and keep the sketches for `hunt`
    #[arg(long)]
    pub(crate) save: bool,
    #[command(flatten)]
    place: Place,
}

impl Saving {
    /// Keeps the sketches of a run, so that later what others tell of can be looked for in it.
    pub(crate) fn keep(&self, run: &str, accounts: &[Account], seen: &[String], skipped: u64) -> Result<(), Failure> {
        let folder = self.place.sketches();
        private(&folder).map_err(|e| file_failure("make", &folder, &e))?;
        let rows = accounts.iter().map(|account| (account.name.as_str(), &account.sketch));
        sketch::write(&folder.join(format!("{run}.parquet")), rows, seen, skipped)
    }

    /// Writes the file; the run's id.
    pub(crate) fn write(&self, report: &Report, origins: Origins) -> Result<String, Failure> {
        let saved = saved(report, origins);
        let folder = self.place.inside(SPOOL);
        private(&folder).map_err(|e| file_failure("make", &folder, &e))?;
        let json = serde_json::to_vec(&saved)
            .map_err(|e| Failure::new(format!("cannot write campaigns: {e}"), "report this as a bug"))?;
        // On the disk before it has its name: whoever takes it in deletes it.
        let run = saved.run();
        let path = folder.join(format!("{run}.json"));
        let part = output::beside(&path);
        std::fs::File::create(part.path())
            .and_then(|mut file| file.write_all(&json).and_then(|()| file.sync_all()))
            .and_then(|()| part.keep(&path))
            .map_err(|e| file_failure("write", &path, &e))?;
        Ok(run)
    }
}

/// Makes a folder that only its owner can open: what is in it names accounts.
fn private(folder: &Path) -> std::io::Result<()> {
    let mut maker = std::fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut maker, 0o700);
    maker.recursive(true).create(folder)
}

fn saved(report: &Report, mut origins: Origins) -> Saved {
    let details = report.cases.iter().enumerate().map(|(at, case)| {
        let (networks, clients) = origins.of(at as u32);
        Detail {
            id: case.id.clone(),
            technique: case.technique.clone(),
            observed: case.observed.clone(),
            inferred: case.inferred.clone(),
            members: case.members.clone(),
            timeline: case.timeline.clone(),
            models: case.models.clone(),
            networks,
            clients,
            texts: case.texts.clone(),
            examples: case.examples.clone(),
        }
    });
    let details = details.collect();
    Saved { schema: SAVED_VERSION, findings: report.findings.clone(), details }
}

/// A client: user agent and JA4.
type ClientKey = (Option<String>, Option<String>);

/// Where the members of each campaign came from, and how many others did.
#[derive(Debug, Default)]
pub(crate) struct Origins {
    networks: Seen<(String, Option<u32>)>,
    clients: Seen<ClientKey>,
}

impl Origins {
    /// Addresses and clients of the campaign at that place, most exchanges first.
    fn of(&mut self, campaign: u32) -> (Vec<Network>, Vec<Client>) {
        let networks = self.networks.of(campaign).into_iter().map(|((address, asn), seen)| {
            let Counts { exchanges, accounts, strangers } = seen;
            Network { address, asn, exchanges, accounts, strangers }
        });
        let networks = networks.collect();
        let clients = self.clients.of(campaign).into_iter().map(|((user_agent, tls_ja4), seen)| {
            let Counts { exchanges, accounts, strangers } = seen;
            Client { user_agent, tls_ja4, exchanges, accounts, strangers }
        });
        (networks, clients.collect())
    }
}

/// How often a thing was seen.
#[derive(Debug, Default, Clone, Copy)]
struct Counts {
    exchanges: u64,
    accounts: u64,
    strangers: u64,
}

/// Things by campaign, and how many accounts had each, members or not. Memory grows with the number of things: 12 bytes each.
#[derive(Debug)]
struct Seen<K> {
    /// Each thing with the hash by which its holders are counted.
    by_campaign: HashMap<u32, HashMap<K, (u64, Counts)>>,
    holders: HashMap<u64, u32>,
}

impl<K> Default for Seen<K> {
    fn default() -> Self {
        Self { by_campaign: HashMap::new(), holders: HashMap::new() }
    }
}

impl<K: Hash + Eq + Ord + Clone> Seen<K> {
    /// Notes what one account did from one thing.
    fn note(&mut self, hash: u64, campaign: Option<u32>, exchanges: u64, key: impl FnOnce() -> K) {
        *self.holders.entry(hash).or_default() += 1;
        let Some(campaign) = campaign else { return };
        let things = self.by_campaign.entry(campaign).or_default();
        let (_, counts) = things.entry(key()).or_insert((hash, Counts::default()));
        counts.exchanges += exchanges;
        counts.accounts += 1;
    }

    fn of(&mut self, campaign: u32) -> Vec<(K, Counts)> {
        let things = self.by_campaign.remove(&campaign).unwrap_or_default().into_iter();
        let mut things: Vec<(K, Counts)> = things
            .map(|(key, (hash, counts))| {
                let holders = u64::from(self.holders.get(&hash).copied().unwrap_or_default());
                (key, Counts { strangers: holders.saturating_sub(counts.accounts), ..counts })
            })
            .collect();
        things.sort_by(|a, b| b.1.exchanges.cmp(&a.1.exchanges).then_with(|| a.0.cmp(&b.0)));
        things.truncate(KEPT);
        things
    }
}

/// Looks up in the logs where members came from. Sketches hold hashes of addresses only: from them nothing is looked up.
pub(crate) async fn origins(reading: &Reading, report: &Report) -> Result<Origins, RunError> {
    let campaigns = report.findings.campaigns.iter().enumerate();
    let member: HashMap<&str, u32> =
        campaigns.flat_map(|(at, c)| c.accounts.iter().map(move |account| (account.as_str(), at as u32))).collect();
    let mut found = Origins::default();
    if member.is_empty() {
        return Ok(found);
    }
    let limits = reading.limits();
    let (ctx, _spill) = context(&limits)?;
    let engine = |e| RunError::from_engine(e, &limits);
    let tally = Arc::new(Tally::default());
    let bar = Bar::start(Arc::clone(&tally), "looking up where members came from");
    let open = scan::open(&ctx, &reading.inputs, &reading.options(), tally).await?;
    bar.total(open.bytes);
    for (columns, clients) in [(["ip", "asn"], false), (["user_agent", "tls_ja4"], true)] {
        let keys: Vec<Expr> =
            std::iter::once(account_key(&reading.aggregator).alias("account")).chain(columns.map(col)).collect();
        let names = ["account", columns[0], columns[1]].map(col).to_vec();
        let frame = open.frame.clone().select(keys).and_then(|f| f.aggregate(names, vec![count(lit(1)).alias("n")]));
        each(frame.map_err(engine)?, &limits, |batch| {
            let column = |at: usize, to: &DataType| cast(batch.column(at), to).map_err(|e| RunError::Engine(e.into()));
            let (names, firsts) = (column(0, &DataType::Utf8)?, column(1, &DataType::Utf8)?);
            let (seconds, counts) = (column(2, &DataType::Utf8)?, column(3, &DataType::Int64)?);
            let (names, firsts, seconds) =
                (names.as_string::<i32>(), firsts.as_string::<i32>(), seconds.as_string::<i32>());
            let counts = counts.as_primitive::<Int64Type>();
            let text = |column: &'_ datafusion::arrow::array::StringArray, row: usize| {
                (!column.is_null(row) && !column.value(row).is_empty()).then(|| column.value(row).to_owned())
            };
            for row in 0..batch.num_rows() {
                let (name, first, second) = (names.value(row), text(firsts, row), text(seconds, row));
                let campaign = member.get(name).copied();
                let exchanges = u64::try_from(counts.value(row)).unwrap_or(0);
                let hash = text::hash(format!("{first:?}\0{second:?}").as_bytes());
                match (clients, first) {
                    (false, Some(address)) => found
                        .networks
                        .note(hash, campaign, exchanges, || (address, second.and_then(|number| number.parse().ok()))),
                    (true, first) if first.is_some() || second.is_some() => {
                        found.clients.note(hash, campaign, exchanges, || (first, second));
                    }
                    _ => {}
                }
            }
            Ok(())
        })
        .await?;
    }
    Ok(found)
}
