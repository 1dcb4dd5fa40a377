//! Agreed: what a profile lets a match tell.
//! In: a profile in force, a member. Out: whether anything may be matched with it, and what a label may hold, value by value.
//! Invariant: a match says that we saw something, as a sighting does: it tells what a sighting of ours may tell that member, and a
//! sketch where an indicator with one may leave. A profile that changed permits nothing until people agreed anew.
//! Not here: keeping it (`track::matches`).

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use stillwatch_matching::{Label, Namespace};
use stillwatch_model::{Micros, Tracked};
use stillwatch_share::scan::Scanners;
use stillwatch_share::{Profile, Recipient, Released, Set};
use stillwatch_stix::Object;
use stillwatch_stix::campaign::{Options, Producer, objects};
use stillwatch_stix::marking::{Pap, Tlp};
use stillwatch_stix::sighting::{Seen, sighting};
use stillwatch_track::matches::{Agreement, agreement};
use stillwatch_track::{Store, instant, profiles};

use crate::error::{Error, Result};

const DAY: Micros = 86_400_000_000;

/// How precisely times may be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Dates {
    /// Not at all.
    None,
    /// The day.
    Day,
    /// The first day of the quarter.
    Quarter,
}

/// What a label may hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct May {
    /// Times.
    pub dates: Dates,
    /// What is told of each confidence from 0 to 100.
    pub confidence: Vec<Option<u8>>,
    /// What is told of each power of two from 0 to 63.
    pub magnitude: Vec<Option<u8>>,
    /// Whether a template's sketch may be attached.
    pub sketch: bool,
    /// People who must approve.
    pub approvals: u32,
}

impl May {
    /// What a profile permits to tell a member.
    ///
    /// # Errors
    /// When it permits no sighting to go there.
    pub fn of(profile: &Profile, member: &str) -> Result<Self> {
        let producer = Producer { name: "this node".to_owned(), created: instant(0) };
        let about = &profile.draft().about;
        let (tlp, pap) = (about.mark_tlp, about.mark_pap);
        let moment = "2026-08-17T13:14:15.000Z";
        let indicator = |n: usize| format!("indicator--00000000-0000-4000-8000-{n:012}");
        let told = |n: usize, count: u64, confidence: u8| {
            let of = indicator(n);
            let (first, last) = (Some(moment), Some(moment));
            sighting(&producer, &Seen { of: &of, first, last, count, confidence: Some(confidence) }, moment, tlp)
        };
        // One sighting a value: what becomes of it is asked, not guessed.
        let mut texts: Vec<String> = (0..=100).map(|n| told(n, 1, n as u8)).collect();
        texts.extend((0..64).map(|n| told(200 + n, 1 << n.min(62), 50)));
        let subjects: Vec<String> = (0..=100).chain(200..264).map(|n| known(&indicator(n), &producer, tlp)).collect();
        let decided = decide(profile, member, &producer, &texts, &subjects, tlp);
        let mut sightings = Vec::new();
        for decided in decided {
            sightings.push(match decided {
                Ok(released) => value(released.text())?,
                Err(why) => {
                    return Err(Error::refused(
                        format!(
                            "profile `{}` permits no match with `{member}`: no sighting may go there ({why})",
                            about.name
                        ),
                        "name the member in an audience of the profile, or take another profile",
                    ));
                }
            });
        }
        let small = |value: &Value, field: &str| value.get(field).and_then(Value::as_u64);
        let first = sightings.first().ok_or_else(|| Error::refused("nothing was decided", "report this as a bug"))?;
        Ok(Self {
            dates: match first.get("first_seen").and_then(Value::as_str) {
                None => Dates::None,
                // A label has days at most, whatever a profile lets through.
                Some(text) if text.starts_with("2026-08-17") => Dates::Day,
                Some(_) => Dates::Quarter,
            },
            confidence: sightings
                .iter()
                .take(101)
                .map(|one| small(one, "confidence").and_then(|told| u8::try_from(told).ok()))
                .collect(),
            magnitude: sightings.iter().skip(101).map(|one| small(one, "count").map(Label::magnitude_of)).collect(),
            sketch: sketches(profile, member, &producer, tlp, pap),
            approvals: about.approvals_of.get("sighting").copied().unwrap_or(0).max(about.approvals),
        })
    }

