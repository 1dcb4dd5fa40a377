//! Campaigns that look like an earlier one that was acted on.
//! In: runs of the fixture, decisions, what people say. Out: links on both campaigns.
//! Invariant: no link without something that was done before; a person's word stays.
//! Not here: returns that the matching takes for the same campaign (`saving.rs`, `effects.rs`).

use stillwatch_model::effect::Thought;
use stillwatch_model::tracked::Status;
use stillwatch_track::{Filter, How, Place, Store, backup, change, history, list, merge, reappearances, save};

use crate::effects::decided;
use crate::fixture::{accounts, by, day, found};
use crate::places::{Tested, on_both, open};

on_both![
    a_campaign_with_the_texts_of_one_that_was_acted_on_is_linked,
    what_has_nothing_in_common_is_not_linked,
    without_anything_done_before_there_is_no_link,
    one_that_was_ended_counts_as_acted_on,
    addresses_alone_make_a_link_and_clients_alone_none,
    a_person_confirms_or_refuses,
    links_move_with_a_merge,
    a_backup_has_links,
];

/// Saves a run of a day with one finding; the campaign, and how it came to be.
async fn seen(store: &Store, on: i64, name: &str, text: u32) -> stillwatch_track::Result<(String, How)> {
    let kept = save(store, &day(on, &[found(name, 0..20, text)]), &by(on + 1)).await?.kept;
    Ok(kept.into_iter().next().map(|kin| (kin.campaign, kin.how)).unwrap_or((String::new(), How::Seen)))
}

/// A campaign that was blocked on day 1, and one with its texts forty days later.
async fn pair(store: &Store) -> Result<(String, String), Box<dyn std::error::Error>> {
    let (old, _) = seen(store, 0, "a", 1).await?;
    decided(store, &accounts("a", 0..20), "block", Some(&old), 1).await?;
    let (new, how) = seen(store, 40, "b", 1).await?;
    assert_eq!(how, How::New, "it is kept apart: forty days are too many for a succession");
    Ok((old, new))
}

async fn a_campaign_with_the_texts_of_one_that_was_acted_on_is_linked(place: Place) -> Tested {
    let store = open(&place).await?;
    let (old, new) = pair(&store).await?;
    let links = reappearances::of(&store, &new).await?;
    assert_eq!(links, reappearances::of(&store, &old).await?, "it shows on both");
    let [link] = links.as_slice() else { return Err("one link".into()) };
    assert_eq!((&link.campaign, &link.earlier, link.state), (&new, &old, Thought::Supposed));
    assert_eq!((link.texts, link.addresses, link.habits), (1.0, 1.0, 1.0));
    assert!((link.clients - 20.0 / 23.0).abs() < 1e-9, "three strangers use the client too");
    assert!(link.score > 0.9 && link.score < 1.0);
    assert!((link.days - (39.0 - 9.0 / 24.0)).abs() < 0.01, "{}", link.days);
    for id in [&old, &new] {
        let told = history(&store, id).await?;
        assert_eq!(told.iter().filter(|change| change.what == "reappears").count(), 1, "{id}");
    }
    let page = list(&store, &Filter::default(), 10, None).await?.campaigns;
    let marks: Vec<_> = page.iter().map(|one| (one.id.clone(), one.reappears.clone())).collect();
    assert_eq!(marks, [(new, Some(old.clone())), (old, None)]);
    Ok(())
}

async fn what_has_nothing_in_common_is_not_linked(place: Place) -> Tested {
    let store = open(&place).await?;
    let (old, _) = seen(&store, 0, "a", 1).await?;
    decided(&store, &accounts("a", 0..20), "block", Some(&old), 1).await?;
    let (new, _) = seen(&store, 40, "b", 2).await?;
    assert!(
        reappearances::of(&store, &new).await?.is_empty(),
        "a client that strangers use too, and one aim, are nothing"
    );
    Ok(())
}

async fn without_anything_done_before_there_is_no_link(place: Place) -> Tested {
    let store = open(&place).await?;
    seen(&store, 0, "a", 1).await?;
    // Let through, and blocked only after the other one began.
    decided(&store, &accounts("a", 0..20), "allow", None, 1).await?;
    decided(&store, &accounts("a", 0..1), "block", None, 50).await?;
    let (new, how) = seen(&store, 40, "b", 1).await?;
    assert_eq!(how, How::New);
    assert!(reappearances::of(&store, &new).await?.is_empty());
    // What a person found to be no campaign hasn't come back.
    let (wrong, _) = seen(&store, 0, "c", 3).await?;
    decided(&store, &accounts("c", 0..20), "challenge", Some(&wrong), 1).await?;
    change::label(&store, &wrong, Status::FalsePositive, None, "", &by(2)).await?;
    let (new, _) = seen(&store, 40, "d", 3).await?;
    assert!(reappearances::of(&store, &new).await?.is_empty());
    Ok(())
}

