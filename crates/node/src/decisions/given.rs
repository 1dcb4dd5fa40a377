//! Given: decisions in a file, as other tools write them.
//! In: CSV or JSON as `cscli decisions import` takes it, or a value a line. Out: what is wanted, one by one; what can't be read, with its place.
//! Invariant: a record that can't be read is told and passed over; a line, a file of JSON and a key have a longest length.
//! Not here: making decisions of it (`import.rs`).

use std::io::{BufRead, Read};

use jiff::SignedDuration;
use serde::Deserialize;
use stillwatch_gate::{Action, Kind, Subject, span};

/// Longest line, in bytes.
const MAX_LINE: u64 = 64 << 10;
/// Longest file of JSON, in bytes: it is read as a whole.
const MAX_JSON: u64 = 256 << 20;

/// In which form they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// Comma-separated, with a header of `duration,scope,value,type,reason`; only `value` is needed.
    Csv,
    /// An array of objects with those fields.
    Json,
    /// A value a line; what comes after `#` is a remark.
    Lines,
}

/// What holds where the file doesn't say.
#[derive(Debug, Clone, PartialEq)]
pub struct Usual {
    /// What kind of key.
    pub kind: Kind,
    /// What is done.
    pub action: Action,
    /// For how long.
    pub lifetime: SignedDuration,
    /// Why.
    pub because: String,
}

/// A decision that is wanted.
#[derive(Debug, Clone, PartialEq)]
pub struct Wanted {
    /// About whom.
    pub subject: Subject,
    /// What is done.
    pub action: Action,
    /// For how long.
    pub lifetime: SignedDuration,
    /// Why.
    pub because: String,
}

/// A record that can't be read: where it stands, and why. Records are lines; of JSON they are counted from 1.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unread {
    /// Line, or number.
    pub place: u64,
    /// Why.
    pub why: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Row {
    duration: Option<String>,
    scope: Option<String>,
    value: String,
    #[serde(rename = "type")]
    remediation: Option<String>,
    reason: Option<String>,
}

/// Reads a file: each record, in order.
///
/// # Errors
/// When the file itself can't be read: no header, no array, too long.
pub fn given<'a>(
    file: impl BufRead + 'a,
    form: Form,
    usual: &'a Usual,
) -> Result<Box<dyn Iterator<Item = Result<Wanted, Unread>> + 'a>, String> {
    Ok(match form {
        Form::Csv => Box::new(csv(file, usual)?),
        Form::Json => Box::new(json(file, usual)?),
        Form::Lines => Box::new(lines(file, usual)),
    })
}

fn csv<'a>(
    file: impl BufRead + 'a,
    usual: &'a Usual,
) -> Result<impl Iterator<Item = Result<Wanted, Unread>> + 'a, String> {
    let mut reader = csv::ReaderBuilder::new().flexible(true).trim(csv::Trim::All).from_reader(file);
    let header = reader.headers().map_err(|e| e.to_string())?.clone();
    if !header.iter().any(|name| name == "value") {
        return Err("the first line should name the columns, `value` among them".to_owned());
    }
    let mut record = csv::StringRecord::new();
    Ok(std::iter::from_fn(move || {
        let place = reader.position().line();
        match reader.read_record(&mut record) {
            Ok(false) => None,
            Ok(true) => {
                let row = record.deserialize::<Row>(Some(&header)).map_err(|e| e.to_string());
                Some(row.and_then(|row| wanted(row, usual)).map_err(|why| Unread { place, why }))
            }
            Err(e) => Some(Err(Unread { place, why: e.to_string() })),
        }
    }))
}

fn json<'a>(
    file: impl BufRead + 'a,
    usual: &'a Usual,
) -> Result<impl Iterator<Item = Result<Wanted, Unread>> + 'a, String> {
    let mut text = String::new();
    file.take(MAX_JSON + 1).read_to_string(&mut text).map_err(|e| e.to_string())?;
    if text.len() as u64 > MAX_JSON {
        return Err(format!("a file of JSON has at most {MAX_JSON} bytes: split it, or write CSV"));
    }
    let rows: Vec<serde_json::Value> =
        serde_json::from_str(&text).map_err(|e| format!("no array of decisions: {e}"))?;
    Ok(rows.into_iter().zip(1..).map(move |(row, place)| {
        let row: Result<Row, String> = serde_json::from_value(row).map_err(|e| e.to_string());
        row.and_then(|row| wanted(row, usual)).map_err(|why| Unread { place, why })
    }))
}

fn lines<'a>(mut file: impl BufRead + 'a, usual: &'a Usual) -> impl Iterator<Item = Result<Wanted, Unread>> + 'a {
    let mut place = 0;
    std::iter::from_fn(move || {
        loop {
            let mut line = Vec::new();
            place += 1;
            let broken = |why: String| Some(Err(Unread { place, why }));
            match file.by_ref().take(MAX_LINE).read_until(b'\n', &mut line) {
                Ok(0) => return None,
                Ok(read) if read as u64 == MAX_LINE => {
                    return broken(format!("a line has at most {MAX_LINE} bytes"));
                }
                Ok(_) => {}
                Err(e) => return broken(e.to_string()),
            }
            let Ok(text) = std::str::from_utf8(&line) else { return broken("it is no text".to_owned()) };
            let value = text.split_once('#').map_or(text, |(before, _)| before).trim();
            if value.is_empty() {
                continue;
            }
            let row = Row { value: value.to_owned(), ..Row::default() };
            return Some(wanted(row, usual).map_err(|why| Unread { place, why }));
        }
    })
}

