//! Store: the database that keeps campaigns, SQLite in a folder or PostgreSQL by URL.
//! In: a place. Out: `Store`, from which transactions are begun.
//! Invariant: a write is one transaction, and writers take turns; a schema newer than ours is refused, an older one migrated.
//! Not here: what is written (`save.rs`, `change.rs`, ...).

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use sqlx::any::AnyPoolOptions;
use sqlx::migrate::{MigrateError, Migration, MigrationType, Migrator};
use sqlx::{Any, AnyPool, AssertSqlSafe, Connection, Executor, Row, SqlSafeStr, Transaction};

use crate::error::{Error, Result};

/// The folder in which a store is kept when nothing else is said, in the current folder.
pub const DEFAULT_FOLDER: &str = stillwatch_model::saved::DATA;
/// The database's name in its folder.
const FILE: &str = "stillwatch.sqlite";
/// Held while a store is made or migrated.
const LOCK: &str = "migrating.lock";
/// The advisory lock that a writer of PostgreSQL holds until its transaction ends.
const WRITER: i64 = 0x5f11_7a7c;

/// The schema, one text for both databases; a change is a further line.
pub(crate) const MIGRATIONS: [(i64, &str, &str); 11] = [
    (1, "campaigns", include_str!("../migrations/0001_campaigns.sql")),
    (2, "releases", include_str!("../migrations/0002_releases.sql")),
    (3, "exchange", include_str!("../migrations/0003_exchange.sql")),
    (4, "peers", include_str!("../migrations/0004_peers.sql")),
    (5, "intel", include_str!("../migrations/0005_intel.sql")),
    (6, "hub", include_str!("../migrations/0006_hub.sql")),
    (7, "certificates", include_str!("../migrations/0007_certificates.sql")),
    (8, "matches", include_str!("../migrations/0008_matches.sql")),
    (9, "epochs", include_str!("../migrations/0009_epochs.sql")),
    (10, "decisions", include_str!("../migrations/0010_decisions.sql")),
    (12, "reappearances", include_str!("../migrations/0012_reappearances.sql")),
];

/// Where a store is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// SQLite, in this folder.
    Folder(PathBuf),
    /// PostgreSQL, at this URL.
    Server(String),
}

impl Place {
    /// Reads what `--data` says: a URL of PostgreSQL, or a folder.
    #[must_use]
    pub fn parse(text: &OsStr) -> Self {
        match text.to_str() {
            Some(url) if url.starts_with("postgres://") || url.starts_with("postgresql://") => Self::Server(url.into()),
            _ => Self::Folder(text.into()),
        }
    }

    /// The place as it may be printed: without a password.
    #[must_use]
    pub fn told(&self) -> String {
        match self {
            Self::Folder(folder) => folder.display().to_string(),
            Self::Server(url) => match (url.find("://"), url.rfind('@')) {
                (Some(scheme), Some(at)) if at > scheme => format!("{}***{}", &url[..scheme + 3], &url[at..]),
                _ => url.clone(),
            },
        }
    }
}

/// Whether a store that isn't there is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Missing {
    /// It is made.
    Make,
    /// It is an error: who reads expects something to be there.
    Refuse,
}

/// Which database it is; their SQL differs in how rows are handed over, and in how writers wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Dialect {
    Sqlite,
    Postgres,
}

/// An open store. Several may be open at once, in one process or in many: readers see whole transactions, writers take turns.
#[derive(Debug, Clone)]
pub struct Store {
    pool: AnyPool,
    dialect: Dialect,
    place: Place,
}

