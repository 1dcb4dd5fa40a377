//! Group: a hub and members who know each other, each a node that listens.
//! In: how many members. Out: nodes; an epoch among them.
//! Invariant: members reach each other through the hub only.
//! Not here: what is tested.

use std::path::PathBuf;
use std::pin::Pin;

use stillwatch_matching::Namespace;
use stillwatch_node::config::Part;
use stillwatch_node::matching::agreed::{Dates, May};
use stillwatch_node::matching::epoch::{Asked, Call, Kept, Known, New, Others, Reply, Terms, contribute, open};
use stillwatch_node::matching::{Place, make_key, public};
use stillwatch_track::By;
use stillwatch_track::matches::{self, Agreement, Member};
use stillwatch_track::profiles::{Adopted, adopt};
use tempfile::TempDir;

use crate::handing::peer;
use crate::lab::{Lab, Tested, config};
use crate::wire::Open;

pub(super) const LABS: [&str; 3] = ["lab-one", "lab-two", "lab-three"];

/// A node that listens, with a key for matching.
pub(super) struct Node {
    pub(super) open: Open,
    pub(super) name: &'static str,
    pub(super) folder: TempDir,
}

pub(super) fn now() -> i64 {
    jiff::Timestamp::now().as_microsecond()
}

fn by() -> By {
    By { author: "ada".into(), at: now() }
}

impl Node {
    pub(super) async fn new(name: &'static str, role: Part) -> Tested<Self> {
        let folder = tempfile::tempdir()?;
        let key = folder.path().join("matching.key");
        make_key(&key)?;
        let mut config = config();
        config.name = name.into();
        config.role = role;
        config.matching_key = Some(key);
        config.matching_transcript = Some(folder.path().join("transcript"));
        let open = Open::of(Lab::with(config).await?, None).await?;
        Ok(Self { open, name, folder })
    }

    pub(super) fn place(&self) -> Tested<&Place> {
        Ok(self.open.lab.node.matching.as_ref().ok_or("no matching")?)
    }

