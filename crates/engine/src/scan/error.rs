//! Error: everything that can go wrong between a path and an exchange, as a sentence with a cure.
//! In: paths, byte offsets, counts. Out: `ScanError`.
//! Invariant: what and why in one line, records quoted below it; `help` says what to do; `code` never changes.
//! Not here: how an error is printed or which exit code it gets (`main.rs`).

use std::path::PathBuf;

use datafusion::error::DataFusionError;

use super::tally::Quote;

/// Why traffic could not be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ScanError {
    /// No input was named.
    #[error("no input was named")]
    NoInput,
    /// A path does not exist.
    #[error("`{}` does not exist", path.display())]
    NotFound {
        /// The path as given.
        path: PathBuf,
    },
    /// A glob matched nothing.
    #[error("nothing matches `{pattern}`")]
    NoMatch {
        /// The glob as given.
        pattern: String,
    },
    /// A directory holds nothing that could be a log.
    #[error("the directory `{}` holds no log: {}", path.display(), why)]
    EmptyDirectory {
        /// The directory as given.
        path: PathBuf,
        /// What it does hold.
        why: String,
    },
    /// A file or directory cannot be opened or read.
    #[error("cannot read `{}`: {why}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        why: String,
    },
    /// All inputs together hold not one record.
    #[error("`{}` is empty: it holds no record", path.display())]
    Empty {
        /// The first of the empty files.
        path: PathBuf,
    },
    /// A compressed or binary file breaks off or contradicts itself.
    #[error("`{}` is damaged at byte {byte}: {why}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// How many of its bytes could be used.
        byte: u64,
        /// What is wrong there.
        why: String,
    },
    /// The file is not in an encoding or container that is read here.
    #[error("`{}` is {found}, which is not read", path.display())]
    Container {
        /// The file.
        path: PathBuf,
        /// What its first bytes say that it is.
        found: &'static str,
        /// What to do about it.
        cure: &'static str,
    },
    /// No source of that name.
    #[error("there is no source called `{name}`")]
    UnknownSource {
        /// The name as given.
        name: String,
        /// All names, and the nearest one.
        cure: String,
    },
    /// A source was named, but no record looks like it.
    #[error("`{}` does not look like source `{source_name}`: none of its first {looked_at} records has the keys of one{}", path.display(), but(looks_like))]
    WrongSource {
        /// The file.
        path: PathBuf,
        /// The source as given.
        source_name: String,
        /// How many records were looked at.
        looked_at: usize,
        /// The source it looks like instead.
        looks_like: Option<&'static str>,
    },
    /// No source was named and none fits.
    #[error("cannot tell which source `{}` comes from: its first record is `{first}`", path.display())]
    Unrecognised {
        /// The file.
        path: PathBuf,
        /// The beginning of its first record.
        first: String,
    },
    /// A file of accounts has none.
    #[error("`{}` is no file of accounts: its records have no `account`, the first is `{first}`", path.display())]
    NotAccounts {
        /// The file.
        path: PathBuf,
        /// The beginning of its first record, or its columns.
        first: String,
    },
    /// Sketches and logs together.
    #[error("`{}` holds sketches and `{}` does not: they can't be read together", sketches.display(), log.display())]
    SketchesAmongLogs {
        /// A file that is no sketches.
        log: PathBuf,
        /// A file of sketches.
        sketches: PathBuf,
    },
    /// All records were read and not one is a request to a model.
    #[error("`{}` holds no exchange with a model, though it looks like {source_name}", path.display())]
    NoExchange {
        /// The first file.
        path: PathBuf,
        /// The sources that it was read as.
        source_name: String,
    },
    /// A source's SQL cannot be planned.
    #[error("the SQL of `{name}` cannot be used: {why}")]
    SourceSql {
        /// The file or source.
        name: String,
        /// What the planner said.
        why: String,
    },
    /// A source's SQL gives a column that is not of the native schema.
    #[error("the SQL of `{name}` gives a column `{column}`, which the native schema does not have")]
    UnknownColumn {
        /// The file or source.
        name: String,
        /// The column.
        column: String,
        /// All columns, and the nearest one.
        cure: String,
    },
    /// A source's SQL gives no time or no account.
    #[error("`{name}` gives no column `{column}`, and no exchange can do without")]
    MissingColumn {
        /// The file or source.
        name: String,
        /// The column.
        column: &'static str,
    },
    /// More records are unusable than may be.
    #[error("{bad} of {} records are unusable, more than the {} % that may be{}", bad + good, percent(*limit), listed(quotes))]
    TooManyBad {
        /// How many were unusable.
        bad: u64,
        /// How many were used.
        good: u64,
        /// The share that may be unusable.
        limit: f64,
        /// The first few of them.
        quotes: Vec<Quote>,
    },
    /// The query engine failed.
    #[error("the query engine failed: {0}")]
    Engine(Box<DataFusionError>),
}

fn but(looks_like: &Option<&'static str>) -> String {
    looks_like.map(|name| format!("; it looks like `{name}`")).unwrap_or_default()
}

fn percent(share: f64) -> f64 {
    (share * 1e6).round() / 1e4
}

fn listed(quotes: &[Quote]) -> String {
    quotes.iter().map(|quote| format!("\n  {quote}")).collect()
}

