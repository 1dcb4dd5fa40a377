//! Ask: the side that begins a match.
//! In: a member, a namespace. Out: what is common, kept in the store.
//! Invariant: the same round goes on after a cut, of the line or of this process; a line that breaks is opened anew a few times.
//! Not here: answering (`answer.rs`).

use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use jiff::Timestamp;
use rand_chacha::rand_core::Rng;
use stillwatch_matching::pair::{Party, Progress, Sender, Terms, Turn};
use stillwatch_matching::{Namespace, padded};
use stillwatch_track::By;
use stillwatch_track::matches::{self, Agreement, Common, Round};

use super::keep::{Keeper, keep_sender};
use super::{Call, Reply, begin, begun, blind, ended, kept, label_of};
use crate::error::{Error, Result};
use crate::matching::agreed::holds;
use crate::matching::line::{Line, PAIR};
use crate::matching::set::{Prepared, Skipped, prepare};
use crate::matching::{Place, Reach, broken, files, found, key};

/// How often a broken line is opened anew, one after the other.
const AGAIN: u32 = 8;
/// How long is waited before the other side is asked again whether it is ready.
const BEAT: Duration = Duration::from_millis(200);

/// How far a match is.
#[derive(Debug, Clone, Copy)]
pub enum At<'a> {
    /// Our set is made; what of the source isn't in it.
    Prepared(u64, &'a Skipped),
    /// The other side makes ready: so much of so much.
    Waits(u64, u64),
    /// Frames go to and fro: which way, how far.
    Goes(&'a str, Progress),
    /// The line broke: why.
    Broken(&'a str),
}

/// A match of ours.
struct Match<'a> {
    place: &'a Place,
    reach: Reach,
    line: Option<Line>,
    propose: Call,
    by: &'a By,
    told: &'a dyn Fn(At<'_>),
}