impl Store {
    /// Opens the store, makes or migrates it.
    ///
    /// # Errors
    /// When there is none and `missing` says to refuse, when it can't be opened, or when its schema is newer than this program's.
    pub async fn open(place: &Place, missing: Missing) -> Result<Self> {
        sqlx::any::install_default_drivers();
        let (dialect, url) = match place {
            Place::Folder(folder) => (Dialect::Sqlite, sqlite_url(folder, missing)?),
            Place::Server(url) => (Dialect::Postgres, url.clone()),
        };
        let pool = AnyPoolOptions::new()
            .max_connections(4)
            .acquire_timeout(std::time::Duration::from_secs(15))
            .after_connect(move |connection, _| {
                Box::pin(async move {
                    if dialect == Dialect::Sqlite {
                        // FULL: a commit is on the disk before it is acknowledged. What is in the log goes into the file when 64 MiB
                        // have come together: an index's page that many commits change is written there once for all of them.
                        connection
                            .execute(
                                "PRAGMA busy_timeout = 15000; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; \
                                 PRAGMA foreign_keys = ON; PRAGMA cache_size = -32768; \
                                 PRAGMA journal_size_limit = 67108864; PRAGMA wal_autocheckpoint = 16384",
                            )
                            .await?;
                    }
                    Ok(())
                })
            })
            .before_acquire(move |connection, _| {
                Box::pin(async move {
                    // A disk that is full makes SQLite roll back by itself; sqlx's own rollback then fails, and it takes the connection
                    // to be in a transaction for ever: such a one is given up for a new one.
                    Ok(dialect != Dialect::Sqlite || !connection.is_in_transaction())
                })
            })
            .connect(&url)
            .await
            .map_err(|e| unreachable(place, e))?;
        let store = Self { pool, dialect, place: place.clone() };
        store.migrate(missing).await?;
        Ok(store)
    }

    /// Where it is.
    #[must_use]
    pub fn place(&self) -> &Place {
        &self.place
    }

    /// The version of the schema that this program reads and writes.
    #[must_use]
    pub fn schema() -> i64 {
        MIGRATIONS.iter().map(|m| m.0).max().unwrap_or(0)
    }

    /// Closes it, waiting for what is under way. SQLite then tidies its log away, which the next to open it would have to read.
    pub async fn close(self) {
        self.pool.close().await;
    }

    pub(crate) fn dialect(&self) -> Dialect {
        self.dialect
    }

    /// For one statement that reads: it sees one state by itself.
    pub(crate) fn pool(&self) -> &AnyPool {
        &self.pool
    }

    /// A transaction that writes; others that write wait for it.
    pub(crate) async fn write(&self) -> Result<Transaction<'static, Any>> {
        match self.dialect {
            Dialect::Sqlite => Ok(self.pool.begin_with("BEGIN IMMEDIATE").await?),
            Dialect::Postgres => {
                let mut tx = self.pool.begin().await?;
                sqlx::query("SELECT 1 FROM (SELECT pg_advisory_xact_lock($1)) AS held")
                    .bind(WRITER)
                    .fetch_one(&mut *tx)
                    .await?;
                Ok(tx)
            }
        }
    }

    /// A transaction that reads one state of the store, whatever is written meanwhile.
    pub(crate) async fn read(&self) -> Result<Transaction<'static, Any>> {
        match self.dialect {
            Dialect::Sqlite => Ok(self.pool.begin().await?),
            Dialect::Postgres => {
                Ok(self.pool.begin_with("BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY").await?)
            }
        }
    }

    /// The version that the store is at: 0 when it is empty.
    async fn version(&self) -> Result<i64> {
        let there = match self.dialect {
            Dialect::Sqlite => "SELECT COUNT(*) FROM sqlite_master WHERE name = '_sqlx_migrations'",
            Dialect::Postgres => "SELECT COUNT(*) FROM pg_catalog.pg_class WHERE oid = to_regclass('_sqlx_migrations')",
        };
        let there: i64 = sqlx::query(there).fetch_one(&self.pool).await?.try_get(0)?;
        if there == 0 {
            return Ok(0);
        }
        let newest =
            sqlx::query("SELECT COALESCE(MAX(version), 0) FROM _sqlx_migrations").fetch_one(&self.pool).await?;
        Ok(newest.try_get(0)?)
    }

    async fn migrate(&self, missing: Missing) -> Result<()> {
        let ours = Self::schema();
        match self.version().await? {
            version if version == ours => return Ok(()),
            version if version > ours => return Err(self.newer(version)),
            0 if missing == Missing::Refuse => return Err(nothing_at(&self.place)),
            _ => {}
        }
        // SQLite has no lock of its own for this; PostgreSQL's migrations hold an advisory one.
        let _held = match &self.place {
            Place::Folder(folder) => Some(lock(&folder.join(LOCK))?),
            Place::Server(_) => None,
        };
        let migrations = MIGRATIONS.iter().map(|(version, name, sql)| {
            let sql = match self.dialect {
                Dialect::Sqlite => (*sql).into_sql_str(),
                // Text sorts by its bytes, as in SQLite, whatever language the server was set up in. SQLite's rows stand in the
                // order of an `INTEGER PRIMARY KEY`, which has 64 bits there.
                Dialect::Postgres => AssertSqlSafe(
                    sql.replace(" TEXT", " TEXT COLLATE \"C\"").replace("INTEGER PRIMARY KEY", "BIGINT PRIMARY KEY"),
                )
                .into_sql_str(),
            };
            Migration::new(*version, (*name).into(), MigrationType::Simple, sql, false)
        });
        match Migrator::with_migrations(migrations.collect()).run(&self.pool).await {
            Ok(()) => Ok(()),
            Err(MigrateError::VersionMissing(version)) => Err(self.newer(version)),
            Err(e) => Err(Error::failed(
                format!("cannot bring the store in `{}` to schema {ours}: {e}", self.place.told()),
                "restore a backup into a new place with `stillwatch restore --data PLACE FILE`",
            )),
        }
    }

    fn newer(&self, version: i64) -> Error {
        Error::refused(
            format!(
                "the store in `{}` has schema {version}; this program knows up to {}",
                self.place.told(),
                Self::schema()
            ),
            "use the newer `stillwatch` that wrote it; nothing was changed",
        )
    }
}

