//! Write: rows of objects, and how they stand.
//! In: rows. Out: nothing but that they are written, in the transaction that is given.
//! Invariant: a statement has no more bytes than `BATCH`, or one row.
//! Not here: which rows (`add.rs`, `remove.rs`).

use std::collections::HashMap;

use sqlx::{Any, AssertSqlSafe, Transaction};
use stillwatch_model::Micros;

use super::add::Came;
use super::collections::Collection;
use super::place::Stands;
use crate::error::Result;
use crate::rows::{self, Kind};
use crate::store::Dialect;

/// Bytes handed to the database in one statement.
const BATCH: usize = 4 << 20;

/// A row to write.
pub(super) struct New<'a> {
    pub(super) date_added: Micros,
    pub(super) instant: String,
    pub(super) came: &'a Came<'a>,
    pub(super) stands: Stands,
}

pub(super) async fn insert(
    tx: &mut Transaction<'static, Any>,
    dialect: Dialect,
    collection: &Collection,
    source: &str,
    new: &[New<'_>],
) -> Result<()> {
    let given = match dialect {
        Dialect::Sqlite => rows::given(
            dialect,
            &[
                ("date_added", Kind::Int),
                ("id", Kind::Text),
                ("version", Kind::Text),
                ("instant", Kind::Text),
                ("type", Kind::Text),
                ("tlp", Kind::Int),
                ("pap", Kind::Int),
                ("stands", Kind::Int),
                ("json", Kind::Text),
            ],
        ),
        // PostgreSQL reads arrays of text far faster than rows of JSON.
        Dialect::Postgres => "(SELECT date_added::bigint, id, version, instant, type, tlp::bigint, pap::bigint, stands::bigint, json \
             FROM unnest($1::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[], $10::text[], \
             $11::text[]) AS u (date_added, id, version, instant, type, tlp, pap, stands, json)) AS r"
            .to_owned(),
    };
    let sql = format!(
        "INSERT INTO collection_objects \
         (date_added, collection, id, version, instant, type, source, tlp, pap, stands, json) \
         SELECT date_added, $2, id, version, instant, type, $3, tlp, pap, stands, json FROM {given} WHERE true"
    );
    let mut rest = new;
    while !rest.is_empty() {
        let mut bytes = 0;
        let fits = rest
            .iter()
            .take_while(|row| {
                bytes += row.came.json.len() + 300;
                bytes <= BATCH
            })
            .count()
            .max(1);
        let (batch, later) = rest.split_at(fits);
        rest = later;
        let query = sqlx::query(AssertSqlSafe(sql.clone()));
        let query = match dialect {
            Dialect::Sqlite => {
                let all: Vec<_> = batch
                    .iter()
                    .map(|row| {
                        let came = row.came;
                        let version = came.version.unwrap_or_default();
                        let stands = row.stands as i64;
                        (
                            row.date_added,
                            came.id,
                            version,
                            &row.instant,
                            came.kind,
                            came.tlp,
                            came.pap,
                            stands,
                            came.json,
                        )
                    })
                    .collect();
                query.bind(rows::text(&all)?).bind(collection.number).bind(source)
            }
            Dialect::Postgres => {
                let number = |of: &dyn Fn(&New<'_>) -> i64| {
                    let texts: Vec<String> = batch.iter().map(|row| of(row).to_string()).collect();
                    rows::array(texts.iter().map(String::as_str))
                };
                query
                    .bind(number(&|row| row.date_added))
                    .bind(collection.number)
                    .bind(source)
                    .bind(rows::array(batch.iter().map(|row| row.came.id)))
                    .bind(rows::array(batch.iter().map(|row| row.came.version.unwrap_or_default())))
                    .bind(rows::array(batch.iter().map(|row| row.instant.as_str())))
                    .bind(rows::array(batch.iter().map(|row| row.came.kind)))
                    .bind(number(&|row| row.came.tlp.into()))
                    .bind(number(&|row| row.came.pap.into()))
                    .bind(number(&|row| row.stands as i64))
                    .bind(rows::array(batch.iter().map(|row| row.came.json)))
            }
        };
        query.execute(&mut **tx).await?;
    }
    Ok(())
}

/// Writes how rows stand now.
pub(super) async fn restand(
    tx: &mut Transaction<'static, Any>,
    dialect: Dialect,
    stands: &HashMap<Micros, Stands>,
) -> Result<()> {
    if stands.is_empty() {
        return Ok(());
    }
    let rows: Vec<(Micros, i64)> = stands.iter().map(|(at, stands)| (*at, *stands as i64)).collect();
    let given = rows::given(dialect, &[("at", Kind::Int), ("stands", Kind::Int)]);
    let sql = format!(
        "UPDATE collection_objects SET stands = (SELECT r.stands FROM {given} WHERE r.at = collection_objects.date_added) \
         WHERE date_added IN (SELECT r.at FROM {given})"
    );
    sqlx::query(AssertSqlSafe(sql)).bind(rows::text(&rows)?).execute(&mut **tx).await?;
    Ok(())
}