/// Matches with a member; goes on with a round that was cut, where there is one.
///
/// # Errors
/// When it isn't agreed on, the member refuses or can't be reached, or something isn't as the protocol wants it. A round whose line
/// broke stays under way; one that was refused is ended.
pub async fn match_with(
    place: &Place,
    member: &str,
    namespace: Namespace,
    both: bool,
    by: &By,
    told: &dyn Fn(At<'_>),
) -> Result<(Round, Vec<Common>)> {
    let (agreement, may) = holds(&place.store, member, namespace.name(), by.at).await?;
    if both && !agreement.both {
        return Err(Error::refused(
            format!("only one side is to learn what is common with `{member}`"),
            "`stillwatch match agree --both` proposes that both do",
        ));
    }
    let (session, folder) = session(place, member, namespace, both).await?;
    let (set, skipped) = prepare(place, namespace, &agreement.source, &may, &folder).await?;
    told(At::Prepared(set.count, &skipped));
    let propose =
        Call::Propose { session, namespace, size: set.size(), root: set.root, label: label_of(namespace), both };
    let mut ours = Match { place, reach: Reach::of(place), line: None, propose, by, told };
    let done = ours.run(&set, &folder, member, &agreement, both).await;
    if let Err(error @ Error::Refused { .. }) = &done {
        // Refused once is refused again: what was kept is of no use.
        let id = hex::encode(session);
        if let Ok(round) = matches::round(&place.store, &id).await
            && let Ok(terms) = serde_json::from_str::<Terms>(&round.terms)
        {
            let words: String = error.to_string().chars().take(200).collect();
            ended(place, &terms, "asks", Err(&words), None, by).await?;
        }
        files::gone(&folder)?;
    }
    done?;
    let round = matches::round(&place.store, &hex::encode(session)).await?;
    let common = matches::common(&place.store, &round.id).await?;
    Ok((round, common))
}

/// The session of a round that was cut, or a new one; and its folder.
async fn session(place: &Place, member: &str, namespace: Namespace, both: bool) -> Result<([u8; 16], PathBuf)> {
    for round in matches::rounds(&place.store, 1_000).await? {
        let is_it = round.member == member && round.namespace == namespace.name() && round.side == "asks";
        let Some(terms) = serde_json::from_str::<Terms>(&round.terms).ok().filter(|_| is_it) else { continue };
        // The second way has terms of its own, with the same folder.
        let is_first = terms.receiver.name == place.name && place.folder.join(&round.id).exists();
        if !is_first || terms.two_sided != both {
            continue;
        }
        let back = matches::round(&place.store, &hex::encode(terms.reversed().session)).await;
        let is_cut = match round.state.as_str() {
            "under way" => true,
            "done" => both && back.is_ok_and(|back| back.state == "under way"),
            _ => false,
        };
        if is_cut {
            return Ok((terms.session, place.folder.join(&round.id)));
        }
    }
    let mut session = [0; 16];
    key::random().fill_bytes(&mut session);
    Ok((session, place.folder.join(hex::encode(session))))
}

impl Match<'_> {
    async fn run(
        &mut self,
        set: &Prepared,
        folder: &Path,
        member: &str,
        agreement: &Agreement,
        both: bool,
    ) -> Result<()> {
        let Call::Propose { session, namespace, size, root, label, .. } = self.propose else {
            return Err(Error::refused("no match is proposed", "report this as a bug"));
        };
        let before = kept(self.place, session).await?;
        let is_over = before.as_ref().is_some_and(|round| round.state == "done");
        let before: Option<Terms> = before.and_then(|round| serde_json::from_str(&round.terms).ok());
        let terms = match self.terms(member).await? {
            Some((size_of_theirs, root_of_theirs)) => Terms {
                session,
                namespace,
                receiver: Party { name: self.place.name.clone(), size, root },
                sender: Party { name: member.to_owned(), size: size_of_theirs, root: root_of_theirs },
                label,
                two_sided: both,
            },
            // All came, and only the last reply was lost.
            None => {
                before.clone().ok_or_else(|| Error::refused("the other side says that it is over", "begin anew"))?
            }
        };
        if before.is_some_and(|before| before != terms) || padded(terms.sender.size) != terms.sender.size {
            return Err(Error::refused(format!("`{member}` has other terms than before the cut"), "begin a new match"));
        }
        let profile = format!("{} {}", agreement.profile, agreement.version);
        if !is_over {
            begun(self.place, &terms, "asks", &profile, None, self.by).await?;
            self.learn(set, folder, member, &terms, both).await?;
        }
        if both {
            self.teach(set, folder, member, &terms.reversed(), agreement).await?;
            files::settled(folder)?;
        }
        Ok(())
    }

    /// The other side's size and root, once its set is made; none, where it says that all is over.
    async fn terms(&mut self, member: &str) -> Result<Option<(u64, [u8; 32])>> {
        let propose = self.propose.bytes()?;
        loop {
            match self.call(member, &propose).await? {
                Some(Reply::Terms { size, root }) => return Ok(Some((size, root))),
                Some(Reply::Done) => return Ok(None),
                Some(Reply::Wait { done, of }) => self.wait(done, of).await,
                // The line is new: it is proposed again.
                None => {}
                Some(Reply::Frame(_)) => return Err(unexpected(member)),
            }
        }
    }

    /// Our side learns.
    async fn learn(&mut self, set: &Prepared, folder: &Path, member: &str, terms: &Terms, both: bool) -> Result<()> {
        let (mut receiver, mut keeper) = Keeper::receiver(terms, set, folder)?;
        let session = terms.session;
        if !receiver.has_all() {
            let mut frame = receiver.open().map_err(broken)?;
            let mut is_last = false;
            loop {
                // Before it is sent: neither side ever says two things in one place.
                keeper.keep(&receiver)?;
                let call = Call::Frame { session, frame: frame.clone() }.bytes()?;
                match self.call(member, &call).await? {
                    Some(Reply::Wait { done, of }) => self.wait(done, of).await,
                    Some(Reply::Done) if is_last => break,
                    Some(Reply::Frame(reply)) => {
                        frame = match receiver.receive(&reply).map_err(broken)? {
                            Turn::Elements(count) => blind(&mut receiver, set, count)?,
                            Turn::Send(frame) => frame,
                            Turn::Last(frame) => {
                                is_last = true;
                                frame
                            }
                        };
                        (self.told)(At::Goes("learning", receiver.progress()));
                    }
                    None if is_last => break,
                    None => {
                        self.terms(member).await?;
                        frame = receiver.open().map_err(broken)?;
                    }
                    Some(_) => return Err(unexpected(member)),
                }
            }
        }
        found::learned(self.place, terms, receiver, set, (folder, !both), self.by).await?;
        Ok(())
    }

    /// The other side learns: it is charged as if it had begun.
    async fn teach(
        &mut self,
        set: &Prepared,
        folder: &Path,
        member: &str,
        terms: &Terms,
        agreement: &Agreement,
    ) -> Result<()> {
        let now = || By { author: self.by.author.clone(), at: Timestamp::now().as_microsecond() };
        begin::charge(self.place, terms, agreement, &now()).await?;
        let (of_set, of_terms, of_folder) = (set.clone(), terms.clone(), folder.to_owned());
        let filled =
            tokio::task::spawn_blocking(move || begin::fill(&of_terms, &of_set, &of_folder, &AtomicU64::new(0)));
        let mut sender: Sender = filled.await.map_err(|_| Error::refused("it broke off", "try again"))??;
        // The session that both sides know the match by is the first way's.
        let session = self.propose.session();
        let mut answer: Option<Vec<u8>> = None;
        while !sender.finished() {
            let call = Call::Back { session, frame: answer.clone() }.bytes()?;
            match self.call(member, &call).await? {
                Some(Reply::Wait { done, of }) => self.wait(done, of).await,
                Some(Reply::Done) => break,
                Some(Reply::Frame(frame)) => {
                    answer = sender.receive(&frame, &mut key::random()).map_err(broken)?;
                    keep_sender(&sender, folder)?;
                    (self.told)(At::Goes("telling", sender.progress()));
                }
                None => {
                    self.terms(member).await?;
                    answer = None;
                }
                Some(Reply::Terms { .. }) => return Err(unexpected(member)),
            }
        }
        ended(self.place, terms, "answers", Ok(None), Some(sender.transcript()), &now()).await
    }

    /// Calls; none, where the line had to be opened anew: then what is said next has to fit a new line.
    async fn call(&mut self, member: &str, body: &[u8]) -> Result<Option<Reply>> {
        let mut failed = None;
        if let Some(line) = &mut self.line {
            match line.call(PAIR, body).await {
                Ok(reply) => return Reply::read(&reply).map(Some),
                Err(error @ Error::Refused { .. }) => return Err(error),
                Err(error) => failed = Some(error),
            }
        }
        if let Some(error) = &failed {
            (self.told)(At::Broken(&error.to_string()));
        }
        let mut is_new = self.line.take().is_some();
        for tried in 0..AGAIN {
            let opened = Line::open(&self.reach, member).await;
            let failure = match opened {
                Ok(line) if is_new => {
                    self.line = Some(line);
                    return Ok(None);
                }
                Ok(mut line) => match line.call(PAIR, body).await {
                    Ok(reply) => {
                        self.line = Some(line);
                        return Reply::read(&reply).map(Some);
                    }
                    Err(error) => error,
                },
                Err(error) => error,
            };
            if matches!(failure, Error::Refused { .. }) {
                return Err(failure);
            }
            is_new = true;
            (self.told)(At::Broken(&failure.to_string()));
            failed = Some(failure);
            tokio::time::sleep(Duration::from_millis(100 << tried)).await;
        }
        Err(failed.unwrap_or_else(|| unexpected(member)))
    }

    async fn wait(&self, done: u64, of: u64) {
        (self.told)(At::Waits(done, of));
        tokio::time::sleep(BEAT).await;
    }
}

fn unexpected(member: &str) -> Error {
    Error::refused(format!("`{member}` answers something else than was asked"), "use the same version on both sides")
}