    pub(super) fn others(&self) -> Tested<Kept> {
        Ok(Kept::of(self.place()?))
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The file of an epoch.
    pub(super) fn file(&self, known: &Known, name: &str) -> Tested<PathBuf> {
        Ok(self.place()?.folder.join("epochs").join(&known.row.id).join(name))
    }

    pub(super) async fn knows(&self, other: &Node, server: &Node) -> Tested {
        let store = &self.open.lab.node.store;
        let file = self.path(&format!("{}.token", server.name));
        std::fs::write(&file, server.open.lab.token("both"))?;
        let url = format!("http://{}/trust/", server.open.address);
        // The same peer may be known already.
        let _ = stillwatch_track::peers::add(store, &peer(server.name, url, file.display().to_string()), &by()).await;
        let key = public(&other.place()?.key)?;
        let member = Member {
            name: other.name.into(),
            key,
            peer: server.name.into(),
            relayed: other.name != server.name,
            made: 0,
        };
        Ok(matches::add(store, &member, &by()).await?)
    }

    /// Agrees to epochs of addresses with the hub: a file's addresses, under a profile that lets all be told.
    pub(super) async fn agrees(&self, addresses: impl Iterator<Item = usize>, budget: u64) -> Tested {
        let file = self.path("addresses.csv");
        let lines: Vec<String> = addresses
            .map(|n| {
                format!("{},2026-11-0{}T12:00:00Z,2026-11-20T12:00:00Z,{},{}", address(n), 1 + n % 9, n % 100, n + 1)
            })
            .collect();
        std::fs::write(&file, format!("value,first_seen,last_seen,confidence,count\n{}\n", lines.join("\n")))?;
        let store = &self.open.lab.node.store;
        let profile = Adopted {
            name: "all".into(),
            version: 1,
            digest: "0".repeat(64),
            files: Default::default(),
            adopted: now(),
            author: "ada".into(),
        };
        // It may be in force already.
        let _ = adopt(store, &profile, &by(), &|_| Ok("{}".into())).await;
        let may = May {
            dates: Dates::Day,
            confidence: (0..=100).map(Some).collect(),
            magnitude: (0..64).map(Some).collect(),
            sketch: true,
            approvals: 0,
        };
        let agreement = Agreement {
            member: "hub".into(),
            namespace: "address".into(),
            source: file.display().to_string(),
            both: false,
            budget,
            profile: "all".into(),
            version: 1,
            digest: "0".repeat(64),
            may: serde_json::to_string(&may)?,
            needed: 0,
            approved: Vec::new(),
            until: now() + 3_600_000_000,
            state: String::new(),
            made: now(),
            author: "ada".into(),
        };
        Ok(matches::agree(store, &agreement, "{}").await?)
    }

    /// This node's view of an epoch.
    pub(super) async fn known(&self, known: &Known) -> Tested<Known> {
        Ok(Known::get(self.place()?, &known.id).await?)
    }
}

pub(super) fn address(n: usize) -> String {
    format!("11.{}.{}.{}", n >> 16 & 255, n >> 8 & 255, n & 255)
}

/// A hub and three members.
pub(super) struct Group {
    pub(super) hub: Node,
    pub(super) labs: Vec<Node>,
}

impl Group {
    /// Each lab with these addresses, and this budget.
    pub(super) async fn new(sets: [std::ops::Range<usize>; 3], budget: u64) -> Tested<Self> {
        let hub = Node::new("hub", Part::Hub).await?;
        let mut labs = Vec::new();
        for name in LABS {
            labs.push(Node::new(name, Part::Member).await?);
        }
        for lab in &labs {
            hub.knows(lab, lab).await?;
            lab.knows(&hub, &hub).await?;
            for other in labs.iter().filter(|other| other.name != lab.name) {
                lab.knows(other, &hub).await?;
            }
        }
        for (lab, set) in labs.iter().zip(sets) {
            lab.agrees(set, budget).await?;
        }
        Ok(Self { hub, labs })
    }

    pub(super) fn asked(budget: u64) -> New {
        let terms = Terms { threshold: 2, ends: now() + 3_600_000_000, budget, element: 32, label: 10, bins: 0 };
        New { namespace: Namespace::Address, members: LABS.map(str::to_owned).to_vec(), quorum: 2, terms }
    }

    /// A key is made.
    pub(super) async fn epoch(&self, budget: u64) -> Tested<Known> {
        Ok(open(self.hub.place()?, &self.hub.others()?, &Self::asked(budget), &|_| ()).await?)
    }

    /// A key is made, for bins of sets of this size.
    pub(super) async fn epoch_with_bins(&self, threshold: u8, size: u64) -> Tested<Known> {
        let mut new = Self::asked(10_000);
        (new.terms.threshold, new.terms.bins) = (threshold, size);
        Ok(open(self.hub.place()?, &self.hub.others()?, &new, &|_| ()).await?)
    }

    /// These labs contribute.
    pub(super) async fn contribute(&self, known: &Known, labs: &[usize]) -> Tested {
        for lab in labs {
            let lab = &self.labs[*lab];
            contribute(lab.place()?, &lab.others()?, &lab.known(known).await?, &|_| ()).await?;
        }
        Ok(())
    }
}

/// Asks others as `Kept` does, and lets somebody in between change calls and replies.
pub(super) struct Between<F> {
    pub(super) kept: Kept,
    pub(super) change: F,
}

/// What somebody in between does: changes the call, and then the reply.
pub(super) type Changed = (Call, Box<dyn FnOnce(Reply) -> Reply + Send>);

impl<F: Fn(&str, Call) -> Changed + Send + Sync> Others for Between<F> {
    fn call<'a>(&'a self, to: &'a str, call: &'a Call) -> Asked<'a> {
        let work = async move {
            let (call, reply) = (self.change)(to, call.clone());
            Ok(reply(self.kept.call(to, &call).await?))
        };
        Box::pin(work) as Pin<Box<_>>
    }
}
