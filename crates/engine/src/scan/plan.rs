//! Plan: decides how each file is read and puts the parts together.
//! In: files as they were sniffed. Out: `Opened`.
//! Invariant: files of one source and kind are one table; their order is that of the inputs.
//! Not here: looking into files (`sniff.rs`); reading them (`text.rs`, `parquet.rs`).

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};

use datafusion::{
    catalog::TableProvider,
    logical_expr::{Expr, ScalarUDF, ident},
    prelude::{DataFrame, SessionContext},
};
use serde_json::Value;

use super::{
    Opened, ScanOptions,
    check::{Check, Origin},
    columns::Column,
    cursor::{Packing, Shape, TextFile, plain},
    error::ScanError,
    inputs::{self, Input},
    line::Rules,
    native,
    parquet::{self, Group},
    sniff::{self, Sniffed},
    sql,
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

/// What a file in a directory is called that holds no records.
const NO_LOG: &str = "no log";

/// How many are looked at in the first files, to know their columns.
const MANY: usize = 500;

/// All files, sorted by how they are read.
#[derive(Default)]
struct Sorted {
    text: BTreeMap<&'static str, Vec<TextFile>>,
    parquet: Vec<(usize, Input)>,
    files: BTreeMap<&'static str, u64>,
    keys: BTreeMap<&'static str, BTreeSet<String>>,
    empty: Vec<PathBuf>,
    ignored: Vec<(PathBuf, &'static str)>,
}

pub(super) async fn open(
    ctx: &SessionContext,
    names: &[String],
    options: &ScanOptions,
    tally: Arc<Tally>,
) -> Result<Opened, ScanError> {
    tally.configure(options.max_bad, options.quote);
    let meant = Meant::of(options)?;
    let files = inputs::find(names, options.accounts.as_deref())?;
    functions::register(ctx)?;
    let sorted = sort(&files, &meant, options)?;
    let rules = Rules {
        wanted: u64::MAX,
        earliest: EARLIEST,
        latest: options.now.saturating_add(AHEAD),
        default_account: options.default_account.clone(),
    };
    let names: Vec<&str> = sorted.files.keys().copied().collect();
    tally.opened(
        files.first().map(|input| input.path.clone()).unwrap_or_default(),
        format!("`{}`", names.join("` and `")),
    );
    let groups = parquet::group(&sorted.parquet)?;
    tally.expect(if matches!(meant, Meant::Sql { .. }) { u64::MAX } else { possible(&sorted, &groups) });
    let mut parts = Parts { ctx, options, rules, tally, frames: Vec::new(), present: BTreeSet::new() };
    for group in &groups {
        parts.add_parquet(group, &meant).await?;
    }
    for (source, files) in &sorted.text {
        let keys = sorted.keys.get(source).cloned().unwrap_or_default();
        match &meant {
            Meant::Sql { name, sql } => parts.add_sql(name, sql, files).await?,
            _ => match sources::named(source) {
                Some(info) if info.name != "native" => parts.add_source(info, files, &keys).await?,
                _ => {
                    parts.present.extend(keys.iter().flat_map(|key| present_by(key)));
                    parts.frames.push(ctx.read_table(parts.table(files, true, parts.tally.clone()))?);
                }
            },
        }
    }
    let Parts { frames, present, .. } = parts;
    let Some(frame) = unite(frames)? else {
        return Err(files.first().map_or(ScanError::NoInput, |input| ScanError::Empty { path: input.path.clone() }));
    };
    let all: Vec<Expr> = Column::ALL.iter().map(|column| ident(column.name())).collect();
    Ok(Opened {
        frame: frame.select(all)?,
        source: sorted.files.into_iter().map(|(name, count)| (name.to_owned(), count)).collect(),
        present,
        bytes: files.iter().map(|input| input.size).sum(),
        ignored: sorted.ignored.into_iter().chain(sorted.empty.into_iter().map(|path| (path, "empty"))).collect(),
    })
}

/// How many exchanges there can be at most: the shortest records have a time and little else. In packed files and after
/// the user's SQL there is no telling.
fn possible(sorted: &Sorted, groups: &[Group]) -> u64 {
    let rows = groups.iter().map(|group| group.rows).sum();
    let text = sorted.text.values().flatten().map(|file| match (file.packing, file.shape) {
        (Packing::Plain, Shape::Table { .. }) => file.size / 11,
        (Packing::Plain, _) => file.size / 20,
        _ => u64::MAX,
    });
    text.fold(rows, u64::saturating_add)
}

/// What the user says the records are.
enum Meant {
    /// Nothing: each file is recognised.
    Recognise,
    /// A source, by name.
    Source(String),
    /// What this SQL makes of them.
    Sql { name: String, sql: String },
}

impl Meant {
    fn of(options: &ScanOptions) -> Result<Self, ScanError> {
        if let Some(path) = &options.source_sql {
            let sql = fs::read_to_string(path)
                .map_err(|error| ScanError::Unreadable { path: path.clone(), why: plain(&error) })?;
            return Ok(Self::Sql { name: path.display().to_string(), sql });
        }
        let Some(name) = &options.source else { return Ok(Self::Recognise) };
        if sources::named(name).is_some() {
            return Ok(Self::Source(name.clone()));
        }
        let names: Vec<&str> = sources::list().iter().map(|source| source.name).collect();
        Err(ScanError::UnknownSource { name: name.clone(), cure: nearest(name, &names) })
    }
}

/// The frames as they come together.
struct Parts<'a> {
    ctx: &'a SessionContext,
    options: &'a ScanOptions,
    rules: Rules,
    tally: Arc<Tally>,
    frames: Vec<DataFrame>,
    present: BTreeSet<&'static str>,
}

impl Parts<'_> {
    fn table(&self, files: &[TextFile], native: bool, tally: Arc<Tally>) -> Arc<TextTable> {
        Arc::new(TextTable {
            files: files.to_vec(),
            native,
            rules: self.rules.clone(),
            limit: self.options.max_line,
            tally,
        })
    }

    /// Parquet: native by its columns; or any, by the user's SQL over them; or one of raw records.
    async fn add_parquet(&mut self, group: &Group, meant: &Meant) -> Result<(), ScanError> {
        let frame = parquet::open(self.ctx, group)?;
        let path = group.files.first().map(|input| input.path.clone()).unwrap_or_default();
        let name = path.display().to_string();
        let origin = Origin {
            file: name.clone(),
            number: group.number,
            bytes_per_row: group.bytes as f64 / group.rows.max(1) as f64,
        };
        let frame = match meant {
            Meant::Sql { name, sql } => {
                let table = frame.into_view();
                let frame = sql::frame(self.ctx, name, sql, table.clone(), table).await?;
                sql::check(&frame, name, self.options.default_account.is_some())?;
                frame
            }
            Meant::Source(source) if source != "native" => {
                return Err(ScanError::WrongSource {
                    path,
                    source_name: source.clone(),
                    looked_at: group.rows as usize,
                    looks_like: Some("native"),
                });
            }
            _ => {
                for column in ["time", "account"] {
                    let given = frame.schema().has_column_with_unqualified_name(column);
                    if !(given || column == "account" && self.options.default_account.is_some()) {
                        return Err(ScanError::MissingColumn { name, column });
                    }
                }
                frame
            }
        };
        let present = self.finish(frame, origin, &name, &group.absent)?;
        self.present.extend(present.iter().map(|column| column.name()));
        Ok(())
    }

    async fn add_sql(&mut self, name: &str, sql: &str, files: &[TextFile]) -> Result<(), ScanError> {
        let (records, again) = (self.table(files, false, self.tally.clone()), self.table(files, false, Arc::default()));
        let frame = sql::frame(self.ctx, name, sql, records, again).await?;
        sql::check(&frame, name, self.options.default_account.is_some())?;
        let present = self.finish(frame, Origin::of(files), name, &BTreeSet::new())?;
        self.present.extend(present.iter().map(|column| column.name()));
        Ok(())
    }

    async fn add_source(
        &mut self,
        source: &SourceInfo,
        files: &[TextFile],
        keys: &BTreeSet<String>,
    ) -> Result<(), ScanError> {
        let (mut records, again): (Arc<dyn TableProvider>, Arc<dyn TableProvider>) =
            (self.table(files, false, self.tally.clone()), self.table(files, false, Arc::default()));
        if let Some((sql, _)) = source.pairs.filter(|(_, kinds)| kinds.iter().all(|kind| keys.contains(*kind))) {
            records = sql::frame(self.ctx, source.name, sql, records, again.clone()).await?.into_view();
        }
        let frame = sql::frame(self.ctx, source.name, source.sql, records, again).await?;
        self.finish(frame, Origin::of(files), source.name, &BTreeSet::new())?;
        self.present.extend(source.feeds);
        Ok(())
    }

    /// Maps a frame onto the native columns, drops what is unusable, and adds it to the others.
    fn finish(
        &mut self,
        frame: DataFrame,
        origin: Origin,
        name: &str,
        absent: &BTreeSet<String>,
    ) -> Result<Vec<Column>, ScanError> {
        let has_origin = sql::ORIGIN.iter().all(|column| frame.schema().has_column_with_unqualified_name(column));
        let besides: &[&str] = if has_origin { &sql::ORIGIN } else { &[] };
        let (frame, present) = native::map(frame, besides, absent, self.options.default_account.as_deref())?;
        for column in [Column::Time, Column::Account] {
            if !present.contains(&column) {
                return Err(ScanError::MissingColumn { name: name.to_owned(), column: column.name() });
            }
        }
        let mut check = Check::new(self.tally.clone(), self.rules.clone(), origin);
        let mut arguments: Vec<Expr> = ["time", "account"].iter().chain(besides).map(|column| ident(*column)).collect();
        if has_origin {
            // A source's columns may be there and yet have no value in any row.
            arguments.extend(present.iter().map(|column| ident(column.name())));
            check = check.noting(present.clone());
        } else {
            self.tally.add_good(0, present.iter().map(|column| column.bit()).sum());
        }
        let usable = ScalarUDF::new_from_impl(check).call(arguments);
        let all: Vec<Expr> = Column::ALL.iter().map(|column| ident(column.name())).collect();
        self.frames.push(frame.filter(usable)?.select(all)?);
        Ok(present)
    }
}

