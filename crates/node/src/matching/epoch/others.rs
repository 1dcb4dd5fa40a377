//! Others: how the hub and members are asked.
//! In: a name, a call. Out: the reply, or whose refusal or silence it was.
//! Invariant: a line that broke is opened once more, since every call may come twice; an answer that takes longer than a minute is none.
//! Not here: what is asked.

use std::pin::Pin;
use std::time::Duration;

use super::call::{Call, Reply};
use crate::error::{Error, Result};

/// How long one call may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// A reply on its way.
pub type Asked<'a> = Pin<Box<dyn Future<Output = Result<Reply>> + Send + 'a>>;

/// The hub and members, by name.
pub trait Others: Send + Sync {
    /// Calls one of them.
    fn call<'a>(&'a self, to: &'a str, call: &'a Call) -> Asked<'a>;
}

/// Calls, in time; a refusal is an error that names who refuses.
pub(super) async fn ask(others: &dyn Others, to: &str, call: &Call) -> Result<Reply> {
    let late = || Error::setup(format!("`{to}` doesn't answer in a minute"), "check that its node runs, and try again");
    match tokio::time::timeout(PATIENCE, others.call(to, call)).await.map_err(|_| late())?? {
        Reply::Refused(why) => {
            let why: String = why.chars().filter(|c| !c.is_control()).take(400).collect();
            Err(Error::refused(format!("`{to}` refuses: {why}"), "ask its people what they agreed to"))
        }
        reply => Ok(reply),
    }
}

/// The same call to several at once, each with its result.
pub(super) async fn ask_all<'a>(
    others: &dyn Others,
    to: &[&'a str],
    call: impl Fn(&str) -> Call,
) -> Vec<(&'a str, Result<Reply>)> {
    let each = to.iter().map(|to| {
        let call = call(to);
        async move { (*to, ask(others, to, &call).await) }
    });
    futures_util::future::join_all(each).await
}

/// A reply of another kind than was asked for.
pub(super) fn odd(from: &str) -> Error {
    Error::refused(format!("`{from}` replies something else than it was asked"), "use the same version on both sides")
}
