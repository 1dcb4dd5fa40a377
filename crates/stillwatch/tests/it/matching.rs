//! Matching by the command line: two labs' nodes, from keys to what both have, and an audit.
//! In: arguments, files of addresses. Out: exit codes and what is printed.
//! Invariant: nothing is matched before somebody else approved; each learns what is common; what is printed is what the store has.
//! Not here: protocols (`matching`), cuts and strangers (`node`'s own tests).

use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

type Done<T = ()> = Result<T, Box<dyn std::error::Error>>;

/// A lab's node in a folder of its own.
pub(crate) struct Lab {
    pub(crate) folder: PathBuf,
    name: &'static str,
    pub(crate) key: String,
}

impl Lab {
    fn make(all: &Path, name: &'static str) -> Done<Self> {
        Self::with(all, name, if name == "lab-one" { "lab-two" } else { "lab-one" })
    }

    /// With a profile that lets that other be told.
    pub(crate) fn with(all: &Path, name: &'static str, other: &str) -> Done<Self> {
        let mut lab = Self { folder: all.join(name), name, key: String::new() };
        std::fs::create_dir(&lab.folder)?;
        lab.done(&["init", "."])?;
        lab.done(&["ledger", "init", "record", "--name", &format!("{name}.example/ledger")])?;
        let file = lab.folder.join("node.toml");
        let settings = std::fs::read_to_string(&file)?
            .replace("127.0.0.1:8443", "127.0.0.1:0")
            .replace("name = \"this-node\"", &format!("name = \"{name}\""))
            .replace("# ledger = \"record\"", "ledger = \"record\"");
        let (before, after) = settings.split_once("\n[tls]\n").ok_or("a certificate")?;
        let limits = after.split_once("\n[limits]\n").ok_or("limits")?.1;
        std::fs::write(&file, format!("{before}\n[limits]\n{limits}"))?;
        lab.key = lab.done(&["match", "key"])?.0.trim().to_owned();
        // The shipped profile, with the other lab in its audience, signed here.
        let profile = lab.folder.join("conservative");
        std::fs::create_dir(&profile)?;
        let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../profiles/conservative");
        for entry in std::fs::read_dir(shipped)? {
            let entry = entry?;
            let text = std::fs::read_to_string(entry.path())?.replace("lab-one.example", other);
            std::fs::write(profile.join(entry.file_name()), text)?;
        }
        lab.done(&["policy", "key", "signer.pem"])?;
        lab.done(&["policy", "sign", "conservative", "--signing-key", "signer.pem"])?;
        lab.done(&["policy", "adopt", "conservative", "--key", "signer.pem.pub"])?;
        Ok(lab)
    }

    /// Runs `stillwatch`; gives exit code and both outputs.
    pub(crate) fn run(&self, arguments: &[&str]) -> Done<(i32, String, String)> {
        let output = Command::new(env!("CARGO_BIN_EXE_stillwatch"))
            .args(arguments)
            .current_dir(&self.folder)
            .env_remove("STILLWATCH_NODE")
            .env_remove("STILLWATCH_POLICY_KEYS")
            .env("STILLWATCH_DATA", "data")
            .env("STILLWATCH_AUTHOR", "ada")
            .stdin(Stdio::null())
            .output()?;
        let code = output.status.code().ok_or("was killed")?;
        Ok((code, String::from_utf8(output.stdout)?, String::from_utf8(output.stderr)?))
    }

    pub(crate) fn done(&self, arguments: &[&str]) -> Done<(String, String)> {
        let (code, out, said) = self.run(arguments)?;
        if code == 0 { Ok((out, said)) } else { Err(format!("{arguments:?}: {code}\n{out}{said}").into()) }
    }

    /// Serves until it is killed; gives its address.
    pub(crate) fn serve(&self) -> Done<(Child, String)> {
        let mut child = Command::new(env!("CARGO_BIN_EXE_stillwatch"))
            .args(["serve"])
            .current_dir(&self.folder)
            .env_remove("RUST_LOG")
            .stderr(Stdio::piped())
            .spawn()?;
        let mut log = BufReader::new(child.stderr.take().ok_or("a log")?);
        let mut first = String::new();
        log.read_line(&mut first)?;
        let address = first.trim().strip_prefix("listening on ").ok_or_else(|| first.clone())?.to_owned();
        // Read all the while: a full pipe would hold the node up.
        std::thread::spawn(move || log.read_to_string(&mut String::new()));
        Ok((child, address))
    }

    /// Knows another: adds its server as a peer, and it as a member.
    pub(crate) fn knows(&self, other: &Self, address: &str) -> Done {
        let token = other.done(&["client", "add", self.name, "--role", "member"])?.0;
        let file = format!("{}.token", other.name);
        std::fs::write(self.folder.join(&file), token)?;
        self.done(&["peer", "add", other.name, address, "--token-file", &file, "--no-check"])?;
        self.done(&["match", "member", "add", other.name, "--public-key", &other.key, "--peer", other.name])?;
        Ok(())
    }

    /// Waits until another, which runs, has heard of this node as its client.
    pub(crate) fn heard(&self, other: &Self, address: &str) -> Done {
        let look = ["peer", "look", address, "--token-file", &format!("{}.token", other.name)];
        for _ in 0..100 {
            if self.run(&look)?.0 == 0 {
                return Ok(());
            }
            std::thread::sleep(std::time::Duration::from_millis(50));
        }
        Err(format!("{}: {:?}", other.name, self.run(&look)?).into())
    }

