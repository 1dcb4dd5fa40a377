//! Exports: each of them as a snapshot, and read by the programs that they are for, where those are there.
//! In: a table with odd keys. Out: snapshots; what nginx and HAProxy say.
//! Invariant: skipped, and told so, where a program isn't there; `STILLWATCH_REQUIRE_TOOLS=1` makes that a failure.
//! Not here: CrowdSec's wire (`streams.rs`).

use std::io::Read as _;
use std::process::Command;

use stillwatch_gate::decide::decide;
use stillwatch_gate::enforce::{aws_waf, envoy, forward, haproxy, lists, nginx, opa};
use stillwatch_gate::{Kind, Request, Table};

use crate::fixture::{NOW, Tested, table};

#[test]
fn plain_lists() {
    let table = table();
    let list = |kind, action| lists::list(&table, kind, action, NOW).text;
    insta::assert_snapshot!("networks_to_block", list(Kind::Network, "block"));
    insta::assert_snapshot!("accounts_to_block", list(Kind::Account, "block"));
    assert_eq!(lists::list(&table, Kind::Account, "block", NOW).left_out, 1, "what begins with # would be a comment");
}

#[test]
fn nginx_maps() -> Tested {
    let text = nginx::maps(&table(), nginx::Variables::default(), NOW).text;
    insta::assert_snapshot!("nginx", text);
    if !there("nginx")? {
        return Ok(());
    }
    let folder = std::env::temp_dir().join(format!("stillwatch-gate-nginx-{}", std::process::id()));
    std::fs::create_dir_all(&folder)?;
    std::fs::write(folder.join("maps.conf"), text)?;
    let conf = format!(
        "pid {0}/pid; error_log stderr; events {{}} http {{ access_log off; client_body_temp_path {0}/b; proxy_temp_path {0}/p; fastcgi_temp_path {0}/f; uwsgi_temp_path {0}/u; scgi_temp_path {0}/s; include {0}/maps.conf; server {{ listen 127.0.0.1:1; return 200 $stillwatch_account$stillwatch_client$stillwatch_ja4$stillwatch_network; }} }}",
        folder.display()
    );
    std::fs::write(folder.join("nginx.conf"), conf)?;
    let output = Command::new("nginx").arg("-t").arg("-c").arg(folder.join("nginx.conf")).output()?;
    std::fs::remove_dir_all(&folder)?;
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Ok(())
}

#[test]
fn haproxy_maps() -> Tested {
    let table = table();
    let (networks, accounts) = (haproxy::map(&table, Kind::Network, NOW), haproxy::map(&table, Kind::Account, NOW));
    insta::assert_snapshot!("haproxy", format!("{}\n{}", networks.text, accounts.text));
    assert_eq!(accounts.left_out, 2);
    if !there("haproxy")? {
        return Ok(());
    }
    let folder = std::env::temp_dir().join(format!("stillwatch-gate-haproxy-{}", std::process::id()));
    std::fs::create_dir_all(&folder)?;
    std::fs::write(folder.join("networks.map"), networks.text)?;
    std::fs::write(folder.join("accounts.map"), accounts.text)?;
    let conf = format!(
        "defaults\n mode http\n timeout client 1s\n timeout server 1s\n timeout connect 1s\nfrontend f\n bind 127.0.0.1:1\n http-request deny if {{ src,map_ip({0}/networks.map,allow) -m str block }}\n http-request deny if {{ req.hdr(x-account),map_str({0}/accounts.map,allow) -m str block }}\n",
        folder.display()
    );
    std::fs::write(folder.join("haproxy.cfg"), conf)?;
    let output = Command::new("haproxy").args(["-c", "-f"]).arg(folder.join("haproxy.cfg")).output()?;
    std::fs::remove_dir_all(&folder)?;
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Ok(())
}

#[test]
fn aws_waf_ip_sets() -> Tested {
    let (sets, left_out) = aws_waf::ip_sets(&table(), "block", "stillwatch", "REGIONAL", NOW);
    insta::assert_snapshot!("aws_waf", serde_json::to_string_pretty(&sets)?);
    assert_eq!(left_out, 0);
    Ok(())
}

fn sorted(value: serde_json::Value) -> serde_json::Value {
    match value {
        serde_json::Value::Object(members) => {
            let members: std::collections::BTreeMap<_, _> = members.into_iter().collect();
            members.into_iter().map(|(name, value)| (name, sorted(value))).collect()
        }
        other => other,
    }
}

