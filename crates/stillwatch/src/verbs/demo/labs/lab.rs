//! Lab: one organisation of the demo: a folder with its store, ledger, keys, settings and profile, and its people.
//! In: commands, as a person would give them. Out: what they print.
//! Invariant: everything is done by this program's own verbs, in processes of their own; nothing of the user's settings counts.
//! Not here: the story (`mod.rs`).

use std::fs::File;
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use super::super::{Ended, own, quiet};
use super::traffic::LABS;

/// The profile under which they release: the one that is shipped, for the trust group.
const PROFILE: [(&str, &str); 5] = [
    ("cases.toml", include_str!("../../../../../../profiles/conservative/cases.toml")),
    ("minimise.toml", include_str!("../../../../../../profiles/conservative/minimise.toml")),
    ("policies.cedar", include_str!("../../../../../../profiles/conservative/policies.cedar")),
    ("profile.toml", include_str!("../../../../../../profiles/conservative/profile.toml")),
    ("schema.cedarschema", include_str!("../../../../../../profiles/conservative/schema.cedarschema")),
];
/// Who gets releases: the hub's sharing group, by one name.
pub(super) const GROUP: &str = "trust-group";

/// An organisation.
#[derive(Clone)]
pub(super) struct Lab {
    pub(super) name: &'static str,
    folder: PathBuf,
}

impl Lab {
    /// Makes one: a node with a ledger.
    pub(super) fn make(folder: &Path, name: &'static str, role: &str) -> Result<Self, Ended> {
        let lab = Self { name, folder: folder.join(name).join("node") };
        quiet(lab.command(&["init", &lab.path(""), "--role", role]))?;
        quiet(lab.command(&["ledger", "init", &lab.path("record"), "--name", &format!("{name}.example/ledger")]))?;
        let settings = lab.path("node.toml");
        let text = std::fs::read_to_string(&settings).map_err(|e| failed(&settings, &e))?;
        let text = text
            .replace("listen = \"127.0.0.1:8443\"", "listen = \"127.0.0.1:0\"")
            .replace("name = \"this-node\"", &format!("name = \"{name}\""))
            .replace("# ledger = \"record\"", "ledger = \"record\"")
            .replace("# matching_transcript", "matching_transcript");
        std::fs::write(&settings, text).map_err(|e| failed(&settings, &e))?;
        Ok(lab)
    }

    /// Puts the shipped profile in force, signed by this lab's own lawyer.
    pub(super) fn adopt(&self) -> Result<(), Ended> {
        let folder = self.folder.join("conservative");
        std::fs::create_dir_all(&folder).map_err(|e| failed(&folder.display().to_string(), &e))?;
        for (name, text) in PROFILE {
            let file = folder.join(name);
            // The group gets releases; what is matched is matched with one lab at a time.
            let members = format!("\"{GROUP}\", \"hub\", \"{}\"", LABS.join("\", \""));
            let text = if name == "profile.toml" {
                text.replace("\"lab-one.example\"", &members)
            } else {
                text.replace("lab-one.example", GROUP)
            };
            std::fs::write(&file, text).map_err(|e| failed(&file.display().to_string(), &e))?;
        }
        let (profile, key) = (folder.display().to_string(), self.path("signer.pem"));
        quiet(self.command(&["policy", "key", &key]))?;
        quiet(self.command(&["policy", "sign", &profile, "--signing-key", &key]))?;
        quiet(self.by("lawyer", &["policy", "adopt", &profile]))?;
        Ok(())
    }

    /// A file of this lab's.
    pub(super) fn path(&self, name: &str) -> String {
        if name.is_empty() { self.folder.display().to_string() } else { self.folder.join(name).display().to_string() }
    }

    /// A command of this program's, as one of this lab's people.
    pub(super) fn by(&self, who: &str, arguments: &[&str]) -> Command {
        let mut command = self.command(arguments);
        command.env("STILLWATCH_AUTHOR", who);
        command
    }

    /// A command of this program's.
    pub(super) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = own();
        command
            .args(arguments)
            .env("STILLWATCH_DATA", self.path("data"))
            .env("STILLWATCH_NODE", self.path("node.toml"))
            .env("STILLWATCH_LEDGER", self.path("record"))
            .env("STILLWATCH_POLICY_KEYS", self.path("signer.pem.pub"))
            .env("STILLWATCH_PROFILE_NAME", "conservative")
            .env("STILLWATCH_PRODUCER", self.name)
            .env("STILLWATCH_AUTHOR", "analyst");
        command
    }

    /// Has somebody else approve what was proposed, then goes round once: fetches, hands over.
    pub(super) fn release(&self, id: &str) -> Result<(), Ended> {
        quiet(self.by("approver", &["release", "approve", id]))?;
        self.sync()
    }

    /// Goes round once.
    pub(super) fn sync(&self) -> Result<(), Ended> {
        quiet(self.command(&["peer", "sync"])).map(|_| ())
    }
}

/// A node that answers until it is dropped.
pub(super) struct Served {
    pub(super) lab: Lab,
    pub(super) port: u16,
    child: Child,
}

impl Served {
    /// Makes a hub, and starts it.
    pub(super) fn hub(folder: &Path) -> Result<Self, Ended> {
        Self::start(&Lab::make(folder, "hub", "hub")?)
    }

    /// Starts a node on a free port.
    pub(super) fn start(lab: &Lab) -> Result<Self, Ended> {
        let taken =
            |e| Ended::Because(format!("error: no port is free on this machine: {e}\nhint: close some programs"));
        let port = TcpListener::bind("127.0.0.1:0").and_then(|open| open.local_addr()).map_err(taken)?.port();
        let settings = lab.path("node.toml");
        let text = std::fs::read_to_string(&settings).map_err(|e| failed(&settings, &e))?;
        let text = text.replace("listen = \"127.0.0.1:0\"", &format!("listen = \"127.0.0.1:{port}\""));
        std::fs::write(&settings, text).map_err(|e| failed(&settings, &e))?;
        let log = lab.path("log");
        let file = File::create(&log).map_err(|e| failed(&log, &e))?;
        let child = lab
            .command(&["serve"])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(file)
            .spawn()
            .map_err(|e| Ended::Because(format!("error: a node can't be started: {e}\nhint: free some memory")))?;
        let served = Self { lab: lab.clone(), port, child };
        for _ in 0..200 {
            if TcpStream::connect(("127.0.0.1", port)).is_ok() {
                return Ok(served);
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        Err(Ended::Because(format!("error: {} doesn't answer\nhint: `{log}` says why", lab.name)))
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

pub(super) fn failed(path: &str, error: &std::io::Error) -> Ended {
    Ended::Because(format!("error: cannot use `{path}`: {error}\nhint: choose another folder with --out"))
}