impl ScanError {
    /// A name for this kind of error that never changes.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NoInput => "scan::no_input",
            Self::NotFound { .. } => "scan::not_found",
            Self::NoMatch { .. } => "scan::no_match",
            Self::EmptyDirectory { .. } => "scan::empty_directory",
            Self::Unreadable { .. } => "scan::unreadable",
            Self::Empty { .. } => "scan::empty",
            Self::Damaged { .. } => "scan::damaged",
            Self::Container { .. } => "scan::container",
            Self::UnknownSource { .. } => "scan::unknown_source",
            Self::WrongSource { .. } => "scan::wrong_source",
            Self::Unrecognised { .. } => "scan::unrecognised",
            Self::NotAccounts { .. } => "scan::not_accounts",
            Self::SketchesAmongLogs { .. } => "scan::sketches_among_logs",
            Self::NoExchange { .. } => "scan::no_exchange",
            Self::SourceSql { .. } => "scan::source_sql",
            Self::UnknownColumn { .. } => "scan::unknown_column",
            Self::MissingColumn { .. } => "scan::missing_column",
            Self::TooManyBad { .. } => "scan::too_many_bad",
            Self::Engine(_) => "scan::engine",
        }
    }

    /// What the reader of the message can do about it.
    pub fn help(&self) -> String {
        match self {
            Self::NoInput => "name a file, a glob in quotes or a directory".into(),
            Self::NotFound { .. } => "check the spelling; relative paths start at the current directory".into(),
            Self::NoMatch { .. } => "put the pattern in quotes, and use `**` to look into directories below".into(),
            Self::EmptyDirectory { .. } => {
                "point at the directory that holds the .jsonl, .json, .csv or .parquet files (also .gz, .zst)".into()
            }
            Self::Unreadable { .. } => "let this user read it, or leave it out".into(),
            Self::Empty { .. } => "check that the export ran to its end".into(),
            Self::Damaged { .. } => "fetch the file again, or leave it out; what comes before that byte is intact".into(),
            Self::Container { cure, .. } => (*cure).into(),
            Self::UnknownSource { cure, .. } | Self::UnknownColumn { cure, .. } => cure.clone(),
            Self::WrongSource { looks_like: Some(name), .. } => {
                format!("leave `--source` out, or say `--source {name}`")
            }
            Self::WrongSource { .. } => {
                "leave the file out if it is no log, or `--source` to have it recognised; `stillwatch sources` shows a sample of each".into()
            }
            Self::Unrecognised { .. } => {
                "if it is no log, leave it out; else name its source with `--source` (`stillwatch sources` shows a sample of each), or write your own `--source-sql FILE`".into()
            }
            Self::NotAccounts { .. } => {
                "an accounts file has `account`, and any of `created`, `payment`, `email_domain`, `phone_prefix`, `plan`, ...".into()
            }
            Self::SketchesAmongLogs { .. } => "sketch the logs too (`stillwatch sketch`), then give all the sketches".into(),
            Self::NoExchange { .. } => "records of requests to a model are wanted; of batches, the output files".into(),
            Self::SourceSql { .. } => {
                "it must be one SELECT over `records`, whose columns are `record` (JSON text), `file` and `line`; for Parquet, the file's own".into()
            }
            Self::MissingColumn { column, .. } => format!("add `... AS {column}`; see `stillwatch sources` for the native columns"),
            Self::TooManyBad { quotes, .. } if quotes.iter().any(|quote| quote.field.as_deref() == Some("account")) => {
                "name the account of records that have none with `--default-account`, or take it from another field with `--source-sql FILE`".into()
            }
            Self::TooManyBad { .. } => {
                "look at the records quoted; if they may be left out, raise `--max-bad`; if it is another source, name it with `--source`".into()
            }
            Self::Engine(_) => "if memory or disk ran out, raise `--memory` or point TMPDIR at a larger disk".into(),
        }
    }

    /// The scan error inside an error of the query engine, where there is one.
    pub fn within(error: &DataFusionError) -> Option<&ScanError> {
        match error {
            DataFusionError::External(inner) => inner
                .downcast_ref::<ScanError>()
                .or_else(|| inner.downcast_ref::<DataFusionError>().and_then(Self::within)),
            DataFusionError::Context(_, inner) | DataFusionError::Diagnostic(_, inner) => Self::within(inner),
            DataFusionError::Shared(inner) => Self::within(inner),
            DataFusionError::Collection(all) => all.iter().find_map(Self::within),
            DataFusionError::ArrowError(inner, _) => match inner.as_ref() {
                datafusion::arrow::error::ArrowError::ExternalError(inner) => inner
                    .downcast_ref::<ScanError>()
                    .or_else(|| inner.downcast_ref::<DataFusionError>().and_then(Self::within)),
                _ => None,
            },
            _ => None,
        }
    }
}

impl From<DataFusionError> for ScanError {
    fn from(error: DataFusionError) -> Self {
        match error {
            DataFusionError::External(inner) => match inner.downcast::<ScanError>() {
                Ok(own) => *own,
                Err(other) => Self::Engine(Box::new(DataFusionError::External(other))),
            },
            other => Self::Engine(Box::new(other)),
        }
    }
}

impl From<ScanError> for DataFusionError {
    fn from(error: ScanError) -> Self {
        match error {
            ScanError::Engine(inner) => *inner,
            own => DataFusionError::External(Box::new(own)),
        }
    }
}
