//! Share: what may leave, to whom, in which form (Cedar policies, minimisation rules, scanners).
//! In: STIX objects and a profile's files, as text and bytes. Out: `Released`, or why an object is held.
//! Invariant: deny by default: what is unclassed, unmarked or unknown does not leave; no I/O, no clock, no randomness.
//! Not here: reading files (the command line), approvals and the ledger, the wire.

mod cases;
mod check;
mod classes;
mod decide;
mod diff;
mod draft;
mod error;
mod explain;
mod form;
mod plan;
mod published;
mod release;
pub mod scan;
mod set;
mod shape;
mod sign;
mod table;
mod walk;

pub use cases::{CASES, CaseResult, test};
pub use check::{PolicyFault, check};
pub use classes::{Class, Field, fields, kinds};
pub use decide::{Desk, Held, Preview, Recipient};
pub use diff::{Change, diff};
pub use draft::{About, Audience, Draft, Files, MAX_BYTES, MAX_FILES, Rule};
pub use error::PolicyError;
pub use explain::{explain, why};
pub use form::{Form, TokenKey};
pub use plan::{FieldPlan, Plan, Verdict};
pub use release::{Released, minimise, review};
pub use set::{MAX_OBJECT_BYTES, MAX_OBJECTS, Set};
pub use shape::Shape;
pub use sign::{Manifest, Profile, SIGNATURE, Trust, key_pair, public_key, sign, signing_key};
pub use table::table;
pub use walk::{Note, Outcome};
