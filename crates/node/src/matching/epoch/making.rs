//! Making: a member's side of making a key.
//! In: the hub's calls, and other members' second packages. Out: packages; at last a share in its file, and an active epoch.
//! Invariant: only where this node's people agreed beforehand; packages and echoes come from members themselves, so that the hub
//! neither reads nor makes them; what isn't finished survives no restart, and is begun anew under another number.
//! Not here: driving it (`open.rs`).

use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use stillwatch_ledger::Step;
use stillwatch_matching::budget::Budgets;
use stillwatch_matching::epoch::{Dealing, Dealt, Holder, Packages, Setup, Sharing};
use stillwatch_matching::{LABEL, MAX_ELEMENT};
use stillwatch_track::matches::epochs::{self, Epoch, State};

use super::call::{Call, Id, Public, Reply, Terms};
use super::known::{Known, now};
use super::others::{Others, ask_all};
use super::share;
use super::told::{Told, take_over};
use crate::error::{Error, Result};
use crate::matching::agreed::holds;
use crate::matching::key::random;
use crate::matching::{Place, broken};

/// Keys that one node makes at once.
const MOST: usize = 8;
/// How long making one may take.
const PATIENCE: Duration = Duration::from_secs(600);
/// Days of an epoch at most.
const DAYS: i64 = 92;
/// Bytes of a label at most.
const LONGEST_LABEL: u16 = 64;

/// Keys that are being made, by epoch.
#[derive(Debug, Default)]
pub struct Making(Mutex<HashMap<Id, Begun>>);

struct Begun {
    setup: Setup,
    terms: Terms,
    since: Instant,
    step: Stage,
    /// What other members sent.
    packages: Packages,
    echoes: BTreeMap<String, [u8; 32]>,
}

impl std::fmt::Debug for Begun {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Begun(epoch {})", self.setup.epoch)
    }
}

enum Stage {
    First(Dealing),
    Second {
        sharing: Sharing,
        packages: Packages,
        echo: [u8; 32],
    },
    Dealt(Dealt),
    /// Something failed: nothing more comes of it.
    Spoilt,
}

impl Making {
    fn with<T>(&self, epoch: &Id, from: Option<&str>, work: impl FnOnce(&mut Begun) -> Result<T>) -> Result<T> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.retain(|_, begun| begun.since.elapsed() < PATIENCE);
        let begun = all.get_mut(epoch).filter(|begun| from.is_none_or(|from| begun.setup.hub == from));
        work(begun.ok_or_else(|| {
            Error::refused(
                "no key of this epoch is being made here",
                "the node was started anew, or took too long: begin anew",
            )
        })?)
    }

    /// Forgets one.
    pub(super) fn drop(&self, epoch: &Id) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(epoch);
    }
}

/// `Begin`.
pub(super) async fn begin(place: &Place, making: &Making, from: &str, setup: Setup, terms: Terms) -> Result<Reply> {
    let id = setup.digest().map_err(broken)?;
    let no = |why: &str| Error::refused(why, "ask the hub's people for other terms");
    if setup.hub != from {
        return Err(no("you aren't the hub of this setup"));
    }
    check(&setup, &terms).map_err(no)?;
    let namespace = setup.namespace.name();
    let (agreed, _) = holds(&place.store, from, namespace, now()).await?;
    if terms.budget > agreed.budget {
        return Err(no(&format!("a budget of {} was agreed on, and {} is asked for", agreed.budget, terms.budget)));
    }
    if setup.epoch < epochs::next_number(&place.store, from, namespace).await? {
        return Err(no("that epoch's number was used before"));
    }
    let (dealing, package) = Dealing::begin(setup.clone(), &place.name, &mut random()).map_err(broken)?;
    let row = row(&setup, &terms, format!("{} {}", agreed.profile, agreed.version))?;
    epochs::begin(&place.store, &row).await?;
    let mut all = making.0.lock().unwrap_or_else(PoisonError::into_inner);
    // The hub begins anew: what it left lying is over.
    all.retain(|_, begun| {
        begun.since.elapsed() < PATIENCE && (begun.setup.hub != setup.hub || begun.setup.namespace != setup.namespace)
    });
    if all.len() >= MOST {
        return Err(no("this node makes other keys at the moment"));
    }
    let (packages, echoes) = (Packages::new(), BTreeMap::new());
    let begun = Begun { setup, terms, since: Instant::now(), step: Stage::First(dealing), packages, echoes };
    all.insert(id, begun);
    Ok(Reply::Package(package))
}

/// What is wrong with terms.
pub(super) fn check(setup: &Setup, terms: &Terms) -> std::result::Result<(), &'static str> {
    let left = terms.ends.saturating_sub(now());
    if left <= 0 || left > DAYS * 86_400_000_000 {
        return Err("an epoch ends in the future, within 92 days");
    }
    if !(2..=setup.members.len()).contains(&usize::from(terms.threshold)) {
        return Err("a pool's threshold is 2 members or more, and no more than there are");
    }
    if usize::from(terms.element) > MAX_ELEMENT || !(LABEL..=usize::from(LONGEST_LABEL)).contains(&terms.label.into()) {
        return Err("elements have 512 bytes at most, and labels 10 to 64");
    }
    if terms.bins != 0 {
        super::bins::possible(setup.members.len(), terms.threshold, terms.bins)?;
    }
    Ok(())
}