async fn one_that_was_ended_counts_as_acted_on(place: Place) -> Tested {
    let store = open(&place).await?;
    let (old, _) = seen(&store, 0, "a", 1).await?;
    change::label(&store, &old, Status::Disrupted, None, "", &by(1)).await?;
    // Within ninety days it is the same campaign, returned.
    assert_eq!(seen(&store, 60, "b", 1).await?, (old.clone(), How::Returned));
    // A hundred days later it isn't, and is linked.
    let (new, how) = seen(&store, 170, "c", 1).await?;
    assert_eq!(how, How::New);
    let links = reappearances::of(&store, &new).await?;
    assert_eq!(links.iter().map(|link| &link.earlier).collect::<Vec<_>>(), [&old]);
    Ok(())
}

async fn addresses_alone_make_a_link_and_clients_alone_none(place: Place) -> Tested {
    let store = open(&place).await?;
    let (old, _) = seen(&store, 0, "a", 1).await?;
    decided(&store, &accounts("a", 0..20), "block", Some(&old), 1).await?;
    // Other texts from the address of the first: 251 leaves the same rest as 1.
    let (new, _) = seen(&store, 40, "b", 251).await?;
    let links = reappearances::of(&store, &new).await?;
    assert_eq!(links.iter().map(|link| (link.texts, link.addresses)).collect::<Vec<_>>(), [(0.0, 1.0)]);
    // Behind an address that strangers crowd it isn't.
    let mut crowd = day(41, &[found("c", 0..20, 501)]);
    crowd.details[0].networks[0].strangers = 2000;
    let kept = save(&store, &crowd, &by(42)).await?.kept;
    assert!(reappearances::of(&store, &kept[0].campaign).await?.is_empty());
    Ok(())
}

async fn a_person_confirms_or_refuses(place: Place) -> Tested {
    let store = open(&place).await?;
    let (old, new) = pair(&store).await?;
    reappearances::say(&store, &new, &old, Thought::Refused, "a public template", &by(42)).await?;
    let link = reappearances::of(&store, &old).await?.remove(0);
    assert_eq!(
        (link.state, link.because.as_str(), link.author.as_str()),
        (Thought::Refused, "a public template", "ada")
    );
    assert!(link.score > 0.9, "figures stay");
    let page = list(&store, &Filter::default(), 10, None).await?.campaigns;
    assert!(page.iter().all(|one| one.reappears.is_none()), "what is refused isn't marked");
    assert!(
        reappearances::say(&store, &new, &old, Thought::Refused, "", &by(42)).await.is_err_and(|e| e.hint().is_some())
    );
    reappearances::say(&store, &new, &old, Thought::Confirmed, "one card", &by(43)).await?;
    let told = history(&store, &old).await?;
    let said: Vec<&str> = told.iter().filter(|c| c.what == "reappears").map(|c| c.because.as_str()).collect();
    assert_eq!(said[1..], ["a public template", "one card"]);
    // Of two that no run linked, a person may say so; not that the earlier is the later one come back.
    let (other, _) = seen(&store, 45, "z", 7).await?;
    assert!(reappearances::say(&store, &old, &other, Thought::Confirmed, "", &by(46)).await.is_err());
    assert!(reappearances::say(&store, &other, &other, Thought::Confirmed, "", &by(46)).await.is_err());
    reappearances::say(&store, &other, &old, Thought::Confirmed, "told by a partner", &by(46)).await?;
    let link = reappearances::of(&store, &other).await?.remove(0);
    assert_eq!((link.state, link.run.as_str()), (Thought::Confirmed, ""));
    assert!(link.score < 0.5, "the figures say no, the person yes: {}", link.score);
    Ok(())
}

async fn links_move_with_a_merge(place: Place) -> Tested {
    let store = open(&place).await?;
    let (old, new) = pair(&store).await?;
    let (other, _) = seen(&store, 45, "z", 7).await?;
    merge(&store, &other, std::slice::from_ref(&new), "", &by(46)).await?;
    let links = reappearances::of(&store, &old).await?;
    assert_eq!(links.iter().map(|link| (&link.campaign, &link.earlier)).collect::<Vec<_>>(), [(&other, &old)]);
    // Both are one: nothing came back as another.
    merge(&store, &old, &[other], "", &by(47)).await?;
    assert!(reappearances::of(&store, &old).await?.is_empty());
    Ok(())
}

async fn a_backup_has_links(place: Place) -> Tested {
    let store = open(&place).await?;
    let (old, _) = pair(&store).await?;
    let before = reappearances::of(&store, &old).await?;
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("backup");
    backup::backup(&store, &file).await?;
    let empty = open(&Place::Folder(folder.path().join("other"))).await?;
    backup::restore(&empty, &file, false).await?;
    assert_eq!(reappearances::of(&empty, &old).await?, before);
    Ok(())
}
