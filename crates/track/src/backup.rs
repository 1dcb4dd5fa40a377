//! Backup: a whole store in one file, and back into either database.
//! In: a store, a path. Out: the file; or the store as it was.
//! Invariant: one state of the store, whatever is written meanwhile; a damaged or cut file restores nothing.
//! Not here: the schema (`store.rs`).
//!
//! The file is zstd over lines of JSON: a manifest (format, schema, tables with their columns), then each row as
//! `[table, value, ...]` with the table's place in the manifest, then an end with the count of rows and SHA-256 of all lines before it.

use std::fs;
use std::io::{BufRead, BufReader, BufWriter, Write};
use std::path::Path;

use futures_util::TryStreamExt;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};
use sqlx::any::AnyRow;
use sqlx::{Any, AssertSqlSafe, Row, Transaction, ValueRef};

use crate::error::{Error, Result};
use crate::rows::{self, Kind};
use crate::store::Store;
use crate::tables::{TABLES, Table};

/// What the first line says.
const FORMAT: &str = "stillwatch-backup-1";
/// Rows handed to the database in one statement, and about how many bytes.
const BATCH: (usize, usize) = (5000, 4 << 20);
/// The longest line: a sighting with all its addresses is far below.
const LONGEST: usize = 256 << 20;

/// The first line.
#[derive(Serialize, Deserialize)]
struct Manifest {
    format: String,
    schema: i64,
    tables: Vec<(String, Vec<String>)>,
}

/// The last line.
#[derive(Serialize, Deserialize)]
struct End {
    rows: u64,
    sha256: String,
}

/// Writes the store to a file, which is there as a whole or not at all; returns how many rows it has.
///
/// # Errors
/// When the file is there already or can't be written, or the store can't be read.
pub async fn backup(store: &Store, path: &Path) -> Result<u64> {
    if path.exists() {
        return Err(Error::refused(
            format!("`{}` is there already", path.display()),
            "choose another name; a backup is never overwritten",
        ));
    }
    let mut part = path.as_os_str().to_owned();
    part.push(".part");
    let part = std::path::PathBuf::from(part);
    let written = write(store, &part).await;
    let done = match written {
        Ok(rows) => fs::rename(&part, path).map(|()| rows).map_err(|e| Error::file("write", path, &e)),
        Err(e) => Err(e),
    };
    if done.is_err() {
        // It may never have come to be.
        let _ = fs::remove_file(&part);
    }
    done
}

/// Lines on their way into the file, hashed.
struct Lines<W: Write> {
    out: W,
    hash: Sha256,
}

impl<W: Write> Lines<W> {
    fn line<T: Serialize>(&mut self, value: &T) -> Result<(), std::io::Error> {
        let mut line = serde_json::to_vec(value)?;
        line.push(b'\n');
        self.hash.update(&line);
        self.out.write_all(&line)
    }
}

async fn write(store: &Store, part: &Path) -> Result<u64> {
    let failed = |e: std::io::Error| Error::file("write", part, &e);
    let mut options = fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(0o600);
    }
    let file = options.open(part).map_err(failed)?;
    let mut encoder = zstd::Encoder::new(BufWriter::new(file), 3).map_err(failed)?;
    encoder.include_checksum(true).map_err(failed)?;
    let mut lines = Lines { out: encoder, hash: Sha256::new() };
    lines
        .line(&Manifest {
            format: FORMAT.into(),
            schema: Store::schema(),
            tables: TABLES.iter().map(|t| (t.name.to_owned(), names(t).map(str::to_owned).collect())).collect(),
        })
        .map_err(failed)?;
    let mut tx = store.read().await?;
    let mut rows = 0u64;
    for (place, table) in TABLES.iter().enumerate() {
        let names: Vec<&str> = names(table).collect();
        let columns: Vec<(&str, Kind)> = table.columns().collect();
        let sql = format!("SELECT {} FROM {} ORDER BY {}", names.join(", "), table.name, table.key);
        let mut stream = sqlx::query(AssertSqlSafe(sql)).fetch(&mut *tx);
        while let Some(row) = stream.try_next().await? {
            lines.line(&told(place, &columns, &row)?).map_err(failed)?;
            rows += 1;
        }
    }
    let sha256 = hex(lines.hash.clone());
    lines.line(&End { rows, sha256 }).map_err(failed)?;
    let buffered = lines.out.finish().map_err(failed)?;
    let file = buffered.into_inner().map_err(|e| failed(e.into_error()))?;
    file.sync_all().map_err(failed)?;
    Ok(rows)
}

fn names(table: &Table) -> impl Iterator<Item = &'static str> + use<> {
    table.columns().map(|column| column.0)
}

