//! Served: a node in a process of its own, which may be killed.
//! In: a folder for its store. Out: where it listens, tokens, figures when they are asked for.
//! Invariant: a child ends with the test that began it.
//! Not here: what is tested (`idle.rs`, `killed.rs`).

use std::io::{BufRead, BufReader, Write};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use crate::lab::{Lab, Tested, config};
use crate::places::block_on;
use crate::wire::Open;

/// Connections that the child takes, at most, and from one address.
pub(crate) const ROOM: usize = 12_000;

/// A child of this program that runs one of its tests.
pub(crate) struct Served {
    child: Child,
    into: Option<ChildStdin>,
    lines: BufReader<ChildStdout>,
}

impl Served {
    /// Begins a test that is left out otherwise, with as many file handles; `None` where there can't be so many.
    pub(crate) fn begin(test: &str, handles: usize, told: &[(&str, &str)]) -> Tested<Option<Self>> {
        // A shell of its own raises the limit: this process keeps its own.
        let raise =
            format!("ulimit -n {handles} 2>/dev/null || [ \"$(ulimit -n)\" -ge {handles} ] || exit 97; exec \"$@\"");
        let mut child = Command::new("sh")
            .args(["-c", &raise, "sh"])
            .arg(std::env::current_exe()?)
            .args(["--exact", test, "--ignored", "--nocapture", "--test-threads", "1"])
            .envs(told.iter().copied())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()?;
        let into = child.stdin.take();
        let lines = BufReader::new(child.stdout.take().ok_or("the child has no stdout")?);
        let mut served = Self { child, into, lines };
        match served.hear("begun") {
            Ok(_) => Ok(Some(served)),
            Err(_) if served.child.wait()?.code() == Some(97) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// What it says next after that word.
    pub(crate) fn hear(&mut self, word: &str) -> Tested<String> {
        loop {
            let mut line = String::new();
            if self.lines.read_line(&mut line)? == 0 {
                return Err(format!("the child ended before it said `{word}`").into());
            }
            // The harness writes before the first line of a test.
            if let Some((_, rest)) = line.trim_end().split_once(&format!("» {word}")) {
                return Ok(rest.trim().to_owned());
            }
        }
    }

    pub(crate) fn ask(&mut self, word: &str) -> Tested<String> {
        writeln!(self.into.as_mut().ok_or("it was told to end")?, "{word}")?;
        self.hear(word)
    }

    /// As `kill -9` does.
    pub(crate) fn kill(&mut self) -> Tested {
        self.child.kill()?;
        self.child.wait()?;
        Ok(())
    }

    pub(crate) fn end(mut self) -> Tested {
        self.into = None;
        let ended = self.child.wait()?;
        if ended.success() { Ok(()) } else { Err(format!("the child ended with {ended}").into()) }
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Says something to who began this process.
pub(crate) fn say(text: &str) -> Tested {
    let mut out = std::io::stdout().lock();
    writeln!(out, "» {text}")?;
    Ok(out.flush()?)
}

/// A node, where it listens, the token of `both`, and its folder.
pub(crate) fn node(folder: &Path) -> Tested<Option<(Served, SocketAddr, String, PathBuf)>> {
    let told = [("STILLWATCH_FAULT_FOLDER", folder.to_str().ok_or("an odd folder")?)];
    let Some(mut served) = Served::begin("served::child", ROOM + 500, &told)? else { return Ok(None) };
    let at = served.hear("at")?;
    let mut words = at.splitn(3, ' ');
    let mut word = || words.next().unwrap_or_default();
    let (address, token) = (word().parse()?, word().to_owned());
    let folder = word().into();
    Ok(Some((served, address, token, folder)))
}

/// The child: a node, until nothing is asked of it any more.
#[test]
#[ignore = "run by the tests that need a node of their own"]
fn child() -> Tested {
    say("begun")?;
    let folder = std::env::var_os("STILLWATCH_FAULT_FOLDER").ok_or("no folder was given")?;
    let mut config = config();
    (config.limits.connections, config.limits.connections_per_address) = (ROOM, ROOM);
    config.limits.idle_milliseconds = 120_000;
    block_on(async {
        let lab = Lab::within(config, tempfile::tempdir_in(folder)?).await?;
        let open = Open::of(lab, None).await?;
        let store = open.lab.folder.path().join("data");
        say(&format!("at {} {} {}", open.address, open.lab.token("both"), store.display()))?;
        let (heard, mut words) = tokio::sync::mpsc::channel(1);
        std::thread::spawn(move || {
            for line in std::io::stdin().lines().map_while(Result::ok) {
                if heard.blocking_send(line).is_err() {
                    return;
                }
            }
        });
        while let Some(word) = words.recv().await {
            let text = open.lab.node.counts.text();
            let count = text.lines().find_map(|line| line.strip_prefix("stillwatch_connections "));
            say(&format!("{word} {} {}", count.unwrap_or("0"), kibibytes()?))?;
        }
        open.end().await
    })
}

/// Memory that this process has.
fn kibibytes() -> Tested<u64> {
    let text = std::fs::read_to_string("/proc/self/status")?;
    let line = text.lines().find_map(|line| line.strip_prefix("VmRSS:")).ok_or("no VmRSS")?;
    Ok(line.trim().trim_end_matches(" kB").parse()?)
}