    fn agrees(&self, member: &str) -> Done<String> {
        let agree = [
            "match",
            "agree",
            member,
            "--namespace",
            "address",
            "--from",
            "addresses.csv",
            "--both",
            "--budget",
            "5000",
            "--profile",
            "conservative",
            "--policy-key",
            "signer.pem.pub",
        ];
        Ok(self.done(&agree)?.1)
    }
}

/// What changes from run to run.
fn masked(text: &str) -> String {
    let instant = regex::Regex::new(r"\d{4}-\d\d-\d\d \d\d:\d\d UTC")
        .map(|r| r.replace_all(text, "MINUTE          UTC").into_owned());
    let text = instant.unwrap_or_default();
    regex::Regex::new(r"(?m)(^|round )[0-9a-f]{8}\b")
        .map(|r| r.replace_all(&text, "${1}ROUND   ").into_owned())
        .unwrap_or_default()
}

#[test]
fn two_labs_match_by_the_command_line() -> Done {
    let all = tempfile::tempdir()?;
    let (one, two) = (Lab::make(all.path(), "lab-one")?, Lab::make(all.path(), "lab-two")?);
    // Ten of two hundred are everyone's.
    for (lab, from) in [(&one, 1_000), (&two, 2_000)] {
        let mut csv = "value,first_seen,last_seen,confidence,count\n".to_owned();
        for n in (0..10).chain(from..from + 190) {
            csv.push_str(&format!("11.2.{}.{},2026-11-01T10:00:00Z,2026-11-20T10:00:00Z,83,7\n", n / 250, n % 250));
        }
        csv.push_str("198.18.0.1,,,,\nnonsense,,,,\n");
        std::fs::write(lab.folder.join("addresses.csv"), csv)?;
    }
    assert_eq!(one.done(&["match", "rounds"])?.0, "nothing was matched yet; `stillwatch match with MEMBER` does\n");
    assert_eq!(one.done(&["match", "agreements"])?.0, "nothing is agreed on; `stillwatch match agree` proposes\n");
    let (mut serving, address) = two.serve()?;
    one.knows(&two, &address)?;
    one.heard(&two, &address)?;
    two.knows(&one, &address)?;
    insta::assert_snapshot!(
        "match_members",
        masked(&one.done(&["match", "member", "list"])?.0.replace(&two.key[..16], "KEY             "))
    );
    // Not before somebody else approved, on either side.
    insta::assert_snapshot!("match_agree", one.agrees("lab-two")?);
    let with = ["match", "with", "lab-two", "--namespace", "address", "--both"];
    let (code, _, said) = one.run(&with)?;
    assert!(code == 2 && said.contains("0 of 1 people approved"), "{said}");
    let approve = |lab: &Lab, member: &str, who: &str| {
        lab.run(&["match", "approve", member, "--namespace", "address", "--author", who])
    };
    assert_eq!(approve(&one, "lab-two", "ada")?.0, 2);
    assert_eq!(approve(&one, "lab-two", "ben")?.0, 0);
    let (code, _, said) = one.run(&with)?;
    assert!(code == 2 && said.contains("`lab-two` refuses: nothing is agreed on with `lab-one`"), "{said}");
    two.agrees("lab-one")?;
    assert_eq!(approve(&two, "lab-one", "cleo")?.0, 0);
    let (out, said) = one.done(&with)?;
    insta::assert_snapshot!("match_with", masked(&format!("{out}\n{said}")));
    insta::assert_snapshot!("match_rounds", masked(&one.done(&["match", "rounds"])?.0));
    insta::assert_snapshot!(
        "match_agreements",
        masked(&one.done(&["match", "agreements"])?.0.replace(&all.path().canonicalize()?.display().to_string(), ""))
    );
    // The other side learned the same, a moment later.
    for _ in 0..200 {
        if two.done(&["match", "rounds"])?.0.contains("       10\n") {
            break;
        }
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    let rounds: serde_json::Value = serde_json::from_str(&two.done(&["match", "rounds", "--format", "json"])?.0)?;
    assert_eq!((rounds[0]["side"].as_str(), rounds[0]["found"].as_u64()), (Some("asks"), Some(10)));
    // What was matched can be audited: the first way's set, opened by its owner.
    let own: serde_json::Value = serde_json::from_str(&one.done(&["match", "rounds", "--format", "json"])?.0)?;
    let asked = own.as_array().into_iter().flatten().find(|round| round["side"] == "asks").ok_or("a round")?;
    let id = asked["id"].as_str().ok_or("an id")?;
    let opened = one.done(&["match", "audit", id, "--leaves", "0,7,199"])?.0;
    std::fs::write(two.folder.join("opened.json"), &opened)?;
    insta::assert_snapshot!("match_verify", two.done(&["match", "verify", "opened.json"])?.0);
    std::fs::write(two.folder.join("opened.json"), opened.replacen("\"index\": 7", "\"index\": 8", 1))?;
    let (code, _, said) = two.run(&["match", "verify", "opened.json"])?;
    assert!(code == 1 && said.contains("leaf 8 isn't in the set that `lab-one` committed to"), "{said}");
    // The ledger says who, what, how large about; and no address.
    let shown = one.done(&["ledger", "show", "record", "--public", "record.pub"])?.0;
    assert!(shown.contains("begun with lab-two: address, about 208 and 208 elements"), "{shown}");
    assert!(shown.contains("closed with lab-two") && !shown.contains("11.2."), "{shown}");
    serving.kill()?;
    serving.wait()?;
    Ok(())
}
