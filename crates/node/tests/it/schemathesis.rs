//! Schemathesis: requests made up from the document of the API, good ones and bad ones.
//! In: a node that listens, a program by others. Out: no answer that the document doesn't know, and none of 500.
//! Invariant: skipped, and told so, where the program isn't there; `STILLWATCH_REQUIRE_TOOLS=1` makes that a failure.
//! Not here: whether the document is whole (`openapi.rs`).

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::lab::{Tested, config, some};
use crate::wire::Open;

fn program() -> Tested<Option<PathBuf>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let program = std::env::var_os("STILLWATCH_SCHEMATHESIS")
        .map_or_else(|| root.join("target/tools/python/bin/schemathesis"), PathBuf::from);
    if Command::new(&program).arg("--version").output().is_ok_and(|output| output.status.success()) {
        return Ok(Some(program));
    }
    if std::env::var_os("STILLWATCH_REQUIRE_TOOLS").is_some_and(|v| v == "1") {
        return Err("needs schemathesis".into());
    }
    eprintln!("skipped: needs schemathesis (`cargo xtask python` installs it)");
    Ok(None)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_that_is_made_up_is_answered_oddly() -> Tested {
    let Some(program) = program()? else { return Ok(()) };
    let mut config = config();
    // As fast as it likes: who asks too often is tested elsewhere.
    (config.limits.requests_per_second, config.limits.burst) = (1_000_000, 1_000_000);
    let open = Open::new(config, None).await?;
    open.lab.put(&some(3)).await?;
    let url = format!("http://{}", open.address);
    let settings = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/peers/schemathesis.toml");
    let token = open.lab.token("both").to_owned();
    let folder = tempfile::tempdir()?;
    let document = folder.path().join("openapi.json");
    std::fs::write(&document, open.lab.get("both", "/api/v1/openapi.json").await?.text)?;
    let run = move || {
        Command::new(program)
            .current_dir(folder.path())
            .arg("--config-file")
            .arg(settings)
            .arg("run")
            .arg(document)
            .args(["--url", &url, "--no-color"])
            .env("STILLWATCH_TOKEN", token)
            .output()
    };
    let output = tokio::task::spawn_blocking(run).await??;
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    let text = open.lab.node.counts.text();
    let failed: Vec<&str> = text.lines().filter(|line| line.contains("status=\"5")).collect();
    assert!(output.status.success() && failed.is_empty(), "{failed:?}\n{out}\n{err}");
    // It did something: what it added is there.
    assert!(text.contains("method=\"POST\",status=\"202\""), "{text}");
    eprintln!("{}", out.lines().rev().take(12).collect::<Vec<_>>().join("\n"));
    open.end().await
}
