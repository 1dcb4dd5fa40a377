//! Groups: members come and go, and what peers tell of theirs is kept.
//! In: groups, clients, lists of peers. Out: who may use which collection, who may be named, what the ledger is owed.
//! Invariant: who isn't in a group has no right to its collection; an older word of a peer changes nothing.
//! Not here: HTTP (`node/tests`).

use stillwatch_track::exchange::{Right, add_client, allow, changes, revoke, seal_to};
use stillwatch_track::groups::{
    Group, Learned, Member, NewGroup, Whose, access, end, groups, join, learn, leave, make, members,
};
use stillwatch_track::{Place, Store, backup, owed};

use crate::places::{Tested, on_both, open};

on_both![
    members_come_and_go,
    a_revoked_client_leaves_its_groups,
    a_group_that_ended_stays_on_record,
    what_cannot_be_is_refused,
    what_peers_told_is_kept,
    peers_that_disagree_name_nobody,
];

type Result<T = ()> = std::result::Result<T, stillwatch_track::Error>;

fn new(name: &str) -> NewGroup {
    NewGroup { id: None, name: name.into(), root: "trust".into(), alias: None, most_tlp: 2, most_pap: 3 }
}

fn owes(whose: &str, role: &str, is_granted: bool) -> Result<String> {
    Ok(format!("{whose} {role} {is_granted}"))
}

async fn client(store: &Store, name: &str) -> Result {
    add_client(store, name, "member", &format!("hash-{name}"), &[], 1, &|role, is| owes(name, role, is)).await
}

async fn now(store: &Store, id: &str) -> Result<Vec<String>> {
    let group = groups(store, Whose::All, Some(id)).await?.into_iter().next();
    let all = group.map(|g| g.members).unwrap_or_default();
    Ok(all.into_iter().filter(|m| m.departed.is_none()).map(|m| m.name).collect())
}

async fn members_come_and_go(place: Place) -> Tested {
    let store = open(&place).await?;
    for name in ["lab-one", "lab-two"] {
        client(&store, name).await?;
    }
    let group = make(&store, &new("Three labs"), 10).await?;
    let before = changes(&store).await?;
    join(&store, &group.id, "lab-one", 20, &owes).await?;
    join(&store, &group.id, "lab-two", 30, &owes).await?;
    assert_eq!(changes(&store).await?, before + 2, "nodes hear of it");
    assert!(join(&store, &group.id, "lab-two", 31, &owes).await.is_err());
    seal_to(&store, "lab-two", Some("age1two")).await?;
    leave(&store, &group.id, "lab-two", 40, &owes).await?;
    assert!(leave(&store, &group.id, "lab-two", 41, &owes).await.is_err());
    assert!(!access(&store).await?.of.contains_key("lab-two"));
    // With the clock back where it was when it came first.
    join(&store, &group.id, "lab-two", 30, &owes).await?;

    let [told] = <[Group; 1]>::try_from(groups(&store, Whose::Of("lab-one"), None).await?).map_err(|_| "one group")?;
    let member = |name: &str, joined, departed, key: Option<&str>| Member {
        name: name.into(),
        joined,
        departed,
        seal_to: key.map(str::to_owned),
    };
    assert_eq!(
        told.members,
        [
            member("lab-one", 20, None, None),
            member("lab-two", 30, Some(40), None),
            member("lab-two", 31, None, Some("age1two")),
        ]
    );
    // Made, joined twice, a key, left, joined again.
    assert_eq!((told.changes, told.ended), (6, None));
    let of = access(&store).await?;
    assert_eq!(of.of.get("lab-two"), of.of.get("lab-one"));
    let owed: Vec<String> = owed::open(&store, 0, 100).await?.into_iter().map(|o| o.body).collect();
    let role = format!("group {}", group.id);
    assert_eq!(
        owed[2..],
        [
            format!("lab-one {role} true"),
            format!("lab-two {role} true"),
            format!("lab-two {role} false"),
            format!("lab-two {role} true")
        ]
    );
    // All of it is in a backup.
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("b");
    backup::backup(&store, &file).await?;
    let again = open(&Place::Folder(folder.path().join("again"))).await?;
    backup::restore(&again, &file, false).await?;
    assert_eq!(groups(&again, Whose::All, None).await?, [told]);
    assert_eq!(access(&again).await?, of);
    Ok(())
}

