//! Proxies: nginx asks with `auth_request` before it serves.
//! In: a gate on a port, nginx in front. Out: what clients of nginx get.
//! Invariant: skipped, and told so, where nginx isn't there; `STILLWATCH_REQUIRE_TOOLS=1` makes that a failure.
//! Not here: Caddy and Traefik, which ask in the same way (`docs/decisions.md`).

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use stillwatch_gate::{Action, Kind};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::{Fixture, KEY, Tested, skipped};

/// Ended when the test is over, however it ends.
struct Nginx(Child);

impl Drop for Nginx {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn config(folder: &Path, port: u16, gate: &str) -> String {
    let folder = folder.display();
    format!(
        r#"daemon off; master_process off; pid {folder}/pid; error_log {folder}/error.log; events {{}}
http {{
  access_log off; client_body_temp_path {folder}/b; proxy_temp_path {folder}/p; fastcgi_temp_path {folder}/f; uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
  server {{
    listen 127.0.0.1:{port};
    location = /gate {{
      internal;
      proxy_pass http://{gate}/v1/forward;
      proxy_pass_request_body off;
      proxy_set_header Content-Length "";
      proxy_set_header X-Api-Key "{KEY}";
      proxy_set_header X-Stillwatch-Account $http_x_account;
      proxy_set_header X-Stillwatch-Ip $http_x_test_address;
      proxy_connect_timeout 200ms; proxy_read_timeout 200ms;
    }}
    # Nothing listens on port 1: what happens when the gate is gone.
    location = /gone {{ internal; proxy_pass http://127.0.0.1:1/v1/forward; }}
    location = /gone-open {{ internal; proxy_pass http://127.0.0.1:1/v1/forward; error_page 502 504 =200 /let; }}
    location = /let {{ internal; return 200; }}
    location /closed/ {{ auth_request /gone; alias {folder}/; }}
    location /open/ {{ auth_request /gone-open; alias {folder}/; }}
    location /served/ {{
      auth_request /gate;
      auth_request_set $rate $upstream_http_x_stillwatch_requests_per_minute;
      add_header X-Rate $rate always;
      alias {folder}/;
    }}
  }}
}}
"#
    )
}

async fn ask(port: u16, headers: &str) -> Result<String, Box<dyn std::error::Error>> {
    get(port, "/served/page", headers).await
}

async fn get(port: u16, path: &str, headers: &str) -> Result<String, Box<dyn std::error::Error>> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).await?;
    let request = format!("GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{headers}\r\n");
    stream.write_all(request.as_bytes()).await?;
    let mut text = String::new();
    stream.read_to_string(&mut text).await?;
    Ok(text)
}

#[tokio::test(flavor = "multi_thread")]
async fn nginx_asks_before_it_serves() -> Tested {
    if Command::new("nginx").arg("-v").stderr(Stdio::null()).status().is_err() {
        skipped("nginx");
        return Ok(());
    }
    let mut fixture = Fixture::real();
    fixture.decide(Kind::Account, "acct-1", Action::Block);
    fixture.decide(Kind::Account, "acct-2", Action::Throttle { requests_per_minute: 30 });
    fixture.decide(Kind::Network, "203.0.113.0/24", Action::Challenge);
    let gate = fixture.serve().await;
    let folder = tempfile::tempdir()?;
    std::fs::write(folder.path().join("page"), "served")?;
    let port = std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
    let file = folder.path().join("nginx.conf");
    std::fs::write(&file, config(folder.path(), port, &gate.to_string()))?;
    let nginx = Command::new("nginx").arg("-e").arg(folder.path().join("start.log")).arg("-c").arg(&file).spawn()?;
    let _nginx = Nginx(nginx);
    let begun = Instant::now();
    while TcpStream::connect(("127.0.0.1", port)).await.is_err() {
        assert!(begun.elapsed() < Duration::from_secs(20), "nginx doesn't listen");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let blocked = ask(port, "X-Account: acct-1\r\n").await?;
    assert!(blocked.starts_with("HTTP/1.1 403"), "{blocked}");
    let throttled = ask(port, "X-Account: acct-2\r\n").await?;
    assert!(throttled.starts_with("HTTP/1.1 200") && throttled.contains("X-Rate: 30"), "{throttled}");
    assert!(throttled.ends_with("served"));
    let challenged = ask(port, "X-Test-Address: 203.0.113.9\r\n").await?;
    assert!(challenged.starts_with("HTTP/1.1 401"), "{challenged}");
    assert!(ask(port, "X-Account: acct-3\r\n").await?.starts_with("HTTP/1.1 200"));
    // What a client writes itself doesn't reach the gate.
    let forged = ask(port, "X-Account: acct-1\r\nX-Stillwatch-Account: acct-3\r\n").await?;
    assert!(forged.starts_with("HTTP/1.1 403"), "{forged}");
    assert!(get(port, "/closed/page", "").await?.starts_with("HTTP/1.1 500"), "the gate is gone: closed");
    assert!(get(port, "/open/page", "").await?.starts_with("HTTP/1.1 200"), "or open, where that is configured");
    // A decision that is made now holds for the next request.
    fixture.decide(Kind::Account, "acct-3", Action::Block);
    assert!(ask(port, "X-Account: acct-3\r\n").await?.starts_with("HTTP/1.1 403"));
    Ok(())
}
