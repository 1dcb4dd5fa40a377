//! Accounts: the accounts' file in its three formats, and what can be wrong with it.
//! In: invented accounts. Out: `AccountInfo`s, errors.
//! Invariant: the format changes nothing.
//! Not here: traffic.

use stillwatch_engine::scan::{ScanError, read_accounts};
use stillwatch_model::AccountInfo;

use crate::{opened::folder, parquet::write};

fn expected() -> Vec<AccountInfo> {
    let first = AccountInfo {
        account: "a".into(),
        created: Some("2026-01-02T03:04:05Z".into()),
        payment: Some("pay_1".into()),
        verified: Some(true),
        ..AccountInfo::default()
    };
    vec![first, AccountInfo { account: "7".into(), ..AccountInfo::default() }]
}

#[test]
fn the_format_changes_nothing() {
    let lines = "{\"account\":\"a\",\"created\":1767323045,\"payment\":\"pay_1\",\"verified\":true}\n{\"account\":7,\"payment\":null}\n";
    let table = "account,created,payment,verified\na,2026-01-02T03:04:05Z,pay_1,true\n7,,,\n";
    let folder = folder(&[("a.jsonl", lines.as_bytes()), ("a.csv", table.as_bytes())]);
    write(
        &folder.path().join("a.parquet"),
        "SELECT * FROM (VALUES ('a', TIMESTAMP '2026-01-02T03:04:05', 'pay_1', true), ('7', NULL, NULL, NULL)) AS t (account, created, payment, verified)",
    );
    for name in ["a.jsonl", "a.csv", "a.parquet"] {
        assert_eq!(
            read_accounts(folder.path().join(name)).unwrap_or_else(|error| panic!("{name}: {error}")),
            expected(),
            "{name}"
        );
    }
}

#[test]
fn what_is_wrong_is_said() {
    let folder = folder(&[
        ("none.jsonl", br#"{"name":"a"}"#),
        ("empty.jsonl", b""),
        ("bad.jsonl", b"{\"account\":\"a\"}\n{\"account\":\"b\",\"created\":\"soon\"}\n"),
    ]);
    let error = |name: &str| read_accounts(folder.path().join(name)).expect_err("an error");
    assert!(matches!(error("missing.jsonl"), ScanError::NotFound { .. }));
    assert!(matches!(error("empty.jsonl"), ScanError::Empty { .. }));
    assert!(matches!(error("none.jsonl"), ScanError::NotAccounts { .. }));
    match error("bad.jsonl") {
        ScanError::TooManyBad { bad: 1, good: 1, quotes, .. } => {
            assert_eq!((quotes[0].line, quotes[0].field.as_deref()), (Some(2), Some("created")));
        }
        other => panic!("{other}"),
    }
}
