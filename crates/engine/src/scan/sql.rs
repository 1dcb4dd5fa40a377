//! SQL: reads records by a source's own SQL, or the user's.
//! In: a table of raw records, or of a Parquet file's own columns, and a SELECT over `records`. Out: native columns.
//! Invariant: the SQL can read its records and nothing else, and change nothing.
//! Not here: the SQL itself (`sources/*.sql`).

use std::sync::Arc;

use datafusion::{
    catalog::TableProvider,
    config::Dialect,
    error::{DataFusionError, Result},
    execution::context::SQLOptions,
    prelude::{DataFrame, SessionContext},
};

use super::{columns::Column, error::ScanError, once::once, plan::nearest};

/// What a source's SQL may give besides native columns.
pub(crate) const ORIGIN: [&str; 3] = ["record", "file", "line"];

/// Runs `sql` over `records`. The same records are there a second time as `again`, for SQL that looks at them twice.
pub(crate) async fn frame(
    ctx: &SessionContext,
    name: &str,
    sql: &str,
    records: Arc<dyn TableProvider>,
    again: Arc<dyn TableProvider>,
) -> Result<DataFrame, ScanError> {
    let tables = [("records", records), ("again", again)];
    let mut hidden = Vec::new();
    for (table, provider) in tables {
        hidden.push((table, ctx.deregister_table(table)?));
        ctx.register_table(table, provider)?;
    }
    let planned = plan(ctx, sql).await;
    for (table, before) in hidden {
        ctx.deregister_table(table)?;
        if let Some(before) = before {
            ctx.register_table(table, before)?;
        }
    }
    planned.map_err(|error| ScanError::SourceSql { name: name.to_owned(), why: said(&error) })
}

async fn plan(ctx: &SessionContext, sql: &str) -> Result<DataFrame> {
    let state = ctx.state();
    // In this dialect, `record->>'a' = 'b'` means what it says.
    let statement = state.sql_to_statement(sql, &Dialect::PostgreSQL)?;
    let plan = state.statement_to_plan(statement).await?;
    SQLOptions::new().with_allow_ddl(false).with_allow_dml(false).with_allow_statements(false).verify_plan(&plan)?;
    Ok(DataFrame::new(state, once(plan)?))
}

fn said(error: &DataFusionError) -> String {
    let said = error.strip_backtrace();
    let said = said.lines().next().unwrap_or_default();
    let said = said.trim_start_matches("Error during planning: ").trim_start_matches("SQL error: ");
    said.strip_prefix("ParserError(\"").and_then(|inner| inner.strip_suffix("\")")).unwrap_or(said).to_owned()
}

/// Checks that the SQL gives native columns and no others; `time` and `account` among them.
pub(crate) fn check(frame: &DataFrame, name: &str, has_default_account: bool) -> Result<(), ScanError> {
    let given: Vec<&str> = frame.schema().fields().iter().map(|field| field.name().as_str()).collect();
    let besides = ["messages", "completion"];
    for column in &given {
        if Column::named(column).is_none() && !ORIGIN.contains(column) && !besides.contains(column) {
            let mut all: Vec<&str> = Column::ALL.iter().map(|column| column.name()).collect();
            all.extend(besides);
            all.extend(ORIGIN);
            return Err(ScanError::UnknownColumn {
                name: name.to_owned(),
                column: (*column).to_owned(),
                cure: nearest(column, &all),
            });
        }
    }
    for column in ["time", "account"] {
        if !(given.contains(&column) || column == "account" && has_default_account) {
            return Err(ScanError::MissingColumn { name: name.to_owned(), column });
        }
    }
    Ok(())
}
