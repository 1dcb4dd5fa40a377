//! Values: single values as other logs write them.
//! In: texts. Out: times, lists, addresses.
//! Invariant: what cannot be read is nothing.
//! Not here: conversations (`conversation.rs`).

use datafusion::logical_expr::ScalarUDF;

use super::by_row::{Compute, by_row};
use crate::scan::time;

/// `any_time(text)`: a time from RFC 3339 or an epoch number in s, ms, µs or ns.
pub(crate) fn any_time() -> ScalarUDF {
    by_row("any_time", Compute::Time(|row| time::from_text(row.first().copied()??)))
}

/// `text_list(json)`: the texts of a JSON list, or the names between commas.
pub(crate) fn text_list() -> ScalarUDF {
    by_row("text_list", Compute::List(|row| Some(crate::scan::line::split(row.first().copied()??).into_iter().map(|text| text.into_owned()).collect())))
}
