//! Bench: looking up in a pool, and opening one; bins.
//! In: `-- 10000000` (elements of the pool that is looked up in). Out: sizes, rates, latencies.
//! Invariant: outputs are random bytes where their making isn't what is measured: they can't be told from real ones.
//! Not here: two labs (`two_labs`), single operations (`oprf`).

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use rand_chacha::ChaCha20Rng;
use rand_core::{Rng, SeedableRng};
use stillwatch_matching::bins::{BinTerms, make, open};
use stillwatch_matching::budget::Budgets;
use stillwatch_matching::check::{Contribution, Filter, Table};
use stillwatch_matching::epoch::{Asker, Dealing, EpochKey, Holder, Packages, Setup, possession};
use stillwatch_matching::oprf::{Key, Output};
use stillwatch_matching::pool::{Opening, PoolTerms, report};
use stillwatch_matching::{Element, LABEL, Namespace, Result, normalise, padded};

const HUB: &str = "hub.example";

fn main() -> std::result::Result<(), Box<dyn std::error::Error>> {
    let size: u32 = std::env::args().skip(1).find_map(|size| size.parse().ok()).unwrap_or(100_000);
    let mut rng = ChaCha20Rng::seed_from_u64(1);
    let (epoch, mut holders) = epoch(20, 3, &mut rng)?;
    let filter = filter(&epoch, size, &mut rng)?;
    queries(&epoch, &mut holders, &filter, &mut rng)?;
    opening(&epoch, 100_000.min(size), &mut rng)?;
    for (members, each) in [(10, 10_000), (20, 10_000)] {
        bins(members, each.min(size), &mut rng)?;
    }
    Ok(())
}

fn filter(epoch: &EpochKey, size: u32, rng: &mut ChaCha20Rng) -> Result<Filter> {
    let outputs: Vec<Output> = (0..size).map(|_| output(rng)).collect();
    let items: Vec<(&Output, &[u8])> = outputs.iter().map(|output| (output, [7; LABEL].as_slice())).collect();
    let made = Instant::now();
    let contribution = Contribution::new(epoch, &items, LABEL as u16, rng)?;
    let contributed = made.elapsed();
    drop(items);
    let (table, filter) = Table::merge(epoch, std::slice::from_ref(&contribution))?;
    drop(contribution);
    let bytes = filter.to_bytes();
    let read = Instant::now();
    let filter = Filter::from_bytes(epoch, &bytes)?;
    println!(
        "pool of {size}: contribution {:.1} s, merge {:.1} s; filter {:.3} bits an element, checked and read in {:.0} ms",
        contributed.as_secs_f64(),
        (made.elapsed() - contributed - read.elapsed()).as_secs_f64(),
        bytes.len() as f64 * 8.0 / filter.count() as f64,
        read.elapsed().as_secs_f64() * 1e3,
    );
    let probes = 4_000_000;
    let tags: Vec<u64> = (0..probes).map(|_| rng.next_u64()).collect();
    let probed = Instant::now();
    let hits = tags.iter().filter(|tag| filter.has_tag(**tag)).count();
    let probed = probed.elapsed();
    println!(
        "  {:.1} million probes a second; wrong once in {:.0}",
        f64::from(probes) / probed.as_secs_f64() / 1e6,
        f64::from(probes) / hits as f64
    );
    let found = Instant::now();
    let all = outputs
        .iter()
        .take(10_000)
        .filter(|o| filter.may_have(o).unwrap_or(false) && matches!(table.find(o), Ok(Some(_))))
        .count();
    println!("  {all} of 10000 found with what was attached, {:.1} us each", found.elapsed().as_secs_f64() * 1e2);
    Ok(filter)
}

/// One element: blinded, answered by the hub and three members, checked, put together, looked up.
fn queries(epoch: &EpochKey, holders: &mut [(String, Holder)], filter: &Filter, rng: &mut ChaCha20Rng) -> Result<()> {
    let mut asker = Asker::new(epoch.clone(), &member(0), 1);
    let quorum = [member(0), member(1), member(2)];
    let quorum: Vec<&str> = quorum.iter().map(String::as_str).collect();
    let mut times = Vec::new();
    for number in 0..2_000 {
        let started = Instant::now();
        let mut asked = asker.ask(vec![element(number)?], 0, &quorum, rng)?;
        for (name, holder) in holders.iter_mut().filter(|(name, _)| name == HUB || quorum.contains(&name.as_str())) {
            let charged = holder.charge(&member(0), asked.request())?;
            asked.take(name, &holder.answer(charged, rng)?)?;
        }
        for (_, output) in asked.finish()? {
            filter.may_have(&output)?;
        }
        times.push(started.elapsed());
    }
    times.sort_unstable();
    let at = |share: f64| times[(times.len() as f64 * share) as usize].as_secs_f64() * 1e3;
    println!("query, hub and 3 members on this machine: median {:.2} ms, p99 {:.2} ms", at(0.5), at(0.99));
    Ok(())
}

fn opening(epoch: &EpochKey, each: u32, rng: &mut ChaCha20Rng) -> Result<()> {
    let terms = PoolTerms { epoch: epoch.clone(), threshold: 3, element: 16, label: LABEL as u16 };
    let members = epoch.setup().members.clone();
    let mut opening = Opening::new(terms.clone())?;
    // Half of what a member reports, everyone reports; the rest, that member alone.
    let common: Vec<(Element, Output)> =
        (0..each / 2).map(|n| Ok((element(n)?, output(rng)))).collect::<Result<_>>()?;
    let started = Instant::now();
    for member in &members {
        let mut reports = Vec::new();
        for (element, output) in &common {
            reports.extend(report(&terms, member, element, output, &[7; LABEL], rng)?);
        }
        for number in each / 2..each {
            reports.extend(report(&terms, member, &element(number)?, &output(rng), &[7; LABEL], rng)?);
        }
        opening.add(member, reports)?;
    }
    let (reported, started) = (started.elapsed(), Instant::now());
    let opened = opening.open()?;
    let whole = |time: Duration| time.as_secs_f64();
    println!(
        "{} members x {each} reports of {} bytes: made in {:.1} s, {} opened and {} shut in {:.1} s",
        members.len(),
        terms.report(),
        whole(reported),
        opened.groups.len(),
        opened.shut,
        whole(started.elapsed()),
    );
    Ok(())
}

