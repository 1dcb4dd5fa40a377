//! Line: reads one native record from its JSON text.
//! In: a line of JSON, and the columns wanted. Out: `Line`, or the `Flaw` that makes it unusable.
//! Invariant: a line that is given has a plausible time and an account; text is borrowed where it has no escapes.
//! Not here: finding the lines (`cursor.rs`) and filling columns (`rows.rs`).

use std::{borrow::Cow, fmt};

use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Unexpected, Visitor};
use stillwatch_model::Micros;

use super::{
    chat::{Content, Text, Turns},
    columns::{Column, Kind},
    time,
};

/// One native record, its values in the order of the native schema.
#[derive(Debug)]
pub(crate) struct Line<'a> {
    /// A value for every column.
    pub(crate) values: [Value<'a>; Column::ALL.len()],
}

/// One value.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Value<'a> {
    Null,
    Text(Cow<'a, str>),
    Integer(i64),
    Float(f64),
    Flag(bool),
    List(Vec<Cow<'a, str>>),
}

impl Value<'_> {
    /// Whether it says nothing: null, or a list of nothing.
    pub(crate) fn is_absent(&self) -> bool {
        matches!(self, Self::Null) || matches!(self, Self::List(list) if list.is_empty())
    }
}

/// What makes a record unusable.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Flaw {
    /// The field; nothing if it is the record as a whole.
    pub(crate) field: Option<&'static str>,
    /// What is wrong.
    pub(crate) why: String,
}

/// What is asked of every record.
#[derive(Debug, Clone)]
pub(crate) struct Rules {
    /// The columns wanted, as bits.
    pub(crate) wanted: u64,
    /// Times before this are absurd.
    pub(crate) earliest: Micros,
    /// Times after this are absurd.
    pub(crate) latest: Micros,
    /// The account of records that name none.
    pub(crate) default_account: Option<String>,
}

impl Rules {
    pub(crate) fn wants(&self, column: Column) -> bool {
        self.wanted & column.bit() != 0
    }

    /// Whether an instant can be when a request arrived; if not, why.
    pub(crate) fn plausible(&self, micros: Micros) -> Result<(), String> {
        if micros < self.earliest {
            return Err(format!("{} is absurd: before {}", time::to_text(micros), time::to_text(self.earliest)));
        }
        if micros > self.latest {
            return Err(format!("{} is absurd: in the future", time::to_text(micros)));
        }
        Ok(())
    }
}

/// Reads one line.
pub(crate) fn read<'a>(bytes: &'a [u8], rules: &'a Rules) -> Result<Line<'a>, Flaw> {
    let text = utf8(bytes)?;
    let mut line = Line { values: [const { Value::Null }; Column::ALL.len()] };
    let mut at = None;
    let mut json = serde_json::Deserializer::from_str(text);
    let seed = LineSeed { line: &mut line, rules, at: &mut at };
    if let Err(error) = seed.deserialize(&mut json).and_then(|()| json.end()) {
        return Err(flaw(&error, at));
    }
    check(&mut line, rules)?;
    Ok(line)
}

/// The bytes as text.
pub(crate) fn utf8(bytes: &[u8]) -> Result<&str, Flaw> {
    std::str::from_utf8(bytes)
        .map_err(|error| Flaw { field: None, why: format!("not UTF-8 at byte {}", error.valid_up_to()) })
}

fn check<'a>(line: &mut Line<'a>, rules: &'a Rules) -> Result<(), Flaw> {
    match line.values[Column::Time.index()] {
        Value::Integer(micros) => rules.plausible(micros).map_err(|why| Flaw { field: Some("time"), why })?,
        _ => return Err(Flaw { field: Some("time"), why: "missing".into() }),
    }
    let account = &mut line.values[Column::Account.index()];
    if !matches!(account, Value::Text(text) if !text.is_empty()) {
        match &rules.default_account {
            Some(default) => *account = Value::Text(Cow::Borrowed(default)),
            None => return Err(Flaw { field: Some("account"), why: "missing".into() }),
        }
    }
    Ok(())
}