async fn a_revoked_client_leaves_its_groups(place: Place) -> Tested {
    let store = open(&place).await?;
    client(&store, "lab-one").await?;
    let (one, two) = (make(&store, &new("One"), 10).await?, make(&store, &new("Two"), 10).await?);
    for group in [&one, &two] {
        join(&store, &group.id, "lab-one", 20, &owes).await?;
    }
    seal_to(&store, "lab-one", Some("age1one")).await?;
    revoke(&store, "lab-one", 30, &|role, is| owes("lab-one", role, is)).await?;
    assert!(now(&store, &one.id).await?.is_empty() && access(&store).await?.of.is_empty());
    let owed = owed::open(&store, 0, 100).await?;
    assert_eq!(owed.iter().filter(|o| o.body.ends_with("false")).count(), 3, "{owed:?}");
    // Another client of that name is in none, and has no key that was the first one's.
    client(&store, "lab-one").await?;
    assert!(groups(&store, Whose::Of("lab-one"), None).await?.is_empty());
    join(&store, &one.id, "lab-one", 40, &owes).await?;
    let all = groups(&store, Whose::Of("lab-one"), None).await?;
    assert!(all[0].members.iter().all(|m| m.seal_to.is_none()), "{all:?}");
    Ok(())
}

async fn a_group_that_ended_stays_on_record(place: Place) -> Tested {
    let store = open(&place).await?;
    client(&store, "lab-one").await?;
    let group = make(&store, &new("One"), 10).await?;
    join(&store, &group.id, "lab-one", 20, &owes).await?;
    end(&store, &group.id, 30, &owes).await?;
    assert!(access(&store).await?.of.is_empty());
    assert!(groups(&store, Whose::Of("lab-one"), None).await?.is_empty());
    let all = groups(&store, Whose::All, None).await?;
    assert_eq!((all[0].ended, all[0].members[0].departed), (Some(30), Some(30)));
    assert!(join(&store, &group.id, "lab-one", 40, &owes).await.is_err());
    assert!(end(&store, &group.id, 40, &owes).await.is_err());
    let again = NewGroup { id: Some(group.id.clone()), ..new("Again") };
    assert!(make(&store, &again, 50).await.is_err(), "an id is one group's for ever");
    Ok(())
}

async fn what_cannot_be_is_refused(place: Place) -> Tested {
    let store = open(&place).await?;
    client(&store, "lab-one").await?;
    let group = make(&store, &NewGroup { alias: Some("one".into()), ..new("One") }, 10).await?;
    for wrong in [
        NewGroup { id: Some("nonsense".into()), ..new("X") },
        new(""),
        new("two\nlines"),
        new(&"x".repeat(101)),
        NewGroup { alias: Some("one".into()), ..new("X") },
    ] {
        assert!(make(&store, &wrong, 10).await.is_err(), "{wrong:?}");
    }
    let nowhere = "8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f";
    for (id, who) in [(nowhere, "lab-one"), ("nonsense", "lab-one"), (&*group.id, "lab-nine")] {
        assert!(join(&store, id, who, 20, &owes).await.is_err(), "{id} {who}");
        assert!(leave(&store, id, who, 20, &owes).await.is_err(), "{id} {who}");
    }
    assert!(end(&store, nowhere, 20, &owes).await.is_err());
    // Nobody gets into a group's collection by another way.
    let number = *access(&store).await?.collections.iter().next().ok_or("a collection")?;
    let right = Right { collection: number, can_read: true, can_write: false };
    let error = allow(&store, "lab-one", right).await.err().ok_or("was allowed")?;
    assert!(error.to_string().contains("sharing group"), "{error}");
    assert!(add_client(&store, "lab-two", "member", "h", &[right], 1, &|r, g| owes("", r, g)).await.is_err());
    Ok(())
}

