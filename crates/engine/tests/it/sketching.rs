//! Sketching: the same traffic gives the same sketches however it is packed, dealt out or spilled.
//! In: invented traffic. Out: sketches, what was spilled.
//! Invariant: compared byte for byte.
//! Not here: what a sketch holds (`stillwatch-detect`); whole runs of the program (`program.rs`).

use std::{collections::BTreeMap, fmt::Write as _, io::Write as _, path::Path, sync::Arc};

use stillwatch_engine::{
    pipeline::{self, Limits, Read, RunError},
    scan::{ScanOptions, Tally},
};

use crate::{
    opened::{folder, options},
    parquet::write,
};

/// A full disk needs a small one.
#[cfg(target_os = "linux")]
struct Tmpfs(std::path::PathBuf);

#[cfg(target_os = "linux")]
impl Tmpfs {
    fn mount(at: &Path, size: &str) -> Option<Self> {
        std::fs::create_dir_all(at).expect("a folder");
        let mut mount = std::process::Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", &format!("size={size}"), "tmpfs"]).arg(at);
        let mounted = mount.output().is_ok_and(|output| output.status.success());
        mounted.then(|| Self(at.to_owned()))
    }
}

#[cfg(target_os = "linux")]
impl Drop for Tmpfs {
    fn drop(&mut self) {
        let done = std::process::Command::new("umount").arg(&self.0).status();
        assert!(done.is_ok_and(|status| status.success()), "cannot unmount {}", self.0.display());
    }
}

fn try_sketches(path: &Path, limits: &Limits) -> Result<Read, RunError> {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let inputs = [path.display().to_string()];
    runtime.block_on(pipeline::read(&inputs, &options(), limits, Arc::new(Tally::default()), |_| {}))
}

fn read(path: &Path, limits: &Limits) -> Read {
    try_sketches(path, limits).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn limits(memory: usize, threads: usize) -> Limits {
    Limits { memory, spill: None, threads }
}

fn roomy() -> Limits {
    limits(1 << 30, 2)
}

/// The sketches as bytes.
fn bytes(read: &Read) -> BTreeMap<&str, Vec<u8>> {
    read.accounts.iter().map(|(name, sketch)| (name.as_str(), sketch.to_bytes())).collect()
}

/// One exchange of many accounts: rows of time, account, prompt, input tokens.
fn row(number: usize, accounts: usize) -> (String, String, String, usize) {
    let (hour, minute, second) = (number / 3600 % 24, number / 60 % 60, number % 60);
    let account = format!("acc_{}", number.wrapping_mul(2_654_435_761) % accounts);
    let prompt = format!("Grade answer {number} to question {}, from one to ten.", number % 97);
    (format!("2026-03-02T{hour:02}:{minute:02}:{second:02}Z"), account, prompt, number % 50)
}

fn jsonl(rows: std::ops::Range<usize>, accounts: usize) -> String {
    let mut text = String::new();
    for number in rows {
        let (time, account, prompt, tokens) = row(number, accounts);
        let _ = writeln!(
            text,
            r#"{{"time":"{time}","account":"{account}","prompt":"{prompt}","input_tokens":{tokens},"ip":"10.0.{}.{}"}}"#,
            number % 7,
            number % 251
        );
    }
    text
}

fn csv(rows: std::ops::Range<usize>, accounts: usize) -> String {
    let mut text = String::from("time,account,prompt,input_tokens,ip\n");
    for number in rows {
        let (time, account, prompt, tokens) = row(number, accounts);
        let _ = writeln!(text, "{time},{account},\"{prompt}\",{tokens},10.0.{}.{}", number % 7, number % 251);
    }
    text
}

fn gzip(text: &str) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(text.as_bytes()).expect("gzip");
    encoder.finish().expect("gzip")
}

#[test]
fn a_mixed_folder_gives_the_sketches_of_one_file() {
    const ACCOUNTS: usize = 37;
    let one = folder(&[("all.jsonl", jsonl(0..5_000, ACCOUNTS).as_bytes())]);
    let zstd = zstd::encode_all(jsonl(3_000..4_000, ACCOUNTS).as_bytes(), 3).expect("zstd");
    let mixed = folder(&[
        ("a.jsonl", jsonl(0..1_000, ACCOUNTS).as_bytes()),
        ("b.csv", csv(1_000..2_000, ACCOUNTS).as_bytes()),
        ("c.jsonl.gz", &gzip(&jsonl(2_000..3_000, ACCOUNTS))),
        ("deep/d.jsonl.zst", &zstd),
        ("e.csv.gz", &gzip(&csv(4_000..4_500, ACCOUNTS))),
    ]);
    let rows: Vec<String> = (4_500..5_000)
        .map(|number| {
            let (time, account, prompt, tokens) = row(number, ACCOUNTS);
            format!("('{time}', '{account}', '{prompt}', {tokens}, '10.0.{}.{}')", number % 7, number % 251)
        })
        .collect();
    let rows = rows.join(", ");
    write(
        &mixed.path().join("f.parquet"),
        &format!("SELECT * FROM (VALUES {rows}) AS t (time, account, prompt, input_tokens, ip)"),
    );
    let (one, mixed) = (read(one.path(), &roomy()), read(mixed.path(), &limits(1 << 30, 3)));
    assert_eq!(one.accounts.len(), ACCOUNTS);
    assert_eq!(bytes(&one), bytes(&mixed));
    assert_eq!(one.accounts.values().map(|sketch| sketch.counts.exchanges).sum::<u64>(), 5_000);
}