/// What a JSON error says of the record; `at` is the field that was being read.
pub(crate) fn flaw(error: &serde_json::Error, at: Option<&'static str>) -> Flaw {
    use serde_json::error::Category;
    let said = error.to_string();
    let what = said.split(" at line ").next().unwrap_or(&said);
    match error.classify() {
        Category::Data => Flaw { field: at, why: what.to_owned() },
        Category::Eof => Flaw { field: None, why: "not JSON: it ends in the middle".into() },
        _ => Flaw { field: None, why: format!("not JSON: {what} at character {}", error.column()) },
    }
}

/// Reads the object, key by key.
struct LineSeed<'l, 'a> {
    line: &'l mut Line<'a>,
    rules: &'l Rules,
    at: &'l mut Option<&'static str>,
}

impl<'de> DeserializeSeed<'de> for LineSeed<'_, 'de> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for LineSeed<'_, 'de> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let Self { line, rules, at } = self;
        let mut turns = None;
        while let Some(key) = map.next_key_seed(KeySeed)? {
            match key {
                Key::Column(column) if rules.wants(column) => {
                    *at = Some(column.name());
                    line.values[column.index()] = map.next_value_seed(ValueSeed(column.kind()))?;
                }
                Key::Messages if rules.wants(Column::System) || rules.wants(Column::Prompt) => {
                    *at = Some("messages");
                    turns = Some(map.next_value::<Turns>()?);
                }
                Key::Completion if rules.wants(Column::CompletionBytes) => {
                    *at = Some("completion");
                    line.values[Column::CompletionBytes.index()] = match map.next_value::<Content>()?.0 {
                        Some(text) => Value::Integer(text.len() as i64),
                        None => Value::Null,
                    };
                }
                _ => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
            *at = None;
        }
        if let Some(turns) = turns {
            put(line, rules, Column::System, turns.system);
            put(line, rules, Column::Prompt, turns.user);
        }
        Ok(())
    }
}

fn put<'a>(line: &mut Line<'a>, rules: &Rules, column: Column, text: Option<Cow<'a, str>>) {
    if let Some(text) = text.filter(|_| rules.wants(column)) {
        line.values[column.index()] = Value::Text(text);
    }
}

enum Key {
    Column(Column),
    Messages,
    Completion,
    Other,
}

struct KeySeed;

impl<'de> DeserializeSeed<'de> for KeySeed {
    type Value = Key;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Key, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for KeySeed {
    type Value = Key;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_str<E>(self, key: &str) -> Result<Key, E> {
        Ok(match key {
            "messages" => Key::Messages,
            "completion" => Key::Completion,
            _ => Column::named(key).map_or(Key::Other, Key::Column),
        })
    }
}

/// Reads one value as what its column holds, forgiving where no meaning is lost.
struct ValueSeed(Kind);

impl<'de> DeserializeSeed<'de> for ValueSeed {
    type Value = Value<'de>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value<'de>, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl ValueSeed {
    fn text<'v, E: Error>(self, text: Cow<'v, str>) -> Result<Value<'v>, E> {
        let trimmed = text.trim();
        let read = match self.0 {
            Kind::Text => return Ok(Value::Text(text)),
            Kind::List => return Ok(Value::List(split(&text))),
            _ if trimmed.is_empty() => Some(Value::Null),
            Kind::Time => time::from_text(trimmed).map(Value::Integer),
            Kind::Integer => trimmed.parse().map(Value::Integer).ok().or_else(|| trimmed.parse().ok().and_then(whole)),
            Kind::Float => trimmed.parse().ok().map(Value::Float),
            Kind::Flag => flag(trimmed).map(Value::Flag),
        };
        read.ok_or_else(|| E::invalid_value(Unexpected::Str(&shortened(trimmed)), &self))
    }

    fn number<'v, E: Error>(self, number: f64) -> Result<Value<'v>, E> {
        let read = match self.0 {
            Kind::Float => Some(Value::Float(number)),
            Kind::Integer => whole(number),
            Kind::Time => time::from_float(number).map(Value::Integer),
            _ => None,
        };
        read.ok_or_else(|| E::invalid_type(Unexpected::Float(number), &self))
    }
}