fn told(id: &str, changes: i64, parts: &[(&str, i64, Option<i64>, Option<&str>)]) -> Group {
    let member = |(name, joined, departed, key): &(&str, i64, Option<i64>, Option<&str>)| Member {
        name: (*name).into(),
        joined: *joined,
        departed: *departed,
        seal_to: key.map(str::to_owned),
    };
    Group {
        id: id.into(),
        name: "One".into(),
        root: "trust".into(),
        collection: id.into(),
        made: 1,
        ended: None,
        changes,
        members: parts.iter().map(member).collect(),
    }
}

const ONE: &str = "8e2e2d2b-17d4-4cbf-938f-000000000001";

async fn named(store: &Store) -> Result<Vec<(String, Option<String>)>> {
    Ok(members(store, ONE).await?.into_iter().map(|m| (m.name, m.seal_to)).collect())
}

fn pairs(all: &[(&str, Option<&str>)]) -> Vec<(String, Option<String>)> {
    all.iter().map(|(name, key)| ((*name).to_owned(), key.map(str::to_owned))).collect()
}

async fn what_peers_told_is_kept(place: Place) -> Tested {
    let store = open(&place).await?;
    assert!(named(&store).await?.is_empty());
    let first = told(ONE, 3, &[("lab-one", 1, None, Some("age1one")), ("lab-two", 2, None, None)]);
    let learned = learn(&store, "hub", std::slice::from_ref(&first), 10).await?;
    assert_eq!(learned.changed, [ONE]);
    assert_eq!(named(&store).await?, pairs(&[("lab-one", Some("age1one")), ("lab-two", None)]));
    assert_eq!(learn(&store, "hub", std::slice::from_ref(&first), 11).await?, Learned::default());
    // Who left isn't named, nor is who isn't told of any more.
    let second = told(ONE, 5, &[("lab-one", 1, Some(12), None), ("lab-three", 12, None, None)]);
    assert_eq!(learn(&store, "hub", std::slice::from_ref(&second), 12).await?.changed, [ONE]);
    assert_eq!(named(&store).await?, pairs(&[("lab-three", None)]));
    // An older word, or another one under the same count, changes nothing.
    for odd in [first, told(ONE, 5, &[("lab-nine", 1, None, Some("age1nine"))])] {
        assert_eq!(learn(&store, "hub", &[odd], 13).await?.odd, [ONE]);
        assert_eq!(named(&store).await?, pairs(&[("lab-three", None)]));
    }
    // We left, or it ended: nobody may be named.
    assert_eq!(learn(&store, "hub", &[], 14).await?.lost, [ONE]);
    assert_eq!(learn(&store, "hub", &[], 15).await?, Learned::default());
    assert!(named(&store).await?.is_empty());
    assert_eq!(learn(&store, "hub", std::slice::from_ref(&second), 16).await?.changed, [ONE], "we are in again");
    assert_eq!(named(&store).await?, pairs(&[("lab-three", None)]));
    let ended = Group { ended: Some(17), ..told(ONE, 9, &[("lab-three", 12, None, None)]) };
    assert_eq!(learn(&store, "hub", &[ended], 17).await?.lost, [ONE]);
    assert!(named(&store).await?.is_empty());
    Ok(())
}

async fn peers_that_disagree_name_nobody(place: Place) -> Tested {
    let store = open(&place).await?;
    let one = told(ONE, 3, &[("lab-one", 1, None, Some("age1one")), ("lab-two", 2, None, Some("age1two"))]);
    learn(&store, "hub", &[one], 10).await?;
    // Another peer that knows the group's id adds nobody, and puts no key of its own in the place of another's.
    let other = told(ONE, 9, &[("lab-one", 1, None, Some("age1other")), ("lab-six", 2, None, Some("age1six"))]);
    learn(&store, "lab-six", &[other], 10).await?;
    assert_eq!(named(&store).await?, pairs(&[("lab-one", None)]));
    learn(&store, "lab-six", &[], 11).await?;
    assert_eq!(named(&store).await?, pairs(&[("lab-one", Some("age1one")), ("lab-two", Some("age1two"))]));
    Ok(())
}
