//! Real: Envoy itself, with the configuration of the manual, between a client and a model.
//! In: `docs/decisions/envoy.yaml`, with ports of this machine. Out: what the client gets, and which headers the model sees.
//! Invariant: skipped, and told so, where Envoy isn't there; `STILLWATCH_REQUIRE_TOOLS=1` makes that a failure.
//! Not here: each case of a check (`checks.rs`).

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use axum::Router;
use axum::http::HeaderMap;
use stillwatch_gate::{Action, Kind};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use super::{Fixture, KEY, Tested};

const MANUAL: &str = include_str!("../../../../docs/decisions/envoy.yaml");

/// An Envoy that runs; ended when the test is over, however it ends.
struct Envoy {
    child: Child,
    port: u16,
    _folder: TempDir,
}

impl Drop for Envoy {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Where Envoy is.
fn program() -> Option<PathBuf> {
    let fetched = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/tools/python/bin/envoy");
    let found = if fetched.exists() { fetched } else { PathBuf::from("envoy") };
    let program = std::env::var_os("STILLWATCH_ENVOY").map_or(found, PathBuf::from);
    let there = Command::new(&program).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
    if there.is_ok_and(|status| status.success()) {
        return Some(program);
    }
    let must = std::env::var_os("STILLWATCH_REQUIRE_TOOLS").is_some_and(|value| value == "1");
    assert!(!must, "needs envoy");
    eprintln!("skipped: needs envoy (`cargo xtask python` installs it)");
    None
}

/// The manual's configuration with other ports and another key, and more patience than a busy machine takes.
fn manual(gate: u16, model: u16) -> String {
    let mut text = MANUAL.to_owned();
    for (ours, here) in [
        ("port_value: 8090", format!("port_value: {gate}")),
        ("port_value: 8000", format!("port_value: {model}")),
        ("KEY-OF-THIS-POINT", KEY.to_owned()),
        ("timeout: 0.05s\n", "timeout: 10s\n".to_owned()),
        // The address is the one that a proxy before it saw: tests are that proxy.
        ("xff_num_trusted_hops: 0", "xff_num_trusted_hops: 1".to_owned()),
    ] {
        assert!(text.contains(ours), "the manual has no `{ours}`");
        text = text.replace(ours, &here);
    }
    text
}

impl Envoy {
    async fn run(program: &Path, config: &str) -> Tested<Self> {
        let folder = tempfile::tempdir()?;
        let port = std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let file = folder.path().join("envoy.yaml");
        std::fs::write(&file, config.replace("port_value: 10000", &format!("port_value: {port}")))?;
        let log = folder.path().join("log");
        let mut command = Command::new(program);
        command.args(["--disable-hot-restart", "--concurrency", "1", "--log-level", "warning", "--log-path"]);
        let child = command.arg(&log).arg("-c").arg(&file).stdout(Stdio::null()).stderr(Stdio::null()).spawn()?;
        let mut envoy = Self { child, port, _folder: folder };
        let begun = Instant::now();
        while TcpStream::connect(("127.0.0.1", port)).await.is_err() {
            let told = || std::fs::read_to_string(&log).unwrap_or_default();
            if let Some(status) = envoy.child.try_wait()? {
                return Err(format!("Envoy ended ({status}): {}", told()).into());
            }
            assert!(begun.elapsed() < Duration::from_secs(60), "Envoy doesn't listen: {}", told());
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        Ok(envoy)
    }

    /// A request of an account; the answer's text.
    async fn ask(&self, account: &str, headers: &str) -> Tested<String> {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).await?;
        let key = format!("authorization: Bearer KEY-OF-{}\r\n", account.to_uppercase());
        let request = format!("GET /v1/messages HTTP/1.1\r\nhost: x\r\nconnection: close\r\n{key}{headers}\r\n");
        stream.write_all(request.as_bytes()).await?;
        let mut text = String::new();
        stream.read_to_string(&mut text).await?;
        Ok(text)
    }
}

/// A model that answers with the headers that it saw.
async fn model() -> Tested<u16> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let port = listener.local_addr()?.port();
    let app = Router::new().fallback(|headers: HeaderMap| async move {
        let lines = headers.iter().map(|(name, value)| format!("saw {name}: {}\n", value.to_str().unwrap_or("?")));
        lines.collect::<String>()
    });
    tokio::spawn(async move { axum::serve(listener, app).await });
    Ok(port)
}

fn fixture() -> Fixture {
    let mut fixture = Fixture::new();
    fixture.decide(Kind::Account, "acct-1", Action::Block);
    fixture.decide(Kind::Account, "acct-2", Action::Throttle { requests_per_minute: 30 });
    fixture.decide(Kind::Network, "203.0.113.0/24", Action::Challenge);
    fixture.decide(Kind::Account, "let-through", Action::Allow);
    fixture
}