impl<'de> Visitor<'de> for ValueSeed {
    type Value = Value<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0 {
            Kind::Time => "a time (RFC 3339 or epoch)",
            Kind::Text => "text",
            Kind::Integer => "a whole number",
            Kind::Float => "a number",
            Kind::Flag => "true or false",
            Kind::List => "a list of texts",
        })
    }

    fn visit_unit<E>(self) -> Result<Value<'de>, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E: Error>(self, flag: bool) -> Result<Value<'de>, E> {
        match self.0 {
            Kind::Flag => Ok(Value::Flag(flag)),
            _ => Err(E::invalid_type(Unexpected::Bool(flag), &self)),
        }
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Value<'de>, E> {
        let read = match self.0 {
            Kind::Integer => Some(Value::Integer(number)),
            Kind::Float => Some(Value::Float(number as f64)),
            Kind::Time => time::from_integer(number).map(Value::Integer),
            Kind::Text => Some(Value::Text(number.to_string().into())),
            Kind::Flag if number == 0 || number == 1 => Some(Value::Flag(number == 1)),
            _ => None,
        };
        read.ok_or_else(|| E::invalid_type(Unexpected::Signed(number), &self))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Value<'de>, E> {
        match (i64::try_from(number), self.0) {
            (Ok(number), _) => self.visit_i64(number),
            (Err(_), Kind::Text) => Ok(Value::Text(number.to_string().into())),
            (Err(_), _) => self.number(number as f64),
        }
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<Value<'de>, E> {
        self.number(number)
    }

    fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<Value<'de>, E> {
        self.text(Cow::Borrowed(text))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Value<'de>, E> {
        self.text(Cow::Owned(text.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value<'de>, A::Error> {
        if self.0 != Kind::List {
            return Err(A::Error::invalid_type(Unexpected::Seq, &self));
        }
        let mut list = Vec::new();
        while let Some(item) = items.next_element_seed(NameSeed)? {
            list.extend(item);
        }
        Ok(Value::List(list))
    }
}

/// Reads an item of a list: a text, or the name of a tool that is described in full.
struct NameSeed;

impl<'de> DeserializeSeed<'de> for NameSeed {
    type Value = Option<Cow<'de, str>>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for NameSeed {
    type Value = Option<Cow<'de, str>>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("text")
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(Some(Cow::Borrowed(text)))
    }

    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Some(Cow::Owned(text.to_owned())))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut name = None;
        while let Some(Text(key)) = map.next_key()? {
            match key.as_deref() {
                Some("name") => name = map.next_value::<Text>()?.0.or(name),
                Some("function") => name = map.next_value_seed(NameSeed)?.or(name),
                _ => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(name)
    }
}

fn whole<'v>(number: f64) -> Option<Value<'v>> {
    (number.fract() == 0.0 && number.abs() < 9e15).then_some(Value::Integer(number as i64))
}

/// Yes or no, as logs and tables write it.
pub(crate) fn flag(text: &str) -> Option<bool> {
    match text {
        "true" | "True" | "TRUE" | "1" | "t" | "yes" => Some(true),
        "false" | "False" | "FALSE" | "0" | "f" | "no" => Some(false),
        _ => None,
    }
}

/// A list in a text: JSON (of texts, or of tools described in full), or names with commas between.
pub(crate) fn split<'v>(text: &str) -> Vec<Cow<'v, str>> {
    if text.trim_start().starts_with('[') {
        let mut json = serde_json::Deserializer::from_str(text);
        if let Ok(Value::List(list)) = ValueSeed(Kind::List).deserialize(&mut json) {
            return list.into_iter().map(|name| Cow::Owned(name.into_owned())).collect();
        }
    }
    text.split(',').map(str::trim).filter(|name| !name.is_empty()).map(|name| Cow::Owned(name.to_owned())).collect()
}