#[test]
fn opa_bundle() -> Tested {
    let table = table();
    let data: serde_json::Value = serde_json::from_str(&opa::data(&table, NOW)?)?;
    // The order in which names are kept depends on what else is built.
    insta::assert_snapshot!("opa", serde_json::to_string_pretty(&sorted(data))?);
    let bundle = opa::bundle(&table, NOW)?;
    assert_eq!(bundle, opa::bundle(&table, NOW)?, "the same bytes each time");
    let mut names = Vec::new();
    for file in tar::Archive::new(flate2::read::GzDecoder::new(bundle.as_slice())).entries()? {
        let mut file = file?;
        let mut text = String::new();
        file.read_to_string(&mut text)?;
        names.push((file.path()?.display().to_string(), text.len()));
    }
    assert_eq!(names.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(), ["data.json", ".manifest"]);
    assert_eq!(opa::manifest(&table), r#"{"revision":"14","roots":["stillwatch"]}"#);
    Ok(())
}

#[test]
fn answers_to_proxies() {
    let table = table();
    let mut all = String::new();
    for (account, ip) in [
        ("acct-1", "192.0.2.1"),
        ("default", "192.0.2.1"),
        ("~^.*$", "192.0.2.1"),
        ("x", "198.51.100.9"),
        ("x", "203.0.113.8"),
    ] {
        let given = |name: &str| match name {
            forward::ACCOUNT => Some(account),
            "x-forwarded-for" => Some("203.0.113.1, 203.0.113.1"),
            "x-real-ip" => Some(ip),
            _ => None,
        };
        let request = forward::request(given);
        let answer = decide(&table, &request, NOW);
        all += &format!(
            "{account} {ip}\n  forward: {:?}\n  envoy:   {:?}\n",
            forward::reply(&answer),
            envoy::check(&answer)
        );
    }
    insta::assert_snapshot!("proxies", all);
    let forwarded = |name: &str| (name == "x-forwarded-for").then_some("203.0.113.1, 192.0.2.9");
    assert_eq!(forward::request(forwarded).ip, "192.0.2.9".parse().ok(), "what a client wrote itself doesn't count");
    let untold = |_: &str| [None, None];
    assert_eq!(envoy::request(None, untold, forwarded), Request::default(), "Envoy says the address itself");
}

#[test]
fn envoy_is_told_who_asks_where_no_client_can_write() {
    let header = |name: &str| (name == forward::ACCOUNT).then_some("of-a-header");
    let account = |told: [Option<&'static str>; 2]| {
        envoy::request(None, |name| if name == forward::ACCOUNT { told } else { [None, None] }, header).account
    };
    assert_eq!(account([None, None]).as_deref(), Some("of-a-header"));
    assert_eq!(account([None, Some("of-metadata")]).as_deref(), Some("of-metadata"));
    assert_eq!(account([Some("of-the-route"), Some("of-metadata")]).as_deref(), Some("of-the-route"));
    assert_eq!(account([Some(""), Some("of-metadata")]).as_deref(), Some("of-metadata"));
    assert_eq!(account([Some(""), None]), None, "told that it is nobody: no header says otherwise");
    let seen = "192.0.2.1".parse().ok();
    let address = |text: &'static str| {
        envoy::request(seen, |name| if name == forward::ADDRESS { [None, Some(text)] } else { [None, None] }, header).ip
    };
    assert_eq!(address("203.0.113.9"), "203.0.113.9".parse().ok(), "behind a proxy, what it saw");
    assert_eq!((address(""), address("x")), (seen, seen));
    let client = |name: &str| if name == forward::CLIENT { [Some("a-client"), None] } else { [None, None] };
    let request = envoy::request(None, client, header);
    assert_eq!((request.account, request.client.as_deref()), (None, Some("a-client")), "all of it is told, or none");
}

#[test]
fn answers_as_json() -> Tested {
    let table = table();
    let answer = |text: &str| -> Result<String, serde_json::Error> {
        let request: Request = serde_json::from_str(text)?;
        serde_json::to_string(&decide(&table, &request, NOW))
    };
    assert_eq!(
        answer(r#"{"account":"default"}"#)?,
        r#"{"action":"throttle","requests_per_minute":30,"code":"policy","ttl":10,"decision":3,"table":14}"#
    );
    assert_eq!(answer("{}")?, r#"{"action":"allow","code":"none","ttl":10,"table":14}"#);
    assert!(answer(r#"{"accuont":"x"}"#).is_err());
    Ok(())
}

#[test]
fn everything_can_be_exported_from_nothing() -> Tested {
    let table = Table::default();
    assert_eq!(lists::list(&table, Kind::Network, "block", NOW).written, 0);
    assert!(aws_waf::ip_sets(&table, "block", "n", "REGIONAL", NOW).0.is_empty());
    assert!(!opa::bundle(&table, NOW)?.is_empty());
    Ok(())
}

/// Whether a program is there; says so when it isn't.
fn there(program: &str) -> Result<bool, Box<dyn std::error::Error>> {
    if Command::new(program).arg("-v").output().is_ok() {
        return Ok(true);
    }
    if std::env::var_os("STILLWATCH_REQUIRE_TOOLS").is_some_and(|value| value == "1") {
        return Err(format!("needs {program}").into());
    }
    eprintln!("skipped: needs {program}");
    Ok(false)
}