/// Bins of a threshold of 3: a hundredth of each set is three members' or more.
fn bins(members: usize, each: u32, rng: &mut ChaCha20Rng) -> Result<()> {
    let (epoch, _) = epoch(members, 3, rng)?;
    let terms = BinTerms { epoch, threshold: 3, pairs: BinTerms::PAIRS, size: padded(each.into()) };
    let common: Vec<Output> = (0..each / 100).map(|_| output(rng)).collect();
    let (mut tables, started) = (Vec::new(), cpu());
    for member in 0..members {
        let mut outputs = if member < 3 { common.clone() } else { Vec::new() };
        outputs.resize_with(each as usize, || output(rng));
        tables.push(make(&terms, &self::member(member), &outputs, rng)?);
    }
    let made = cpu() - started;
    let names: Vec<String> = (0..members).map(member).collect();
    let given: Vec<(&str, &[u8])> =
        names.iter().zip(&tables).map(|(name, bins)| (name.as_str(), bins.bytes())).collect();
    let started = cpu();
    let opened = open(&terms, &given)?;
    let taken = (cpu() - started).as_secs_f64();
    let found = tables[0].mine(opened.bins.get(&member(0)).map_or(&[], Vec::as_slice))?.len();
    let bins = f64::from(terms.tables()) * terms.bins() as f64;
    let choices = (members * (members - 1) * (members - 2) / 6) as f64;
    println!(
        "bins of 3 of {members} members with {each} elements: {:.0} bytes an element, made in {:.2} CPU s each, {found} of {} found in {taken:.2} CPU s: \
         {:.0} ns a bin, {:.2} ns for each choice of 3",
        terms.bytes() as f64 / f64::from(each),
        made.as_secs_f64() / members as f64,
        common.len(),
        taken / bins * 1e9,
        taken / bins / choices * 1e9,
    );
    Ok(())
}

fn member(number: usize) -> String {
    format!("lab-{number:02}.example")
}

fn element(number: u32) -> Result<Element> {
    normalise(Namespace::Address, &std::net::Ipv4Addr::from(0x0b00_0000 + number).to_string())
}

fn output(rng: &mut ChaCha20Rng) -> Output {
    let mut bytes = [0; 64];
    rng.fill_bytes(&mut bytes);
    Output::new(bytes)
}

fn epoch(members: usize, quorum: u16, rng: &mut ChaCha20Rng) -> Result<(EpochKey, Vec<(String, Holder)>)> {
    let names: Vec<String> = (0..members).map(member).collect();
    let setup = Setup { epoch: 1, namespace: Namespace::Address, hub: HUB.to_owned(), members: names.clone(), quorum };
    let started = Instant::now();
    let begun = names.iter().map(|name| Dealing::begin(setup.clone(), name, rng)).collect::<Result<Vec<_>>>()?;
    let first: Packages = names.iter().cloned().zip(begun.iter().map(|(_, package)| package.clone())).collect();
    let mut second = Vec::new();
    for ((dealing, _), name) in begun.into_iter().zip(&names) {
        let mut packages = first.clone();
        packages.remove(name);
        second.push(dealing.second(&packages)?);
    }
    let echoes: BTreeMap<String, [u8; 32]> =
        names.iter().cloned().zip(second.iter().map(|(_, _, echo)| *echo)).collect();
    let mut mail: Vec<Packages> = vec![Packages::new(); members];
    for (from, (_, shares, _)) in names.iter().zip(&second) {
        for (to, name) in names.iter().enumerate().filter(|(_, name)| *name != from) {
            mail[to].insert(from.clone(), shares.get(name).cloned().unwrap_or_default());
        }
    }
    let dealt = second
        .into_iter()
        .zip(&mail)
        .map(|((sharing, _, _), mail)| sharing.finish(mail, &echoes))
        .collect::<Result<Vec<_>>>()?;
    println!("key of {quorum} of {members}, all parties: {:.0} ms", started.elapsed().as_secs_f64() * 1e3);
    let hub = Key::generate(rng);
    let proof = possession(&setup, &hub, rng)?;
    let shares = dealt.first().map(|dealt| dealt.shares.clone()).unwrap_or_default();
    let epoch = EpochKey::new(setup, &hub.public().to_bytes(), &proof, &shares)?;
    let mut budgets = Budgets::new(1);
    names.iter().for_each(|name| budgets.allow(name, Namespace::Address, u64::MAX));
    let all = names.into_iter().chain([HUB.to_owned()]).zip(dealt.into_iter().map(|dealt| dealt.key).chain([hub]));
    let holders = all
        .map(|(name, key)| Ok((name.clone(), Holder::new(epoch.clone(), &name, key, budgets.clone())?)))
        .collect::<Result<Vec<_>>>()?;
    Ok((epoch, holders))
}

/// This process's CPU time, in hundredths of a second as the system counts it.
fn cpu() -> Duration {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let after = stat.rsplit_once(')').map_or("", |(_, rest)| rest);
    let ticks: u64 = after.split_whitespace().skip(11).take(2).filter_map(|field| field.parse::<u64>().ok()).sum();
    Duration::from_millis(ticks * 10)
}