fn shortened(text: &str) -> Cow<'_, str> {
    match text.char_indices().nth(40) {
        Some((end, _)) => Cow::Owned(format!("{}…", &text[..end])),
        None => Cow::Borrowed(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules() -> Rules {
        Rules {
            wanted: u64::MAX,
            earliest: 1_420_070_400_000_000,
            latest: 1_800_000_000_000_000,
            default_account: None,
        }
    }

    fn why(line: &str) -> (Option<&'static str>, String) {
        let flaw = read(line.as_bytes(), &rules()).expect_err(line);
        (flaw.field, flaw.why)
    }

    #[test]
    fn a_flaw_names_its_field_and_what_is_wrong() {
        let cases = [
            ("", None, "not JSON: it ends in the middle"),
            (r#"{"time":"2026-03-02T12:00:00Z","#, None, "not JSON: it ends in the middle"),
            ("hello", None, "not JSON: expected value at character 1"),
            ("[]", None, "invalid type: sequence, expected a JSON object"),
            (r#"{"account":"a"}"#, Some("time"), "missing"),
            (r#"{"time":"2026-03-02T12:00:00Z"}"#, Some("account"), "missing"),
            (r#"{"time":"2026-03-02T12:00:00Z","account":""}"#, Some("account"), "missing"),
            (
                r#"{"time":"soon","account":"a"}"#,
                Some("time"),
                r#"invalid value: string "soon", expected a time (RFC 3339 or epoch)"#,
            ),
            (
                r#"{"time":12,"account":"a"}"#,
                Some("time"),
                "1970-01-01T00:00:12Z is absurd: before 2015-01-01T00:00:00Z",
            ),
            (
                r#"{"time":"2999-01-01T00:00:00Z","account":"a"}"#,
                Some("time"),
                "2999-01-01T00:00:00Z is absurd: in the future",
            ),
            (
                r#"{"time":"2026-03-02T12:00:00Z","account":"a","asn":"x"}"#,
                Some("asn"),
                r#"invalid value: string "x", expected a whole number"#,
            ),
            (r#"{"time":"2026-03-02T12:00:00Z","account":{}}"#, Some("account"), "invalid type: map, expected text"),
            (
                r#"{"time":"2026-03-02T12:00:00Z","account":"a","messages":3}"#,
                Some("messages"),
                "invalid type: integer `3`, expected a list of messages",
            ),
        ];
        for (line, field, expected) in cases {
            assert_eq!(why(line), (field, expected.to_owned()), "{line}");
        }
        let flaw = read(b"{\"time\":\"2026-03-02T12:00:00Z\",\"account\":\"\xff\"}", &rules()).expect_err("bytes");
        assert_eq!(flaw.why, "not UTF-8 at byte 42");
    }

    #[test]
    fn harmless_differences_of_type_are_forgiven() {
        let text = r#"{"time":1772452800,"account":42,"asn":"64500","refusal":"true","stream":1,"temperature":"0.5","input_tokens":7.0,
            "tools":[{"type":"function","function":{"name":"search"}},"calc",{"name":"ls"}],"completion":[{"type":"text","text":"abc"}],
            "messages":[{"role":"user","content":"now"}],"prompt":"before","status":null,"unheard_of":[{}]}"#;
        let rules = rules();
        let line = read(text.as_bytes(), &rules).unwrap_or_else(|flaw| panic!("{flaw:?}"));
        let of = |column: Column| line.values[column.index()].clone();
        assert_eq!(of(Column::Time), Value::Integer(1_772_452_800_000_000));
        assert_eq!(of(Column::Account), Value::Text("42".into()));
        assert_eq!(of(Column::Asn), Value::Integer(64500));
        assert_eq!(of(Column::Refusal), Value::Flag(true));
        assert_eq!(of(Column::Stream), Value::Flag(true));
        assert_eq!(of(Column::Temperature), Value::Float(0.5));
        assert_eq!(of(Column::InputTokens), Value::Integer(7));
        assert_eq!(of(Column::Tools), Value::List(vec!["search".into(), "calc".into(), "ls".into()]));
        assert_eq!(of(Column::CompletionBytes), Value::Integer(3));
        assert_eq!(of(Column::Prompt), Value::Text("now".into()));
        assert_eq!(of(Column::Status), Value::Null);
    }
}
