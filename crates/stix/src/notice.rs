//! Notice: 'we act on campaign C from T on', and 'we have read that'.
//! In: an id, an instant, who tells; or an object. Out: an object; what is understood of one.
//! Invariant: there is no property for words, made or read: no request, promise or answer fits; what else stands in one is counted,
//! never shown.
//! Not here: whether it may leave (`share`), which campaigns there are, who has read (`node`).

use jiff::{Timestamp, TimestampRound, Unit};
use serde_json::{Value, json};

use crate::campaign::Producer;
use crate::extension::{self, ACTION_NOTICE, NOTICE_ACKNOWLEDGEMENT, defining};
use crate::marking::Tlp;
use crate::object::Object;
use crate::{id, version};

/// Type of a notice.
pub const NOTICE: &str = "action-notice";
/// Type of an acknowledgement.
pub const ACKNOWLEDGEMENT: &str = "notice-acknowledgement";
/// What is shown with a notice, whoever made it.
pub const NOTICE_WORDS: &str =
    "Information only: no request to act, no promise to act, not which action. Each member decides alone.";
/// What is shown with an acknowledgement, whoever made it.
pub const ACKNOWLEDGEMENT_WORDS: &str =
    "The notice was read. Nothing else is said: no answer, no opinion, no intention.";

/// Properties that every object of these types has (STIX 2.1, section 3.2), and that are understood.
const COMMON: [&str; 10] = [
    "type",
    "id",
    "spec_version",
    "created",
    "modified",
    "created_by_ref",
    "revoked",
    "object_marking_refs",
    "granular_markings",
    "extensions",
];

/// The whole hour next to an instant: an exact one would say how a lab works.
#[must_use]
pub fn hour(at: Timestamp) -> Timestamp {
    // Only at the very end of time is there no hour next to it.
    at.round(TimestampRound::new().smallest(Unit::Hour)).unwrap_or(at)
}

/// A notice: the producer acts on a campaign from `from` on, to the hour. One a campaign, hour and producer: another hour is another
/// notice, so that an acknowledgement always means what was read.
#[must_use]
pub fn notice(by: &Producer, campaign: &str, from: Timestamp, at: &str, tlp: Tlp) -> String {
    let from = version::timestamp(&hour(from).to_string()).unwrap_or_default();
    let id = id::domain(NOTICE, &json!({"campaign": campaign, "from": from, "by": by.id()}));
    defining(&by.id(), NOTICE, &id, ACTION_NOTICE, (at, tlp))
        .with("campaign_ref", json!(campaign))
        .with("acts_from", json!(from))
        .text()
}

/// An acknowledgement: the producer has read a notice. One a notice and producer.
#[must_use]
pub fn acknowledgement(by: &Producer, notice: &str, at: &str, tlp: Tlp) -> String {
    let id = id::domain(ACKNOWLEDGEMENT, &json!({"notice": notice, "by": by.id()}));
    defining(&by.id(), ACKNOWLEDGEMENT, &id, NOTICE_ACKNOWLEDGEMENT, (at, tlp)).with("notice_ref", json!(notice)).text()
}

/// What travels with an object of one of these types: its definition, which has the fixed words, and who published it.
#[must_use]
pub fn defined(kind: &str) -> Vec<String> {
    let id = if kind == NOTICE { ACTION_NOTICE } else { NOTICE_ACKNOWLEDGEMENT };
    extension::defined(id)
}

/// What an object of one of these types says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Says {
    /// From when its teller acts.
    Acts {
        /// On which campaign.
        campaign: String,
        /// From when; a whole hour.
        from: Timestamp,
    },
    /// That its teller has read a notice.
    Read {
        /// Which.
        notice: String,
    },
}

/// What is understood of an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Understood {
    /// What it says.
    pub says: Says,
    /// Who says so: the id of an identity.
    pub by: String,
    /// Its version's time.
    pub version: Timestamp,
    /// It was taken back.
    pub revoked: bool,
    /// How many properties it has that are no part of the form. They are not looked at.
    pub ignored: usize,
}

