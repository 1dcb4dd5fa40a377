//! Rows: many rows handed to the database in one statement.
//! In: rows as JSON arrays. Out: SQL that reads them, and the one text that is bound to it.
//! Invariant: the same rows on both databases; a statement's text depends on its columns only, so that it is prepared once.
//! Not here: what the rows mean.

use serde::Serialize;

use crate::error::Result;
use crate::store::Dialect;

/// The type of a column.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Kind {
    Text,
    Int,
    Real,
}

/// `(SELECT ... ) AS r`: the rows that are bound as `$1`, with these columns.
pub(crate) fn given(dialect: Dialect, columns: &[(&str, Kind)]) -> String {
    let one = |(at, (name, kind)): (usize, &(&str, Kind))| match (dialect, kind) {
        (Dialect::Sqlite, _) => format!("json_extract(value, '$[{at}]') AS {name}"),
        (Dialect::Postgres, Kind::Text) => format!("value->>{at} AS {name}"),
        (Dialect::Postgres, Kind::Int) => format!("(value->>{at})::bigint AS {name}"),
        (Dialect::Postgres, Kind::Real) => format!("(value->>{at})::double precision AS {name}"),
    };
    let columns: Vec<String> = columns.iter().enumerate().map(one).collect();
    let from = match dialect {
        Dialect::Sqlite => "json_each($1)",
        Dialect::Postgres => "json_array_elements($1::json)",
    };
    format!("(SELECT {} FROM {from}) AS r", columns.join(", "))
}

/// `INSERT INTO table (...) SELECT ... FROM given WHERE true`, to which an `ON CONFLICT` may be added.
pub(crate) fn insert(dialect: Dialect, table: &str, columns: &[(&str, Kind)]) -> String {
    let names: Vec<&str> = columns.iter().map(|c| c.0).collect();
    let names = names.join(", ");
    format!("INSERT INTO {table} ({names}) SELECT {names} FROM {} WHERE true", given(dialect, columns))
}

/// Rows, serialisable as arrays, as the text that is bound.
pub(crate) fn text<T: Serialize>(rows: &[T]) -> Result<String> {
    Ok(serde_json::to_string(rows)?)
}

/// Texts as PostgreSQL writes an array of them (its manual, 8.15.6).
pub(crate) fn array<'a>(texts: impl Iterator<Item = &'a str>) -> String {
    let mut out = String::from("{");
    for text in texts {
        out.push_str(if out.len() > 1 { ",\"" } else { "\"" });
        for piece in text.split_inclusive(['"', '\\']) {
            // What is escaped stands at the end of its piece.
            match piece.strip_suffix(['"', '\\']) {
                Some(plain) => {
                    out.push_str(plain);
                    out.push('\\');
                    out.push_str(&piece[plain.len()..]);
                }
                None => out.push_str(piece),
            }
        }
        out.push('"');
    }
    out.push('}');
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arrays_escape_quotes_and_backslashes() {
        assert_eq!(array(["a", "", "{\"b\\n\": 1}"].into_iter()), r#"{"a","","{\"b\\n\": 1}"}"#);
        assert_eq!(array(std::iter::empty()), "{}");
    }
}