/// The row of an epoch that is begun.
pub(super) fn row(setup: &Setup, terms: &Terms, profile: String) -> Result<Epoch> {
    let json = |error: serde_json::Error| Error::refused(error, "this is a fault of the program");
    Ok(Epoch {
        id: hex::encode(setup.digest().map_err(broken)?),
        hub: setup.hub.clone(),
        namespace: setup.namespace.name().to_owned(),
        number: setup.epoch,
        state: State::Making,
        setup: serde_json::to_string(setup).map_err(json)?,
        terms: serde_json::to_string(terms).map_err(json)?,
        profile,
        public: None,
        begun: now(),
        ends: terms.ends,
        settled: None,
        because: String::new(),
    })
}

/// `First`.
pub(super) fn first(making: &Making, from: &str, epoch: &Id, packages: &Packages) -> Result<Reply> {
    making.with(epoch, Some(from), |begun| {
        let Stage::First(dealing) = std::mem::replace(&mut begun.step, Stage::Spoilt) else {
            return Err(Error::refused("the first packages came before", "begin anew"));
        };
        let (sharing, packages, echo) = dealing.second(packages).map_err(broken)?;
        begun.step = Stage::Second { sharing, packages, echo };
        Ok(Reply::Echo(echo))
    })
}

/// `Exchange`: every other member is sent what is for its eyes only, in a line of this node's own.
pub(super) async fn exchange(making: &Making, from: &str, epoch: &Id, others: &dyn Others) -> Result<Reply> {
    let (packages, echo, terms) = making.with(epoch, Some(from), |begun| {
        let terms = begun.terms.digest(&begun.setup)?;
        match &begun.step {
            Stage::Second { packages, echo, .. } => Ok((packages.clone(), *echo, terms)),
            _ => Err(Error::refused("the first packages didn't come yet", "begin anew")),
        }
    })?;
    let members: Vec<&str> = packages.keys().map(String::as_str).collect();
    let sent = ask_all(others, &members, |to| Call::Second {
        epoch: *epoch,
        package: packages.get(to).cloned().unwrap_or_default(),
        echo,
        terms,
    })
    .await;
    let failed: Vec<String> =
        sent.into_iter().filter_map(|(_, done)| done.err()).map(|error| error.to_string()).collect();
    if failed.is_empty() {
        return Ok(Reply::Done);
    }
    Err(Error::refused(failed.join("; "), "look after these members' nodes, and begin anew"))
}

/// `Second`.
pub(super) fn second(
    making: &Making,
    from: &str,
    epoch: &Id,
    (package, echo): (Vec<u8>, [u8; 32]),
    terms: &[u8; 32],
) -> Result<Reply> {
    making.with(epoch, None, |begun| {
        if begun.setup.seat(from).is_none() {
            return Err(Error::refused("you are no member of this epoch", "ask the hub to be one of the next"));
        }
        if begun.terms.digest(&begun.setup)? != *terms {
            return Err(Error::refused("the hub told us other terms than you", "don't make this key; ask the hub"));
        }
        let known = (begun.packages.get(from), begun.echoes.get(from));
        if known != (None, None) && known != (Some(&package), Some(&echo)) {
            return Err(Error::refused("you sent another package before", "begin anew"));
        }
        begun.packages.insert(from.to_owned(), package);
        begun.echoes.insert(from.to_owned(), echo);
        Ok(Reply::Done)
    })
}

/// `Finish`: the share goes into its file.
pub(super) fn finish(place: &Place, making: &Making, from: &str, epoch: &Id) -> Result<Reply> {
    making.with(epoch, Some(from), |begun| {
        let Stage::Second { sharing, .. } = std::mem::replace(&mut begun.step, Stage::Spoilt) else {
            return Err(Error::refused("this comes out of turn", "begin anew"));
        };
        let dealt = sharing.finish(&begun.packages, &begun.echoes).map_err(broken)?;
        share::write(place, epoch, &dealt.key)?;
        let shares = dealt.shares.clone();
        begun.step = Stage::Dealt(dealt);
        Ok(Reply::Shares(shares))
    })
}

/// `Confirm`: from here on this node answers.
pub(super) async fn confirm(place: &Place, making: &Making, from: &str, epoch: &Id, public: Public) -> Result<Reply> {
    making.with(epoch, Some(from), |begun| match &begun.step {
        Stage::Dealt(dealt) if dealt.shares == public.shares => Ok(()),
        Stage::Dealt(_) => Err(Error::refused("that isn't the key that was made", "don't use it; ask the hub")),
        _ => Err(Error::refused("this comes out of turn", "begin anew")),
    })?;
    let known = Known::get(place, epoch).await?;
    activate(place, &known, &public, Step::Begun).await?;
    making.drop(epoch);
    Ok(Reply::Done)
}

/// Checks a key against one's own share, and makes its epoch active.
pub(super) async fn activate(place: &Place, known: &Known, public: &Public, step: Step) -> Result<()> {
    let key = public.key(known.setup.clone())?;
    let mut budgets = Budgets::new(known.setup.epoch);
    known.setup.members.iter().for_each(|name| budgets.allow(name, known.setup.namespace, known.terms.budget));
    let holder = Holder::new(key, &place.name, share::read(place, &known.id)?, budgets).map_err(broken)?;
    let json = |error: serde_json::Error| Error::refused(error, "this is a fault of the program");
    let state = serde_json::to_string(holder.state()).map_err(json)?;
    let public = serde_json::to_string(public).map_err(json)?;
    let with = [std::slice::from_ref(&known.setup.hub), &known.setup.members].concat();
    let told = Told { step, with: &with, own: 0, theirs: 0, hash: None };
    epochs::activate(&place.store, &known.row.id, &public, &state, &told.entry(place, known)?).await?;
    take_over(place).await
}
