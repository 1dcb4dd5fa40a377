//! Profiles: what is in force, and what never is.
//! In: profiles signed, unsigned, altered, old, late. Out: refusals; entries of the ledger.
//! Invariant: a clock that is moved back brings nothing back.
//! Not here: what a profile says.

use stillwatch_ledger::{Change, What};
use stillwatch_node::access::{Role, Token, end, grant};
use stillwatch_node::profile::{adopt, in_force};
use stillwatch_node::release::settle;
use stillwatch_share::SIGNATURE;
use stillwatch_track::Place;

use crate::path::Told;
use crate::places::{Tested, on_both};
use crate::world::{DAY, World, sign, signed, trusted, who};

on_both![only_what_loads_is_put_in_force, roles_are_written_down, a_clock_moved_back_brings_no_expired_profile_to_life];

async fn only_what_loads_is_put_in_force(place: Place) -> Tested {
    let world = World::new(&place).await?;
    let good = signed("conservative", |about| about.replace("version = 1", "version = 3"))?;
    let mut unsigned = good.clone();
    unsigned.remove(SIGNATURE);
    assert!(adopt(&world.store, unsigned, &trusted(), &who("law", 1)).await.expect_err_told()?.contains("not signed"));
    let mut altered = good.clone();
    altered.insert("README.md".into(), b"other words".to_vec());
    assert!(adopt(&world.store, altered, &trusted(), &who("law", 1)).await.expect_err_told()?.contains("altered"));
    assert!(adopt(&world.store, good.clone(), &[], &who("law", 1)).await.expect_err_told()?.contains("trusted"));
    assert!(adopt(&world.store, good.clone(), &trusted(), &who("law", 1)).await?.is_some());
    assert!(adopt(&world.store, good.clone(), &trusted(), &who("law", 2)).await?.is_none());
    let older = signed("conservative", |about| about.replace("version = 1", "version = 2"))?;
    assert!(adopt(&world.store, older, &trusted(), &who("law", 3)).await.expect_err_told()?.contains("version 3"));
    let mut same = good;
    same.insert("README.md".into(), b"other words".to_vec());
    assert!(adopt(&world.store, sign(same)?, &trusted(), &who("law", 3)).await.is_err(), "a version is never replaced");
    assert_eq!(in_force(&world.store, "conservative", &trusted(), &who("ana", 4)).await?.draft().about.version, 3);
    assert!(in_force(&world.store, "conservative", &[], &who("ana", 4)).await.is_err());
    settle(&world.store, &world.record, &who("law", 5)).await?;
    let changes: Vec<(Option<String>, Option<String>)> = world
        .entries()?
        .into_iter()
        .filter_map(|entry| match entry.what {
            What::Policy { from, to, .. } => Some((from, to)),
            _ => None,
        })
        .collect();
    assert_eq!(changes, [(None, Some("1".into())), (Some("1".into()), Some("3".into()))]);
    Ok(())
}

async fn roles_are_written_down(place: Place) -> Tested {
    let world = World::new(&place).await?;
    grant(&world.store, "lab-one", Role::Member, &Token::make(), &[], &who("ada", 1)).await?;
    assert!(grant(&world.store, "lab-one", Role::Admin, &Token::make(), &[], &who("eve", 2)).await.is_err());
    end(&world.store, "lab-one", &who("ben", 3)).await?;
    assert!(end(&world.store, "lab-one", &who("ben", 4)).await.is_err());
    settle(&world.store, &world.record, &who("ben", 5)).await?;
    let roles: Vec<(String, String, String, Change)> = world
        .entries()?
        .into_iter()
        .filter_map(|entry| match entry.what {
            What::Role { whose, role, change } => Some((entry.by, whose, role, change)),
            _ => None,
        })
        .collect();
    let expected = [("ada", Change::Granted), ("ben", Change::Revoked)];
    assert_eq!(roles, expected.map(|(by, change)| (by.into(), "lab-one".into(), "member".into(), change)));
    Ok(())
}

async fn a_clock_moved_back_brings_no_expired_profile_to_life(place: Place) -> Tested {
    let world = World::new(&place).await?;
    let campaign = world.campaign(1).await?;
    // The year after: the profile has expired, and something is written down then.
    let late = signed("internal", |about| {
        about.replace("2027-11-01", "2030-11-01").replace("[\"teams\"]", "[\"lab-one.example\"]")
    })?;
    adopt(&world.store, late, &trusted(), &who("law", 400 * DAY)).await?;
    assert!(in_force(&world.store, "conservative", &trusted(), &who("ana", 400 * DAY)).await.is_err());
    let back = world.propose_under("conservative", &campaign, &who("ana", 1)).await;
    assert!(back.expect_err_told()?.contains("expired"));
    Ok(())
}
