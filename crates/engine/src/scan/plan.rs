//! Plan: decides how each file is read and puts the parts together.
//! In: files as they were sniffed. Out: `Opened`.
//! Invariant: files of one source and kind are one table; their order is that of the inputs.
//! Not here: looking into files (`sniff.rs`); reading them (`text.rs`, `parquet.rs`).

use std::{
    collections::{BTreeMap, BTreeSet},
    path::PathBuf,
    sync::Arc,
};

use datafusion::{
    logical_expr::{Expr, ScalarUDF, ident},
    prelude::{DataFrame, SessionContext},
};

use super::{
    Opened, ScanOptions,
    check::Check,
    columns::Column,
    cursor::TextFile,
    error::ScanError,
    inputs::{self, Input},
    line::Rules,
    native, parquet,
    sniff::{self, Sniffed},
    tally::Tally,
    text::TextTable,
};
use crate::sources::{self, SourceInfo, functions};

/// 2015-01-01T00:00:00Z: no exchange with a language model's API is older.
const EARLIEST: i64 = 1_420_070_400_000_000;

/// How far clocks may run ahead: two days.
const AHEAD: i64 = 2 * 86_400_000_000;

/// How many records of a file are looked at to recognise its source.
const FEW: usize = 20;

/// How many are looked at in the first files, to know their columns.
const MANY: usize = 500;

/// All files, sorted by how they are read.
#[derive(Default)]
struct Sorted {
    text: BTreeMap<&'static str, Vec<TextFile>>,
    parquet: Vec<(usize, Input)>,
    files: BTreeMap<&'static str, u64>,
    keys: BTreeSet<String>,
    empty: Option<PathBuf>,
    other: Option<(PathBuf, String)>,
    ignored: Vec<(PathBuf, &'static str)>,
}

pub(super) async fn open(
    ctx: &SessionContext,
    names: &[String],
    options: &ScanOptions,
    tally: Arc<Tally>,
) -> Result<Opened, ScanError> {
    tally.configure(options.max_bad, options.quote);
    let named = options.source.as_deref().map(named).transpose()?;
    let files = inputs::find(names, options.accounts.as_deref())?;
    functions::register(ctx)?;
    let sorted = sort(&files, named, options)?;
    let rules = Rules {
        wanted: u64::MAX,
        earliest: EARLIEST,
        latest: options.now.saturating_add(AHEAD),
        default_account: options.default_account.clone(),
    };
    let mut present = BTreeSet::new();
    let mut frames = Vec::new();
    for group in parquet::group(&sorted.parquet)? {
        let frame = parquet::open(ctx, &group)?;
        let (frame, columns) = native::map(frame, &[])?;
        let name = group.files.first().map(|input| input.path.display().to_string()).unwrap_or_default();
        for column in [Column::Time, Column::Account] {
            if !columns.contains(&column) && !(column == Column::Account && options.default_account.is_some()) {
                return Err(ScanError::MissingColumn { name, column: column.name() });
            }
        }
        present.extend(columns.iter().map(|column| column.name()));
        let check = Check {
            tally: tally.clone(),
            rules: rules.clone(),
            file: name,
            number: group.number,
            bytes_per_row: group.bytes as f64 / group.rows.max(1) as f64,
            signature: Check::signature(),
        };
        let usable = ScalarUDF::new_from_impl(check).call(vec![ident("time"), ident("account")]);
        frames.push(frame.filter(usable)?);
    }
    for (source, files) in &sorted.text {
        let table = TextTable { files: files.clone(), native: true, rules: rules.clone(), limit: options.max_line, tally: tally.clone() };
        let _ = source;
        present.extend(sorted.keys.iter().filter_map(|key| present_by(key)));
        frames.push(ctx.read_table(Arc::new(table))?);
    }
    let frame = unite(frames)?.ok_or(ScanError::NoInput)?;
    let all: Vec<Expr> = Column::ALL.iter().map(|column| ident(column.name())).collect();
    Ok(Opened {
        frame: frame.select(all)?,
        source: sorted.files.into_iter().map(|(name, count)| (name.to_owned(), count)).collect(),
        present,
        bytes: files.iter().map(|input| input.size).sum(),
        ignored: sorted.ignored,
    })
}

fn present_by(key: &str) -> Option<&'static str> {
    match key {
        "messages" => Some("prompt"),
        "completion" => Some("completion_bytes"),
        key => Column::named(key).map(Column::name),
    }
}

