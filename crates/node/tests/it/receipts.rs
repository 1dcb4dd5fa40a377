//! Receipts: what a hub took and handed over, as its ledger has it.
//! In: requests at a hub with a ledger. Out: entries of that ledger, which are verified.
//! Invariant: every object that was taken is under a receipt's hash; what was only asked for isn't in one.
//! Not here: how the ledger keeps entries (`ledger/tests`).

use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};
use stillwatch_ledger::{Entry, Key, Log, PublicKey, Reader, Way, What, verify};
use stillwatch_node::config::{Config, Part};
use stillwatch_stix::marking::Tlp;
use tokio::net::TcpStream;

use crate::hub::{hub, marked};
use crate::lab::{Lab, TAXII, Tested, envelope, id};
use crate::wire::{Open, ask};

/// Whose, which way, how many, hash.
type Told = (String, Way, u64, Option<String>);

struct Ledger {
    folder: tempfile::TempDir,
    public: PublicKey,
}

impl Ledger {
    fn new() -> Tested<Self> {
        let folder = tempfile::tempdir()?;
        let key = Key::generate("hub.example/ledger")?;
        let public = key.public();
        key.write(&folder.path().join("record.key"))?;
        Log::create(&folder.path().join("record"), key)?;
        Ok(Self { folder, public })
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("record")
    }

    /// Its receipts. Every byte of it is looked at.
    fn receipts(&self) -> Tested<Vec<Told>> {
        verify(&self.path(), &self.public, &[])?;
        let reader = Reader::open(&self.path(), &self.public, &[])?;
        let mut all = Vec::new();
        for n in 0..reader.signed().size {
            if let What::Receipt { whose, way, count, hash, from, to, .. } = Entry::read(&reader.entry(n)?)?.what {
                assert!(from <= to);
                all.push((whose, way, count, hash));
            }
        }
        Ok(all)
    }
}

fn with(ledger: &Path, role: Part) -> Config {
    Config { ledger: Some(ledger.to_owned()), role, ..hub() }
}

#[tokio::test]
async fn what_is_taken_and_read_has_a_receipt() -> Tested {
    let ledger = Ledger::new()?;
    let lab = Lab::with(with(&ledger.path(), Part::Hub)).await?;
    let green = [Tlp::Green.id()];
    let (one, two, red) = (marked(1, &green), marked(2, &green), marked(3, &[Tlp::Red.id()]));
    lab.post("both", "shared", &envelope(&[one.clone(), red, two.clone()])).await?;
    // Nothing new: no receipt.
    lab.post("both", "shared", &envelope(std::slice::from_ref(&one))).await?;
    lab.node.receipts.settle(&lab.node.store).await?;
    let mut lines = String::new();
    for (n, text) in [(1, &one), (2, &two)] {
        lines += &format!("{} {}\n", id("tool", n), hex::encode(Sha256::digest(text)));
    }
    let hash = format!("sha256:{}", hex::encode(Sha256::digest(&lines)));
    assert_eq!(ledger.receipts()?, [("both".to_owned(), Way::Taken, 2, Some(hash))]);

    // Pages, one object; what tells of objects only, what is refused, and a HEAD are no reading.
    for path in ["objects/?limit=1", "objects/", &format!("objects/{}/", id("tool", 1)), "manifest/"] {
        assert_eq!(lab.get("reader", &format!("/trust/collections/shared/{path}")).await?.status, 200, "{path}");
    }
    lab.get("viewer", "/trust/collections/shared/objects/?match[id]=tool--8e2e2d2b-17d4-4cbf-938f-000000000077")
        .await?;
    lab.get("nobody", "/trust/collections/shared/objects/").await?;
    let head = lab.request("hub", "HEAD", "/trust/collections/shared/objects/", &[("accept", TAXII)], "")?;
    assert_eq!(lab.send(head).await?.status, 200);
    assert_eq!(ledger.receipts()?.len(), 1, "it is gathered first");
    lab.node.receipts.settle(&lab.node.store).await?;
    lab.node.receipts.settle(&lab.node.store).await?;
    assert_eq!(ledger.receipts()?[1..], [("reader".to_owned(), Way::Read, 4, None)]);
    Ok(())
}

