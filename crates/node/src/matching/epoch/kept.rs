//! Kept: lines to others that stay open from call to call.
//! In: a name, a call. Out: the reply.
//! Invariant: a line answers one call at a time; one that broke after it was open for long is opened once more, for every call may
//! come twice.
//! Not here: what is asked.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError};

use tokio::sync::Mutex;

use super::call::{Call, EPOCH, bytes, read};
use super::others::{Asked, Others, odd};
use crate::error::Result;
use crate::matching::{Line, Place, Reach};

type Slot = Arc<Mutex<Option<Line>>>;

/// Lines, by name.
#[derive(Debug)]
pub struct Kept {
    reach: Reach,
    lines: std::sync::Mutex<HashMap<String, Slot>>,
}

impl Kept {
    /// None open yet.
    #[must_use]
    pub fn of(place: &Place) -> Self {
        Self { reach: Reach::of(place), lines: std::sync::Mutex::default() }
    }

    async fn said(&self, to: &str, body: &[u8]) -> Result<Vec<u8>> {
        let slot = {
            let mut lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(lines.entry(to.to_owned()).or_default())
        };
        let mut slot = slot.lock().await;
        // What is taken out isn't put back where a call fails, or whoever waits gives up.
        if let Some(mut line) = slot.take()
            && let Ok(reply) = line.call(EPOCH, body).await
        {
            *slot = Some(line);
            return Ok(reply);
        }
        let mut line = Line::open(&self.reach, to).await?;
        let reply = line.call(EPOCH, body).await?;
        *slot = Some(line);
        Ok(reply)
    }
}

impl Others for Kept {
    fn call<'a>(&'a self, to: &'a str, call: &'a Call) -> Asked<'a> {
        Box::pin(async move {
            let reply = self.said(to, &bytes(call)?).await?;
            read(&reply).ok_or_else(|| odd(to))
        })
    }
}
