//! Attacks: those who cheat, over the wire.
//! In: calls that should not be. Out: refusals that name who.
//! Invariant: nobody but who cheats is harmed, and nothing is left half done.
//! Not here: as it should go (`together.rs`).

use std::sync::Mutex;

use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng;
use sha2::{Digest, Sha256};
use sqlx::Connection;
use stillwatch_matching::check::Table;
use stillwatch_matching::epoch::Asker;
use stillwatch_matching::{Namespace, normalise};
use stillwatch_node::config::Part;
use stillwatch_node::matching::epoch::{
    Call, Checker, EPOCH, Known, Others, Reply, What, beat, close, contribute, fetch, open, open_pool, publish, report,
    show, usage,
};
use stillwatch_node::matching::{Line, Reach};
use stillwatch_track::matches::epochs::{self, State};
use stillwatch_track::matches::holding;

use super::group::{Between, Changed, Group, Node, address};
use crate::lab::Tested;

fn as_it_is(_: &str, call: Call) -> Changed {
    (call, Box::new(|reply| reply))
}

fn refused(reply: &Reply, part: &str) {
    assert!(matches!(reply, Reply::Refused(why) if why.contains(part)), "{reply:?}: {part}");
}

fn fails<T>(done: Result<T, stillwatch_node::Error>, part: &str) {
    match done {
        Err(error) => assert!(error.to_string().contains(part), "{error}: {part}"),
        Ok(_) => assert_eq!(part, "", "it was done"),
    }
}

/// A request for these addresses.
fn request(
    known: &Known,
    name: &str,
    round: u64,
    addresses: std::ops::Range<usize>,
    quorum: &[&str],
) -> Tested<Vec<u8>> {
    let elements = addresses.map(|n| normalise(Namespace::Address, &address(n))).collect::<Result<Vec<_>, _>>()?;
    let mut asker = Asker::new(known.key()?, name, round);
    Ok(asker.ask(elements, 0, quorum, &mut ChaCha20Rng::from_seed([7; 32]))?.request().to_vec())
}

async fn used(node: &Node, known: &Known, member: &str) -> Tested<u64> {
    let all = usage(node.place()?, known).await?;
    Ok(all.iter().find(|(name, _, _)| name == member).map_or(0, |(_, used, _)| *used))
}

