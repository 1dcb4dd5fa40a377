//! Parquet: native exchanges from Parquet, with near types and missing columns, and only the columns that are used.
//! In: files that the query engine writes. Out: rows, counts, plans.
//! Invariant: the files' own scanner reads them.
//! Not here: text (`reading.rs`).

use std::{path::Path, sync::Arc};

use datafusion::{
    dataframe::DataFrameWriteOptions,
    functions_aggregate::expr_fn::count,
    prelude::{SessionContext, col},
};
use stillwatch_engine::scan::{self, ScanOptions};

use crate::opened::{folder, options, read};

/// Writes what a query gives.
pub(crate) fn write(path: &Path, sql: &str) {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime.block_on(async {
        let ctx = SessionContext::new();
        let frame = ctx.sql(sql).await.unwrap_or_else(|error| panic!("{sql}: {error}"));
        frame
            .write_parquet(
                &path.display().to_string(),
                DataFrameWriteOptions::new().with_single_file_output(true),
                None,
            )
            .await
            .expect("Parquet");
    });
}

#[test]
fn near_types_are_cast_and_missing_columns_are_null() {
    let folder = folder(&[]);
    let forms = [
        ("a", "TIMESTAMP '2026-03-02T09:00:00' AS time, 'a' AS account, CAST(3 AS INT) AS input_tokens, 'hi' AS prompt"),
        ("b", "'2026-03-02T10:00:00+01:00' AS time, 42 AS account, '3' AS input_tokens, 'hi' AS prompt, 'yes' AS refusal"),
        ("c", "1772442000000 AS time, arrow_cast('c', 'Dictionary(Int32, Utf8)') AS account, 3.0 AS input_tokens, 'hi' AS prompt, make_array('t') AS tools"),
        ("d", "arrow_cast('2026-03-02T09:00:00', 'Timestamp(Nanosecond, Some(\"+00:00\"))') AS time, 'd' AS account, 3 AS input_tokens,
            make_array(named_struct('role', 'system', 'content', 'Be'), named_struct('role', 'user', 'content', 'hi')) AS messages, 'abc' AS completion"),
        ("e", "1772442000.0 AS time, 'e' AS account, 3 AS input_tokens, '[{\"role\":\"user\",\"content\":\"hi\"}]' AS messages, 'old' AS prompt"),
    ];
    for (name, sql) in forms {
        write(&folder.path().join(format!("{name}.parquet")), &format!("SELECT {sql}"));
    }
    let log = read(folder.path(), &options()).expect("a log");
    assert_eq!(log.column("time"), ["2026-03-02T09:00:00Z"; 5]);
    assert_eq!(log.column("account"), ["42", "a", "c", "d", "e"]);
    assert_eq!(log.column("input_tokens"), ["3"; 5]);
    assert_eq!(log.column("prompt"), ["hi"; 5]);
    assert_eq!(log.column("system"), ["", "", "", "Be", ""]);
    assert_eq!(log.column("tools"), ["", "", "[t]", "", ""]);
    assert_eq!(log.column("completion_bytes"), ["", "", "", "3", ""]);
    assert_eq!(log.column("refusal"), ["true", "", "", "", ""]);
    assert_eq!((log.tally.good(), log.tally.bad()), (5, 0));
}

#[test]
fn unusable_rows_are_counted_and_left_out() {
    let folder = folder(&[]);
    let sql = "SELECT * FROM (VALUES ('2026-03-02T09:00:00Z', 'a'), ('1970-01-01T00:00:00Z', 'a'), (NULL, 'a'), ('2026-03-02T09:00:00Z', NULL)) AS t (time, account)";
    write(&folder.path().join("a.parquet"), sql);
    let log = read(folder.path(), &ScanOptions { max_bad: 0.9, ..options() }).expect("a log");
    assert_eq!((log.tally.good(), log.tally.bad(), log.rows().len()), (1, 3, 1));
    assert_eq!(log.tally.quotes().len(), 3);
    let error = read(folder.path(), &options()).expect_err("an error");
    assert_eq!(error.code(), "scan::too_many_bad");
}

#[test]
fn a_parquet_that_is_no_log_is_named() {
    let folder = folder(&[]);
    write(&folder.path().join("a.parquet"), "SELECT 1 AS x");
    let error = read(folder.path(), &options()).expect_err("an error");
    assert_eq!(error.code(), "scan::missing_column");
}

#[test]
fn only_the_columns_that_are_used_are_read() {
    let folder = folder(&[]);
    write(
        &folder.path().join("a.parquet"),
        "SELECT '2026-03-02T09:00:00Z' AS time, 'a' AS account, 'long' AS prompt, 'longer' AS completion, 3 AS input_tokens, 'x' AS unheard_of",
    );
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let plan = runtime.block_on(async {
        let ctx = SessionContext::new();
        let opened =
            scan::open(&ctx, &[folder.path().display().to_string()], &options(), Arc::default()).await.expect("a log");
        let frame = opened.frame.aggregate(vec![col("account")], vec![count(col("input_tokens"))]).expect("a plan");
        let plan = frame.create_physical_plan().await.expect("a plan");
        datafusion::physical_plan::displayable(plan.as_ref()).indent(false).to_string()
    });
    let scan = plan.lines().find(|line| line.contains("DataSourceExec")).unwrap_or_else(|| panic!("{plan}"));
    for column in ["time", "account", "input_tokens"] {
        assert!(scan.contains(column), "{column} in {scan}");
    }
    for column in ["prompt", "completion", "unheard_of"] {
        assert!(!scan.contains(column), "{column} in {scan}");
    }
}
