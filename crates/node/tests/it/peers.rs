//! Peers: clients by others: OASIS' `taxii2-client`, and `stix2`'s source of a TAXII collection.
//! In: a node that listens. Out: every call of theirs, done.
//! Invariant: skipped, and told so, where the programs aren't there; `STILLWATCH_REQUIRE_TOOLS=1` makes that a failure.
//! Not here: installing them (`cargo xtask test` does, from `xtask/requirements.txt`).

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::lab::{Tested, config};
use crate::wire::Open;

/// The Python that has a module of others beside our clients.
pub(crate) fn python(module: &str) -> Tested<Option<PathBuf>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let python = std::env::var_os("STILLWATCH_PYTHON")
        .map_or_else(|| root.join("target/tools/python/bin/python"), PathBuf::from);
    let there = Command::new(&python).args(["-c", &format!("import taxii2client, stix2, {module}")]).output();
    if there.is_ok_and(|output| output.status.success()) {
        return Ok(Some(python));
    }
    if std::env::var_os("STILLWATCH_REQUIRE_TOOLS").is_some_and(|v| v == "1") {
        return Err(format!("needs taxii2-client, stix2 and {module}").into());
    }
    eprintln!("skipped: needs taxii2-client, stix2 and {module} (`cargo xtask python` installs them)");
    Ok(None)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn taxii2_client_and_stix2_do_all_their_calls() -> Tested {
    let Some(python) = python("json")? else { return Ok(()) };
    let open = Open::new(config(), None).await?;
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/peers/clients.py");
    let url = format!("http://{}/taxii2/", open.address);
    let token = open.lab.token("both").to_owned();
    let ran =
        tokio::task::spawn_blocking(move || Command::new(python).arg(script).args([&url, "both", &token]).output());
    let output = ran.await??;
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{err}");
    let said: Value = serde_json::from_str(&out)?;
    // What it did is told, so that a call that was left out shows.
    let expected = [
        "discovery",
        "api_root",
        "collections",
        "collection",
        "add_objects",
        "status",
        "get_objects",
        "get_object",
        "get_manifest",
        "object_versions",
        "as_pages objects",
        "as_pages manifest",
        "filters",
        "delete_object",
        "errors",
        "stix2 get",
        "stix2 all_versions",
        "stix2 query",
        "stix2 sink",
    ];
    assert_eq!(said["did"], serde_json::json!(expected), "{out}\n{err}");
    open.end().await
}
