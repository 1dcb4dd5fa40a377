//! Accounts: reads what is known of accounts besides their traffic.
//! In: a file of accounts, JSONL, CSV or Parquet. Out: `AccountInfo`s.
//! Invariant: the same rules for unusable records as for traffic: counted, quoted, and too many are an error.
//! Not here: joining them to traffic.

use std::{fs::File, path::Path};

use datafusion::arrow::{
    array::{Array, RecordBatch, cast::AsArray},
    compute::cast,
    datatypes::DataType,
};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use serde_json::{Map, Value};
use stillwatch_model::AccountInfo;

use super::{
    ScanError, ScanOptions, Tally,
    cursor::{Body, Cursor, plain},
    inputs,
    line::{self, Flaw},
    sniff::{self, Sniffed},
    tally::{Quote, shorten},
    time,
};

/// Reads a file of accounts.
pub fn read_accounts(path: impl AsRef<Path>) -> Result<Vec<AccountInfo>, ScanError> {
    let path = path.as_ref();
    let options = ScanOptions::default();
    if !path.exists() {
        return Err(ScanError::NotFound { path: path.to_owned() });
    }
    let files = inputs::find(&[path.display().to_string()], None)?;
    let mut accounts = Vec::new();
    let tally = Tally::default();
    for (number, input) in files.iter().enumerate() {
        match sniff::sniff(input, number, options.max_line, 20)? {
            Sniffed::Empty => return Err(ScanError::Empty { path: input.path.clone() }),
            Sniffed::Parquet => from_parquet(&input.path, number, &tally, &mut accounts)?,
            Sniffed::Other { first } => return Err(ScanError::NotAccounts { path: input.path.clone(), first }),
            Sniffed::Text { keys, first, .. } if !keys.contains("account") => {
                return Err(ScanError::NotAccounts { path: input.path.clone(), first });
            }
            Sniffed::Text { file, .. } => {
                let mut cursor = Cursor::open(&file, 0, u64::MAX, options.max_line, None)?;
                while let Some(raw) = cursor.next()? {
                    let (result, text) = match raw.body {
                        Body::Whole(bytes) => (read(bytes), shorten(bytes)),
                        Body::TooLong { head, length } => {
                            (Err(Flaw { field: None, why: format!("{length} bytes long") }), shorten(head))
                        }
                    };
                    let at = Some(raw.line + 1);
                    keep(result, &tally, (number, raw.offset), &input.path, at, text, &mut accounts);
                }
            }
        }
    }
    tally.verdict()?;
    Ok(accounts)
}

fn keep(
    result: Result<AccountInfo, Flaw>,
    tally: &Tally,
    place: (usize, u64),
    path: &Path,
    line: Option<u64>,
    text: String,
    accounts: &mut Vec<AccountInfo>,
) {
    match result {
        Ok(account) => {
            tally.add_good(1, 0);
            accounts.push(account);
        }
        Err(flaw) => tally.add_bad(place, || Quote {
            file: path.display().to_string(),
            line,
            field: flaw.field.map(str::to_owned),
            why: flaw.why,
            text,
        }),
    }
}

fn read(bytes: &[u8]) -> Result<AccountInfo, Flaw> {
    let object: Map<String, Value> =
        serde_json::from_str(line::utf8(bytes)?).map_err(|error| line::flaw(&error, None))?;
    account(|field| match object.get(field) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.clone()).filter(|text| !text.is_empty())),
        Some(Value::Bool(flag)) => Ok(Some(flag.to_string())),
        Some(Value::Number(number)) => Ok(Some(number.to_string())),
        Some(_) => Err(Flaw { field: Some(field), why: "neither a text nor a number".into() }),
    })
}

fn account(field: impl Fn(&'static str) -> Result<Option<String>, Flaw>) -> Result<AccountInfo, Flaw> {
    let created = match field("created")? {
        None => None,
        Some(text) => match time::from_text(&text) {
            Some(micros) => Some(time::to_text(micros)),
            None => return Err(Flaw { field: Some("created"), why: "not a time (RFC 3339 or epoch)".into() }),
        },
    };
    let verified = match field("verified")? {
        None => None,
        Some(text) => match line::flag(&text) {
            Some(flag) => Some(flag),
            None => return Err(Flaw { field: Some("verified"), why: "neither true nor false".into() }),
        },
    };
    Ok(AccountInfo {
        account: field("account")?.ok_or(Flaw { field: Some("account"), why: "missing".into() })?,
        created,
        payment: field("payment")?,
        device: field("device")?,
        email_domain: field("email_domain")?,
        phone_prefix: field("phone_prefix")?,
        billing_country: field("billing_country")?,
        plan: field("plan")?,
        referrer: field("referrer")?,
        verified,
    })
}

fn from_parquet(path: &Path, number: usize, tally: &Tally, accounts: &mut Vec<AccountInfo>) -> Result<(), ScanError> {
    let file = File::open(path).map_err(|error| ScanError::Unreadable { path: path.to_owned(), why: plain(&error) })?;
    let size = file.metadata().map_or(0, |about| about.len());
    let damaged = |why: String| ScanError::Damaged { path: path.to_owned(), byte: size, why };
    let builder = ParquetRecordBatchReaderBuilder::try_new(file).map_err(|error| damaged(error.to_string()))?;
    if builder.schema().column_with_name("account").is_none() {
        let first = builder.schema().fields().iter().map(|field| field.name().as_str()).collect::<Vec<_>>().join(", ");
        return Err(ScanError::NotAccounts { path: path.to_owned(), first });
    }
    let batches = builder.build().map_err(|error| damaged(error.to_string()))?;
    let mut before = 0;
    for batch in batches {
        let batch = as_texts(&batch.map_err(|error| damaged(error.to_string()))?);
        for row in 0..batch.first().map_or(0, |(_, array)| array.len()) {
            let result = account(|name| {
                let array = batch.iter().find(|(field, _)| field == name).map(|(_, array)| array.as_string_view());
                Ok(array
                    .filter(|array| array.is_valid(row))
                    .map(|array| array.value(row).to_owned())
                    .filter(|text| !text.is_empty()))
            });
            keep(result, tally, (number, before), path, Some(before + 1), String::new(), accounts);
            before += 1;
        }
    }
    Ok(())
}

fn as_texts(batch: &RecordBatch) -> Vec<(String, datafusion::arrow::array::ArrayRef)> {
    let schema = batch.schema();
    let columns = schema.fields().iter().zip(batch.columns());
    columns.filter_map(|(field, array)| Some((field.name().clone(), cast(array, &DataType::Utf8View).ok()?))).collect()
}
