//! Reload: certificates, keys, authorities and lists that change while the node runs.
//! In: files that are written anew, whole or broken; SIGHUP. Out: what is used from then on.
//! Invariant: a connection that is open stays open; a certificate that was revoked meanwhile opens nothing on it.
//! Not here: whose certificates they are (`certificates.rs`).

use std::time::Duration;

use stillwatch_track::exchange::tie;

use crate::authority::{Authority, connect, files, status};
use crate::lab::{Tested, config};
use crate::wire::Open;

const PATH: &str = "/trust/collections/shared/";

#[tokio::test]
async fn what_is_revoked_meanwhile_opens_nothing_any_more() -> Tested {
    let folder = tempfile::tempdir()?;
    let (server, clients) = (Authority::new("server")?, Authority::new("lab")?);
    let files = files(folder.path(), &server, &clients, &clients.revoked(&[], 2090)?)?;
    let open = Open::new(config(), Some(&files)).await?;
    let live = open.live.clone().ok_or("no TLS")?;
    let (one, other) = (clients.issue(10, "one", 2090)?, clients.issue(11, "other", 2090)?);
    tie(&open.lab.node.store, "both", &one.hash(), 5).await?;
    tie(&open.lab.node.store, "both", &other.hash(), 5).await?;
    open.lab.node.refresh().await?;
    let mut ones = connect(open.address, &server, Some(&one)).await?;
    let mut others = connect(open.address, &server, Some(&other)).await?;
    assert_eq!((status(&mut ones, PATH, "").await, status(&mut others, PATH, "").await), (200, 200));
    std::fs::write(files.client_crl.as_ref().ok_or("no list")?, clients.revoked(&[10], 2090)?)?;
    live.again()?;
    assert_eq!((status(&mut ones, PATH, "").await, status(&mut others, PATH, "").await), (401, 200));
    let told = match connect(open.address, &server, Some(&one)).await {
        Ok(mut stream) => status(&mut stream, PATH, "").await,
        Err(_) => 0,
    };
    assert_eq!(told, 0);
    drop((ones, others));
    open.end().await
}

#[tokio::test]
async fn what_is_broken_changes_nothing() -> Tested {
    let folder = tempfile::tempdir()?;
    let (server, clients, next) = (Authority::new("server")?, Authority::new("lab")?, Authority::new("next")?);
    let files = files(folder.path(), &server, &clients, &clients.revoked(&[], 2090)?)?;
    let open = Open::new(config(), Some(&files)).await?;
    let live = open.live.clone().ok_or("no TLS")?;
    // The node looks too: who comes first is told. All that is asked is what it then uses.
    let broken = "-----BEGIN CERTIFICATE-----\nnonsense\n-----END CERTIFICATE-----\n";
    for file in files.files() {
        let whole = std::fs::read(file)?;
        std::fs::write(file, broken)?;
        assert!(live.again().is_err(), "{}", file.display());
        assert!(matches!(live.look(), Ok(false)), "the same fault is told once");
        connect(open.address, &server, None).await?;
        std::fs::remove_file(file)?;
        assert!(live.again().is_err(), "{}", file.display());
        connect(open.address, &server, None).await?;
        std::fs::write(file, whole)?;
    }
    live.again()?;
    connect(open.address, &server, None).await?;
    // Another certificate, by another authority; half of it first.
    let own = next.issue(7, "localhost", 2090)?;
    std::fs::write(&files.certificate, &own.pem)?;
    assert!(live.again().is_err(), "the key isn't the certificate's");
    connect(open.address, &server, None).await?;
    std::fs::write(&files.key, own.key.serialize_pem())?;
    live.again()?;
    connect(open.address, &next, None).await?;
    assert!(connect(open.address, &server, None).await.is_err());
    open.end().await
}

#[tokio::test]
async fn a_change_is_seen_without_being_told_and_sighup_tells_it() -> Tested {
    let folder = tempfile::tempdir()?;
    let (server, clients, next) = (Authority::new("server")?, Authority::new("lab")?, Authority::new("next")?);
    let files = files(folder.path(), &server, &clients, &clients.revoked(&[], 2090)?)?;
    let open = Open::new(config(), Some(&files)).await?;
    for (authority, is_told) in [(&next, false), (&server, true)] {
        let own = authority.issue(8, "localhost", 2090)?;
        let before = std::fs::metadata(&files.key)?.modified()?;
        for (file, text) in [(&files.certificate, own.pem.clone()), (&files.key, own.key.serialize_pem())] {
            // All of one length.
            std::fs::write(file, format!("{text}{}", "\n".repeat(4_096 - text.len())))?;
            if is_told {
                // As if nothing had changed: only who is told looks.
                std::fs::File::options().write(true).open(file)?.set_modified(before)?;
            }
        }
        if is_told {
            let told = std::process::Command::new("kill").args(["-HUP", &std::process::id().to_string()]).status()?;
            assert!(told.success());
        }
        let used = async {
            while connect(open.address, authority, None).await.is_err() {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(60), used).await?;
        // Both files have one time now, by which they are known.
        let at = std::fs::metadata(&files.key)?.modified()?;
        std::fs::File::options().write(true).open(&files.certificate)?.set_modified(at)?;
        open.live.clone().ok_or("no TLS")?.look()?;
    }
    open.end().await
}
