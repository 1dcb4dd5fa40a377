//! Measure: how fast a running node takes objects and gives pages.
//! In: its address, a token that may read and write a collection `shared`, how many objects. Out: figures, one a line.
//! Invariant: plain HTTP/1.1 over one connection a client, as a client by others would speak; nothing of the node's own code.
//! Not here: starting the node (`stillwatch serve`, without TLS), limits that are lower than what is asked.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

type Done<T = ()> = Result<T, Box<dyn std::error::Error + Send + Sync>>;

/// One client.
struct Client {
    stream: BufReader<TcpStream>,
    token: String,
}

impl Client {
    fn new(address: &str, token: &str) -> Done<Self> {
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        Ok(Self { stream: BufReader::with_capacity(1 << 16, stream), token: token.to_owned() })
    }

    /// One request; its body, which must not be an error's.
    fn ask(&mut self, method: &str, path: &str, body: &str) -> Done<String> {
        let head = format!(
            "{method} {path} HTTP/1.1\r\nhost: x\r\naccept: application/taxii+json;version=2.1\r\nauthorization: Bearer {}\r\ncontent-type: application/taxii+json;version=2.1\r\ncontent-length: {}\r\n\r\n",
            self.token,
            body.len()
        );
        let stream = self.stream.get_mut();
        stream.write_all(&[head.as_bytes(), body.as_bytes()].concat())?;
        let (mut line, mut length, mut first) = (String::new(), 0, String::new());
        loop {
            line.clear();
            self.stream.read_line(&mut line)?;
            if first.is_empty() {
                first.clone_from(&line);
            }
            if line == "\r\n" || line.is_empty() {
                break;
            }
            if let Some(rest) = line.to_ascii_lowercase().strip_prefix("content-length:") {
                length = rest.trim().parse()?;
            }
        }
        let mut text = vec![0; length];
        self.stream.read_exact(&mut text)?;
        let text = String::from_utf8(text)?;
        if first.starts_with("HTTP/1.1 2") { Ok(text) } else { Err(format!("{first}{text}").into()) }
    }
}

/// About what an indicator has: 700 bytes.
fn object(n: u64) -> String {
    let mixed = n.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    format!(
        r#"{{"type":"indicator","spec_version":"2.1","id":"indicator--{:08x}-{:04x}-4{:03x}-8{:03x}-{n:012x}","created_by_ref":"identity--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f","created":"2026-01-01T00:00:00.000Z","modified":"2026-01-01T00:00:00.{:03}Z","name":"prompts of campaign {n}","description":"{}","indicator_types":["malicious-activity"],"pattern":"[domain-name:value = 'host-{n}.example.com']","pattern_type":"stix","valid_from":"2026-01-01T00:00:00Z","object_marking_refs":["marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb"]}}"#,
        mixed >> 32,
        (mixed >> 16) & 0xffff,
        mixed & 0xfff,
        (mixed >> 8) & 0xfff,
        n % 1000,
        "a text that says what was seen, how often, and by whom it was looked at. ".repeat(3),
    )
}

/// The middle and the slowest of several times, in milliseconds.
fn told(mut times: Vec<Duration>) -> String {
    times.sort();
    let at = |n: usize| times.get(n.min(times.len().saturating_sub(1))).map_or(0.0, |t| t.as_secs_f64() * 1000.0);
    format!("median {:.2} ms, 95 % {:.2} ms", at(times.len() / 2), at(times.len() * 95 / 100))
}

const PATH: &str = "/trust/collections/shared";