fn hex(hash: Sha256) -> String {
    hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

fn told(place: usize, columns: &[(&str, Kind)], row: &AnyRow) -> Result<Vec<Value>> {
    let mut values = vec![Value::from(place)];
    for (at, (_, kind)) in columns.iter().enumerate() {
        values.push(match kind {
            _ if row.try_get_raw(at)?.is_null() => Value::Null,
            Kind::Text => Value::from(row.try_get::<String, _>(at)?),
            Kind::Int => Value::from(row.try_get::<i64, _>(at)?),
            Kind::Real => Value::from(row.try_get::<f64, _>(at)?),
        });
    }
    Ok(values)
}

/// Reads a backup into a store: all of it or nothing. `force` empties a store that holds something; else it is refused.
/// Returns how many rows it has.
///
/// # Errors
/// When the file is damaged, cut or of a newer program, the store is not empty, or it can't be written.
pub async fn restore(store: &Store, path: &Path, force: bool) -> Result<u64> {
    // Read through before anything is touched.
    let whole = check(path)?;
    let mut tx = store.write().await?;
    if !force && let Some(table) = held(&mut tx).await? {
        return Err(Error::refused(
            format!("the store in `{}` is not empty: it has `{table}`", store.place().told()),
            "restore into another place with `--data`, or give `--force` to delete what it holds",
        ));
    }
    for table in &TABLES {
        sqlx::query(AssertSqlSafe(format!("DELETE FROM {}", table.name))).execute(&mut *tx).await?;
    }
    let mut reader = lines(path)?;
    let mut line = Vec::new();
    next(&mut reader, &mut line, path, 1)?;
    let (mut batch, mut bytes, mut open) = (Vec::new(), 0, usize::MAX);
    for at in 0..whole {
        next(&mut reader, &mut line, path, at + 2)?;
        let (table, values) = row(&line, path, at + 2)?;
        if table != open || batch.len() >= BATCH.0 || bytes >= BATCH.1 {
            put(&mut tx, store, open, &mut batch).await?;
            (open, bytes) = (table, 0);
        }
        bytes += line.len();
        batch.push(values);
    }
    put(&mut tx, store, open, &mut batch).await?;
    tx.commit().await?;
    Ok(whole)
}

/// The first table that has a row. Settings alone are not what anybody would miss.
async fn held(tx: &mut Transaction<'static, Any>) -> Result<Option<&'static str>> {
    for table in TABLES.iter().filter(|t| t.name != "retention") {
        let sql = format!("SELECT 1 FROM {} LIMIT 1", table.name);
        if sqlx::query(AssertSqlSafe(sql)).fetch_optional(&mut **tx).await?.is_some() {
            return Ok(Some(table.name));
        }
    }
    Ok(None)
}

async fn put(tx: &mut Transaction<'static, Any>, store: &Store, table: usize, batch: &mut Vec<Value>) -> Result<()> {
    if batch.is_empty() {
        return Ok(());
    }
    if let Some(table) = TABLES.get(table) {
        let sql = rows::insert(store.dialect(), table.name, &table.columns().collect::<Vec<_>>());
        sqlx::query(AssertSqlSafe(sql)).bind(rows::text(batch)?).execute(&mut **tx).await?;
    }
    batch.clear();
    Ok(())
}

type Reader = BufReader<zstd::Decoder<'static, BufReader<fs::File>>>;

fn lines(path: &Path) -> Result<Reader> {
    let failed = |e: std::io::Error| Error::file("read", path, &e);
    let file = fs::File::open(path).map_err(failed)?;
    Ok(BufReader::with_capacity(1 << 20, zstd::Decoder::new(file).map_err(failed)?))
}

/// Reads the next line, without its end.
fn next(reader: &mut Reader, line: &mut Vec<u8>, path: &Path, number: u64) -> Result<()> {
    use std::io::Read;
    line.clear();
    let read = reader.take(LONGEST as u64).read_until(b'\n', line).map_err(|e| damaged(path, number, &e))?;
    if read == 0 || line.pop() != Some(b'\n') {
        return Err(damaged(path, number, &"it ends too early"));
    }
    Ok(())
}

fn damaged(path: &Path, line: u64, why: &dyn std::fmt::Display) -> Error {
    Error::refused(
        format!("`{}` is damaged, or no backup: line {line}: {why}", path.display()),
        "use another backup; nothing was changed",
    )
}

/// A row: the table's place, and its values.
fn row(line: &[u8], path: &Path, number: u64) -> Result<(usize, Value)> {
    let mut values: Vec<Value> = serde_json::from_slice(line).map_err(|e| damaged(path, number, &e))?;
    let table = values.first().and_then(Value::as_u64).and_then(|place| usize::try_from(place).ok());
    let fits = table.and_then(|place| TABLES.get(place)).is_some_and(|t| names(t).count() + 1 == values.len());
    match table {
        Some(table) if fits => {
            values.remove(0);
            Ok((table, Value::Array(values)))
        }
        _ => Err(damaged(path, number, &"it is no row of a table that is known")),
    }
}

/// Reads the file through: its form, its hash, its count. Returns how many rows it has.
fn check(path: &Path) -> Result<u64> {
    let mut reader = lines(path)?;
    let mut hash = Sha256::new();
    let mut line = Vec::new();
    next(&mut reader, &mut line, path, 1)?;
    let manifest: Manifest = serde_json::from_slice(&line).map_err(|e| damaged(path, 1, &e))?;
    if manifest.format != FORMAT || manifest.schema != Store::schema() {
        return Err(Error::refused(
            format!(
                "`{}` is a backup of form `{}` with schema {}; this program reads `{FORMAT}` with schema {}",
                path.display(),
                manifest.format,
                manifest.schema,
                Store::schema()
            ),
            "use the `stillwatch` that wrote it",
        ));
    }
    let same = manifest
        .tables
        .iter()
        .zip(&TABLES)
        .all(|(told, t)| told.0 == t.name && names(t).eq(told.1.iter().map(String::as_str)));
    if !same || manifest.tables.len() != TABLES.len() {
        return Err(damaged(path, 1, &"its tables are not those of its schema"));
    }
    let mut rows = 0u64;
    loop {
        hash.update(&line);
        hash.update(b"\n");
        next(&mut reader, &mut line, path, rows + 2)?;
        if line.first() == Some(&b'[') {
            row(&line, path, rows + 2)?;
            rows += 1;
            continue;
        }
        let end: End = serde_json::from_slice(&line).map_err(|e| damaged(path, rows + 2, &e))?;
        if end.rows != rows || end.sha256 != hex(hash) {
            return Err(damaged(path, rows + 2, &"its hash or its count of rows does not fit"));
        }
        return Ok(rows);
    }
}
