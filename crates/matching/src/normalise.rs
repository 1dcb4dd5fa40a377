//! Normalise: the one table by which all members bring values into the form that is compared.
//! In: a namespace and a value as recorded. Out: an element, or why there is none.
//! Invariant: two ways of writing one thing give one element; normalising twice changes nothing. `vectors/normalise.json` is
//! the table's test, for other implementations too.
//! Not here: bands of template sketches (`templates`), which are numbers and not text.

mod address;
mod fingerprint;
mod name;
mod phone;

use crate::element::{Element, Namespace};
use crate::error::{Error, Result};

/// Bytes of a value at most.
const MAX_VALUE: usize = 1024;

/// The element that a value stands for.
///
/// # Errors
/// If the value isn't one of the namespace, or stands for nothing that labs could have in common (a private address, say).
pub fn normalise(namespace: Namespace, value: &str) -> Result<Element> {
    if value.len() > MAX_VALUE {
        return Err(Error::Value { namespace: namespace.name(), why: "it is longer than 1024 bytes" });
    }
    let canonical = match namespace {
        Namespace::Address => address::address(value.trim()),
        Namespace::Prefix => address::prefix(value.trim()),
        Namespace::Domain => name::domain(value.trim()).map(String::into_bytes),
        Namespace::Email => name::email(value.trim()).map(String::into_bytes),
        Namespace::Phone => phone::number(value.trim()).map(String::into_bytes),
        Namespace::PhonePrefix => phone::prefix(value.trim()).map(String::into_bytes),
        Namespace::Ja4 => fingerprint::ja4(value.trim()).map(String::into_bytes),
        Namespace::Payment | Namespace::Device => fingerprint::as_given(value).map(String::into_bytes),
        Namespace::Template => Err("bands of sketches are made from sketches, not from text"),
    };
    Element::new(namespace, &canonical.map_err(|why| Error::Value { namespace: namespace.name(), why })?)
}