/// The native columns that a key of a native record fills.
fn present_by(key: &str) -> Vec<&'static str> {
    match key {
        "messages" => vec!["system", "prompt"],
        "completion" => vec!["completion_bytes"],
        key => Column::named(key).map(Column::name).into_iter().collect(),
    }
}

fn unite(frames: Vec<DataFrame>) -> Result<Option<DataFrame>, ScanError> {
    let mut frames = frames.into_iter();
    let Some(first) = frames.next() else { return Ok(None) };
    Ok(Some(frames.try_fold(first, |all, frame| all.union(frame))?))
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

fn sort(files: &[Input], meant: &Meant, options: &ScanOptions) -> Result<Sorted, ScanError> {
    let mut sorted = Sorted::default();
    for (number, input) in files.iter().enumerate() {
        let count = if number < 8 { MANY } else { FEW };
        match sniff::sniff(input, number, options.max_line, count)? {
            Sniffed::Empty => sorted.empty.push(input.path.clone()),
            Sniffed::Parquet => {
                *sorted.files.entry(if matches!(meant, Meant::Sql { .. }) { "sql" } else { "native" }).or_default() +=
                    1;
                sorted.parquet.push((number, input.clone()));
            }
            Sniffed::Other { .. } if is_beside(input) => sorted.ignored.push((input.path.clone(), NO_LOG)),
            Sniffed::Other { first } => return Err(ScanError::Unrecognised { path: input.path.clone(), first }),
            Sniffed::Text { file, records, first, keys } => {
                if let Some(what) = beside(&keys).filter(|_| input.within.is_some()) {
                    sorted.ignored.push((input.path.clone(), what));
                    continue;
                }
                let source = match source_of(&input.path, &records, first, meant) {
                    Err(ScanError::Unrecognised { .. }) if records.len() == 1 && is_beside(input) => {
                        sorted.ignored.push((input.path.clone(), NO_LOG));
                        continue;
                    }
                    other => other?,
                };
                sorted.keys.entry(source).or_default().extend(keys);
                *sorted.files.entry(source).or_default() += 1;
                sorted.text.entry(source).or_default().push(file);
            }
        }
    }
    if sorted.files.is_empty() {
        return Err(nothing(sorted, files));
    }
    Ok(sorted)
}

fn source_of(path: &Path, records: &[Value], first: String, meant: &Meant) -> Result<&'static str, ScanError> {
    let looked_at = &records[..records.len().min(FEW)];
    match meant {
        Meant::Sql { .. } => Ok("sql"),
        Meant::Source(name) => match sources::best(records, |source| source.answers_to(name)) {
            Some(source) => Ok(source.name),
            None => Err(ScanError::WrongSource {
                path: path.to_owned(),
                source_name: name.clone(),
                looked_at: records.len(),
                looks_like: sources::best(looked_at, |_| true).map(|source| source.name),
            }),
        },
        Meant::Recognise => sources::best(looked_at, |_| true)
            .map(|source| source.name)
            .ok_or(ScanError::Unrecognised { path: path.to_owned(), first }),
    }
}