/// What is understood of an object; `None`: it is neither a notice nor an acknowledgement, or lacks what makes it one.
#[must_use]
pub fn understood(object: &Object<'_>) -> Option<Understood> {
    let (kind, definition, own): (&str, &str, &[&str]) = match object.head.kind.as_ref() {
        NOTICE => (NOTICE, ACTION_NOTICE, &["campaign_ref", "acts_from"]),
        ACKNOWLEDGEMENT => (ACKNOWLEDGEMENT, NOTICE_ACKNOWLEDGEMENT, &["notice_ref"]),
        _ => return None,
    };
    let value: Value = serde_json::from_str(object.raw()).ok()?;
    let members = value.as_object()?;
    let reference = |name: &str, kind: &str| {
        let id = members.get(name)?.as_str().filter(|text| id::check(text, Some(kind)).is_ok())?;
        Some(id.to_owned())
    };
    let says = if kind == NOTICE {
        let from: Timestamp = members.get("acts_from")?.as_str()?.parse().ok()?;
        Says::Acts { campaign: reference("campaign_ref", "campaign")?, from: hour(from) }
    } else {
        Says::Read { notice: reference("notice_ref", NOTICE)? }
    };
    let is_known = |name: &str| COMMON.contains(&name) || own.contains(&name);
    let beside = members.keys().filter(|name| !is_known(name)).count();
    // In `extensions` stands that the type is the one of our definition, and nothing else.
    let extensions = members.get("extensions").and_then(Value::as_object)?;
    let defines = extensions.get(definition).and_then(Value::as_object)?;
    let more = extensions.len().saturating_sub(1) + defines.keys().filter(|name| *name != "extension_type").count();
    Some(Understood {
        says,
        by: reference("created_by_ref", "identity")?,
        version: object.version()?.parse().ok()?,
        revoked: object.head.revoked,
        ignored: beside + more,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::validate::{Rules, validate};

    type Done = Result<(), Box<dyn std::error::Error>>;

    const CAMPAIGN: &str = "campaign--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f";

    fn made() -> Result<(String, String), jiff::Error> {
        let by = |name: &str| Producer { name: name.to_owned(), ..Producer::default() };
        let from = "2026-12-01T09:17:31Z".parse()?;
        let told = notice(&by("Lab One"), CAMPAIGN, from, "2026-11-25T10:00:00Z", Tlp::Amber);
        let id = Object::read(&told, 16).map(|object| object.head.id.to_string()).unwrap_or_default();
        Ok((told, acknowledgement(&by("Lab Two"), &id, "2026-11-26T10:00:00Z", Tlp::Amber)))
    }

    fn faults(text: &str) -> Vec<String> {
        validate(text.as_bytes(), &Rules::default()).iter().map(|f| format!("{} {}", f.code, f.path)).collect()
    }

    #[test]
    fn what_is_made_has_no_fault_and_is_understood() -> Done {
        let (told, read) = made()?;
        assert_eq!((faults(&told), faults(&read)), (Vec::new(), Vec::new()));
        let says = understood(&Object::read(&told, 16)?).ok_or("no notice")?;
        let acts = Says::Acts { campaign: CAMPAIGN.into(), from: "2026-12-01T09:00:00Z".parse()? };
        assert_eq!((says.says, says.ignored, says.revoked), (acts, 0, false));
        let answer = understood(&Object::read(&read, 16)?).ok_or("no acknowledgement")?;
        assert!(matches!(answer.says, Says::Read { notice } if told.contains(&notice)));
        assert!(!read.contains("2026-12-01"), "an acknowledgement says no instant: {read}");
        Ok(())
    }

    #[test]
    fn words_have_no_place_and_are_counted_unread() -> Done {
        let (told, _) = made()?;
        for words in [
            r#""description":"please block them too""#,
            r#""labels":["you-too"],"x_reply":{"will":["act"]}"#,
            r#""content":"we agreed""#,
        ] {
            let odd = told.replacen('{', &format!("{{{words},"), 1);
            let says = understood(&Object::read(&odd, 16)?).ok_or("no notice")?;
            assert_eq!(says.ignored, words.matches("\":").count() - words.matches("will").count(), "{words}");
            assert!(!format!("{says:?}").contains("act\""), "{says:?}");
            assert!(faults(&odd).iter().all(|fault| fault.starts_with("extension-property")), "{:?}", faults(&odd));
            assert!(!faults(&odd).is_empty());
        }
        let odd = told.replace(r#"{"extension_type":"new-sdo"}"#, r#"{"extension_type":"new-sdo","note":"join us"}"#);
        assert_eq!(understood(&Object::read(&odd, 16)?).map(|says| says.ignored), Some(1));
        Ok(())
    }

    #[test]
    fn what_lacks_a_part_is_none() -> Done {
        let (told, read) = made()?;
        for (from, to) in [
            ("\"acts_from\"", "\"acts_for\""),
            (CAMPAIGN, "indicator--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f"),
            ("2026-12-01T09:00:00.000Z", "soon"),
            ("\"created_by_ref\"", "\"created_by\""),
            (ACTION_NOTICE, NOTICE_ACKNOWLEDGEMENT),
        ] {
            let odd = told.replace(from, to);
            assert_eq!(understood(&Object::read(&odd, 16)?), None, "{odd}");
            assert!(faults(&odd).iter().any(|fault| !fault.starts_with("extension-property")), "{odd}");
        }
        // Minutes are too exact to be of the form.
        assert!(!faults(&told.replace("T09:00:00.000Z", "T09:17:00.000Z")).is_empty());
        let odd = read.replace("\"notice_ref\":\"action-notice", "\"notice_ref\":\"campaign");
        assert_eq!(understood(&Object::read(&odd, 16)?), None);
        Ok(())
    }

    #[test]
    fn another_hour_is_another_notice() -> Done {
        let by = Producer { name: "Lab One".to_owned(), ..Producer::default() };
        let at = |text: &str| text.parse::<Timestamp>();
        let told = |from| notice(&by, CAMPAIGN, from, "2026-11-25T10:00:00Z", Tlp::Amber);
        assert_eq!(told(at("2026-12-01T09:00:00Z")?), told(at("2026-12-01T09:29:59Z")?));
        assert_ne!(told(at("2026-12-01T09:00:00Z")?), told(at("2026-12-01T09:30:00Z")?));
        Ok(())
    }
}
