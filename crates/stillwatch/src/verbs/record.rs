//! Record: the ledger that verbs write down to what they do, and the keys whose profiles are trusted.
//! In: `--ledger`, `--ledger-key`, `--key`. Out: a record; keys; failures as text.
//! Invariant: a verb that was given no ledger says that something is owed to it.
//! Not here: what is written down (`node`).

use std::path::PathBuf;

use stillwatch_node::{Error, Record};
use stillwatch_track::{By, Store, owed};

use crate::verbs::policy::files;
use crate::verbs::store::{say, told};

/// The ledger.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Recording {
    /// The ledger's folder, which what is done is written down in
    #[arg(long, value_name = "DIR", env = "STILLWATCH_LEDGER", global = true)]
    ledger: Option<PathBuf>,
    /// The ledger's key [default: the folder's name and `.key`]
    #[arg(long, value_name = "FILE", env = "STILLWATCH_LEDGER_KEY", global = true)]
    ledger_key: Option<PathBuf>,
}

impl Recording {
    /// The ledger, where one was given.
    pub(crate) fn record(&self) -> Result<Option<Record>, String> {
        let Some(folder) = &self.ledger else { return Ok(None) };
        let key = self.ledger_key.clone().unwrap_or_else(|| {
            let mut name = folder.as_os_str().to_owned();
            name.push(".key");
            name.into()
        });
        Record::open(folder.clone(), key).map(Some).map_err(failed)
    }

    /// Brings releases up to date, and the ledger; says what may be sent since, and what is owed to a ledger that wasn't given.
    pub(crate) async fn settle(&self, store: &Store, by: &By) -> Result<(), String> {
        let Some(record) = self.record()? else {
            let owed = owed::count(store).await.map_err(told)?;
            if owed > 0 {
                say(&format!(
                    "{owed} entries are owed to the ledger: name it with --ledger or STILLWATCH_LEDGER; until then nothing of this leaves"
                ));
            }
            return Ok(());
        };
        for release in stillwatch_node::release::settle(store, &record, by).await.map_err(failed)? {
            say(&format!("{release} is in the ledger and waits to be sent: `stillwatch release send DIR`"));
        }
        Ok(())
    }
}

/// Keys whose profiles are trusted.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Trusted {
    /// Public keys whose profiles are trusted: files with PEM, or 64 hexadecimal digits
    #[arg(long = "key", value_name = "FILE|HEX", env = "STILLWATCH_POLICY_KEYS", value_delimiter = ',', global = true)]
    keys: Vec<String>,
}

impl Trusted {
    /// The keys.
    pub(crate) fn keys(&self) -> Result<Vec<stillwatch_node::VerifyingKey>, String> {
        if self.keys.is_empty() {
            return Err("error: no key is trusted\nhint: name the public key of who signs profiles with --key or STILLWATCH_POLICY_KEYS".into());
        }
        files::public_keys(&self.keys)
    }
}

/// A failure as it is printed.
#[expect(clippy::needless_pass_by_value, reason = "it stands in `map_err`")]
pub(crate) fn failed(error: Error) -> String {
    match error.hint() {
        Some(hint) => format!("error: {error}\nhint: {hint}"),
        None => format!("error: {error}"),
    }
}
