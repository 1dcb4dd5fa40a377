//! Bouncers: CrowdSec's own, unchanged, polling the gate.
//! In: a gate on a port; `pycrowdsec`, Debian's `crowdsec-firewall-bouncer` with a recorder in the place of `ipset` and `iptables`. Out: what they hold.
//! Invariant: skipped, and told so, where they aren't there; `STILLWATCH_REQUIRE_TOOLS=1` makes that a failure.
//! Not here: the firewall of this machine: nothing of it is touched.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use stillwatch_gate::{Action, Book, Kind, Rollback};

use super::{Fixture, KEY, Tested, skipped};

/// Ended when the test is over, however it ends.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn fixture() -> Fixture {
    let mut fixture = Fixture::real();
    fixture.decide(Kind::Network, "203.0.113.0/30", Action::Block);
    fixture.decide(Kind::Network, "203.0.113.2", Action::Allow);
    fixture.decide(Kind::Network, "198.51.100.7", Action::Challenge);
    fixture.decide(Kind::Network, "2001:db8::/48", Action::Block);
    fixture.decide(Kind::Account, "acct-1", Action::Block);
    fixture
}

/// Waits until something holds.
async fn until(what: impl Fn() -> String, mut holds: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !holds() {
        assert!(begun.elapsed() < Duration::from_secs(30), "{}", what());
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

const BOUNCER: &str = "crowdsec-firewall-bouncer";

const PYTHON: &str = r#"
import sys, time
from pycrowdsec.client import QueryClient, StreamClient
url, key = sys.argv[1], sys.argv[2]
query = QueryClient(api_key=key, lapi_url=url)
print("query", query.get_action_for("203.0.113.1"), query.get_action_for("198.51.100.7"), query.get_decisions_for("203.0.113.2"), flush=True)
stream = StreamClient(api_key=key, lapi_url=url, interval=1)
stream.run()
while stream.is_running():
    print("holds", sorted(stream.get_current_decisions().items()), flush=True)
    time.sleep(0.2)
"#;

#[tokio::test(flavor = "multi_thread")]
async fn pycrowdsec_holds_what_the_gate_says() -> Tested {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let python = std::env::var_os("STILLWATCH_PYTHON")
        .map_or_else(|| root.join("target/tools/python/bin/python"), PathBuf::from);
    let there = Command::new(&python).args(["-c", "import pycrowdsec"]).stderr(Stdio::null()).status();
    if !there.is_ok_and(|status| status.success()) {
        skipped("pycrowdsec (`cargo xtask python` installs it)");
        return Ok(());
    }
    let mut fixture = fixture();
    let url = format!("http://{}/", fixture.serve().await);
    let folder = tempfile::tempdir()?;
    let (script, out) = (folder.path().join("bouncer.py"), folder.path().join("out"));
    std::fs::write(&script, PYTHON)?;
    let mut command = Command::new(python);
    let command = command.arg(script).arg(url).arg(KEY).stdout(std::fs::File::create(&out)?);
    let _running = Running(command.spawn()?);
    let said = || std::fs::read_to_string(&out).unwrap_or_default();
    let last = || said().lines().next_back().unwrap_or_default().to_owned();
    let holds = |values: &[(&str, &str)]| {
        let pairs: Vec<String> = values.iter().map(|(value, word)| format!("('{value}', '{word}')")).collect();
        format!("holds [{}]", pairs.join(", "))
    };
    let first = [
        ("198.51.100.7/32", "captcha"),
        ("2001:db8::/48", "ban"),
        ("203.0.113.0/31", "ban"),
        ("203.0.113.3/32", "ban"),
    ];
    let wanted = normalised(&first, &holds);
    until(|| format!("the first list, not {}", last()), || last() == wanted).await;
    assert!(said().starts_with("query ban captcha None\n"), "{}", said());
    fixture.decide(Kind::Network, "192.0.2.5", Action::Block);
    let change = fixture.decide(Kind::Network, "198.51.100.7", Action::Allow);
    assert_eq!(change.number, 7);
    let second =
        [("192.0.2.5/32", "ban"), ("2001:db8::/48", "ban"), ("203.0.113.0/31", "ban"), ("203.0.113.3/32", "ban")];
    let wanted = normalised(&second, &holds);
    until(|| format!("what changed, not {}", last()), || last() == wanted).await;
    let gone = take_back_all(&mut fixture.book, &fixture.gate);
    assert!(gone > 0);
    until(|| format!("nothing, not {}", last()), || last() == "holds []").await;
    Ok(())
}

/// In the order in which Python prints them.
fn normalised(values: &[(&str, &str)], holds: &impl Fn(&[(&str, &str)]) -> String) -> String {
    let mut values = values.to_vec();
    values.sort_unstable();
    holds(&values)
}

fn take_back_all(book: &mut Book, gate: &std::sync::Arc<stillwatch_node::gate::Gate>) -> usize {
    let now = jiff::Timestamp::now();
    let none = book.rollback(&Rollback::Rule("no-such-rule".to_owned()), "ana", "r", now);
    assert!(none.is_empty());
    let ids: Vec<u64> = book.all().map(|decision| decision.id).collect();
    let mut changes = Vec::new();
    for id in ids {
        let outcome = stillwatch_gate::decision::appeal::Outcome::Wrong;
        changes.extend(book.review(id, "ben", outcome, "a test", &[], now).ok().flatten().map(|(_, change)| change));
    }
    gate.change(&changes);
    changes.len()
}

/// What the recorder wrote down.
fn log_of(record: &Path) -> String {
    std::fs::read_to_string(record).unwrap_or_default()
}

/// A program in the place of `ipset`, `iptables` and `ip6tables`: writes down what it was asked.
const RECORDER: &str = "#!/bin/sh\necho \"$(basename \"$0\") $*\" >> \"$RECORD\"\nexit 0\n";

#[tokio::test(flavor = "multi_thread")]
async fn the_firewall_bouncer_adds_and_removes_what_the_gate_says() -> Tested {
    let unpacked = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/tools/bouncer/usr/bin").join(BOUNCER);
    let found = if unpacked.exists() { unpacked } else { PathBuf::from(BOUNCER) };
    let bouncer = std::env::var_os("STILLWATCH_FIREWALL_BOUNCER").map_or(found, PathBuf::from);
    if Command::new(&bouncer).arg("-V").stdout(Stdio::null()).stderr(Stdio::null()).status().is_err() {
        skipped("crowdsec-firewall-bouncer (`cargo xtask test` unpacks it)");
        return Ok(());
    }
    let mut fixture = fixture();
    let address = fixture.serve().await;
    let folder = tempfile::tempdir()?;
    let (bin, record) = (folder.path().join("bin"), folder.path().join("record"));
    std::fs::create_dir(&bin)?;
    for name in ["ipset", "iptables", "ip6tables"] {
        let path = bin.join(name);
        std::fs::write(&path, RECORDER)?;
        use std::os::unix::fs::PermissionsExt as _;
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755))?;
    }
    let config = format!(
        "mode: ipset\npid_dir: {0}\nupdate_frequency: 1s\ndaemonize: false\nlog_mode: stdout\nlog_dir: {0}\nlog_level: debug\napi_url: http://{address}/\napi_key: {KEY}\ndisable_ipv6: false\ndeny_action: DROP\nsupported_decisions_types:\n  - ban\nblacklists_ipv4: sw4\nblacklists_ipv6: sw6\nipset_type: nethash\nprometheus:\n  enabled: false\n",
        folder.path().display()
    );
    let file = folder.path().join("bouncer.yaml");
    std::fs::write(&file, config)?;
    let path = format!("{}:{}", bin.display(), std::env::var("PATH")?);
    let log = std::fs::File::create(folder.path().join("log"))?;
    let running = Command::new(bouncer)
        .arg("-c")
        .arg(&file)
        .env("PATH", path)
        .env("RECORD", &record)
        .stdout(log.try_clone()?)
        .stderr(log)
        .spawn()?;
    let _running = Running(running);
    let told = |what: &str| log_of(&record).contains(&format!("ipset -exist {what}"));
    let added = || told("add sw4 203.0.113.0/31 ") && told("add sw4 203.0.113.3 ") && told("add sw6 2001:db8::/48 ");
    until(|| log_of(&record), added).await;
    assert!(!told("add sw4 203.0.113.2 ") && !told("add sw4 203.0.113.0/30 "), "{}", log_of(&record));
    assert!(!told("add sw4 198.51.100.7"), "a challenge is no ban");
    fixture.decide(Kind::Network, "192.0.2.5", Action::Block);
    until(|| log_of(&record), || told("add sw4 192.0.2.5 ")).await;
    assert!(!told("del sw4"), "what is new isn't deleted first");
    assert!(take_back_all(&mut fixture.book, &fixture.gate) > 0);
    until(
        || log_of(&record),
        || told("del sw4 192.0.2.5") && told("del sw4 203.0.113.0/31") && told("del sw6 2001:db8::/48"),
    )
    .await;
    Ok(())
}
