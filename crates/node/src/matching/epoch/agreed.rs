//! Agreed: whether this node takes part in a hub's epochs.
//! In: the hub, a namespace. Out: the budget and profile that its people agreed to.
//! Invariant: without an agreement that holds now, no key is made with that hub.
//! Not here: agreeing (`track::matches`).

use stillwatch_track::matches::{Agreement, agreement};

use super::known::now;
use crate::error::{Error, Result};
use crate::matching::Place;

/// What was agreed on with a hub for a namespace.
pub(super) async fn agreed(place: &Place, hub: &str, namespace: &str) -> Result<Agreement> {
    let no = || {
        Error::refused(
            format!("nothing is agreed on with `{hub}` for epochs of `{namespace}`"),
            "`stillwatch match agree` with the hub's name, on the member's side",
        )
    };
    let found = agreement(&place.store, hub, namespace).await.map_err(|_| no())?;
    if found.state != "agreed" || found.until <= now() {
        return Err(no());
    }
    Ok(found)
}
