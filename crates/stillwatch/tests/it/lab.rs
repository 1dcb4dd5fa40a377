//! Lab: a store with a story, what people said of it, and a ledger: what tests of evidence begin with.
//! In: nothing. Out: a folder, and the program run in it.
//! Invariant: each test has a lab of its own.
//! Not here: assertions.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::{Value, json};

use crate::campaigns::{ID, story};

/// What a ledger says: of the story's campaign, and of others.
pub(crate) const ENTRIES: &str = r#"{"at":"2026-06-01T10:00:00Z","by":"person-1","what":{"role":{"change":"granted","role":"reviewer","whose":"person-2"}}}
{"at":"2026-06-01T10:01:00Z","by":"person-1","what":{"policy":{"hash":"sha256:0000000000000000000000000000000000000000000000000000000000000000","profile":"conservative","to":"1.2.0"}}}
{"at":"2026-06-01T10:02:00Z","by":"person-2","what":{"decision":{"about":"CAMPAIGN","outcome":"confirmed","reason":"ticket-7"}}}
{"at":"2026-06-01T10:03:00Z","by":"person-1","what":{"release":{"approvals":[{"at":"2026-06-01T10:02:30Z","by":"person-2"}],"hash":"sha256:1111111111111111111111111111111111111111111111111111111111111111","legal_basis":"legitimate-interest","object":"CAMPAIGN","profile":"conservative","profile_version":"1.2.0","to":["lab-b.example"]}}}
{"at":"2026-06-01T10:04:00Z","by":"person-3","what":{"decision":{"about":"campaign--another","outcome":"dismissed","reason":"ticket-8"}}}
"#;

pub(crate) struct Lab {
    pub(crate) folder: tempfile::TempDir,
    pub(crate) data: PathBuf,
}

impl Lab {
    /// A store with the story and what people said of it, and a ledger.
    pub(crate) fn new() -> Result<Self, Box<dyn std::error::Error>> {
        let folder = tempfile::tempdir()?;
        let data = story(folder.path());
        let lab = Self { folder, data };
        let run = lab.data.join("spool/run--2.json");
        let mut last: Value = serde_json::from_slice(&std::fs::read(&run)?)?;
        let text = |account: &str, text: &str| json!({"account": account, "time": "2026-03-04T10:00:00Z", "text": text, "words": []});
        last["details"][0]["examples"] =
            json!([text("acct-03", "Grade the proof, step by step."), text("acct-04", "Grade the program.")]);
        std::fs::write(&run, serde_json::to_vec(&last)?)?;
        lab.done("campaigns list")?;
        for change in [
            &["campaigns", "label", ID, "confirmed", "--because", "one card"][..],
            &["campaigns", "claim", ID, "--actor", "Example Lab", "--likelihood", "likely", "--source", "a partner"],
            &["campaigns", "evidence", ID, "--factor", "timeline", "--source", "news", "A release followed."],
            &["campaigns", "note", ID, "acct-04 paid with the card of acct-05, asked the payment team"],
            &["campaigns", "label", ID, "--account", "acct-03", "--verdict", "false-positive"],
        ] {
            lab.run(change, "", "ada")?;
        }
        lab.done("ledger init record --name lab.example/ledger")?;
        let entries = ENTRIES.replace("CAMPAIGN", &lab.campaign()?);
        lab.run(&["ledger", "append", "record", "--key", "record.key"], &entries, "ada")?;
        Ok(lab)
    }

    pub(crate) fn campaign(&self) -> Result<String, Box<dyn std::error::Error>> {
        let shown: Value = serde_json::from_str(&self.done(&format!("campaigns show {ID} --format json"))?)?;
        Ok(shown["campaign"]["id"].as_str().ok_or("no id")?.to_owned())
    }

    pub(crate) fn at(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn run(&self, arguments: &[&str], input: &str, who: &str) -> Result<Output, Box<dyn std::error::Error>> {
        let mut child = Command::new(env!("CARGO_BIN_EXE_stillwatch"))
            .args(arguments)
            .env_clear()
            .env("STILLWATCH_DATA", &self.data)
            .env("STILLWATCH_AUTHOR", who)
            .env("COLUMNS", "130")
            .current_dir(self.folder.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()?;
        std::io::Write::write_all(&mut child.stdin.take().ok_or("no input")?, input.as_bytes())?;
        Ok(child.wait_with_output()?)
    }

    /// Exit code and both outputs.
    pub(crate) fn says(&self, line: &str) -> Result<(i32, String, String), Box<dyn std::error::Error>> {
        let output = self.run(&line.split(' ').collect::<Vec<_>>(), "", "ada")?;
        let code = output.status.code().ok_or("was killed")?;
        Ok((code, String::from_utf8(output.stdout)?, String::from_utf8(output.stderr)?))
    }

    /// What is printed by a verb that succeeds.
    pub(crate) fn done(&self, line: &str) -> Result<String, Box<dyn std::error::Error>> {
        match self.says(line)? {
            (0, out, _) => Ok(out),
            (code, _, err) => Err(format!("`{line}`: exit {code}: {err}").into()),
        }
    }

    pub(crate) fn bytes(&self, name: &str) -> Result<Vec<u8>, Box<dyn std::error::Error>> {
        Ok(std::fs::read(self.at(name))?)
    }

    /// Unpacks a bundle with the system's `tar`.
    pub(crate) fn unpack(&self, archive: &str) -> Result<PathBuf, Box<dyn std::error::Error>> {
        let folder = self.at(&format!("{archive}.d"));
        std::fs::create_dir(&folder)?;
        succeeds(Command::new("tar").arg("-xf").arg(self.at(archive)).arg("-C").arg(&folder))?;
        Ok(folder)
    }
}

/// Runs a program of others'; what it printed.
pub(crate) fn succeeds(command: &mut Command) -> Result<String, Box<dyn std::error::Error>> {
    let output = command.output()?;
    let said = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    if output.status.success() { Ok(said) } else { Err(format!("{command:?}: {said}").into()) }
}

pub(crate) fn file(folder: &Path, name: &str) -> Result<Value, Box<dyn std::error::Error>> {
    Ok(serde_json::from_slice(&std::fs::read(folder.join(name))?)?)
}
