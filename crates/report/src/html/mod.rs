//! Html: stub
//! x
//! x
//! x
use stillwatch_model::Report;
/// stub
pub fn html(_: &Report, _: &str) -> String { String::new() }
