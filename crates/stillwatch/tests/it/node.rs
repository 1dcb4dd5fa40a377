//! The verbs of a node: made, given collections and clients, served, stopped.
//! In: arguments, HTTP. Out: exit codes and what is printed.
//! Invariant: a token is printed once, and stands in no log, listing, store or file.
//! Not here: what is served (`node`'s own tests).

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Command, Stdio};

type Done<T = ()> = Result<T, Box<dyn std::error::Error>>;

/// Runs `stillwatch`; gives exit code and both outputs.
fn run(folder: &Path, arguments: &[&str]) -> Done<(i32, String, String)> {
    let output = Command::new(env!("CARGO_BIN_EXE_stillwatch"))
        .args(arguments)
        .current_dir(folder)
        .env_remove("STILLWATCH_NODE")
        .stdin(Stdio::null())
        .output()?;
    let code = output.status.code().ok_or("was killed")?;
    Ok((code, String::from_utf8(output.stdout)?, String::from_utf8(output.stderr)?))
}

fn ask(address: &str, method: &str, path: &str, token: &str, body: &str) -> Done<String> {
    let mut stream = TcpStream::connect(address)?;
    let length = body.len();
    write!(
        stream,
        "{method} {path} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {token}\r\nconnection: close\r\ncontent-type: application/taxii+json\r\ncontent-length: {length}\r\n\r\n{body}"
    )?;
    let mut text = String::new();
    stream.read_to_string(&mut text)?;
    Ok(text)
}