fn main() -> Done {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [address, token, from, to] = arguments.as_slice() else {
        println!(
            "measure ADDRESS TOKEN FROM TO: objects FROM to TO are sent in batches of 500 by 2 clients, then pages are read"
        );
        return Ok(());
    };
    let (from, to): (u64, u64) = (from.parse()?, to.parse()?);
    let step = 100_000;
    let mut at = from;
    while at < to {
        let end = (at + step).min(to);
        let batches: Vec<u64> = (at..end).step_by(500).collect();
        let halves: Vec<Vec<String>> = batches
            .chunks(batches.len().div_ceil(2).max(1))
            .map(|half| {
                half.iter()
                    .map(|&first| {
                        let all: Vec<String> = (first..(first + 500).min(end)).map(object).collect();
                        format!("{{\"objects\":[{}]}}", all.join(","))
                    })
                    .collect()
            })
            .collect();
        let begun = Instant::now();
        let threads: Vec<_> = halves
            .into_iter()
            .map(|half| {
                let (address, token) = (address.clone(), token.clone());
                std::thread::spawn(move || -> Done {
                    let mut client = Client::new(&address, &token)?;
                    for body in half {
                        client.ask("POST", &format!("{PATH}/objects/"), &body)?;
                    }
                    Ok(())
                })
            })
            .collect();
        for thread in threads {
            thread.join().map_err(|_| "a client panicked")??;
        }
        println!("{at} to {end}: {:.0} objects/s", (end - at) as f64 / begun.elapsed().as_secs_f64());
        at = end;
    }

    let mut client = Client::new(address, token)?;
    // Where the last page begins.
    let dates = client.ask("GET", &format!("{PATH}/manifest/?limit=1"), "")?;
    let first =
        dates.split("\"date_added\":\"").nth(1).and_then(|rest| rest.split('"').next()).ok_or("no date")?.to_owned();
    let (mut low, mut high) = (micros(&first)?, micros("2100-01-01T00:00:00.000000Z")?);
    while high - low > 1 {
        let middle = low.midpoint(high);
        let page = client.ask("GET", &format!("{PATH}/manifest/?limit=1000&added_after={}", text(middle)?), "")?;
        if page.contains("\"more\":true") { low = middle } else { high = middle }
    }
    for (name, query) in [
        ("first page of 1,000", "limit=1000".to_owned()),
        ("last page of 1,000", format!("limit=1000&added_after={}", text(high)?)),
        ("first page of 1,000, by type", "limit=1000&match[type]=indicator".to_owned()),
        ("a type that isn't there", "limit=1000&match[type]=malware".to_owned()),
        ("one object by id", format!("match[id]={}", object(from).split('"').nth(11).unwrap_or_default())),
        ("a version that isn't there", "match[version]=2001-01-01T00:00:00Z".to_owned()),
    ] {
        let mut times = Vec::new();
        let mut count = 0;
        for _ in 0..60 {
            let begun = Instant::now();
            let page = client.ask("GET", &format!("{PATH}/objects/?{query}"), "")?;
            times.push(begun.elapsed());
            count = page.matches("\"type\":\"").count();
        }
        println!("{name}: {count} objects, {}", told(times));
    }

    for (name, query) in [("limit 100", "objects/?limit=100"), ("manifest, limit 100", "manifest/?limit=100")] {
        let begun = Instant::now();
        let threads: Vec<_> = (0..4)
            .map(|_| {
                let (address, token, path) = (address.clone(), token.clone(), format!("{PATH}/{query}"));
                std::thread::spawn(move || -> Done<usize> {
                    let mut client = Client::new(&address, &token)?;
                    let mut count = 0;
                    while begun.elapsed() < Duration::from_secs(10) {
                        client.ask("GET", &path, "")?;
                        count += 1;
                    }
                    Ok(count)
                })
            })
            .collect();
        let mut all = 0;
        for thread in threads {
            all += thread.join().map_err(|_| "a client panicked")??;
        }
        println!("4 clients, {name}: {:.0} requests/s", all as f64 / begun.elapsed().as_secs_f64());
    }
    Ok(())
}

fn micros(text: &str) -> Done<i64> {
    Ok(text.parse::<jiff::Timestamp>()?.as_microsecond())
}

fn text(micros: i64) -> Done<String> {
    Ok(format!("{:.6}", jiff::Timestamp::from_microsecond(micros)?))
}
