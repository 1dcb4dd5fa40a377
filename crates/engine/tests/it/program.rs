//! Program: the engine as it is run: exit codes, what is said, what is left behind.
//! In: the built program and invented logs. Out: stdout, stderr, exit codes, files.
//! Invariant: data on stdout, talk on stderr; nothing half done stays.
//! Not here: single errors of reading (`errors.rs`); both programs together (`stillwatch/tests`).

use std::{
    fmt::Write as _,
    fs,
    path::Path,
    process::{Child, Command, Output, Stdio},
    time::{Duration, Instant},
};

use stillwatch_model::Findings;
use tempfile::TempDir;

use crate::opened::folder;

pub(crate) fn engine(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_stillwatch-engine"));
    command.current_dir(folder);
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("STILLWATCH_")) {
        command.env_remove(name);
    }
    command
}

pub(crate) fn run(folder: &Path, arguments: &[&str]) -> Output {
    engine(folder).args(arguments).output().expect("the program runs")
}

pub(crate) fn out(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

pub(crate) fn err(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// A folder with a small synthetic week.
pub(crate) fn week(exchanges: u32, honest: u32) -> TempDir {
    let folder = folder(&[]);
    let (exchanges, honest) = (exchanges.to_string(), honest.to_string());
    let made = run(
        folder.path(),
        &["synth", "--preset", "demo", "--exchanges", &exchanges, "--honest", &honest, "--out", "."],
    );
    assert_eq!(made.status.code(), Some(0), "{}", err(&made));
    folder
}

/// Findings as printed, but for the time at which they were made.
fn findings(folder: &Path, arguments: &[&str]) -> (String, Findings) {
    let output = run(folder, &[&["detect", "--format", "json"], arguments].concat());
    assert_eq!(output.status.code(), Some(0), "{}", err(&output));
    let text = out(&output);
    let parsed = serde_json::from_str(&text).expect("findings");
    (text.lines().filter(|line| !line.trim_start().starts_with("\"generated\"")).collect::<Vec<_>>().join("\n"), parsed)
}

fn many(accounts: usize, exchanges: usize) -> String {
    let mut text = String::new();
    for number in 0..exchanges {
        let account = number.wrapping_mul(2_654_435_761) % accounts;
        let _ = writeln!(
            text,
            r#"{{"time":"2026-03-02T09:{:02}:{:02}Z","account":"a{account}","prompt":"{number:x}"}}"#,
            number / 60 % 60,
            number % 60
        );
    }
    text
}

#[test]
fn sketches_in_place_of_logs_give_the_same_findings() {
    let folder = week(12_000, 600);
    let accounts = ["--accounts", "accounts.jsonl"];
    let (logs, found) = findings(folder.path(), &[&["traffic.jsonl"], &accounts[..]].concat());
    assert!(!found.campaigns.is_empty());
    for window in ["all", "day", "hour"] {
        let name = format!("{window}.parquet");
        let made = run(folder.path(), &["sketch", "traffic.jsonl", "--window", window, "--out", &name]);
        assert_eq!(made.status.code(), Some(0), "{}", err(&made));
        let (sketches, _) = findings(folder.path(), &[&[name.as_str()], &accounts[..]].concat());
        assert_eq!(logs, sketches, "a sketch for each {window}");
        let raw = fs::read(folder.path().join(&name)).expect("sketches");
        assert!(!contains(&raw, b"You are"), "no prompt text in sketches");
    }
}

fn contains(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}

#[test]
fn little_memory_finds_the_same() {
    // Thrice the sketches that fit, however many threads share the memory.
    let folder = week(60_000, 8_000);
    let accounts = ["traffic.jsonl", "--accounts", "accounts.jsonl"];
    let (roomy, _) = findings(folder.path(), &accounts);
    let output =
        run(folder.path(), &[&["detect", "-v", "--format", "json", "--memory", "32MiB"], &accounts[..]].concat());
    assert_eq!(output.status.code(), Some(0), "{}", err(&output));
    assert!(err(&output).contains("spilled"), "{}", err(&output));
    let tight = out(&output);
    let tight: Vec<_> = tight.lines().filter(|line| !line.trim_start().starts_with("\"generated\"")).collect();
    assert_eq!(roomy, tight.join("\n"));
}

/// A disk of one mebibyte, as long as it is held; `None` where none may be mounted.
#[cfg(target_os = "linux")]
struct TinyDisk(TempDir);

#[cfg(target_os = "linux")]
impl TinyDisk {
    fn mount() -> Option<Self> {
        let folder = folder(&[]);
        let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", "size=1m", "tmpfs"]).arg(folder.path()).output();
        mounted.is_ok_and(|output| output.status.success()).then_some(Self(folder))
    }
}

#[cfg(target_os = "linux")]
impl Drop for TinyDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(self.0.path()).output();
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_disk_that_fills_up_while_spilling_is_told_with_a_cure_and_left_empty() {
    let Some(disk) = TinyDisk::mount() else {
        eprintln!("skipped: needs the right to mount a small disk");
        return;
    };
    let folder = week(60_000, 8_000);
    let spill = disk.0.path().to_string_lossy().into_owned();
    let output = run(
        folder.path(),
        &["detect", "traffic.jsonl", "--accounts", "accounts.jsonl", "--memory", "32MiB", "--spill-dir", &spill],
    );
    assert_eq!(output.status.code(), Some(2), "{}", err(&output));
    let said = err(&output);
    assert!(said.contains("no space left in") && said.contains(&spill), "{said}");
    assert!(said.contains("hint: free some space, or name another folder with `--spill-dir`"), "{said}");
    assert_eq!(out(&output), "", "no findings of half the log");
    assert_eq!(fs::read_dir(disk.0.path()).expect("the disk").count(), 0, "nothing is left behind");
}

#[test]
fn an_aggregator_is_named_by_flag_environment_or_file() {
    let lines = many(3, 60);
    let users = lines
        .lines()
        .enumerate()
        .map(|(at, line)| line.replace("\"prompt\"", &format!("\"end_user\":\"u{}\",\"prompt\"", at / 3 % 2)) + "\n");
    let log: String = users.collect();
    let folder = folder(&[("log.jsonl", log.as_bytes()), ("lab.toml", b"aggregator = [\"a1\"]")]);
    let accounts = |arguments: &[&str], variable: &str| {
        let mut command = engine(folder.path());
        command.args(["detect", "log.jsonl", "--format", "json"]).args(arguments);
        let output = command.env("STILLWATCH_AGGREGATOR", variable).output().expect("the program runs");
        assert_eq!(output.status.code(), Some(0), "{}", err(&output));
        serde_json::from_slice::<Findings>(&output.stdout).expect("findings").accounts
    };
    assert_eq!(accounts(&[], ""), 3);
    assert_eq!(accounts(&["--aggregator", "a1"], ""), 4, "two users of one account");
    assert_eq!(accounts(&[], "a1,a2"), 5);
    assert_eq!(accounts(&["--aggregator", "a1"], "a1,a2"), 4, "the flag wins");
    let mut command = engine(folder.path());
    command.args(["--config", "lab.toml", "detect", "log.jsonl", "--format", "json"]);
    let output = command.output().expect("the program runs");
    assert_eq!(serde_json::from_slice::<Findings>(&output.stdout).expect("findings").accounts, 4);
}

#[test]
fn metadata_alone_is_enough_to_run_and_what_is_off_is_told() {
    let folder = folder(&[]);
    let mut text = String::new();
    for number in 0..600 {
        let _ = writeln!(
            text,
            r#"{{"time":"2026-03-02T{:02}:{:02}:00Z","account":"a{}","ip":"10.0.0.{}","model":"m-1","output_tokens":{}}}"#,
            number / 60 % 24,
            number % 60,
            number % 20,
            number % 5,
            number % 400
        );
    }
    fs::write(folder.path().join("meta.jsonl"), text).expect("a log");
    let (_, found) = findings(folder.path(), &["meta.jsonl"]);
    assert_eq!((found.exchanges, found.accounts), (600, 20));
    let off: Vec<&str> = found.off.iter().map(|signal| signal.name.as_str()).collect();
    for name in ["template", "elicitation", "injected", "focus", "payment", "replay", "burst", "refusals"] {
        assert!(off.contains(&name), "`{name}` is not told to be off: {off:?}");
    }
    for name in ["exits", "rhythm", "balance", "pivot", "answers"] {
        assert!(!off.contains(&name), "`{name}` is told to be off: {off:?}");
    }
    assert!(found.off.iter().all(|signal| signal.because.starts_with("the log has no ")));
    let table = out(&run(folder.path(), &["detect", "meta.jsonl"]));
    assert!(table.contains("template") && table.contains("elicitation"), "{table}");
}

#[test]
fn more_bad_records_than_may_be_stop_the_run() {
    let mut text = many(5, 50);
    text.push_str("{\"time\":\"2026-03-02T09:00:00Z\",\"prompt\":\"nobody\"}\nnot json\n{\"time\":\"1812-01-01T00:00:00Z\",\"account\":\"a\"}\n");
    let folder = folder(&[("log.jsonl", text.as_bytes())]);
    let output = run(folder.path(), &["detect", "log.jsonl"]);
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(out(&output), "");
    let said = err(&output);
    for part in [
        "error: 3 of 53 records are unusable, more than the 1 % that may be\n",
        "log.jsonl:51: field `account`: missing in `{\"time\"",
        "log.jsonl:52: not JSON",
        "log.jsonl:53: field `time`: 1812-01-01T00:00:00Z is absurd",
        "hint: ",
    ] {
        assert!(said.contains(part), "`{part}` is not in:\n{said}");
    }
    let more = run(folder.path(), &["detect", "log.jsonl", "--max-bad", "0.1", "--format", "json"]);
    assert_eq!(more.status.code(), Some(0), "{}", err(&more));
    assert!(err(&more).contains("log.jsonl:51: field `account`"), "{}", err(&more));
    let found: Findings = serde_json::from_slice(&more.stdout).expect("findings");
    assert_eq!((found.exchanges, found.skipped.records), (50, 3));
}

#[test]
fn no_text_of_a_skipped_record_is_in_findings_unless_asked_for() {
    let bad = [
        r#"{"time":"2026-03-02T09:00:00Z","prompt":"my secret"}"#,
        r#"{"time":"2026-03-02T09:00:00Z","account":"a","input_tokens":"my \"secret\" and more"}"#,
        r#"{"time":"2026-03-02T09:00:00Z","account":"a","messages":"my secret" "#,
        r#"my secret"#,
    ];
    for bad in bad {
        let folder = folder(&[("log.jsonl", format!("{bad}\n{}", many(5, 500)).as_bytes())]);
        let quiet = run(folder.path(), &["detect", "log.jsonl", "--format", "json"]);
        assert!(err(&quiet).contains("secret"), "{}", err(&quiet));
        let found: Findings = serde_json::from_slice(&quiet.stdout).expect("findings");
        assert!(found.skipped.first_error.is_some_and(|said| said.starts_with("log.jsonl:1: ")), "{}", out(&quiet));
        assert!(!out(&quiet).contains("secret"), "{}", out(&quiet));
        let asked = run(folder.path(), &["detect", "log.jsonl", "--format", "json", "--with-examples"]);
        assert!(out(&asked).contains("secret"), "{}", out(&asked));
    }
}

#[test]
fn every_failure_to_read_has_exit_code_two_and_a_cure() {
    let folder = folder(&[
        ("empty.jsonl", b""),
        ("log.jsonl", many(3, 9).as_bytes()),
        ("cut.jsonl.gz", b"\x1f\x8b\x08\0\0\0\0\0"),
    ]);
    fs::create_dir(folder.path().join("nothing")).expect("a folder");
    for arguments in [
        &["empty.jsonl"][..],
        &["missing.jsonl"],
        &["nothing"],
        &["cut.jsonl.gz"],
        &["log.jsonl", "--source", "envoy"],
        &["log.jsonl", "--source", "nonsense"],
        &["log.jsonl", "--accounts", "missing.jsonl"],
        &["log.jsonl", "--spill-dir", "missing"],
        &["log.jsonl", "--config", "missing.toml"],
        &["log.jsonl", "--html", "missing/report.html"],
    ] {
        let output = run(folder.path(), &[&["detect"], arguments].concat());
        let said = err(&output);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {said}");
        assert!(said.starts_with("error: ") && said.contains("\nhint: "), "{arguments:?}: {said}");
    }
}

/// Root may read everything: such a file is then read by somebody else.
#[cfg(unix)]
#[test]
fn a_file_that_may_not_be_read_is_told() {
    use std::os::unix::{fs::PermissionsExt as _, process::CommandExt as _};
    let folder = folder(&[("log.jsonl", many(3, 9).as_bytes())]);
    let log = folder.path().join("log.jsonl");
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).expect("permissions");
    fs::set_permissions(&log, fs::Permissions::from_mode(0o000)).expect("permissions");
    let mut command = engine(folder.path());
    if fs::read(&log).is_ok() {
        // The program itself may lie where nobody else may go.
        let program = folder.path().join("engine");
        fs::copy(env!("CARGO_BIN_EXE_stillwatch-engine"), &program).expect("a copy");
        command = Command::new(program);
        command.current_dir(folder.path()).uid(65_534);
    }
    let output = command.args(["detect", "log.jsonl"]).output().expect("the program runs");
    assert_eq!(output.status.code(), Some(2), "{}", err(&output));
    assert!(err(&output).contains("cannot read `log.jsonl`: permission denied"), "{}", err(&output));
    assert!(err(&output).contains("hint: let this user read it"), "{}", err(&output));
}

/// Waits until `done`, which must happen while the child runs.
fn until(child: &mut Child, done: impl Fn() -> bool) {
    let begun = Instant::now();
    while !done() {
        assert!(child.try_wait().expect("a child").is_none(), "the run was over too soon");
        assert!(begun.elapsed() < Duration::from_secs(60), "nothing happened");
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[cfg(unix)]
fn interrupt(child: &Child) {
    let done = Command::new("sh").args(["-c", &format!("kill -INT {}", child.id())]).status();
    assert!(done.expect("a shell").success());
}

#[cfg(unix)]
#[test]
fn an_interrupted_run_leaves_nothing_behind() {
    let folder = folder(&[("log.jsonl", many(60_000, 400_000).as_bytes())]);
    let spill = folder.path().join("spill");
    fs::create_dir(&spill).expect("a folder");
    let is_spilling = || {
        let below =
            |path: &Path| fs::read_dir(path).into_iter().flatten().flatten().map(|e| e.path()).collect::<Vec<_>>();
        below(&spill).iter().flat_map(|run| below(run)).flat_map(|folder| below(&folder)).next().is_some()
    };
    let tight = ["log.jsonl", "--memory", "16MiB", "--threads", "1", "--spill-dir", "spill"];
    for verb in [&["detect", "--html", "report.html"][..], &["sketch", "--out", "sketches.parquet"]] {
        let mut child = engine(folder.path())
            .args(verb)
            .args(tight)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program runs");
        until(&mut child, is_spilling);
        interrupt(&child);
        let output = child.wait_with_output().expect("an end");
        assert_eq!(output.status.code(), Some(130), "{}", err(&output));
        assert_eq!((out(&output).as_str(), err(&output).trim()), ("", "error: interrupted"));
        let mut left: Vec<_> =
            fs::read_dir(folder.path()).expect("a folder").flatten().map(|e| e.file_name()).collect();
        left.sort();
        assert_eq!(left, ["log.jsonl", "spill"]);
        assert_eq!(fs::read_dir(&spill).expect("a folder").count(), 0, "spilled files are gone");
    }
}

#[cfg(unix)]
#[test]
fn interrupted_synthesis_leaves_no_half_traffic() {
    let folder = folder(&[]);
    let mut child = engine(folder.path())
        .args(["synth", "--out", "out", "--exchanges", "5000000"])
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program runs");
    until(&mut child, || folder.path().join("out/traffic.jsonl.part").exists());
    interrupt(&child);
    let output = child.wait_with_output().expect("an end");
    assert_eq!(output.status.code(), Some(130), "{}", err(&output));
    let left: Vec<_> =
        fs::read_dir(folder.path().join("out")).expect("a folder").flatten().map(|e| e.file_name()).collect();
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn flags_win_over_the_environment_and_that_over_the_file() {
    let folder = folder(&[
        ("log.jsonl", many(5, 50).as_bytes()),
        ("stillwatch.toml", b"format = \"json\"\nmemory = \"lots\"\n"),
        ("mine.toml", b"format = \"json\"\nmemory = \"32MiB\"\nthreads = 1\nmax_bad = 0.5\n"),
        ("wrong.toml", b"memory = \"32MiB\"\ntreads = 1\n"),
    ]);
    let is_json = |output: Output| {
        assert_eq!(output.status.code(), Some(0), "{}", err(&output));
        out(&output).starts_with('{')
    };
    let detect = |rest: &[&str]| run(folder.path(), &[&["detect", "log.jsonl"], rest].concat());
    let found = detect(&[]);
    assert_eq!(found.status.code(), Some(2), "the file in the current folder is read");
    assert!(err(&found).contains("`stillwatch.toml`: key `memory`"), "{}", err(&found));
    assert!(is_json(detect(&["--config", "mine.toml"])));
    assert!(!is_json(detect(&["--config", "mine.toml", "--format", "table"])));
    let with = |name: &str, value: &str, rest: &[&str]| {
        engine(folder.path()).args(["detect", "log.jsonl"]).args(rest).env(name, value).output().expect("a run")
    };
    assert!(!is_json(with("STILLWATCH_FORMAT", "table", &["--config", "mine.toml"])));
    assert!(is_json(with("STILLWATCH_FORMAT", "table", &["--config", "mine.toml", "--format", "json"])));
    assert!(is_json(with("STILLWATCH_CONFIG", "mine.toml", &[])));
    assert!(!is_json(with("STILLWATCH_CONFIG", "", &[])), "an empty name: no file at all");
    let wrong = detect(&["--config", "wrong.toml"]);
    assert_eq!(wrong.status.code(), Some(2));
    assert!(err(&wrong).contains("`wrong.toml`: line 2: unknown field `treads`"), "{}", err(&wrong));
    let help = out(&run(folder.path(), &["detect", "--config", "mine.toml", "--help"]));
    assert!(help.contains("[default: 32MiB]"), "{help}");
}

#[test]
fn what_is_passed_over_and_what_tells_nothing_is_told() {
    let folder = folder(&[
        ("logs/log.jsonl", many(5, 50).as_bytes()),
        ("logs/accounts.jsonl", br#"{"account":"a0","created":"2026-01-01T00:00:00Z"}"#),
        ("logs/none.jsonl", b""),
        ("logs/READ\x1b[31mME.md", b"# Logs\n"),
        ("truth.jsonl", br#"{"account":"a0","label":"honest","group":"x"}"#),
        ("others.jsonl", br#"{"account":"acc_0","created":"2026-01-01T00:00:00Z"}"#),
    ]);
    let said = |arguments: &[&str]| err(&run(folder.path(), &[&["detect", "logs"], arguments].concat()));
    let told = said(&[]);
    for line in [
        "passed over: 1 file (accounts.jsonl): a file of accounts\n",
        "passed over: 1 file (none.jsonl): empty\n",
        "passed over: 1 file (READ\\u{1b}[31mME.md): no log\n",
    ] {
        assert!(told.contains(line), "`{line}` is not in:\n{told}");
    }
    assert!(!told.contains('\x1b'), "{told}");
    assert!(
        said(&["--accounts", "truth.jsonl"]).contains("warning: `truth.jsonl` tells nothing of the log's accounts")
    );
    assert!(
        said(&["--accounts", "others.jsonl"])
            .contains("warning: none of the 1 accounts in `others.jsonl` is in the log")
    );
    assert!(!said(&["--accounts", "logs/accounts.jsonl"]).contains("accounts"));
    assert!(!said(&["--verbose"]).contains('\x1b'), "no colours into a pipe");
}

#[test]
fn a_file_of_accounts_that_knows_only_an_aggregator_is_not_told_to_lack_what_it_has() {
    let line = r#"{"time":"2026-03-02T09:00:00Z","account":"shop","access":"aggregator","end_user":"u1","reasoning_presented":[]}"#;
    let folder = folder(&[
        ("log.jsonl", line.as_bytes()),
        ("accounts.jsonl", br#"{"account":"shop","created":"2026-01-01T00:00:00Z","payment":"p"}"#),
    ]);
    let (_, found) = findings(folder.path(), &["log.jsonl", "--accounts", "accounts.jsonl"]);
    let off: Vec<&str> = found.off.iter().map(|signal| signal.name.as_str()).collect();
    assert!(!off.contains(&"burst") && !off.contains(&"payment"), "{off:?}");
    assert!(off.contains(&"verified"), "{off:?}");
    assert!(off.contains(&"replay"), "a list of nothing says nothing: {off:?}");
}

#[test]
fn sketches_are_merged_and_held_against_each_other_and_what_needs_logs_says_so() {
    let folder = week(12_000, 600);
    let in_folder = |arguments: &[&str]| run(folder.path(), arguments);
    let done = |arguments: &[&str]| {
        let output = in_folder(arguments);
        assert_eq!(output.status.code(), Some(0), "{arguments:?}: {}", err(&output));
        output
    };
    done(&["sketch", "traffic.jsonl", "--window", "day", "--out", "days.parquet"]);
    done(&["sketch", "traffic.jsonl", "--out", "week.parquet"]);
    done(&["sketch", "days.parquet", "--out", "merged.parquet"]);
    let (logs, _) = findings(folder.path(), &["traffic.jsonl"]);
    assert_eq!(logs, findings(folder.path(), &["merged.parquet"]).0);
    // Of one's own merged sketches and another's: both are read together.
    done(&["sketch", "merged.parquet", "week.parquet", "--out", "twice.parquet"]);
    for traffic in ["traffic.jsonl", "merged.parquet"] {
        let (_, found) = findings(folder.path(), &[traffic, "--baseline", "week.parquet"]);
        assert_eq!(found.cohort.map(|cohort| cohort.alarms), Some(0), "the same traffic is no alarm");
    }
    for (arguments, said) in [
        (&["sketch", "week.parquet", "--window", "hour", "--out", "x.parquet"][..], "cannot be cut into days or hours"),
        (&["evaluate", "week.parquet", "--truth", "truth.jsonl", "--until"], "`--until` follows the log day by day"),
    ] {
        let output = in_folder(arguments);
        assert_eq!(output.status.code(), Some(2), "{}", err(&output));
        assert!(err(&output).contains(said) && err(&output).contains("hint: give the logs"), "{}", err(&output));
    }
}

#[test]
fn stages_are_told_when_asked() {
    let folder = folder(&[("log.jsonl", many(5, 50).as_bytes())]);
    let quiet = run(folder.path(), &["detect", "log.jsonl"]);
    assert_eq!(err(&quiet), "");
    let told = err(&run(folder.path(), &["detect", "log.jsonl", "--verbose"]));
    for stage in ["read and sketch: ", "link and score: ", " exchanges/s"] {
        assert!(told.contains(stage), "{told}");
    }
}
