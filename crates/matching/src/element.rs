//! Element: one thing that labs compare, in the one form that all of them give it.
//! In: a namespace and canonical bytes. Out: bytes that start with the namespace, so that no element of one is one of another.
//! Invariant: only `normalise` and `templates` make elements, or elements are read back in the form that they give; at most
//! [`MAX_ELEMENT`] bytes.
//! Not here: bringing values into that form (`normalise`).

mod shown;

use serde::{Deserialize, Serialize};
use zeroize::Zeroize;

use crate::error::{Error, Result};

/// Bytes of an element at most, the namespace included.
pub const MAX_ELEMENT: usize = 512;

/// What kind of thing is compared. A key serves one namespace only: guesses are bought per namespace.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[repr(u8)]
#[non_exhaustive]
pub enum Namespace {
    /// A network address: IPv4 whole, IPv6 as the /64 that one subscriber has.
    Address = 1,
    /// A network prefix.
    Prefix = 2,
    /// A domain name.
    Domain = 3,
    /// An e-mail address.
    Email = 4,
    /// A telephone number.
    Phone = 5,
    /// The first digits of telephone numbers.
    PhonePrefix = 6,
    /// A payment instrument's fingerprint, as the payment provider gives it.
    Payment = 7,
    /// A TLS client's JA4 fingerprint.
    Ja4 = 8,
    /// A device's fingerprint.
    Device = 9,
    /// One band of a prompt template's sketch.
    Template = 10,
}

impl Namespace {
    /// Every namespace.
    pub const ALL: [Self; 10] = [
        Self::Address,
        Self::Prefix,
        Self::Domain,
        Self::Email,
        Self::Phone,
        Self::PhonePrefix,
        Self::Payment,
        Self::Ja4,
        Self::Device,
        Self::Template,
    ];

    /// Its name in files and on the command line.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Address => "address",
            Self::Prefix => "prefix",
            Self::Domain => "domain",
            Self::Email => "email",
            Self::Phone => "phone",
            Self::PhonePrefix => "phone-prefix",
            Self::Payment => "payment",
            Self::Ja4 => "ja4",
            Self::Device => "device",
            Self::Template => "template",
        }
    }

    /// The namespace of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|namespace| namespace.name() == name)
    }
}

/// One thing that labs compare.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Zeroize)]
pub struct Element(Vec<u8>);

impl Element {
    pub(crate) fn new(namespace: Namespace, canonical: &[u8]) -> Result<Self> {
        if canonical.is_empty() || canonical.len() >= MAX_ELEMENT {
            return Err(Error::Value { namespace: namespace.name(), why: "it has no bytes, or more than 511" });
        }
        let mut bytes = Vec::with_capacity(1 + canonical.len());
        bytes.push(namespace as u8);
        bytes.extend_from_slice(canonical);
        Ok(Self(bytes))
    }

    /// An element from what [`Element::as_bytes`] gave: read back from a file, or as another member normalised it. The form is
    /// checked (namespace, lengths, kinds of bytes), so that it can be shown; whether such a name or number exists is not.
    ///
    /// # Errors
    /// If it is another namespace's, or hasn't its form.
    pub fn from_bytes(namespace: Namespace, bytes: &[u8]) -> Result<Self> {
        let not = |why| Error::Value { namespace: namespace.name(), why };
        let canonical = bytes.strip_prefix(&[namespace as u8]).ok_or(not("it is another namespace's, or empty"))?;
        if !shown::has_form(namespace, canonical) {
            return Err(not("its bytes haven't the form that all members give them"));
        }
        Self::new(namespace, canonical)
    }

    /// Its canonical bytes, without the namespace.
    #[must_use]
    pub fn canonical(&self) -> &[u8] {
        &self.0[1..]
    }

    /// As people write it; [`crate::normalise`] of this is the element again, except for bands of templates, which no text has.
    #[must_use]
    pub fn shown(&self) -> String {
        shown::shown(&self.0)
    }

    /// What is hashed to the group.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl AsRef<[u8]> for Element {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

/// Not its content: elements stay out of logs.
impl std::fmt::Debug for Element {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Element({} bytes)", self.0.len())
    }
}