    /// A label of what is known, with as much of it as may be told.
    #[must_use]
    pub fn label(&self, known: &Known) -> Label {
        let day = |at: Micros| {
            let day = at.div_euclid(DAY);
            let told = match self.dates {
                Dates::None => return None,
                Dates::Day => day,
                Dates::Quarter => quarter(day),
            };
            u32::try_from(told).ok()
        };
        let dates = known.first_seen.zip(known.last_seen).filter(|(first, last)| first <= last);
        let magnitude = known.count.map(|count| usize::from(Label::magnitude_of(count)));
        let confidence = known.confidence.map(usize::from);
        Label {
            first_seen: dates.and_then(|(first, _)| day(first)),
            last_seen: dates.and_then(|(_, last)| day(last)),
            confidence: confidence.and_then(|at| self.confidence.get(at).copied().flatten()),
            magnitude: magnitude.and_then(|at| self.magnitude.get(at).copied().flatten()),
        }
    }

    /// What of all this is told in a namespace, in words.
    #[must_use]
    pub fn words(&self, namespace: Namespace) -> String {
        let mut words = vec!["that we have it"];
        match self.dates {
            Dates::None => {}
            Dates::Day => words.push("the days of first and last"),
            Dates::Quarter => words.push("the quarters of first and last"),
        }
        if self.confidence.iter().any(Option::is_some) {
            words.push("how sure we are");
        }
        if self.magnitude.iter().any(Option::is_some) {
            words.push("about how often");
        }
        if self.sketch && namespace == Namespace::Template {
            words.push("sketches of templates");
        }
        words.join(", ")
    }
}

/// What is known of an element of ours.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Known {
    /// First time.
    pub first_seen: Option<Micros>,
    /// Last time.
    pub last_seen: Option<Micros>,
    /// How sure, 0 to 100.
    pub confidence: Option<u8>,
    /// How often.
    pub count: Option<u64>,
}

/// The agreement that holds with a member in a namespace now, with what may be told.
///
/// # Errors
/// When none holds: there is none, people still have to approve, its time is over, or its profile was replaced.
pub async fn holds(store: &Store, member: &str, namespace: &str, now: Micros) -> Result<(Agreement, May)> {
    let one = agreement(store, member, namespace).await?;
    let no = |why: String| {
        Error::refused(
            format!("matching `{namespace}` with `{member}` isn't agreed on: {why}"),
            "`stillwatch match agreements` shows what was; `stillwatch match agree` proposes anew",
        )
    };
    match one.state.as_str() {
        "agreed" => {}
        "proposed" => return Err(no(format!("{} of {} people approved", one.approved.len(), one.needed))),
        _ => return Err(no("it was ended".to_owned())),
    }
    if now >= one.until {
        return Err(no(format!("its time was over at {}", instant(one.until))));
    }
    let in_force = profiles::in_force(store, &one.profile).await?;
    if (in_force.version, &in_force.digest) != (one.version, &one.digest) {
        return Err(no(format!("profile `{}` has version {} in force now", one.profile, in_force.version)));
    }
    let may = serde_json::from_str(&one.may).map_err(|_| no("what it permits can't be read".to_owned()))?;
    Ok((one, may))
}

