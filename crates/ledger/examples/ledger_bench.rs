//! Ledger bench: durable appends a second, latency of one, proofs, verification.
//! In: `[FOLDER] [ENTRIES] [SINGLES]`; the folder is made below FOLDER and removed. Out: figures on stdout.
//! Invariant: every append is on the disk before the next begins; entries are those of real releases.
//! Not here: judging the figures.

use std::path::PathBuf;
use std::time::Instant;

use stillwatch_ledger::{Approval, Entry, Key, Log, Proof, Reader, What, verify};

fn entry(n: u64) -> Entry {
    let at = jiff::Timestamp::from_second(1_790_000_000 + n as i64).unwrap_or_default();
    let what = What::Release {
        object: format!("indicator--{n:032x}"),
        hash: format!("sha256:{n:064x}"),
        to: vec!["lab-b.example".into()],
        profile: "conservative".into(),
        profile_version: "1.2.0".into(),
        legal_basis: "legitimate-interest".into(),
        approvals: vec![Approval { by: "reviewer-1".into(), at }],
    };
    Entry { at, by: "person-1".into(), what }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let below = arguments.next().map_or_else(std::env::temp_dir, PathBuf::from);
    let size: u64 = arguments.next().map_or(Ok(200_000), |n| n.parse())?;
    let singles: u64 = arguments.next().map_or(Ok(1_000), |n| n.parse())?;
    let folder = tempfile::tempdir_in(below)?;
    let folder = folder.path();
    let mut log = Log::create(folder, Key::generate("lab.example/bench")?)?;
    println!("an entry: {} bytes", entry(0).canonical(0)?.len());

    let mut took = Vec::new();
    for n in 0..singles {
        let one = [entry(n)];
        let begun = Instant::now();
        log.append(&one)?;
        took.push(begun.elapsed());
    }
    took.sort();
    let at = |share: f64| took.get(((took.len() as f64 - 1.0) * share) as usize).copied().unwrap_or_default();
    println!("one append: p50 {:.2?}, p99 {:.2?}, most {:.2?}, of {singles}", at(0.5), at(0.99), at(1.0));

    for batch in [64u64, 256, 1_000] {
        let (begun, from) = (Instant::now(), log.signed().size);
        for n in 0..10_000 / batch {
            log.append(&(0..batch).map(|m| entry(from + n * batch + m)).collect::<Vec<_>>())?;
        }
        let done = (log.signed().size - from) as f64;
        println!("batches of {batch}: {:.0} durable appends/s", done / begun.elapsed().as_secs_f64());
    }
    let (begun, from) = (Instant::now(), log.signed().size);
    while log.signed().size < size {
        let from = log.signed().size;
        log.append(&(from..(from + 20_000).min(size)).map(entry).collect::<Vec<_>>())?;
    }
    if log.signed().size > from {
        let done = (log.signed().size - from) as f64;
        println!("batches of 20000: {:.0} durable appends/s", done / begun.elapsed().as_secs_f64());
    }

    let (key, size) = (log.public(), log.signed().size);
    let mut took = Vec::new();
    let mut longest = 0;
    for n in 0..1_000u64 {
        let index = n.wrapping_mul(0x9e37_79b9_7f4a_7c15) % size;
        let begun = Instant::now();
        let text = Reader::open(folder, &key, &[])?.prove(index)?.to_text();
        took.push(begun.elapsed());
        longest = longest.max(text.len());
        if n % 100 == 0 {
            let bytes = Reader::open(folder, &key, &[])?.entry(index)?;
            Proof::parse(&text)?.check(&bytes, &key, &[])?;
        }
    }
    took.sort();
    let at = |share: f64| took.get(((took.len() as f64 - 1.0) * share) as usize).copied().unwrap_or_default();
    println!("a proof among {size}: p50 {:.2?}, p99 {:.2?}, at most {longest} bytes", at(0.5), at(0.99));

    let begun = Instant::now();
    let verified = verify(folder, &key, &[])?;
    println!("verify: {:.0} entries/s of {}", size as f64 / begun.elapsed().as_secs_f64(), verified.signed.size);
    Ok(())
}