fn wanted(row: Row, usual: &Usual) -> Result<Wanted, String> {
    let told = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
    let kind = match told(&row.scope) {
        None => usual.kind,
        // The words of CrowdSec's scopes.
        Some(scope) if scope.eq_ignore_ascii_case("ip") || scope.eq_ignore_ascii_case("range") => Kind::Network,
        Some(scope) => (Kind::ALL.into_iter().find(|kind| kind.name().eq_ignore_ascii_case(&scope)))
            .ok_or_else(|| format!("scope `{}` is none of ip, range, account, client, ja4, network", short(&scope)))?,
    };
    let action = match told(&row.remediation).as_deref() {
        None => usual.action,
        Some("ban" | "block") => Action::Block,
        Some("captcha" | "challenge") => Action::Challenge,
        Some("allow" | "whitelist") => Action::Allow,
        Some(other) if other == usual.action.name() => usual.action,
        Some(other) => {
            return Err(format!("type `{}` is none of ban, captcha, block, challenge, allow", short(other)));
        }
    };
    let lifetime = told(&row.duration).map_or(Ok(usual.lifetime), |text| lifetime(&text))?;
    let days = kind.longest_days();
    if lifetime > SignedDuration::from_hours(24 * days) {
        return Err(format!("{} is decided on for at most {days} days", kind.name()));
    }
    let subject = Subject::new(kind, &row.value).map_err(|e| e.because().to_owned())?;
    let because = told(&row.reason).map_or_else(|| usual.because.clone(), |why| format!("{}: {why}", usual.because));
    Ok(Wanted { subject, action, lifetime, because })
}

/// A span such as `4h`, `7d` or, as Go writes it, `3h59m58s`.
fn lifetime(text: &str) -> Result<SignedDuration, String> {
    let wrong = || format!("duration `{}` should be such as 4h, 7d or 3h59m58s", short(text));
    span(text).filter(|span| *span > SignedDuration::ZERO).ok_or_else(wrong)
}

fn short(text: &str) -> String {
    text.chars().take(40).flat_map(char::escape_debug).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn usual() -> Usual {
        let lifetime = SignedDuration::from_hours(24);
        Usual { kind: Kind::Network, action: Action::Block, lifetime, because: "list 7".to_owned() }
    }

    fn read(text: &str, form: Form) -> Result<Vec<Result<Wanted, Unread>>, String> {
        let usual = usual();
        Ok(given(text.as_bytes(), form, &usual)?.collect())
    }

    #[test]
    fn all_forms_say_the_same() -> Result<(), String> {
        let csv = "duration,scope,value,type,reason\n4h,ip,203.0.113.7,ban,seen\n,account,acct-1,captcha,\n";
        let json = r#"[{"duration":"4h","scope":"Ip","value":"203.0.113.7","type":"ban","reason":"seen"},
            {"scope":"account","value":"acct-1","type":"captcha"}]"#;
        let all = read(csv, Form::Csv)?;
        assert_eq!(all, read(json, Form::Json)?);
        let first = all.first().and_then(|one| one.as_ref().ok()).ok_or("none")?;
        assert_eq!((first.subject.value(), first.because.as_str()), ("203.0.113.7".to_owned(), "list 7: seen"));
        assert_eq!((first.action, first.lifetime), (Action::Block, SignedDuration::from_hours(4)));
        let second = all.get(1).and_then(|one| one.as_ref().ok()).ok_or("one")?;
        assert_eq!((second.action, second.lifetime), (Action::Challenge, SignedDuration::from_hours(24)));
        let lines = read("# ours\n203.0.113.0/24 # a school\n\n2001:db8::1\n", Form::Lines)?;
        assert_eq!(lines.iter().filter(|one| one.is_ok()).count(), 2);
        Ok(())
    }

    #[test]
    fn what_cannot_be_read_is_told_with_its_place_and_passed_over() -> Result<(), String> {
        let csv = "value,type,duration\n203.0.113.7,ban,\n999.1.1.1,ban,\n203.0.113.8,shoot,\n203.0.113.9,ban,400d\n203.0.113.10,ban,soon\n";
        let all = read(csv, Form::Csv)?;
        let places: Vec<u64> = all.iter().filter_map(|one| one.as_ref().err()).map(|unread| unread.place).collect();
        assert_eq!(places, [3, 4, 5, 6]);
        assert!(read("203.0.113.7,ban\n", Form::Csv).is_err(), "no header");
        assert!(read("{}", Form::Json).is_err() && read("[", Form::Json).is_err());
        let long = "x".repeat(70_000);
        assert!(read(&long, Form::Lines)?.iter().all(Result::is_err));
        Ok(())
    }
}