/// That a failed attempt left nothing.
async fn nothing_is_left(group: &Group) -> Tested {
    for node in group.labs.iter().chain([&group.hub]) {
        for row in epochs::all(&node.place()?.store).await? {
            assert_eq!(row.state, State::Failed, "{}", node.name);
            assert!(!node.place()?.folder.join("epochs").join(&row.id).join("share").exists(), "{}", node.name);
        }
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_cannot_be_made_leaves_nothing_behind() -> Tested {
    let group = Group::new([0..10, 0..10, 0..10], 1_000).await?;
    let hub = group.hub.place()?;
    // More than was agreed on.
    fails(open(hub, &group.hub.others()?, &Group::asked(1_001), &|_| ()).await, "a budget of 1000 was agreed on");
    nothing_is_left(&group).await?;
    // Nothing agreed on with one of them: it is named.
    stillwatch_track::matches::end(&group.labs[1].place()?.store, "hub", "address", "{}").await?;
    fails(open(hub, &group.hub.others()?, &Group::asked(1_000), &|_| ()).await, "`lab-two` refuses");
    nothing_is_left(&group).await?;
    group.labs[1].agrees(0..10, 1_000).await?;

    // A hub that shows members different first packages: they see other echoes.
    let packages = Mutex::new(Vec::new());
    let change = |to: &str, mut call: Call| -> Changed {
        if let Call::First { packages: all, .. } = &mut call
            && let Ok(mut kept) = packages.lock()
        {
            kept.push((to.to_owned(), all.clone()));
            // Lab two is shown lab three's in place of lab one's.
            if to == "lab-two"
                && let Some(other) = all.get("lab-three").cloned()
            {
                all.insert("lab-one".into(), other);
            }
        }
        as_it_is(to, call)
    };
    let between = Between { kept: group.hub.others()?, change };
    fails(open(hub, &between, &Group::asked(1_000), &|_| ()).await, "`lab-two`");
    nothing_is_left(&group).await?;
    // One that tells members different terms, or drops a step.
    let change = |to: &str, mut call: Call| -> Changed {
        if let Call::Begin { terms, .. } = &mut call
            && to == "lab-three"
        {
            terms.threshold = 3;
        }
        as_it_is(to, call)
    };
    let between = Between { kept: group.hub.others()?, change };
    fails(open(hub, &between, &Group::asked(1_000), &|_| ()).await, "the hub told us other terms than you");
    nothing_is_left(&group).await?;
    // One that gives members another key than they made.
    let change = |to: &str, mut call: Call| -> Changed {
        if let Call::Confirm { public, .. } = &mut call {
            public.shares.swap(0, 1);
        }
        as_it_is(to, call)
    };
    let between = Between { kept: group.hub.others()?, change };
    fails(open(hub, &between, &Group::asked(1_000), &|_| ()).await, "that isn't the key that was made");
    nothing_is_left(&group).await?;
    // A member whose node is gone.
    let mut group = group;
    group.labs.remove(2).open.end().await?;
    fails(
        open(group.hub.place()?, &group.hub.others()?, &Group::asked(1_000), &|_| ()).await,
        "`lab-three` doesn't answer",
    );
    nothing_is_left(&group).await
}

#[tokio::test(flavor = "multi_thread")]
async fn each_call_is_for_those_only_who_may() -> Tested {
    let group = Group::new([0..100, 0..100, 0..100], 1_000).await?;
    let known = group.epoch(1_000).await?;
    let id = known.id;
    let stranger = Node::new("lab-four", Part::Member).await?;
    fails(Line::open(&Reach::of(stranger.place()?), "hub").await, "no member `hub`");
    stranger.knows(&group.hub, &group.hub).await?;
    // Who isn't known opens no line.
    fails(Line::open(&Reach::of(stranger.place()?), "hub").await, "nobody is known here");
    group.hub.knows(&stranger, &stranger).await?;
    let (piece, request) = (vec![1; 10], request(&known, "lab-four", 1, 0..1, &["lab-one", "lab-two"])?);
    let of_members = [
        Call::Evaluate { epoch: id, request },
        Call::Commit { epoch: id, root: [1; 32], size: 64 },
        Call::State { epoch: id },
        Call::Give { epoch: id, what: What::Contribution, offset: 0, piece: piece.clone() },
        Call::Given { epoch: id, what: What::Contribution, hash: [1; 32] },
        Call::Fetch { epoch: id, what: What::Table, offset: 0 },
    ];
    let others = stranger.others()?;
    for call in &of_members {
        refused(&others.call("hub", call).await?, "you are no member of this epoch");
    }
    // A member may not say what the hub says: to another member, or to the hub.
    let public = serde_json::from_str(known.row.public.as_deref().ok_or("no key")?)?;
    let of_the_hub = [
        Call::Begin { setup: known.setup.clone(), terms: known.terms.clone() },
        Call::First { epoch: id, packages: Default::default() },
        Call::Exchange { epoch: id },
        Call::Finish { epoch: id },
        Call::Confirm { epoch: id, public },
        Call::Erase { epoch: id, because: String::new() },
    ];
    let others = group.labs[0].others()?;
    for to in ["lab-two", "hub"] {
        for call in &of_the_hub {
            assert!(matches!(others.call(to, call).await?, Reply::Refused(_)), "{to} {call:?}");
        }
    }
    let second = Call::Second { epoch: id, package: piece.clone(), echo: [0; 32], terms: [0; 32] };
    refused(&others.call("lab-two", &second).await?, "no key of this epoch is being made");
    assert!(group.labs[1].file(&known, "share")?.exists());
    // What only a hub has isn't asked of a member; no file but the published ones is handed out; no other epoch is known.
    for what in [What::Table, What::Opened] {
        let call = Call::Fetch { epoch: id, what, offset: 0 };
        refused(&others.call("lab-two", &call).await?, "is the hub of this epoch");
    }
    for what in [What::Contribution, What::Report, What::Table, What::Opened] {
        assert!(matches!(others.call("hub", &Call::Fetch { epoch: id, what, offset: 0 }).await?, Reply::Refused(_)));
    }
    refused(&others.call("hub", &Call::State { epoch: [9; 32] }).await?, "no such epoch");
    // The hub asks nothing: it has no budget.
    let own = self::request(&known, "hub", 1, 0..1, &["lab-one", "lab-two"])?;
    let reply = group.hub.others()?.call("lab-one", &Call::Evaluate { epoch: id, request: own }).await?;
    refused(&reply, "you are no member");
    // Bytes that are no call.
    let mut line = Line::open(&Reach::of(group.labs[0].place()?), "hub").await?;
    for bytes in [&[][..], &[255; 40], &[8; 3]] {
        let reply = line.call(EPOCH, bytes).await?;
        assert!(String::from_utf8_lossy(&reply).contains("can't be read"));
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_member_gets_what_its_budget_has_and_no_more() -> Tested {
    let group = Group::new([0..20, 0..20, 0..20], 100).await?;
    let known = group.epoch(100).await?;
    let (one, id) = (&group.labs[0], known.id);
    let evaluate = |request| Call::Evaluate { epoch: id, request };
    let quorum = ["lab-two", "lab-three"];
    // Twelve questions of ten at once, of which ten fit.
    let mut all = Vec::new();
    for round in 1..=12 {
        let call = evaluate(request(&known, "lab-one", round, 0..10, &quorum)?);
        let others = one.others()?;
        all.push(tokio::spawn(async move { others.call("hub", &call).await }));
    }
    let mut answered = 0;
    for asked in all {
        match asked.await?? {
            Reply::Evaluated(_) => answered += 1,
            Reply::Stale | Reply::Refused(_) => {}
            other => return Err(format!("{other:?}").into()),
        }
    }
    let charged = used(&group.hub, &known, "lab-one").await?;
    assert!(charged <= 100 && charged == 10 * answered, "{charged} {answered}");
    // The rest is used up, one after the other; the same again is charged once.
    let mut round = 100;
    while used(&group.hub, &known, "lab-one").await? < 100 {
        let call = evaluate(request(&known, "lab-one", round, 0..10, &quorum)?);
        let others = one.others()?;
        assert!(matches!(others.call("hub", &call).await?, Reply::Evaluated(_)));
        assert!(matches!(others.call("hub", &call).await?, Reply::Evaluated(_)));
        round += 1;
    }
    let others = one.others()?;
    for round in 200..203 {
        let reply = others.call("hub", &evaluate(request(&known, "lab-one", round, 0..1, &quorum)?)).await?;
        refused(&reply, "of 100");
    }
    assert_eq!(used(&group.hub, &known, "lab-one").await?, 100);
    // It is known, and in the ledger's debt once.
    let store = &group.hub.place()?.store;
    let alarms = holding::alarms(store, &known.row.id).await?;
    assert_eq!(
        alarms.iter().map(|one| (one.member.as_str(), one.what.as_str())).collect::<Vec<_>>(),
        [("lab-one", "budget")]
    );
    let owed = stillwatch_track::owed::open(store, 0, 100).await?;
    assert_eq!(owed.iter().filter(|owed| owed.body.contains("refused")).count(), 1);
    // Others' budgets are their own.
    let two = group.labs[1].others()?;
    let call = evaluate(request(&known, "lab-two", 1, 0..10, &["lab-one", "lab-two"])?);
    assert!(matches!(two.call("hub", &call).await?, Reply::Evaluated(_)));
    // Somebody else's request, an older one, one that was changed, one of another epoch.
    refused(&two.call("hub", &evaluate(request(&known, "lab-one", 300, 0..10, &quorum)?)).await?, "another match");
    let older = evaluate(request(&known, "lab-two", 0, 0..10, &["lab-one", "lab-two"])?);
    assert_eq!(two.call("hub", &older).await?, Reply::Stale);
    let other = evaluate(request(&known, "lab-two", 1, 0..11, &["lab-one", "lab-two"])?);
    assert_eq!(two.call("hub", &other).await?, Reply::Stale);
    let mut cut = request(&known, "lab-two", 2, 0..10, &["lab-one", "lab-two"])?;
    cut.pop();
    refused(&two.call("hub", &evaluate(cut)).await?, "shorter or longer");
    let next = group.epoch(100).await?;
    let call =
        Call::Evaluate { epoch: next.id, request: request(&known, "lab-two", 3, 0..10, &["lab-one", "lab-two"])? };
    assert!(matches!(two.call("hub", &call).await?, Reply::Refused(_)));
    assert_eq!(used(&group.hub, &known, "lab-two").await?, 10);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_was_lost_is_asked_for_again_and_charged_once() -> Tested {
    let group = Group::new([0..5_000, 0..20, 0..20], 6_000).await?;
    let known = group.epoch(6_000).await?;
    let one = &group.labs[0];
    // The hub's answers are lost, each time one later: every batch is cut off once. Pieces too.
    for lost in 0..3 {
        let left = Mutex::new(lost);
        let change = |to: &str, call: Call| -> Changed {
            let is_cut = match &call {
                Call::Evaluate { .. } | Call::Give { .. } if to == "hub" => left.lock().is_ok_and(|mut left| {
                    *left -= 1;
                    *left < 0
                }),
                _ => false,
            };
            (call, Box::new(move |reply| if is_cut { Reply::Refused("it was lost".into()) } else { reply }))
        };
        let between = Between { kept: one.others()?, change };
        fails(contribute(one.place()?, &between, &one.known(&known).await?, &|_| ()).await, "it was lost");
    }
    contribute(one.place()?, &one.others()?, &one.known(&known).await?, &|_| ()).await?;
    // 5000 are 5120 when padded.
    for holder in [&group.hub, &group.labs[0], &group.labs[2]] {
        assert_eq!(used(holder, &known, "lab-one").await?, 5_120, "{}", holder.name);
    }
    let published = publish(group.hub.place()?, &group.hub.known(&known).await?).await?;
    assert_eq!(published.records, 5_120);
    // Nothing that opens what was asked stays.
    assert!(!one.file(&known, "asking")?.exists());
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_holder_that_answers_wrongly_is_named() -> Tested {
    let group = Group::new([0..20, 0..20, 0..20], 1_000).await?;
    let known = group.epoch(1_000).await?;
    let one = &group.labs[0];
    for cheat in ["hub", "lab-three"] {
        let change = |to: &str, call: Call| -> Changed {
            let is_wrong = to == cheat;
            let change = move |reply| match reply {
                Reply::Evaluated(mut answer) if is_wrong => {
                    let at = answer.len() - 1;
                    answer[at - 40] ^= 1;
                    Reply::Evaluated(answer)
                }
                reply => reply,
            };
            (call, Box::new(change))
        };
        let between = Between { kept: one.others()?, change };
        let done = contribute(one.place()?, &between, &one.known(&known).await?, &|_| ()).await;
        fails(done, &format!("the proof of `{cheat}` doesn't hold"));
    }
    // A holder whose share is another: it doesn't answer itself.
    let other = stillwatch_matching::oprf::Key::generate(&mut ChaCha20Rng::from_seed([9; 32]));
    std::fs::write(group.labs[2].file(&known, "share")?, *other.to_bytes())?;
    let done = contribute(one.place()?, &one.others()?, &one.known(&known).await?, &|_| ()).await;
    fails(done, "`lab-three` refuses: the share isn't this holder's");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_given_is_as_large_as_announced() -> Tested {
    let group = Group::new([0..20, 0..20, 0..20], 1_000).await?;
    let known = group.epoch(1_000).await?;
    let (one, id, what) = (group.labs[0].others()?, known.id, What::Contribution);
    let give = |offset: u64, piece: &[u8]| Call::Give { epoch: id, what, offset, piece: piece.to_vec() };
    refused(&one.call("hub", &give(0, &[0; 10])).await?, "you committed to no set");
    for size in [0, 63, 65, 1 << 40] {
        refused(&one.call("hub", &Call::Commit { epoch: id, root: [1; 32], size }).await?, "is no size");
    }
    let commit = |root| Call::Commit { epoch: id, root, size: 64 };
    assert_eq!(one.call("hub", &commit([1; 32])).await?, Reply::Done);
    assert_eq!(one.call("hub", &commit([1; 32])).await?, Reply::Done);
    refused(&one.call("hub", &commit([2; 32])).await?, "another set");
    let all = 64 * Table::record(10);
    refused(&one.call("hub", &give(0, &vec![0; all + 1])).await?, "longer than");
    assert_eq!(one.call("hub", &give(0, &[5; 100])).await?, Reply::At(100));
    // Out of place: nothing is written, and how far it is is told.
    for offset in [0, 50, 101, 1 << 50] {
        assert_eq!(one.call("hub", &give(offset, &[6; 10])).await?, Reply::At(100));
    }
    refused(&one.call("hub", &Call::Given { epoch: id, what, hash: [0; 32] }).await?, "100 bytes came");
    // Cut off and begun anew; whole, and no contribution.
    let rubbish = vec![5; all];
    assert_eq!(one.call("hub", &give(0, &rubbish)).await?, Reply::At(all as u64));
    refused(&one.call("hub", &Call::Given { epoch: id, what, hash: [0; 32] }).await?, "their hash is another");
    assert_eq!(one.call("hub", &give(0, &rubbish)).await?, Reply::At(all as u64));
    let hash = Sha256::digest(&rubbish).into();
    refused(&one.call("hub", &Call::Given { epoch: id, what, hash }).await?, "in order");
    fails(publish(group.hub.place()?, &known).await, "nobody contributed");
    // Reports while the epoch is active; files that nobody gives.
    for what in [What::Report, What::Filter, What::Opened] {
        assert!(matches!(
            one.call("hub", &Call::Give { epoch: id, what, offset: 0, piece: vec![1] }).await?,
            Reply::Refused(_)
        ));
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hub_that_alters_drops_or_doubles_what_it_publishes() -> Tested {
    let group = Group::new([0..64, 100..164, 200..264], 1_000).await?;
    let known = group.epoch(1_000).await?;
    group.contribute(&known, &[0, 1, 2]).await?;
    let hub = group.hub.known(&known).await?;
    publish(group.hub.place()?, &hub).await?;
    fails(publish(group.hub.place()?, &hub).await, "was published");
    let each = Table::record(10);
    let honest = std::fs::read(group.hub.file(&known, "table")?)?;
    let filter = std::fs::read(group.hub.file(&known, "filter")?)?;
    let own = std::fs::read(group.labs[0].file(&known, "contribution")?)?;
    let without_own: Vec<u8> =
        honest.chunks(each).filter(|record| *record != &own[..each]).flatten().copied().collect();
    let doubled = [&honest[..each], &honest].concat();
    let mut altered = honest.clone();
    let at = honest.chunks(each).position(|record| record == &own[..each]).ok_or("own record")? * each;
    altered[at + 60] ^= 1;
    let mut holes = filter.clone();
    holes[92..].fill(0);
    let hash: [u8; 32] = Sha256::digest(&holes[92..]).into();
    holes[60..92].copy_from_slice(&hash);
    let one = &group.labs[0];
    for (table, filter, announced, why) in [
        (&without_own, &filter, true, "own contribution is missing"),
        (&altered, &filter, true, "own contribution is missing"),
        (&doubled, &filter, true, "one is there twice"),
        (&honest, &holes, true, "it lacks records of its table"),
        (&altered, &filter, false, "another hash than announced"),
        (&doubled, &filter, false, "shorter or longer than announced"),
    ] {
        let change = |_: &str, call: Call| -> Changed {
            let asked = call.clone();
            let (table, filter) = (table.clone(), filter.clone());
            let change = move |reply| match (asked, reply) {
                (Call::Fetch { what: What::Table, offset, .. }, _) => Reply::Piece(table[offset as usize..].to_vec()),
                (Call::Fetch { what: What::Filter, offset, .. }, _) => Reply::Piece(filter[offset as usize..].to_vec()),
                (_, Reply::Stands(mut stands)) if announced => {
                    for (_, what, bytes, hash) in &mut stands.files {
                        let file = match what.as_str() {
                            "table" => &table,
                            "filter" => &filter,
                            _ => continue,
                        };
                        (*bytes, *hash) = (file.len() as u64, hex::encode(Sha256::digest(file)));
                    }
                    Reply::Stands(stands)
                }
                (_, reply) => reply,
            };
            (call, Box::new(change))
        };
        let between = Between { kept: one.others()?, change };
        let done = fetch(one.place()?, &between, &one.known(&known).await?).await;
        fails(done.map(drop), "published a pool that isn't right: ");
        let done = fetch(one.place()?, &between, &one.known(&known).await?).await;
        fails(done, why);
    }
    // As it was announced, it is taken.
    assert!(fetch(one.place()?, &one.others()?, &one.known(&known).await?).await?);
    let mut checker = Checker::new(one.place()?, Box::new(one.others()?), Namespace::Address).await?;
    assert!(checker.may_have(&address(120)).await?.is_some());
    // Late contributions aren't taken.
    let late = Call::Give { epoch: known.id, what: What::Contribution, offset: 0, piece: vec![1] };
    assert!(matches!(one.others()?.call("hub", &late).await?, Reply::Refused(_)));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_reported_as_long_as_anybody_could_evaluate() -> Tested {
    let group = Group::new([0..64, 0..64, 0..64], 1_000).await?;
    let known = group.epoch(1_000).await?;
    group.contribute(&known, &[0, 1]).await?;
    let one = &group.labs[0];
    let share = std::fs::read(group.hub.file(&known, "share")?)?;
    close(group.hub.place()?, &group.hub.others()?, &known).await?;
    // A hub that has it still: something that no beat can remove stands for it.
    std::fs::create_dir(group.hub.file(&known, "share")?)?;
    let done = report(one.place()?, &one.others()?, &one.known(&known).await?, &|_| ()).await;
    fails(done, "the hub didn't erase its share");
    let give = Call::Give { epoch: known.id, what: What::Report, offset: 0, piece: vec![0] };
    refused(&one.others()?.call("hub", &give).await?, "isn't over");
    std::fs::remove_dir(group.hub.file(&known, "share")?)?;
    // What was cut between erasing and marking, or put back, is erased by the next beat.
    std::fs::write(group.hub.file(&known, "share")?, &share)?;
    beat(group.hub.place()?).await?;
    assert!(!group.hub.file(&known, "share")?.exists());
    // Too many members have theirs: two of three have to be without.
    for lab in [1, 2] {
        std::fs::create_dir(group.labs[lab].file(&known, "share")?)?;
    }
    let done = report(one.place()?, &one.others()?, &one.known(&known).await?, &|_| ()).await;
    fails(done, "1 members confirm that they erased their shares, and 2 must");
    std::fs::remove_dir(group.labs[1].file(&known, "share")?)?;
    report(one.place()?, &one.others()?, &one.known(&known).await?, &|_| ()).await?;
    std::fs::remove_dir(group.labs[2].file(&known, "share")?)?;
    // Once only; of who contributed; opened by who is the hub, when enough reported; shown to who reported.
    let again = Call::Give { epoch: known.id, what: What::Report, offset: 0, piece: vec![0] };
    refused(&one.others()?.call("hub", &again).await?, "your report is here already");
    let three = &group.labs[2];
    refused(&three.others()?.call("hub", &again).await?, "you committed to no set");
    fails(open_pool(group.hub.place()?, &group.hub.known(&known).await?).await, "1 members reported, and 2 must");
    fails(open_pool(one.place()?, &one.known(&known).await?).await, "`hub` is the hub");
    let two = &group.labs[1];
    report(two.place()?, &two.others()?, &two.known(&known).await?, &|_| ()).await?;
    let counts = open_pool(group.hub.place()?, &group.hub.known(&known).await?).await?;
    assert_eq!((counts.opened, counts.shut), (64, 0));
    fails(open_pool(group.hub.place()?, &group.hub.known(&known).await?).await, "was opened");
    assert_eq!(show(two.place()?, &two.others()?, &two.known(&known).await?).await?.len(), 64);
    fails(show(three.place()?, &three.others()?, &three.known(&known).await?).await, "has no opened");
    let theirs = Call::Fetch { epoch: known.id, what: What::Opened, offset: 0 };
    assert!(matches!(three.others()?.call("hub", &theirs).await?, Reply::Refused(_)));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn shares_go_when_the_time_is_over_though_the_hub_never_calls() -> Tested {
    let group = Group::new([0..64, 0..64, 0..64], 1_000).await?;
    let known = group.epoch(1_000).await?;
    let one = &group.labs[0];
    let store = one.open.lab.folder.path().join("data/stillwatch.sqlite");
    let mut raw = sqlx::SqliteConnection::connect(&format!("sqlite://{}", store.display())).await?;
    sqlx::query("UPDATE epochs SET ends = 1").execute(&mut raw).await?;
    raw.close().await?;
    // Before anything erases: nothing is answered any more.
    let call =
        Call::Evaluate { epoch: known.id, request: request(&known, "lab-two", 1, 0..1, &["lab-one", "lab-two"])? };
    refused(&group.labs[1].others()?.call("lab-one", &call).await?, "isn't active");
    // The node's own beat may have been first.
    beat(one.place()?).await?;
    assert_eq!(one.known(&known).await?.row.state, State::Closed);
    assert!(!one.file(&known, "share")?.exists());
    Ok(())
}
