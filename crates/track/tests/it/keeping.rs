//! Keeping: the store itself: opened twice, newer, full, backed up, restored; objects; the spool.
//! In: stores in several states. Out: what it keeps, and what it says where it can't.
//! Invariant: what was acknowledged is there; what failed left nothing behind.
//! Not here: programs that are killed (`faults.rs`).

use std::path::Path;

use stillwatch_track::objects::{self, After, Raw, Which};
use stillwatch_track::spool::{self, Taken};
use stillwatch_track::{Fault, Filter, Missing, Place, Store, backup, change, history, list, save, show};

use crate::fixture::{by, day, found};
use crate::places::{Tested, on_both, open};

on_both![
    a_store_opened_twice_works,
    many_who_open_a_new_store_make_it_once,
    a_newer_schema_is_refused,
    who_reads_a_store_that_is_not_there_is_told,
    a_backup_restores_what_was,
    objects_are_kept_byte_for_byte,
    the_spool_is_taken_in,
];

async fn a_store_opened_twice_works(place: Place) -> Tested {
    let (one, two) = (open(&place).await?, open(&place).await?);
    let id = save(&one, &day(0, &[found("a", 0..9, 1)]), &by(1)).await?.kept[0].campaign.clone();
    // Both write at once; each waits for the other.
    let (here, there) = (by(2), by(2));
    let many = async |store: &Store, by| {
        for n in 0..20 {
            change::note(store, &id, &format!("note {n}"), by).await?;
        }
        Ok::<(), stillwatch_track::Error>(())
    };
    let (a, b) = futures_util::future::join(many(&one, &here), many(&two, &there)).await;
    a.and(b)?;
    assert_eq!(show(&two, &id).await?.campaign.notes.len(), 40);
    assert_eq!(history(&one, &id).await?.len(), 41);
    Ok(())
}

async fn many_who_open_a_new_store_make_it_once(place: Place) -> Tested {
    let threads: Vec<_> = (0..6)
        .map(|_| {
            let place = place.clone();
            std::thread::spawn(move || {
                crate::places::block_on(async {
                    let store = open(&place).await?;
                    list(&store, &Filter::default(), 1, None).await.map(|page| page.campaigns.len())
                })
                .map_err(|e| e.to_string())
            })
        })
        .collect();
    for thread in threads {
        assert_eq!(thread.join().map_err(|_| "a thread panicked")?, Ok(0));
    }
    Ok(())
}

/// Runs one statement beside the store.
async fn beside(place: &Place, sql: &'static str) -> Tested {
    let url = match place {
        Place::Folder(folder) => {
            let path = folder.join("stillwatch.sqlite").display().to_string();
            format!("sqlite://{}", path.replace('%', "%25").replace(' ', "%20").replace('#', "%23").replace('?', "%3F"))
        }
        Place::Server(url) => url.clone(),
    };
    sqlx::any::install_default_drivers();
    let pool = sqlx::AnyPool::connect(&url).await?;
    sqlx::query(sql).execute(&pool).await?;
    pool.close().await;
    Ok(())
}

async fn a_newer_schema_is_refused(place: Place) -> Tested {
    open(&place).await?.close().await;
    let newer = match place {
        Place::Folder(_) => "INSERT INTO _sqlx_migrations VALUES (99, 'later', '2027-01-01', true, x'00', 1)",
        Place::Server(_) => "INSERT INTO _sqlx_migrations VALUES (99, 'later', '2027-01-01', true, '\\x00', 1)",
    };
    beside(&place, newer).await?;
    let error = open(&place).await.err().ok_or("a newer store was opened")?;
    let known = format!("has schema 99; this program knows up to {}", Store::schema());
    assert!(error.to_string().ends_with(&known), "{error}");
    assert_eq!(error.hint(), Some("use the newer `stillwatch` that wrote it; nothing was changed"));
    assert!(!error.to_string().contains("postgres@"), "no name or password is told");
    Ok(())
}

async fn who_reads_a_store_that_is_not_there_is_told(place: Place) -> Tested {
    let error = Store::open(&place, Missing::Refuse).await.err().ok_or("there is a store")?;
    assert_eq!(error.fault(), Fault::Unknown);
    assert!(error.to_string().starts_with("there is no store in"), "{error}");
    if let Place::Folder(folder) = &place {
        assert!(!folder.exists(), "nothing is made by looking");
    }
    Ok(())
}

