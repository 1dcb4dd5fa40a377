//! Crashes: killed, out of room, half-written: what was acknowledged is there, and the ledger verifies.
//! In: a child that appends and tells, a full disk, files that a crash may leave. Out: the ledger opened again.
//! Invariant: nothing is acknowledged before it is on the disk.
//! Not here: faults of hardware that lies about what it wrote.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use stillwatch_ledger::{Entry, Error, Key, Log, Reader, verify};

use crate::fixture::{Done, NAME, entries, entry, files};

/// Set for the child: the folder and the key's file.
const CHILD: &str = "STILLWATCH_LEDGER_CHILD";

/// Not a test by itself: what the child of the loop below does until it is killed.
#[test]
fn child() -> Done {
    let Some(folder) = std::env::var_os(CHILD).map(PathBuf::from) else { return Ok(()) };
    let mut log = Log::open(&folder.join("log"), Key::read(&folder.join("key"))?)?;
    loop {
        let from = log.signed().size;
        let acknowledged = log.append(&entries(from..from + 1 + from % 90))?;
        println!("acknowledged {}", acknowledged.end);
    }
}

#[test]
fn killed_again_and_again() -> Done {
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("key");
    Key::generate(NAME)?.write(&file)?;
    let key = Key::read(&file)?.public();
    let log = folder.path().join("log");
    Log::create(&log, Key::read(&file)?)?;
    let mut last = 0;
    for round in 0..25u64 {
        let mut child = Command::new(std::env::current_exe()?)
            .args(["--exact", "crashes::child", "--nocapture"])
            .env(CHILD, folder.path())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()?;
        let out = child.stdout.take().ok_or("no output")?;
        let mut lines = BufReader::new(out).lines();
        let mut told = 0;
        // Killed after some acknowledgements, at whatever it is doing then.
        while told < 1 + round % 7 {
            let line = lines.next().ok_or("the child ended")??;
            if let Some((_, end)) = line.split_once("acknowledged ") {
                last = end.parse()?;
                told += 1;
            }
        }
        std::thread::sleep(std::time::Duration::from_micros(317 * round));
        child.kill()?;
        child.wait()?;
        for line in lines.map_while(Result::ok) {
            if let Some(end) = line.split_once("acknowledged ").and_then(|(_, end)| end.parse().ok()) {
                last = end;
            }
        }
        let verified = verify(&log, &key, &[])?;
        assert!(verified.signed.size >= last, "{last} were acknowledged, {} are there", verified.signed.size);
        Log::open(&log, Key::read(&file)?)?;
        assert_eq!(verify(&log, &key, &[])?.beyond, Vec::<String>::new(), "opening sweeps");
    }
    let reader = Reader::open(&log, &key, &[])?;
    for n in (0..last).step_by(7) {
        assert_eq!(Entry::read(&reader.entry(n)?)?, entry(n));
    }
    assert!(last > 100);
    Ok(())
}

/// Whatever a crash leaves beyond the checkpoint is ignored by readers and gone once a writer opens the ledger.
#[test]
fn half_written_tiles_beyond_the_checkpoint() -> Done {
    let (folder, keys) = (tempfile::tempdir()?, tempfile::tempdir()?);
    let file = keys.path().join("key");
    Key::generate(NAME)?.write(&file)?;
    let mut log = Log::create(folder.path(), Key::read(&file)?)?;
    log.append(&entries(0..250))?;
    drop(log);
    let clean = files(folder.path());
    for name in ["tile/0/000", "tile/0/001", "tile/0/002.p/9", "tile/0/000.p/251", "tile/entries/000", "tile/1/000.p/1"]
    {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().ok_or("no folder")?)?;
        std::fs::write(path, "half a ti")?;
    }
    std::fs::write(folder.path().join("checkpoint.new"), "lab.exam")?;
    let key = Key::read(&file)?.public();
    assert_eq!(verify(folder.path(), &key, &[])?.beyond.len(), 6);
    let mut log = Log::open(folder.path(), Key::read(&file)?)?;
    assert_eq!(files(folder.path()), clean);
    assert_eq!(log.append(&entries(250..600))?, 250..600);
    assert_eq!(verify(folder.path(), &key, &[])?.signed.size, 600);
    Ok(())
}

/// Each file that an append writes can't be written: nothing is acknowledged, and the ledger goes on when opened again.
#[test]
fn each_write_fails_once() -> Done {
    let names = [
        "tile/entries/000",
        "tile/0/000",
        "tile/entries/001.p/14",
        "tile/0/001.p/14",
        "tile/1/000.p/1",
        "checkpoint.new",
    ];
    for name in names {
        let (folder, keys) = (tempfile::tempdir()?, tempfile::tempdir()?);
        let file = keys.path().join("key");
        Key::generate(NAME)?.write(&file)?;
        let mut log = Log::create(folder.path(), Key::read(&file)?)?;
        log.append(&entries(0..200))?;
        // A folder where a file should be: the write fails, for root too.
        let obstacle = folder.path().join(name);
        std::fs::create_dir_all(&obstacle)?;
        assert!(matches!(log.append(&entries(200..270)), Err(Error::Io { .. })), "{name}");
        assert!(matches!(log.append(&entries(200..270)), Err(Error::Reopen)), "{name}");
        drop(log);
        std::fs::remove_dir(&obstacle)?;
        let mut log = Log::open(folder.path(), Key::read(&file)?)?;
        assert_eq!(log.signed().size, 200, "{name}");
        assert_eq!(log.append(&entries(200..270))?, 200..270, "{name}");
        assert_eq!(verify(folder.path(), &log.public(), &[])?.beyond, Vec::<String>::new(), "{name}");
    }
    Ok(())
}

/// A small file system in memory, gone with the value.
struct Small(tempfile::TempDir);

impl Small {
    fn mount() -> Result<Option<Self>, std::io::Error> {
        let folder = tempfile::tempdir()?;
        let mounted =
            Command::new("mount").args(["-t", "tmpfs", "-o", "size=256k", "tmpfs"]).arg(folder.path()).output();
        Ok(mounted.is_ok_and(|output| output.status.success()).then_some(Self(folder)))
    }

    fn path(&self) -> &Path {
        self.0.path()
    }
}

impl Drop for Small {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(self.0.path()).status();
    }
}

#[test]
fn the_disk_is_full() -> Done {
    let Some(small) = Small::mount()? else {
        assert!(std::env::var_os("STILLWATCH_REQUIRE_TOOLS").is_none_or(|v| v != "1"), "needs to mount a tmpfs");
        eprintln!("skipped: needs to mount a tmpfs (root)");
        return Ok(());
    };
    let keys = tempfile::tempdir()?;
    let file = keys.path().join("key");
    Key::generate(NAME)?.write(&file)?;
    let folder = small.path().join("log");
    let mut log = Log::create(&folder, Key::read(&file)?)?;
    let error = loop {
        let from = log.signed().size;
        match log.append(&entries(from..from + 20)) {
            Ok(_) => assert!(from < 10_000, "the disk never filled up"),
            Err(error) => break error,
        }
    };
    let acknowledged = log.signed().size;
    assert!(matches!(&error, Error::Io { source, .. } if source.kind() == std::io::ErrorKind::StorageFull), "{error}");
    assert!(error.hint().contains("room") && acknowledged > 0);
    drop(log);
    assert_eq!(verify(&folder, &Key::read(&file)?.public(), &[])?.signed.size, acknowledged);
    let log = Log::open(&folder, Key::read(&file)?)?;
    assert_eq!(log.signed().size, acknowledged);
    Ok(())
}
