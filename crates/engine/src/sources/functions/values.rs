//! Values: single values as other logs write them.
//! In: texts. Out: times, lists, addresses, headers, hashes.
//! Invariant: what cannot be read is nothing; only `file_time` looks outside its arguments.
//! Not here: conversations (`conversation.rs`) and answers (`answers.rs`).

use std::{cell::RefCell, fs, time::UNIX_EPOCH};

use datafusion::logical_expr::ScalarUDF;
use serde_json::Value;

use super::by_row::{Compute, by_row};
use crate::scan::{line, time};

/// `any_time(text)`: a time from RFC 3339 or an epoch number in s, ms, µs or ns.
pub(crate) fn any_time() -> ScalarUDF {
    by_row("any_time", Compute::Time(|row| time::from_text(row.first().copied()??)))
}

/// `file_time(path)`: when a file was last changed.
pub(crate) fn file_time() -> ScalarUDF {
    thread_local! {
        static LAST: RefCell<(String, Option<i64>)> = RefCell::default();
    }
    fn changed(path: &str) -> Option<i64> {
        let since = fs::metadata(path).ok()?.modified().ok()?.duration_since(UNIX_EPOCH).ok()?;
        i64::try_from(since.as_micros()).ok()
    }
    by_row(
        "file_time",
        Compute::Time(|row| {
            let path = row.first().copied()??;
            LAST.with_borrow_mut(|last| {
                if last.0 != path {
                    *last = (path.to_owned(), changed(path));
                }
                last.1
            })
        }),
    )
}

/// `text_list(json)`: the texts of a JSON list, or the names between commas; of tools described in full, their names.
pub(crate) fn text_list() -> ScalarUDF {
    by_row(
        "text_list",
        Compute::List(|row| {
            Some(line::split(row.first().copied()??).into_iter().map(|text| text.into_owned()).collect())
        }),
    )
}

/// `strip_port(address)`: the address without its port.
pub(crate) fn strip_port() -> ScalarUDF {
    by_row("strip_port", Compute::Text(|row| address(row.first().copied()??)))
}

/// `first_forwarded(header)`: the first address of an `X-Forwarded-For` header.
pub(crate) fn first_forwarded() -> ScalarUDF {
    by_row("first_forwarded", Compute::Text(|row| address(row.first().copied()??.split(',').next()?)))
}

/// `header(headers, name)`: a header, whatever its case; headers are an object, or a list of pairs.
pub(crate) fn header() -> ScalarUDF {
    by_row(
        "header",
        Compute::Text(|row| {
            let [Some(headers), Some(name)] = row else { return None };
            let headers: Value = serde_json::from_str(headers).ok()?;
            find_header(&headers, name).filter(|text| !text.is_empty() && *text != "-").map(str::to_owned)
        }),
    )
}

/// `tag(list, prefix)`: what follows the prefix in the first text of a list that begins with it.
pub(crate) fn tag() -> ScalarUDF {
    by_row(
        "tag",
        Compute::Text(|row| {
            let [Some(list), Some(prefix)] = row else { return None };
            line::split(list).iter().find_map(|text| text.strip_prefix(prefix).map(str::to_owned))
        }),
    )
}

/// `short_hash(text)`: sixteen hexadecimal digits that stand for a text.
pub(crate) fn short_hash() -> ScalarUDF {
    by_row("short_hash", Compute::Text(|row| Some(hash(row.first().copied()??))))
}

/// Sixteen hexadecimal digits that stand for a text; the same on every machine.
pub(crate) fn hash(text: &str) -> String {
    format!("{:016x}", rapidhash::v3::rapidhash_v3(text.as_bytes()))
}

fn address(text: &str) -> Option<String> {
    let text = text.trim();
    let bare = match text.strip_prefix('[') {
        Some(rest) => rest.split(']').next()?,
        None if text.matches(':').count() == 1 => text.split(':').next()?,
        None => text,
    };
    let known = !bare.is_empty() && bare != "-" && !bare.eq_ignore_ascii_case("unknown");
    known.then(|| bare.to_owned())
}

fn find_header<'a>(headers: &'a Value, name: &str) -> Option<&'a str> {
    match headers {
        Value::Object(object) => {
            object.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).and_then(|(_, value)| first_text(value))
        }
        Value::Array(pairs) => pairs.iter().find_map(|pair| {
            let (key, value) = match pair {
                Value::Object(object) => (object.get("name").or_else(|| object.get("key"))?, object.get("value")?),
                Value::Array(pair) => (pair.first()?, pair.get(1)?),
                _ => return None,
            };
            key.as_str()?.eq_ignore_ascii_case(name).then(|| first_text(value))?
        }),
        _ => None,
    }
}

fn first_text(value: &Value) -> Option<&str> {
    match value {
        Value::Array(items) => items.first()?.as_str(),
        other => other.as_str(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_lose_their_ports() {
        let cases = [
            ("203.0.113.7:51822", Some("203.0.113.7")),
            ("203.0.113.7", Some("203.0.113.7")),
            ("[2001:db8::1]:443", Some("2001:db8::1")),
            ("2001:db8::1", Some("2001:db8::1")),
            ("-", None),
            ("", None),
        ];
        for (text, expected) in cases {
            assert_eq!(address(text).as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn headers_are_found_in_every_form() {
        for json in [
            r#"{"User-Agent":"a/1"}"#,
            r#"{"user-agent":["a/1"]}"#,
            r#"[["user-agent","a/1"]]"#,
            r#"[{"name":"User-Agent","value":"a/1"}]"#,
        ] {
            let headers: Value = serde_json::from_str(json).unwrap_or_default();
            assert_eq!(find_header(&headers, "user-agent"), Some("a/1"), "{json}");
        }
    }
}