fn unite(frames: Vec<DataFrame>) -> Result<Option<DataFrame>, ScanError> {
    let mut frames = frames.into_iter();
    let Some(first) = frames.next() else { return Ok(None) };
    Ok(Some(frames.try_fold(first, |all, frame| all.union(frame))?))
}

/// The source of that name, or what could have been meant.
fn named(name: &str) -> Result<&'static SourceInfo, ScanError> {
    sources::named(name).ok_or_else(|| {
        let names: Vec<&str> = sources::list().iter().map(|source| source.name).collect();
        ScanError::UnknownSource { name: name.to_owned(), cure: nearest(name, &names) }
    })
}

/// A cure that names the nearest of several words, if one is near, and lists all.
pub(super) fn nearest(word: &str, words: &[&str]) -> String {
    let near = words.iter().map(|&other| (distance(word, other), other)).min().filter(|(distance, _)| *distance <= 2);
    let all = words.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ");
    match near {
        Some((_, near)) => format!("did you mean `{near}`? There are {all}"),
        None => format!("there are {all}"),
    }
}

/// Edits between two words (Levenshtein).
fn distance(a: &str, b: &str) -> usize {
    let mut row: Vec<usize> = (0..=b.chars().count()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, y) in b.chars().enumerate() {
            let change = diagonal + usize::from(x != y);
            diagonal = row[j + 1];
            row[j + 1] = change.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row.last().copied().unwrap_or_default()
}

fn sort(files: &[Input], named: Option<&'static SourceInfo>, options: &ScanOptions) -> Result<Sorted, ScanError> {
    let mut sorted = Sorted::default();
    for (number, input) in files.iter().enumerate() {
        let count = if number < 8 { MANY } else { FEW };
        match sniff::sniff(input, number, options.max_line, count)? {
            Sniffed::Empty => {
                sorted.empty.get_or_insert_with(|| input.path.clone());
            }
            Sniffed::Parquet => {
                *sorted.files.entry("native").or_default() += 1;
                sorted.parquet.push((number, input.clone()));
            }
            Sniffed::Other { first } if input.within.is_some() => {
                sorted.ignored.push((input.path.clone(), "no log"));
                sorted.other.get_or_insert((input.path.clone(), first));
            }
            Sniffed::Other { first } => return Err(ScanError::Unrecognised { path: input.path.clone(), first }),
            Sniffed::Text { file, records, first, keys } => {
                if let Some(what) = beside(&keys).filter(|_| input.within.is_some()) {
                    sorted.ignored.push((input.path.clone(), what));
                    continue;
                }
                let looked_at = &records[..records.len().min(FEW)];
                let best = sources::best(looked_at);
                let source = match named {
                    Some(named) if sources::looks_like(named, &records) => named,
                    Some(named) => {
                        return Err(ScanError::WrongSource {
                            path: input.path.clone(),
                            source_name: named.name.to_owned(),
                            looked_at: records.len(),
                            looks_like: best.map(|source| source.name),
                        });
                    }
                    None => best.ok_or(ScanError::Unrecognised { path: input.path.clone(), first })?,
                };
                if source.name == "native" {
                    sorted.keys.extend(keys);
                }
                *sorted.files.entry(source.name).or_default() += 1;
                sorted.text.entry(source.name).or_default().push(file);
            }
        }
    }
    if sorted.files.is_empty() {
        return Err(nothing(sorted, files));
    }
    Ok(sorted)
}

/// What lies beside traffic and is none: the accounts' file and the truth file.
fn beside(keys: &BTreeSet<String>) -> Option<&'static str> {
    let has = |key: &str| keys.contains(key);
    match (has("account"), has("time")) {
        (true, false) if has("label") && has("group") => Some("a truth file"),
        (true, false) if has("created") || has("payment") || has("plan") || has("email_domain") => Some("a file of accounts"),
        _ => None,
    }
}

fn nothing(sorted: Sorted, files: &[Input]) -> ScanError {
    if let Some(path) = files.iter().find_map(|input| input.within.clone()).filter(|_| !sorted.ignored.is_empty()) {
        let of = |wanted: &str| sorted.ignored.iter().filter(|(_, what)| *what == wanted).count();
        let no_log = of("no log");
        let why = match sorted.ignored.len() - no_log {
            0 => format!("none of its {no_log} files holds JSON, CSV or Parquet"),
            beside => format!("{no_log} files of other kinds, {beside} of accounts or truth"),
        };
        return ScanError::EmptyDirectory { path, why };
    }
    match sorted.empty {
        Some(path) => ScanError::Empty { path },
        None => ScanError::NoInput,
    }
}
