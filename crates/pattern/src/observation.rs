//! Observation: what patterns are evaluated over.
//! In: nothing. Out: the one trait that a source of observations implements, and the time it was made.
//! Invariant: an observation has objects; all comparisons inside one pair of brackets are about one of them.
//! Not here: observations from JSON (`observed.rs`) or from columns (`row.rs`).

use crate::error::Undecided;
use crate::path::ObjectPath;
use crate::value::Value;

/// When something was observed, and how often (STIX 2.1, 4.14).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// Begin, in microseconds since 1970.
    pub first: i64,
    /// End, in microseconds since 1970; never before `first`.
    pub last: i64,
    /// How often, at least 1: as many observations of the same, each of which can be bound once.
    pub count: u32,
}

impl Span {
    /// Observed once, at one instant.
    #[must_use]
    pub fn at(micros: i64) -> Self {
        Self { first: micros, last: micros, count: 1 }
    }
}

/// One observation: objects with a type, and values at paths in them.
pub trait Observation {
    /// When.
    fn span(&self) -> Span;

    /// How many objects.
    fn objects(&self) -> usize;

    /// The type of an object, such as `ipv4-addr`.
    fn object_type(&self, object: usize) -> &str;

    /// Shows every value at a path of one object, until `visit` says that it has seen enough; whether it has.
    ///
    /// # Errors
    /// When what lies on the way is not what its name says, such as a reference that is no string.
    fn each(
        &self,
        object: usize,
        path: &ObjectPath,
        visit: &mut dyn FnMut(&Value<'_>) -> bool,
    ) -> Result<bool, Undecided>;

    /// Shows every value at a path of any object, with the object's number.
    ///
    /// # Errors
    /// As `each`.
    fn find(&self, path: &ObjectPath, visit: &mut dyn FnMut(usize, &Value<'_>)) -> Result<(), Undecided> {
        for object in 0..self.objects() {
            if self.object_type(object) == path.object_type() {
                self.each(object, path, &mut |value| {
                    visit(object, value);
                    false
                })?;
            }
        }
        Ok(())
    }
}
