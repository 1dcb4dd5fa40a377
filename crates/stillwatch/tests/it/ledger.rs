//! The verbs of `ledger`: a record kept, proven, watched, altered and found out.
//! In: arguments. Out: exit codes and what is printed.
//! Invariant: no output holds a private key.
//! Not here: what is checked (`ledger`'s own tests).

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

type Done = Result<(), Box<dyn std::error::Error>>;

/// Runs `stillwatch ledger`; gives exit code and both outputs.
fn ledger(folder: &Path, arguments: &str, input: &str) -> Result<(i32, String, String), Box<dyn std::error::Error>> {
    let mut child = Command::new(env!("CARGO_BIN_EXE_stillwatch"))
        .arg("ledger")
        .args(arguments.split(' '))
        .current_dir(folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()?;
    child.stdin.take().ok_or("no input")?.write_all(input.as_bytes())?;
    let output = child.wait_with_output()?;
    let code = output.status.code().ok_or("was killed")?;
    Ok((code, String::from_utf8(output.stdout)?, String::from_utf8(output.stderr)?))
}

fn entry(n: u32) -> String {
    format!(
        r#"{{"at":"2026-06-01T10:00:{:02}Z","by":"person-1","what":{{"decision":{{"about":"campaign--{n}","outcome":"approved","reason":"ticket-{n}"}}}}}}"#,
        n % 60
    ) + "\n"
}

#[test]
fn a_record_is_kept_proven_and_found_altered() -> Done {
    let all = tempfile::tempdir()?;
    let at = all.path();
    let run = |arguments: &str, input: &str| ledger(at, arguments, input);
    let (code, line, _) = run("init record --name lab.example/ledger", "")?;
    assert_eq!((code, line.as_str()), (0, std::fs::read_to_string(at.join("record.pub"))?.as_str()));
    assert_eq!(run("init record --name lab.example/ledger", "")?.0, 2);
    assert_eq!(run("append record --key record.key", &(entry(1) + &entry(2)))?, (0, "0..2\n".into(), String::new()));
    assert_eq!(run("append record --key record.key", &entry(3))?.1, "2..3\n");
    let (code, said, _) = run("verify record --public record.pub", "")?;
    assert!(code == 0 && said.contains("3 entries") && said.contains("every byte"), "{said}");

    assert_eq!(run("prove campaign--2 record --public record.pub --out proof --entry entry", "")?.0, 0);
    assert_eq!(std::fs::read_to_string(at.join("entry"))? + "\n", entry(2));
    assert_eq!(run("check proof entry --public record.pub", "")?.0, 0);
    std::fs::write(at.join("entry"), entry(3).trim())?;
    assert_eq!(run("check proof entry --public record.pub", "")?.0, 1);
    assert_eq!(run("prove campaign--9 record --public record.pub", "")?.0, 1);
    assert_eq!(run("prove 9 record --public record.pub", "")?.0, 2);
    insta::assert_snapshot!(run("show record --public record.pub", "")?.1, @r"
           0  2026-06-01T10:00:01Z  person-1  approved campaign--1 (ticket-1)
           1  2026-06-01T10:00:02Z  person-1  approved campaign--2 (ticket-2)
           2  2026-06-01T10:00:03Z  person-1  approved campaign--3 (ticket-3)
    ");

    let bundle = at.join("record/tile/entries/000.p/3");
    let right = std::fs::read(&bundle)?;
    let mut wrong = right.clone();
    let at_2 = right.windows(8).position(|bytes| bytes == b"ticket-2").ok_or("not there")?;
    wrong[at_2 + 7] = b'7';
    std::fs::write(&bundle, wrong)?;
    let (code, said, _) = run("verify record --public record.pub --format json", "")?;
    let said: serde_json::Value = serde_json::from_str(&said)?;
    assert_eq!((code, &said["where"]["entry"]), (1, &serde_json::json!(1)));
    assert_eq!(run("export record out --public record.pub", "")?.0, 1);
    std::fs::write(&bundle, right)?;
    assert_eq!(run("export record out --public record.pub", "")?.0, 0);
    assert_eq!(run("verify out/log --public out/key.pub", "")?.0, 0);
    assert_eq!(run("verify nowhere --public record.pub", "")?.0, 2);
    Ok(())
}

#[test]
fn a_witness_watches_cosigns_and_shouts() -> Done {
    let all = tempfile::tempdir()?;
    let at = all.path();
    let run = |arguments: &str, input: &str| ledger(at, arguments, input);
    run("init record --name lab.example/ledger", "")?;
    run("append record --key record.key", &entry(1))?;
    assert_eq!(run("key witness.key --name witness.example/w1", "")?.0, 0);
    std::fs::copy(at.join("record/checkpoint"), at.join("old"))?;
    let see = "record --public record.pub --state seen";
    assert_eq!(run(&format!("watch {see}"), "")?.0, 0);
    run("append record --key record.key", &entry(2))?;
    assert_eq!(run("consistency old record --public record.pub --out grown", "")?.0, 0);
    assert_eq!(run("check grown old --public record.pub", "")?.0, 0);
    let (code, line, _) = run(&format!("cosign {see} --key witness.key"), "")?;
    assert_eq!(code, 0);
    assert_eq!(run("add-cosignatures record - --key record.key --witness witness.pub", &line)?.0, 0);
    assert_eq!(run("verify record --public record.pub --witness witness.pub --quorum 1", "")?.0, 0);
    assert_eq!(run("verify record --public record.pub --quorum 1", "")?.0, 1);

    let (code, said, _) = run("watch old --public record.pub --state seen", "")?;
    assert!(code == 1 && said.starts_with("ROLLED BACK"), "{said}");
    assert_eq!(run("cosign old --public record.pub --state seen --key witness.key", "")?.1, "", "not signed");
    // The same key signs another history of the same length.
    std::fs::remove_dir_all(at.join("record"))?;
    std::fs::rename(at.join("record.key"), at.join("kept"))?;
    std::fs::remove_file(at.join("record.pub"))?;
    let key = stillwatch_ledger::Key::read(&at.join("kept"))?;
    stillwatch_ledger::Log::create(&at.join("other"), key)?;
    run("append other --key kept", &(entry(1) + &entry(9)))?;
    let public = std::fs::read_to_string(at.join("witness.pub"))?;
    assert!(!public.contains("PRIVATE"));
    let key = stillwatch_ledger::Key::read(&at.join("kept"))?.public().to_line();
    let (code, said, _) = run(&format!("watch other --public {key} --state seen"), "")?;
    assert!(code == 1 && said.starts_with("FORK") && said.contains("seen.before, seen.after"), "{said}");
    Ok(())
}