/// Whether a file may lie in a directory of logs without being one, by its name: a log that cannot be read is no such file.
fn is_beside(input: &Input) -> bool {
    let name = input.path.file_name().unwrap_or_default().to_string_lossy().to_lowercase();
    let bare = name.strip_suffix(".gz").or_else(|| name.strip_suffix(".zst")).unwrap_or(&name);
    let is_data = [".jsonl", ".ndjson", ".csv", ".tsv", ".parquet", ".pq"].iter().any(|end| bare.ends_with(end));
    input.within.is_some() && !is_data && bare == name
}

/// What lies beside traffic and is none: the accounts' file and the truth file.
fn beside(keys: &BTreeSet<String>) -> Option<&'static str> {
    let has = |key: &str| keys.contains(key);
    match (has("account"), has("time")) {
        (true, false) if has("label") && has("group") => Some("a truth file"),
        (true, false) if has("created") || has("payment") || has("plan") || has("email_domain") => {
            Some("a file of accounts")
        }
        _ if has("resourceMetrics") => Some("OpenTelemetry metrics"),
        _ => None,
    }
}

fn nothing(sorted: Sorted, files: &[Input]) -> ScanError {
    if let Some(path) = files.iter().find_map(|input| input.within.clone()).filter(|_| !sorted.ignored.is_empty()) {
        let of = |wanted: &str| sorted.ignored.iter().filter(|(_, what)| *what == wanted).count();
        let no_log = of(NO_LOG);
        let why = match sorted.ignored.len() - no_log {
            0 => "none of its files holds records in JSON, CSV or Parquet".to_owned(),
            beside => format!("of its files, {beside} tell of accounts or the truth, {no_log} are no records at all"),
        };
        return ScanError::EmptyDirectory { path, why };
    }
    match sorted.empty.into_iter().next() {
        Some(path) => ScanError::Empty { path },
        None => ScanError::NoInput,
    }
}