/// What may leave of each text, in order.
fn decide(
    profile: &Profile,
    member: &str,
    producer: &Producer,
    texts: &[String],
    known: &[String],
    tlp: Tlp,
) -> Vec<std::result::Result<Released, String>> {
    let mut around: Vec<String> = Tlp::ALL.map(Tlp::object).into();
    around.extend(Pap::ALL.map(Pap::object));
    around.push(producer.object(tlp));
    let set = Set::of(texts.iter().chain(known).chain(&around).map(String::as_str));
    let recipient = Recipient { member: member.to_owned(), key: None };
    let scanners = Scanners::new(&[], None);
    let decided = stillwatch_share::minimise(&set, &recipient, profile, &scanners);
    let mut by_id: std::collections::HashMap<String, std::result::Result<Released, String>> =
        set.ids().map(str::to_owned).zip(decided.into_iter().map(|one| one.map_err(|held| held.why))).collect();
    let id = |text: &String| Object::read(text, 16).ok().map(|object| object.head.id.into_owned());
    let missing = || Err("it was not decided".to_owned());
    texts.iter().map(|text| id(text).and_then(|id| by_id.remove(&id)).unwrap_or_else(missing)).collect()
}

/// An indicator as others might have told it: what a sighting has to be of.
fn known(id: &str, producer: &Producer, tlp: Tlp) -> String {
    json!({
        "type": "indicator", "spec_version": "2.1", "id": id, "created": "2026-08-17T13:14:15.000Z",
        "modified": "2026-08-17T13:14:15.000Z", "valid_from": "2026-08-17T13:14:15.000Z", "created_by_ref": producer.id(),
        "object_marking_refs": [tlp.id()], "pattern_type": "stix", "pattern": "[ipv4-addr:value = '198.51.100.7']",
    })
    .to_string()
}

/// Whether an indicator that is a text sketch may go to a member.
fn sketches(profile: &Profile, member: &str, producer: &Producer, tlp: Tlp, pap: Pap) -> bool {
    let campaign: std::result::Result<Tracked, _> = serde_json::from_value(json!({
        "id": "campaign--00000000-0000-4000-8000-000000000000", "name": null, "technique": "templated harvest",
        "status": "confirmed", "assignee": null, "score": 0.9, "severity": "high", "actionable": true, "families": [],
        "first_seen": "2026-08-17T13:14:15Z", "last_seen": "2026-08-17T13:14:15Z", "created": "2026-08-17T13:14:15Z",
        "modified": "2026-08-17T13:14:15Z", "accounts": 10, "exchanges": 100,
        "tokens": {"input": 0, "output": 0, "reasoning": 0}, "techniques": [], "capabilities": [], "evasions": [],
        "signals": [], "links": [], "networks": [], "clients": [], "models": [], "evidence": [], "claims": [], "notes": [],
        "texts": [{"body": vec![7; 16], "system": vec![7; 4], "head": 7, "tail": 7, "share": 1.0, "fills": 10}],
    }));
    let Ok(campaign) = campaign else { return false };
    let options = Options { producer: producer.clone(), tlp, pap: Some(pap), ..Options::default() };
    let texts = objects(&campaign, &options);
    let (mut wanted, mut others) = (Vec::new(), Vec::new());
    for text in texts {
        let is_indicator = Object::read(&text, 16).is_ok_and(|object| object.head.kind == "indicator");
        if is_indicator { wanted.push(text) } else { others.push(text) }
    }
    !wanted.is_empty() && decide(profile, member, producer, &wanted, &others, tlp).iter().all(Result::is_ok)
}

fn value(text: &str) -> Result<Value> {
    serde_json::from_str(text).map_err(|_| Error::refused("what would leave is no JSON", "report this as a bug"))
}

/// The first day of the quarter that a day is in.
fn quarter(day: i64) -> i64 {
    let whole = jiff::Timestamp::from_second(day.saturating_mul(86_400)).ok();
    let first = whole.and_then(|at| {
        let date = at.to_zoned(jiff::tz::TimeZone::UTC).date();
        jiff::civil::Date::new(date.year(), (date.month() - 1) / 3 * 3 + 1, 1).ok()
    });
    let first = first.and_then(|date| date.to_zoned(jiff::tz::TimeZone::UTC).ok());
    first.map_or(day, |at| at.timestamp().as_second().div_euclid(86_400))
}