#[test]
fn what_does_not_fit_into_memory_is_spilled_and_changes_nothing() {
    let folder = folder(&[("all.jsonl", jsonl(0..60_000, 12_000).as_bytes())]);
    let spill = folder.path().join("spill");
    std::fs::create_dir(&spill).expect("a folder");
    let roomy = read(&folder.path().join("all.jsonl"), &roomy());
    assert_eq!(roomy.spilled.files, 0);
    for threads in [1, 2] {
        let tight = Limits { spill: Some(spill.clone()), ..limits(16 << 20, threads) };
        let tight = read(&folder.path().join("all.jsonl"), &tight);
        assert!(tight.spilled.files > 1 && tight.spilled.bytes > 1 << 20, "{:?}", tight.spilled);
        assert_eq!(bytes(&roomy), bytes(&tight), "{threads} threads");
    }
    assert_eq!(std::fs::read_dir(&spill).expect("a folder").count(), 0, "spilled files are gone");
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_while_spilling_is_told() {
    let folder = folder(&[("all.jsonl", jsonl(0..60_000, 12_000).as_bytes())]);
    let small = folder.path().join("small");
    let Some(disk) = Tmpfs::mount(&small, "1m") else {
        eprintln!("a full disk while spilling: skipped: needs root that may mount a tmpfs");
        return;
    };
    let tight = Limits { spill: Some(small.clone()), ..limits(16 << 20, 2) };
    let error = try_sketches(&folder.path().join("all.jsonl"), &tight).expect_err("the disk is full");
    assert!(matches!(error, RunError::DiskFull(_)), "{error:?}");
    assert_eq!(error.to_string(), format!("no space left in `{}` while spilling aggregation state", small.display()));
    assert!(error.help().is_some_and(|help| help.contains("--spill-dir")));
    assert_eq!(std::fs::read_dir(&small).expect("a folder").count(), 0, "what was spilled is gone");
    drop(disk);
}

#[test]
fn a_spill_folder_that_is_not_there_is_told() {
    let folder = folder(&[("all.jsonl", jsonl(0..10, 3).as_bytes())]);
    let missing = Limits { spill: Some(folder.path().join("missing")), ..roomy() };
    let error = try_sketches(&folder.path().join("all.jsonl"), &missing).expect_err("an error");
    assert!(error.to_string().contains("missing") && error.help().is_some(), "{error}");
}

#[test]
fn a_user_inside_an_aggregator_is_an_account_of_its_own() {
    let line = |account: &str, rest: &str| {
        format!(r#"{{"time":"2026-03-02T09:00:00Z","account":"{account}","prompt":"x"{rest}}}"#)
    };
    let text = [
        line("shop", r#","access":"aggregator","end_user":"u1""#),
        line("shop", r#","access":"aggregator","end_user":"u2""#),
        line("shop", r#","end_user":"u2""#),
        line("shop", r#","access":"aggregator","end_user":"""#),
        line("shop", r#","access":"aggregator""#),
        line("firm", r#","access":"direct","end_user":"employee""#),
    ];
    let folder = folder(&[("a.jsonl", text.join("\n").as_bytes())]);
    let read = read(folder.path(), &roomy());
    let counts: Vec<_> = read.accounts.iter().map(|(name, s)| (name.as_str(), s.counts.exchanges)).collect();
    assert_eq!(counts, [("firm", 1), ("shop", 3), ("shop/u1", 1), ("shop/u2", 1)]);
}

/// Whoever calls an API may say who its own user is, and say another one each time: that must not hide it.
#[test]
fn users_that_an_account_names_split_it_only_where_somebody_calls_it_an_aggregator() {
    let line = |account: &str, user: usize| {
        format!(r#"{{"time":"2026-03-02T09:00:{user:02}Z","account":"{account}","prompt":"x","end_user":"u{user}"}}"#)
    };
    let lines: Vec<String> = ["shop_1", "shop%1", "shopX1", "mall-1", "mall-2", "firm"]
        .iter()
        .flat_map(|account| (0..2).map(|user| line(account, user)).collect::<Vec<_>>())
        .collect();
    let folder = folder(&[("a.jsonl", lines.join("\n").as_bytes())]);
    let names = |aggregators: &[&str]| {
        let aggregators = aggregators.iter().map(|&name| name.to_owned()).collect();
        let options = ScanOptions { aggregators, ..options() };
        let runtime = tokio::runtime::Runtime::new().expect("a runtime");
        let inputs = [folder.path().display().to_string()];
        let read = runtime.block_on(pipeline::read(&inputs, &options, &roomy(), Arc::new(Tally::default()), |_| {}));
        read.expect("sketches").accounts.into_keys().collect::<Vec<_>>().join(" ")
    };
    assert_eq!(names(&[]), "firm mall-1 mall-2 shop%1 shopX1 shop_1");
    assert_eq!(
        names(&["shop_1", "mall-*"]),
        "firm mall-1/u0 mall-1/u1 mall-2/u0 mall-2/u1 shop%1 shopX1 shop_1/u0 shop_1/u1"
    );
    assert_eq!(names(&["shop%1", "fir?"]), "firm/u0 firm/u1 mall-1 mall-2 shop%1/u0 shop%1/u1 shopX1 shop_1");
}

#[test]
fn each_account_is_sketched_in_one_place() {
    let folder = folder(&[("a.jsonl", jsonl(0..100, 9).as_bytes()), ("b.jsonl", jsonl(100..200, 9).as_bytes())]);
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let inputs = [folder.path().display().to_string()];
    let plan = runtime.block_on(pipeline::explain(&inputs, &options(), &limits(1 << 30, 4))).expect("a plan");
    assert!(plan.contains("mode=SinglePartitioned") && !plan.contains("mode=Partial"), "{plan}");
}