#[tokio::test]
async fn what_is_owed_is_taken_over_after_a_crash() -> Tested {
    let ledger = Ledger::new()?;
    let lab = Lab::with(with(&ledger.path(), Part::Hub)).await?;
    lab.post("both", "shared", &envelope(&[marked(1, &[Tlp::Green.id()])])).await?;
    assert!(ledger.receipts()?.is_empty());
    // The hub ends without a word, and begins again over the same store.
    let again = stillwatch_node::http::Node::new(lab.node.config.clone(), lab.node.store.clone()).await?;
    again.receipts.settle(&again.store).await?;
    again.receipts.settle(&again.store).await?;
    assert_eq!(ledger.receipts()?.len(), 1);
    Ok(())
}

#[tokio::test]
async fn readings_are_kept_until_the_ledger_can_be_written() -> Tested {
    let ledger = Ledger::new()?;
    let lab = Lab::with(with(&ledger.path(), Part::Hub)).await?;
    lab.post("both", "shared", &envelope(&[marked(1, &[Tlp::Green.id()])])).await?;
    lab.get("reader", "/trust/collections/shared/objects/").await?;
    let (key, aside) = (ledger.folder.path().join("record.key"), ledger.folder.path().join("aside"));
    std::fs::rename(&key, &aside)?;
    assert!(lab.node.receipts.settle(&lab.node.store).await.is_err());
    lab.get("reader", "/trust/collections/shared/objects/").await?;
    assert!(lab.node.receipts.settle(&lab.node.store).await.is_err());
    std::fs::rename(&aside, &key)?;
    lab.node.receipts.settle(&lab.node.store).await?;
    let told: Vec<(String, Way, u64)> = ledger.receipts()?.into_iter().map(|(w, way, n, _)| (w, way, n)).collect();
    let reading = ("reader".to_owned(), Way::Read, 1);
    assert_eq!(told, [("both".to_owned(), Way::Taken, 1), reading.clone(), reading]);
    Ok(())
}

#[tokio::test]
async fn what_was_read_before_the_end_has_a_receipt() -> Tested {
    let ledger = Ledger::new()?;
    let open = Open::new(with(&ledger.path(), Part::Hub), None).await?;
    open.lab.post("both", "shared", &envelope(&[marked(1, &[Tlp::Green.id()])])).await?;
    let mut stream = TcpStream::connect(open.address).await?;
    let said = ask(&mut stream, "/trust/collections/shared/objects/", open.lab.token("reader")).await?;
    assert!(said.starts_with("HTTP/1.1 200"), "{said}");
    open.end().await?;
    let mut told: Vec<(String, Way)> = ledger.receipts()?.into_iter().map(|(whose, way, ..)| (whose, way)).collect();
    told.sort_by(|a, b| a.0.cmp(&b.0));
    assert_eq!(told, [("both".to_owned(), Way::Taken), ("reader".to_owned(), Way::Read)]);
    Ok(())
}

#[tokio::test]
async fn a_member_keeps_none_and_a_wrong_ledger_is_told() -> Tested {
    let ledger = Ledger::new()?;
    let lab = Lab::with(with(&ledger.path(), Part::Member)).await?;
    lab.post("both", "shared", &envelope(&[marked(1, &[Tlp::Green.id()])])).await?;
    lab.get("reader", "/trust/collections/shared/objects/").await?;
    lab.node.receipts.settle(&lab.node.store).await?;
    assert!(ledger.receipts()?.is_empty());
    let nowhere = with(&ledger.folder.path().join("nowhere"), Part::Hub);
    assert!(stillwatch_node::http::Node::new(nowhere, lab.node.store.clone()).await.is_err());
    Ok(())
}
