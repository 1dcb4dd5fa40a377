//! The shipped profiles do what they say, field by field.
//! In: `profiles/`, an exported campaign. Out: `docs/policy/fields.md`, compared or (`STILLWATCH_UPDATE=1`) written.
//! Invariant: a field that is exported has a class; what lawyers read is what is decided.
//! Not here: signatures (`signed.rs`).

use stillwatch_model::tracked::Status;
use stillwatch_share::scan::Scanners;
use stillwatch_share::{Desk, Set, check, diff, explain, fields, minimise, table, test};
use stillwatch_stix::marking::Tlp;

use crate::fixture::{Done, PROFILES, draft, exported, profile, recipient};

const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/policy/fields.md");
const HEAD: &str = "# Every exported field, and what becomes of it

For lawyers. One table a type of object, one row a field, one column a shipped profile (`profiles/`). Written by the tests from
the profiles themselves: `STILLWATCH_UPDATE=1 cargo test -p stillwatch-share`. A field that isn't here does not leave.

`as-is` as it stands; `coarse` as a day, a quarter, an order of magnitude, a network; `skeleton` letters and digits masked;
`token` a keyed token that only says *the same as before*; `published` only as the published object; `-` it does not leave.
*needed*: without it the object (or the part that it stands in) is held back. In lists `[]` stands for each item.
The tables show objects with the least marking of the profile; references leave only where what they name does.
";

#[test]
fn no_shipped_profile_has_a_fault() -> Done {
    for name in PROFILES {
        let faults: Vec<String> = check(&draft(name)?).iter().map(ToString::to_string).collect();
        assert!(faults.is_empty(), "{name}: {faults:#?}");
    }
    Ok(())
}

#[test]
fn every_case_of_every_shipped_profile_holds() -> Done {
    for name in PROFILES {
        let cases = test(&draft(name)?)?;
        assert!(cases.len() >= 3, "{name} has {} cases", cases.len());
        for case in cases {
            assert_eq!(case.wrong, None, "{name}: {}", case.name);
        }
    }
    Ok(())
}

#[test]
fn the_page_of_fields_is_what_is_decided() -> Done {
    let drafts = PROFILES.into_iter().map(draft).collect::<Result<Vec<_>, _>>()?;
    let made = format!("{HEAD}{}", table(&drafts));
    if std::env::var_os("STILLWATCH_UPDATE").is_some() {
        std::fs::write(PAGE, &made)?;
    }
    assert_eq!(made, std::fs::read_to_string(PAGE)?, "STILLWATCH_UPDATE=1 writes the page anew");
    assert_eq!(made.lines().filter(|line| line.starts_with("| `")).count(), fields().len());
    Ok(())
}

#[test]
fn every_field_that_is_exported_has_a_class() -> Done {
    let draft = draft("internal")?;
    for status in [Status::Confirmed, Status::New, Status::Disrupted, Status::FalsePositive] {
        let texts = exported(Tlp::AmberStrict, status);
        let set = Set::of(texts.iter().map(String::as_str));
        assert!(set.refused.is_empty() && set.len() > 20);
        let scanners = Scanners::default();
        let desk = Desk::new(&draft, recipient(&draft), &scanners);
        for id in set.ids() {
            let (_, notes) = desk.explain(&set, id).ok_or("not in the set")?;
            assert!(!notes.iter().any(|note| note.class == "unclassed"), "{id}: {notes:#?}");
        }
    }
    Ok(())
}

#[test]
fn what_leaves_of_a_campaign() -> Done {
    for name in PROFILES {
        let profile = profile(name)?;
        let tlp = if name == "public" { Tlp::Clear } else { Tlp::AmberStrict };
        let texts = exported(tlp, Status::Confirmed);
        let set = Set::of(texts.iter().map(String::as_str));
        let recipient = recipient(profile.draft());
        let mut told = String::new();
        for (id, outcome) in set.ids().zip(minimise(&set, &recipient, &profile, &Scanners::default())) {
            told += &match outcome {
                Ok(released) => format!("{}\n", String::from_utf8_lossy(released.bytes())),
                Err(held) => format!("held: {id}: {}\n", held.why),
            };
        }
        insta::assert_snapshot!(name, told);
    }
    Ok(())
}

#[test]
fn an_explanation_names_rules_policies_and_bytes() -> Done {
    let draft = draft("conservative")?;
    let texts = exported(Tlp::AmberStrict, Status::Confirmed);
    let set = Set::of(texts.iter().map(String::as_str));
    let id = "campaign--0c4f1b4c-5d9a-5a3e-9f0b-6a8f5a1c2d3e";
    let told = explain(&draft, &recipient(&draft), &Scanners::default(), &set, id).ok_or("not in the set")?;
    insta::assert_snapshot!("explained", told);
    Ok(())
}

#[test]
fn a_difference_tells_what_newly_leaves_and_what_no_longer_would() -> Done {
    let (before, after) = (draft("conservative")?, draft("expanded")?);
    let texts = exported(Tlp::AmberStrict, Status::Confirmed);
    let set = Set::of(texts.iter().map(String::as_str));
    let to = [recipient(&before)];
    let changes = diff(&before, &after, &to, &Scanners::default(), &set);
    let campaign = changes.iter().find(|change| change.id.starts_with("campaign--")).ok_or("no change")?;
    assert!(campaign.gained.iter().any(|path| path.ends_with("exchanges_log10")), "{campaign:?}");
    assert!(campaign.changed.iter().any(|path| path == "first_seen"), "{campaign:?}");
    let back = diff(&after, &before, &to, &Scanners::default(), &set);
    assert!(back.iter().any(|change| change.id.starts_with("observed-data--") && change.held.is_some()));
    assert!(diff(&before, &before, &to, &Scanners::default(), &set).is_empty());
    Ok(())
}
