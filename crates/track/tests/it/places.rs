//! Places: a fresh SQLite folder or PostgreSQL database for each test.
//! In: a test. Out: its result on that place.
//! Invariant: the server is the test's own, in a folder of its own, and ends with it, even when it is killed.
//! Not here: what is tested.

use std::future::Future;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use sqlx::{AssertSqlSafe, Connection};
use stillwatch_track::{Missing, Place, Store};

pub(crate) type Tested = Result<(), Box<dyn std::error::Error>>;

/// Defines each function as two tests, one for each database.
macro_rules! on_both {
    ($($name:ident),* $(,)?) => {
        $(mod $name {
            #[test]
            fn sqlite() -> crate::places::Tested {
                crate::places::sqlite(super::$name)
            }
            #[test]
            fn postgres() -> crate::places::Tested {
                crate::places::postgres(super::$name)
            }
        })*
    };
}
pub(crate) use on_both;

/// Runs a future to its end.
#[expect(clippy::expect_used, reason = "a test that has no runtime has failed")]
pub(crate) fn block_on<F: Future>(future: F) -> F::Output {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(future)
}

/// Opens a store, makes it where there is none.
pub(crate) async fn open(place: &Place) -> stillwatch_track::Result<Store> {
    Store::open(place, Missing::Make).await
}

/// Runs a test on SQLite, in a folder with a name that has to be escaped.
pub(crate) fn sqlite<F: Future<Output = Tested>>(test: impl FnOnce(Place) -> F) -> Tested {
    let folder = tempfile::Builder::new().prefix("still watch #%?").tempdir()?;
    block_on(test(Place::Folder(folder.path().join("data"))))
}

/// Runs a test on PostgreSQL, in a database of its own.
pub(crate) fn postgres<F: Future<Output = Tested>>(test: impl FnOnce(Place) -> F) -> Tested {
    match database()? {
        Some(place) => block_on(test(place)),
        None => Ok(()),
    }
}

/// A fresh database; `None`, told on stderr, where there is no PostgreSQL and none is required.
pub(crate) fn database() -> Result<Option<Place>, Box<dyn std::error::Error>> {
    static SERVER: OnceLock<Result<PathBuf, String>> = OnceLock::new();
    let Some(programs) = programs() else {
        if std::env::var_os("STILLWATCH_REQUIRE_TOOLS").is_some_and(|v| v == "1") {
            return Err("PostgreSQL is required, and `initdb` was not found".into());
        }
        eprintln!("skipped: needs PostgreSQL");
        return Ok(None);
    };
    let socket = SERVER.get_or_init(|| start(&programs).map_err(|e| e.to_string())).clone()?;
    let url = |database: &str| format!("postgres://postgres@localhost/{database}?host={}", socket.display());
    static COUNT: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(0);
    let name = format!("test_{}", COUNT.fetch_add(1, std::sync::atomic::Ordering::Relaxed));
    let begun = Instant::now();
    block_on(async {
        loop {
            let made = async {
                let mut server = sqlx::PgConnection::connect(&url("postgres")).await?;
                sqlx::query(AssertSqlSafe(format!("CREATE DATABASE {name}"))).execute(&mut server).await?;
                server.close().await
            };
            match made.await {
                Ok(()) => return Ok(Some(Place::Server(url(&name)))),
                // It is still starting.
                Err(_) if begun.elapsed() < Duration::from_secs(30) => std::thread::sleep(Duration::from_millis(50)),
                Err(e) => return Err(e.into()),
            }
        }
    })
}

/// The folder of `initdb` and `postgres`: on the path, or where Debian keeps them.
fn programs() -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut folders: Vec<PathBuf> = std::env::split_paths(&path).collect();
    let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    folders.extend(versions.map(|version| version.path().join("bin")));
    folders.into_iter().find(|folder| folder.join("initdb").is_file() && folder.join("postgres").is_file())
}

/// Starts a server; it ends, and its folder goes, when this process ends.
fn start(programs: &Path) -> Result<PathBuf, Box<dyn std::error::Error>> {
    let folder = tempfile::Builder::new().prefix("swpg").tempdir()?.keep();
    let is_root = said(Command::new("id").arg("-u"))? == "0";
    if is_root {
        // PostgreSQL refuses to run as root.
        said(Command::new("chown").arg("postgres").arg(&folder))?;
    }
    let script = r#"
        folder="$1" initdb="$2/initdb" postgres="$2/postgres"
        cd "$folder" && "$initdb" -D data -U postgres -A trust --no-sync -E UTF8 --locale=C >init.log 2>&1 || exit 1
        "$postgres" -D data -k "$folder" -c listen_addresses= -c fsync=off -c max_connections=50 >server.log 2>&1 &
        cat >/dev/null
        kill -QUIT $! 2>/dev/null; wait; rm -rf "$folder"
    "#;
    let mut shell = if is_root { Command::new("runuser") } else { Command::new("sh") };
    if is_root {
        shell.args(["-u", "postgres", "--", "sh"]);
    }
    let mut child = shell
        .args(["-c", script, "sh"])
        .arg(&folder)
        .arg(programs)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()?;
    // Its input stays open as long as this process lives: then `cat` ends, and the server with it.
    std::mem::forget(child.stdin.take());
    Ok(folder)
}

fn said(command: &mut Command) -> Result<String, Box<dyn std::error::Error>> {
    let output = command.output()?;
    if !output.status.success() {
        return Err(format!("{command:?}: {}", String::from_utf8_lossy(&output.stderr)).into());
    }
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// A further database on the server of that place.
pub(crate) async fn database_inside(place: &Place) -> Result<Option<Place>, Box<dyn std::error::Error>> {
    let Place::Server(url) = place else { return Ok(None) };
    static COUNT: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(0);
    let name = format!("further_{}", COUNT.fetch_add(1, std::sync::atomic::Ordering::Relaxed));
    let mut server = sqlx::PgConnection::connect(url).await?;
    sqlx::query(AssertSqlSafe(format!("CREATE DATABASE {name}"))).execute(&mut server).await?;
    server.close().await?;
    let (before, after) = url.split_once("localhost/").unwrap_or_default();
    let options = after.split_once('?').map_or("", |o| o.1);
    Ok(Some(Place::Server(format!("{before}localhost/{name}?{options}"))))
}

/// A database of the other kind than that place.
pub(crate) async fn database_beside(place: &Place) -> Result<Option<Place>, Box<dyn std::error::Error>> {
    match place {
        Place::Server(_) => database_inside(place).await,
        // The server is started by a thread of its own, since it waits.
        Place::Folder(_) => std::thread::spawn(|| database().map_err(|e| e.to_string()))
            .join()
            .map_err(|_| "the server could not be started")?
            .map_err(Into::into),
    }
}