fn nothing_at(place: &Place) -> Error {
    Error::unknown(
        format!("there is no store in `{}`", place.told()),
        "`stillwatch detect LOGS --save` makes one; `--data` or STILLWATCH_DATA says where it is",
    )
}

fn unreachable(place: &Place, error: sqlx::Error) -> Error {
    let told = match &error {
        sqlx::Error::Database(e) => e.message().to_owned(),
        other => other.to_string(),
    };
    let hint = match place {
        Place::Folder(_) => "check who may read and write there, and that it is a store of Stillwatch's",
        Place::Server(_) => "check that the server runs, and the address, name and password in `--data`",
    };
    Error::failed(format!("cannot open the store in `{}`: {told}", place.told()), hint)
}

/// The URL of the database in a folder, which is made readable by its owner only: it names accounts.
fn sqlite_url(folder: &Path, missing: Missing) -> Result<String> {
    let file = folder.join(FILE);
    if !file.exists() {
        if missing == Missing::Refuse {
            return Err(nothing_at(&Place::Folder(folder.into())));
        }
        private_folder(folder)?;
        private_file(&file)?;
    }
    let path = file.to_str().ok_or_else(|| {
        Error::refused(format!("the path `{}` is not text in UTF-8", file.display()), "choose another folder")
    })?;
    let mut url = String::from("sqlite://");
    for byte in path.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'.' | b'-' | b'_' => url.push(char::from(byte)),
            other => url.push_str(&format!("%{other:02X}")),
        }
    }
    Ok(url + "?mode=rwc")
}

/// Makes a folder that only its owner may look into.
pub(crate) fn private_folder(folder: &Path) -> Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::DirBuilderExt;
        builder.mode(0o700);
    }
    builder.create(folder).map_err(|e| Error::file("make", folder, &e))
}

/// Makes an empty file that only its owner may read, unless it is there; its logs take their permissions from it.
fn private_file(path: &Path) -> Result<()> {
    let mut options = std::fs::OpenOptions::new();
    options.append(true).create(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(0o600);
    }
    options.open(path).map(drop).map_err(|e| Error::file("write", path, &e))
}

/// Holds a file until it is dropped; waits for others.
fn lock(path: &Path) -> Result<std::fs::File> {
    let file = std::fs::File::create(path).map_err(|e| Error::file("write", path, &e))?;
    file.lock().map_err(|e| Error::file("lock", path, &e))?;
    Ok(file)
}