/// It names accounts and addresses: nobody else may read it, also where the folder was there before.
#[cfg(unix)]
#[test]
fn a_store_is_its_owners_only() -> Tested {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir()?;
    let data = folder.path().join("data");
    std::fs::create_dir(&data)?;
    std::fs::set_permissions(&data, std::fs::Permissions::from_mode(0o755))?;
    crate::places::block_on(async {
        let store = open(&Place::Folder(data.clone())).await?;
        save(&store, &day(0, &[found("a", 0..9, 1)]), &by(1)).await?;
        for name in ["stillwatch.sqlite", "stillwatch.sqlite-wal"] {
            let mode = std::fs::metadata(data.join(name))?.permissions().mode();
            assert_eq!(mode & 0o077, 0, "{name} is {mode:o}");
        }
        Ok(())
    })
}

/// A store with something of everything.
async fn full(place: &Place) -> Result<(Store, String), Box<dyn std::error::Error>> {
    use stillwatch_model::tracked::{Likelihood, Status};
    let store = open(place).await?;
    let id = save(&store, &day(0, &[found("a", 0..9, 1), found("b", 0..5, 2)]), &by(1)).await?.kept[0].campaign.clone();
    save(&store, &day(1, &[found("a", 0..19, 1)]), &by(2)).await?;
    change::label(&store, &id, Status::Confirmed, None, "one card", &by(2)).await?;
    change::note(&store, &id, "a note with \"quotes\", a \\ and …\nlines", &by(2)).await?;
    let said = change::Hypothesis { actor: "Example Lab", likelihood: Likelihood::Likely, source: "news", reason: "" };
    change::claim(&store, &id, &said, &by(2)).await?;
    let raw = Raw { id: "indicator--1", version: "2026", kind: "indicator", json: r#"{"x" : 9007199254740993.10}"# };
    objects::put(&store, "bundle.json", &[raw], 7).await?;
    stillwatch_track::expire::expire(&store, false, &by(60)).await?;
    Ok((store, id))
}

async fn a_backup_restores_what_was(place: Place) -> Tested {
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("lab.backup");
    let (store, id) = full(&place).await?;
    let rows = backup::backup(&store, &file).await?;
    assert!(backup::backup(&store, &file).await.is_err(), "a backup is never overwritten");
    let was = (show(&store, &id).await?, history(&store, &id).await?, stillwatch_track::members(&store, &id).await?);
    let case = stillwatch_track::case::case(&store, &id, "own").await?;
    let mut places = vec![Place::Folder(folder.path().join("sqlite"))];
    // From SQLite into PostgreSQL, and the other way round.
    places.extend(crate::places::database_beside(&place).await?);
    for other in places {
        let into = open(&other).await?;
        assert_eq!(backup::restore(&into, &file, false).await?, rows);
        let is = (show(&into, &id).await?, history(&into, &id).await?, stillwatch_track::members(&into, &id).await?);
        assert_eq!(was, is);
        // All of it: an evidence bundle is made from nothing else, so it has the same bytes from either.
        assert_eq!(stillwatch_track::case::case(&into, &id, "own").await?, case);
        let kept = objects::page(&into, &Which::default(), 10, None).await?;
        assert_eq!(kept[0].json, r#"{"x" : 9007199254740993.10}"#);
        // What was restored lives on: the same run is known, a new one is matched.
        assert!(save(&into, &day(1, &[found("a", 0..19, 1)]), &by(3)).await?.already);
        assert_eq!(save(&into, &day(2, &[found("a", 0..9, 1)]), &by(3)).await?.kept[0].campaign, id);
        let error =
            backup::restore(&into, &file, false).await.err().ok_or("a store that holds something was overwritten")?;
        assert!(error.to_string().contains("is not empty"), "{error}");
        backup::restore(&into, &file, true).await?;
        assert_eq!(was.1, history(&into, &id).await?);
        // Whatever is cut off or changed, nothing is restored.
        let bytes = std::fs::read(&file)?;
        let before = list(&into, &Filter::default(), 10, None).await?;
        for (name, damaged) in [
            ("cut", bytes[..bytes.len() / 2].to_vec()),
            ("empty", Vec::new()),
            (
                "flipped",
                bytes.iter().enumerate().map(|(at, b)| if at == bytes.len() / 2 { b ^ 4 } else { *b }).collect(),
            ),
        ] {
            let path = folder.path().join(name);
            std::fs::write(&path, damaged)?;
            let error = backup::restore(&into, &path, true).await.err().ok_or("a damaged backup was restored")?;
            assert!(error.to_string().contains("is damaged, or no backup"), "{name}: {error}");
        }
        assert_eq!(before, list(&into, &Filter::default(), 10, None).await?);
    }
    Ok(())
}

async fn objects_are_kept_byte_for_byte(place: Place) -> Tested {
    let store = open(&place).await?;
    let json = [
        r#"{"type":"indicator","n":12345678901234567890,"t":"2026-03-02T00:00:00.000Z","e":"\u0000 \ud83d\ude00 é😀"}"#,
        "{ \"type\" : \"x-own\",\n\t\"z\":1.0e2, \"a\": \"\\\\u0000\" }",
        "{\"type\":\"ipv4-addr\",\"value\":\"198.51.100.3\"}",
    ];
    let raw: Vec<Raw<'_>> = json
        .iter()
        .zip(["indicator", "x-own", "ipv4-addr"])
        .zip(["indicator--1", "x-own--2", "ipv4-addr--3"])
        .map(|((json, kind), id)| Raw {
            id,
            version: if kind == "ipv4-addr" { "" } else { "2026-03-02T00:00:00.000Z" },
            kind,
            json,
        })
        .collect();
    assert_eq!(objects::put(&store, "one", &raw, 5).await?, 3);
    assert_eq!(objects::put(&store, "one", &raw, 6).await?, 0, "what is there is no failure");
    assert_eq!(objects::put(&store, "two", &raw[..1], 6).await?, 1, "each source has its own copy");
    let newer = Raw { version: "2026-03-03T00:00:00.000Z", ..raw[0] };
    assert_eq!(objects::put(&store, "one", &[newer], 6).await?, 1);
    let kept = objects::page(&store, &Which { source: Some("one".into()), ..Which::default() }, 100, None).await?;
    assert_eq!(kept.iter().map(|o| o.json.as_str()).collect::<Vec<_>>(), [json[0], json[0], json[2], json[1]]);
    assert_eq!(kept[0].received, "1970-01-01T00:00:00.000005Z", "the first stays");
    let page = objects::page(&store, &Which::default(), 2, None).await?;
    let rest = objects::page(&store, &Which::default(), 100, page.last().map(After::from).as_ref()).await?;
    assert_eq!((page.len(), rest.len(), objects::total(&store).await?), (2, 3, 5));
    let own = objects::page(&store, &Which { kind: Some("x-own".into()), ..Which::default() }, 9, None).await?;
    assert_eq!((own.len(), own[0].id.as_str()), (1, "x-own--2"));
    let nul = Raw { json: "{}\0", ..raw[0] };
    assert!(objects::put(&store, "one", &[raw[1], nul], 6).await.is_err());
    Ok(())
}

async fn the_spool_is_taken_in(place: Place) -> Tested {
    let folder = tempfile::tempdir()?;
    let store = open(&place).await?;
    let runs = [day(0, &[found("a", 0..9, 1)]), day(1, &[found("a", 0..12, 1)])];
    for run in &runs {
        spool::write(folder.path(), run)?;
    }
    let spool_folder = folder.path().join(spool::FOLDER);
    std::fs::write(spool_folder.join("run--bad.json"), br#"{"schema":1,"findings":{"schema":1,"exchanges":"many"}}"#)?;
    std::fs::write(spool_folder.join("run--newer.json"), newer(&runs[0])?)?;
    std::fs::write(spool_folder.join("run--x.json.part"), b"half")?;
    let taken = spool::take_in(&store, &spool_folder, &by(3)).await?;
    let refused: Vec<String> = taken
        .iter()
        .filter_map(|t| match t {
            Taken::Refused(_, why) => Some(why.to_string()),
            Taken::Saved(..) => None,
        })
        .collect();
    assert_eq!((taken.len(), refused.len()), (4, 2));
    assert!(refused[0].contains("findings.exchanges"), "the field is named: {}", refused[0]);
    assert!(refused[1].contains("format 2"), "{}", refused[1]);
    assert_eq!(names(&spool_folder)?, ["refused", "run--x.json.part"]);
    let aside = names(&spool_folder.join(spool::REFUSED))?;
    assert_eq!(aside, ["run--bad.json", "run--bad.json.why", "run--newer.json", "run--newer.json.why"]);
    assert_eq!(list(&store, &Filter::default(), 9, None).await?.campaigns[0].accounts, 12);
    // The same runs again, as if the program had died between saving and removing.
    spool::write(folder.path(), &runs[1])?;
    let again = spool::take_in(&store, &spool_folder, &by(4)).await?;
    assert!(matches!(&again[..], [Taken::Saved(_, outcome)] if outcome.already));
    assert_eq!(names(&spool_folder)?, ["refused", "run--x.json.part"]);
    assert!(spool::take_in(&store, &folder.path().join("nowhere"), &by(4)).await?.is_empty());
    Ok(())
}

fn newer(run: &stillwatch_model::Saved) -> Result<Vec<u8>, serde_json::Error> {
    serde_json::to_vec(&stillwatch_model::Saved { schema: 2, ..run.clone() })
}

fn names(folder: &Path) -> std::io::Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        names.push(entry?.file_name().to_string_lossy().into_owned());
    }
    names.sort();
    Ok(names)
}
