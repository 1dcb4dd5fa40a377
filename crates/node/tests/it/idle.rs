//! Idle: ten thousand connections that say nothing.
//! In: a node and its clients, a process each. Out: one more is answered; memory is bounded; those who leave are forgotten.
//! Invariant: an idle connection costs a few KiB and no thread.
//! Not here: how long a connection may be idle (`wire.rs`).

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};

use crate::lab::Tested;
use crate::served::{Served, node, say};

const MANY: usize = 10_000;
/// What one may cost: buffers, and what the kernel's side of it needs in this process.
const KIBIBYTES: u64 = 32;

/// The child: opens connections, asks once on each tenth, and holds them.
#[test]
#[ignore = "run by the test that needs connections of another process"]
fn child() -> Tested {
    say("begun")?;
    let address: SocketAddr = std::env::var("STILLWATCH_FAULT_ADDRESS")?.parse()?;
    let mut all = Vec::new();
    for n in 0..MANY {
        let mut stream = TcpStream::connect(address)?;
        match n % 10 {
            // Some were of use before, some have begun to say something.
            0 => assert!(ask(&mut stream, "/healthz", "")?.starts_with("HTTP/1.1 200")),
            1 => stream.write_all(b"GET /healthz HT")?,
            _ => {}
        }
        all.push(stream);
    }
    say("held")?;
    std::io::stdin().read_to_end(&mut Vec::new())?;
    Ok(())
}

/// One request, and the head of its answer.
fn ask(stream: &mut TcpStream, path: &str, token: &str) -> Tested<String> {
    write!(stream, "GET {path} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {token}\r\n\r\n")?;
    let mut text = [0u8; 2_000];
    let n = stream.read(&mut text)?;
    Ok(String::from_utf8_lossy(text.get(..n).unwrap_or_default()).into_owned())
}

#[test]
fn ten_thousand_idle_connections_keep_nobody_out() -> Tested {
    let folder = tempfile::tempdir()?;
    let missing = || {
        eprintln!("skipped: needs 12,500 file handles a process (`ulimit -n`)");
        Ok(())
    };
    let Some((mut node, address, token, _)) = node(folder.path())? else { return missing() };
    let before: u64 = figures(&mut node)?.1;
    let told = [("STILLWATCH_FAULT_ADDRESS", address.to_string())];
    let told = told.each_ref().map(|(name, value)| (*name, value.as_str()));
    let Some(mut clients) = Served::begin("idle::child", MANY + 500, &told)? else { return missing() };
    clients.hear("held")?;
    let (mut open, mut memory) = figures(&mut node)?;
    // The last ones may still be in the queue of the kernel.
    while open < MANY {
        (open, memory) = figures(&mut node)?;
    }
    let mut one_more = TcpStream::connect(address)?;
    let said = ask(&mut one_more, "/trust/collections/shared/objects/", &token)?;
    assert!(said.starts_with("HTTP/1.1 200"), "{said}");
    let each = memory.saturating_sub(before) / MANY as u64;
    eprintln!("{open} connections, {memory} KiB, {each} KiB each");
    assert!(each <= KIBIBYTES, "{each} KiB each");
    drop(one_more);
    clients.end()?;
    while figures(&mut node)?.0 > 0 {}
    node.end()
}

/// Connections and KiB.
fn figures(node: &mut Served) -> Tested<(usize, u64)> {
    let told = node.ask("figures")?;
    let (open, memory) = told.split_once(' ').ok_or("no figures")?;
    Ok((open.parse()?, memory.parse()?))
}