/// Every line that the model saw under a name.
fn saw<'a>(said: &'a str, name: &str) -> Vec<&'a str> {
    let begins = format!("saw {name}: ");
    said.lines().filter_map(|line| line.strip_prefix(begins.as_str())).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn envoy_asks_before_it_serves() -> Tested {
    let Some(program) = program() else { return Ok(()) };
    let mut fixture = fixture();
    let envoy = Envoy::run(&program, &manual(fixture.serve().await?.port(), model().await?)).await?;
    let blocked = envoy.ask("acct-1", "").await?;
    assert!(blocked.starts_with("HTTP/1.1 403") && blocked.contains("x-stillwatch-decision: 1"), "{blocked}");
    assert!(blocked.contains("content-type: application/json"), "{blocked}");
    assert!(blocked.ends_with(r#"{"error":"reviewed","decision":1}"#), "{blocked}");
    // What only the gate may say is overwritten or removed.
    let forged = "x-stillwatch-requests-per-minute: 9999\r\nx-stillwatch-withhold-reasoning: 0\r\nx-stillwatch-max-output-tokens: 7\r\n";
    let slowed = envoy.ask("acct-2", forged).await?;
    assert!(slowed.starts_with("HTTP/1.1 200"), "{slowed}");
    assert_eq!(saw(&slowed, "x-stillwatch-requests-per-minute"), ["30"], "{slowed}");
    assert_eq!(saw(&slowed, "x-stillwatch-action"), ["throttle"], "{slowed}");
    assert_eq!(saw(&slowed, "x-stillwatch-account"), ["acct-2"], "{slowed}");
    assert!(saw(&slowed, "x-stillwatch-withhold-reasoning").is_empty(), "{slowed}");
    assert!(saw(&slowed, "x-stillwatch-max-output-tokens").is_empty(), "{slowed}");
    // Nobody is another account by a header, however often it is sent.
    let forged =
        "X-Stillwatch-Account: let-through\r\nx-stillwatch-account: let-through\r\nx-stillwatch-ip: 192.0.2.1\r\n";
    assert!(envoy.ask("acct-1", forged).await?.starts_with("HTTP/1.1 403"));
    // A head as long as Envoy takes is no way past the gate.
    let long = format!("x-stillwatch-long: {}\r\n", "x".repeat(50 << 10));
    assert!(envoy.ask("acct-1", &long).await?.starts_with("HTTP/1.1 403"));
    // The address that the hop before Envoy saw; what stands before it in the list anybody can write.
    let challenged = envoy.ask("acct-3", "x-forwarded-for: 203.0.113.9\r\n").await?;
    assert!(challenged.starts_with("HTTP/1.1 401"), "{challenged}");
    let far = envoy.ask("acct-3", "x-forwarded-for: 203.0.113.9, 192.0.2.1\r\n").await?;
    assert!(far.starts_with("HTTP/1.1 200") && !far.contains("x-stillwatch-decision"), "{far}");
    // A decision that is made now holds for the next request.
    fixture.decide(Kind::Account, "acct-3", Action::Block);
    assert!(envoy.ask("acct-3", "").await?.starts_with("HTTP/1.1 403"));
    // A key that is revoked: the gate says nothing more, and Envoy fails closed; that it isn't a decision can be told.
    fixture.keys.lock().map_err(|_| "poisoned")?.clear();
    let refused = envoy.ask("acct-2", "").await?;
    assert!(refused.starts_with("HTTP/1.1 503") && !refused.contains("x-stillwatch"), "{refused}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn envoy_fails_as_it_is_told_when_the_gate_is_gone() -> Tested {
    let Some(program) = program() else { return Ok(()) };
    // Nothing listens on port 1.
    let closed = manual(1, model().await?);
    let open = closed.replace("failure_mode_allow: false", "failure_mode_allow: true");
    assert_ne!(closed, open);
    let (closed, open) = (Envoy::run(&program, &closed).await?, Envoy::run(&program, &open).await?);
    let said = closed.ask("acct-1", "").await?;
    assert!(said.starts_with("HTTP/1.1 503"), "{said}");
    let said = open.ask("acct-1", "").await?;
    assert!(said.starts_with("HTTP/1.1 200"), "{said}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_route_and_filters_tell_who_asks() -> Tested {
    let Some(program) = program() else { return Ok(()) };
    let manual = manual(fixture().serve().await?.port(), model().await?);
    // By the route: whoever's key it is, the account is the one of the route.
    let route = "route: { cluster: model }\n";
    let per_route = r#"                typed_per_filter_config:
                  envoy.filters.http.ext_authz:
                    "@type": type.googleapis.com/envoy.extensions.filters.http.ext_authz.v3.ExtAuthzPerRoute
                    check_settings: { context_extensions: { x-stillwatch-account: acct-1 } }
"#;
    // By a filter's metadata.
    let gate = "          # Then the gate.\n";
    let metadata = r#"          - name: envoy.filters.http.set_metadata
            typed_config:
              "@type": type.googleapis.com/envoy.extensions.filters.http.set_metadata.v3.Config
              metadata: [{ metadata_namespace: stillwatch, allow_overwrite: true, value: { x-stillwatch-account: acct-1 } }]
"#;
    for (before, added) in [(route, per_route), (gate, metadata)] {
        assert!(manual.contains(before));
        let envoy = Envoy::run(&program, &manual.replace(before, &format!("{before}{added}"))).await?;
        let said = envoy.ask("acct-3", "").await?;
        assert!(said.starts_with("HTTP/1.1 403") && said.contains("x-stillwatch-decision: 1"), "{said}");
    }
    // Tried out: it is asked, and served whatever the answer is.
    let tried = manual.replace("failure_mode_allow: false", "shadow_mode: true");
    let envoy = Envoy::run(&program, &tried).await?;
    assert!(envoy.ask("acct-1", "").await?.starts_with("HTTP/1.1 200"));
    Ok(())
}
