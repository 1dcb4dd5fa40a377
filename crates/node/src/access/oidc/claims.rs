//! Claims: from what a token says to a person's name and role.
//! In: claims of a token that holds. Out: name and role, or why not.
//! Invariant: a person's name is never a client's (it has a colon); who has no role here is nobody.
//! Not here: whether the token holds (`mod.rs`).

use serde_json::{Map, Value};

use crate::access::Role;
use crate::config::{Oidc, PEOPLE};

/// The longest name, in bytes.
const LONGEST: usize = 100;

pub(super) fn person(claims: &Map<String, Value>, settings: &Oidc) -> Result<(String, Role), String> {
    let name = find(claims, &settings.name_claim).and_then(Value::as_str).unwrap_or_default();
    let is_name = (1..=LONGEST).contains(&name.len()) && !name.chars().any(|c| c.is_control() || c.is_whitespace());
    if !is_name {
        return Err(format!("`{}` names nobody", settings.name_claim));
    }
    let said: Vec<&str> = match find(claims, &settings.role_claim) {
        Some(Value::String(one)) => vec![one],
        Some(Value::Array(all)) => all.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    };
    let has = |role: &Role| said.iter().any(|said| settings.roles.get(*said).is_some_and(|name| name == role.name()));
    match PEOPLE.into_iter().find(has) {
        Some(role) => Ok((format!("person:{name}"), role)),
        None => Err(format!("`{}` gives no role here", settings.role_claim)),
    }
}

/// The claim of that name, or the one to which dots lead: names of claims may have dots themselves.
fn find<'a>(claims: &'a Map<String, Value>, name: &str) -> Option<&'a Value> {
    claims.get(name).or_else(|| {
        let mut words = name.split('.');
        let first = claims.get(words.next()?)?;
        words.try_fold(first, |value, word| value.get(word))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_has_no_role_is_nobody() {
        let settings = Oidc {
            role_claim: "realm_access.roles".into(),
            roles: [("a", "analyst"), ("b", "admin")].map(|(from, to)| (from.to_owned(), to.to_owned())).into(),
            ..Oidc::default()
        };
        let of = |text: &str| {
            let claims: Map<String, Value> = serde_json::from_str(text).unwrap_or_default();
            person(&claims, &settings).ok()
        };
        let some = |name: &str, role| Some((format!("person:{name}"), role));
        assert_eq!(of(r#"{"sub":"ada","realm_access":{"roles":["x","a"]}}"#), some("ada", Role::Analyst));
        assert_eq!(of(r#"{"sub":"ada","realm_access":{"roles":["a","b"]}}"#), some("ada", Role::Admin));
        assert_eq!(of(r#"{"sub":"ada","realm_access.roles":"a"}"#), some("ada", Role::Analyst));
        for text in [
            r#"{"realm_access":{"roles":["a"]}}"#,
            r#"{"sub":"","realm_access":{"roles":["a"]}}"#,
            r#"{"sub":7,"realm_access":{"roles":["a"]}}"#,
            r#"{"sub":"a b","realm_access":{"roles":["a"]}}"#,
            r#"{"sub":"ada","realm_access":{"roles":["analyst"]}}"#,
            r#"{"sub":"ada","realm_access":{"roles":"a b"}}"#,
            r#"{"sub":"ada","realm_access":["a"]}"#,
            r#"{"sub":"ada","roles":["a"]}"#,
        ] {
            assert_eq!(of(text), None, "{text}");
        }
        assert_eq!(of(&format!(r#"{{"sub":"{}","realm_access":{{"roles":["a"]}}}}"#, "x".repeat(101))), None);
    }
}
