//! The verbs of a hub: made, given members and groups, its changes of roles written down.
//! In: arguments. Out: exit codes and what is printed; a ledger that verifies.
//! Invariant: secret keys stand in one file each, which only its owner reads, and are never printed.
//! Not here: what a hub serves (`node`'s own tests).

use std::path::Path;
use std::process::{Command, Stdio};

type Done<T = ()> = Result<T, Box<dyn std::error::Error>>;

/// Runs `stillwatch`; gives exit code and both outputs.
fn run(folder: &Path, arguments: &[&str]) -> Done<(i32, String, String)> {
    let output = Command::new(env!("CARGO_BIN_EXE_stillwatch"))
        .args(arguments)
        .current_dir(folder)
        .env_remove("STILLWATCH_NODE")
        .env("STILLWATCH_LEDGER", "record")
        .stdin(Stdio::null())
        .output()?;
    let code = output.status.code().ok_or("was killed")?;
    Ok((code, String::from_utf8(output.stdout)?, String::from_utf8(output.stderr)?))
}

fn done(folder: &Path, arguments: &[&str]) -> Done<String> {
    match run(folder, arguments)? {
        (0, out, _) => Ok(out),
        (code, _, said) => Err(format!("{arguments:?} ended with {code}: {said}").into()),
    }
}

#[test]
fn a_hub_is_made_with_groups() -> Done {
    let all = tempfile::tempdir()?;
    let at = all.path();
    done(at, &["ledger", "init", "record", "--name", "hub.example/ledger"])?;
    let (code, token, said) = run(at, &["init", ".", "--role", "hub"])?;
    assert!(code == 0 && token.starts_with("swt_"), "{said}");
    let key = said.split_whitespace().find(|word| word.starts_with("age1")).ok_or("a public key")?.to_owned();
    assert!(!said.contains("AGE-SECRET-KEY") && !token.contains("AGE-SECRET-KEY"));
    let secret = std::fs::read_to_string(at.join("sealing.key"))?;
    assert!(secret.contains("AGE-SECRET-KEY-1") && secret.contains(&key));
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(std::fs::metadata(at.join("sealing.key"))?.permissions().mode() & 0o777, 0o600);
    }
    assert!(std::fs::read_to_string(at.join("node.toml"))?.contains("\nrole = \"hub\"\n"));
    assert_eq!(run(at, &["init", "other", "--role", "king"])?.0, 2);

    done(at, &["client", "add", "lab-one", "--role", "member", "--seal-to", &key])?;
    done(at, &["client", "add", "lab-two", "--role", "member"])?;
    done(at, &["client", "add", "ada", "--role", "viewer"])?;
    done(at, &["client", "allow", "lab-two", "--seal-to", &key])?;
    let (code, _, said) = run(at, &["client", "allow", "lab-two", "--seal-to", "age1nonsense"])?;
    assert!(code == 2 && said.contains("no public key of age"), "{said}");

    let id = "8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f";
    assert_eq!(done(at, &["group", "add", "--name", "Three labs", "--alias", "three", "--id", id])?.trim(), id);
    for arguments in [&["join", id, "lab-one"][..], &["join", id, "lab-two"], &["leave", id, "lab-two"]] {
        let (code, _, said) = run(at, &[&["group"][..], arguments].concat())?;
        assert!(code == 0 && said.contains("within a second"), "{said}");
    }
    for wrong in [
        &["join", id, "ada"][..],
        &["join", id, "lab-nine"],
        &["join", id, "lab-one"],
        &["leave", id, "lab-two"],
        &["join", "nonsense", "lab-two"],
        &["show", "nonsense"],
        &["add", "--name", "Again", "--id", id],
        &["add", "--name", "Again", "--root", "nowhere"],
    ] {
        let (code, _, said) = run(at, &[&["group"][..], wrong].concat())?;
        assert!(code == 2 && said.contains("error: ") && said.contains("hint: "), "{wrong:?}: {said}");
    }
    insta::assert_snapshot!(done(at, &["group", "list"])?, @"8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f  Three labs: lab-one");
    let shown = done(at, &["group", "show", id])?;
    let plain: Vec<String> = shown
        .lines()
        .map(|line| {
            let words = line.split(' ').map(|word| match word.trim_end_matches([',', ';']) {
                time if time.starts_with("20") => word.replace(time, "TIME"),
                uuid if uuid.len() > 36 => "PATH".to_owned(),
                key if key.starts_with("age1") => "KEY".to_owned(),
                _ => word.to_owned(),
            });
            words.collect::<Vec<_>>().join(" ")
        })
        .collect();
    insta::assert_snapshot!(plain.join("\n"), @r"
    Three labs
    8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f
    collection PATH
    made TIME; 4 changes
      lab-one                  joined TIME, sealed to PATH
      lab-two                  joined TIME, left TIME
    ");
    done(at, &["group", "end", id])?;
    assert!(done(at, &["group", "list"])?.contains("ended 20"));
    let json: serde_json::Value = serde_json::from_str(&done(at, &["group", "show", id, "--format", "json"])?)?;
    assert_eq!((json["changes"].as_i64(), json["members"].as_array().map(Vec::len)), (Some(5), Some(2)));

    // Every change of who is in it is in the ledger.
    done(at, &["ledger", "verify", "record", "--public", "record.pub"])?;
    let told = done(at, &["ledger", "show", "record", "--public", "record.pub"])?;
    let of_group = |change: &str| told.matches(&format!("{change} group {id}: lab-")).count();
    assert_eq!((of_group("granted"), of_group("revoked")), (2, 2), "{told}");
    Ok(())
}