#[test]
fn a_node_is_made_served_and_stopped() -> Done {
    let all = tempfile::tempdir()?;
    let at = all.path();
    let (code, token, said) = run(at, &["init", "."])?;
    let admin = token.trim();
    assert!(code == 0 && admin.starts_with("swt_") && !said.contains(admin), "{said}");
    let (code, _, said) = run(at, &["init", "."])?;
    assert!(code == 2 && said.contains("there is a node"), "{said}");

    let (code, id, said) =
        run(at, &["collection", "add", "--alias", "shared", "--title", "Shared", "--most-tlp", "amber"])?;
    assert_eq!((code, id.trim().len()), (0, 36), "{said}");
    assert_eq!(run(at, &["collection", "add", "--alias", "shared", "--title", "Again"])?.0, 2);
    assert_eq!(run(at, &["collection", "add", "--root", "nowhere", "--title", "Again"])?.0, 2);
    let (code, member, _) =
        run(at, &["client", "add", "lab-two", "--role", "member", "--read", "shared", "--write", "shared"])?;
    let member = member.trim();
    assert_eq!(code, 0);
    for wrong in [
        &["client", "add", "lab-two", "--role", "member"][..],
        &["client", "add", "lab-three", "--role", "viewer", "--write", "shared"],
        &["client", "add", "lab-three", "--role", "king"],
        &["client", "add", "lab-three", "--role", "member", "--read", "nowhere"],
        &["client", "allow", "lab-two"],
        &["client", "allow", "lab-nine", "--read", "shared"],
        &["client", "revoke", "lab-nine"],
    ] {
        let (code, _, said) = run(at, wrong)?;
        assert!(code == 2 && said.contains("error: "), "{wrong:?}: {said}");
    }
    let (_, list, _) = run(at, &["client", "list"])?;
    insta::assert_snapshot!(list, @r"
    admin                    admin     
    lab-two                  member    reads and writes shared
    ");
    // One that is known by a certificate has no token, unless it shall have both.
    let by_certificate = ["client", "add", "lab-four", "--role", "member", "--certificate", "certificate.pem"];
    let (code, token, said) = run(at, &by_certificate)?;
    assert!(code == 0 && token.is_empty() && said.contains("is known by the certificate "), "{said}");
    let hash = said.trim().rsplit(' ').next().unwrap_or_default();
    assert_eq!(hash.len(), 64, "{said}");
    let (_, list, _) = run(at, &["client", "list"])?;
    assert!(list.contains(&format!("certificate {hash}\n")), "{list}");
    for wrong in [
        &["client", "allow", "lab-two", "--certificate", "certificate.pem"][..],
        &["client", "add", "lab-five", "--role", "member", "--certificate", "key.pem"],
        &["client", "add", "lab-five", "--role", "member", "--token"],
        &["client", "allow", "lab-two", "--no-certificate", hash],
    ] {
        let (code, _, said) = run(at, wrong)?;
        assert!(code == 2 && said.contains("error: "), "{wrong:?}: {said}");
    }
    assert_eq!(run(at, &["client", "allow", "lab-four", "--no-certificate", "certificate.pem"])?.0, 0);
    let (code, token, _) = run(at, &["client", "allow", "lab-two", "--certificate", "certificate.pem"])?;
    assert_eq!((code, token.as_str()), (0, ""));
    let (_, list, _) = run(at, &["collection", "list"])?;
    assert_eq!(
        list.replace(id.trim(), "ID"),
        "ID trust        shared           read, write  up to TLP:AMBER PAP:RED  Shared\n"
    );

    // In the clear, on a free port of this machine.
    let settings = std::fs::read_to_string(at.join("node.toml"))?;
    let (before, after) = settings.split_once("\n[tls]\n").ok_or("a certificate")?;
    let limits = after.split_once("\n[limits]\n").ok_or("limits")?.1;
    let plain = format!("{before}\n[limits]\n{limits}").replace("127.0.0.1:8443", "127.0.0.1:0");
    std::fs::write(at.join("node.toml"), plain)?;
    let mut serving = Command::new(env!("CARGO_BIN_EXE_stillwatch"))
        .args(["serve", "--log", "json"])
        .current_dir(at)
        .env_remove("RUST_LOG")
        .stderr(Stdio::piped())
        .spawn()?;
    let mut log = BufReader::new(serving.stderr.take().ok_or("a log")?);
    let mut first = String::new();
    log.read_line(&mut first)?;
    let address = first.trim().strip_prefix("listening on http://").and_then(|rest| rest.strip_suffix("/taxii2/"));
    let address = address.ok_or_else(|| first.clone())?.to_owned();
    // Read all the while: a full pipe would hold the node up.
    let rest = std::thread::spawn(move || {
        let mut rest = String::new();
        log.read_to_string(&mut rest).map(|_| rest)
    });

    let object = r#"{"type":"tool","spec_version":"2.1","id":"tool--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f","created":"2020-01-01T00:00:00.000Z","modified":"2020-01-01T00:00:00.000Z","name":"x","object_marking_refs":["marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb"]}"#;
    let path = "/trust/collections/shared/objects/";
    let said = ask(&address, "POST", path, member, &format!("{{\"objects\":[{object}]}}"))?;
    assert!(said.starts_with("HTTP/1.1 202"), "{said}");
    assert!(ask(&address, "GET", path, admin, "")?.ends_with(&format!("[{object}]}}")));
    assert!(ask(&address, "GET", path, "nonsense", "")?.starts_with("HTTP/1.1 401"));
    // Who is revoked is out while it runs, as soon as it has looked.
    assert_eq!(run(at, &["client", "revoke", "lab-two"])?.0, 0);
    while !ask(&address, "GET", path, member, "")?.starts_with("HTTP/1.1 401") {
        std::thread::sleep(std::time::Duration::from_millis(20));
    }

    assert!(Command::new("kill").args(["-TERM", &serving.id().to_string()]).status()?.success());
    assert_eq!(serving.wait()?.code(), Some(0));
    let rest = rest.join().map_err(|_| "the log could not be read")??;
    assert!(rest.contains(r#""target":"audit""#) && rest.contains(r#""client":"lab-two""#), "{rest}");
    assert!(!rest.contains("swt_") && !rest.contains("nonsense"), "a token is in the log");
    for entry in std::fs::read_dir(at.join("data"))? {
        let bytes = std::fs::read(entry?.path())?;
        assert!(!bytes.windows(member.len()).any(|w| w == member.as_bytes()), "a token is in the store");
    }
    Ok(())
}
