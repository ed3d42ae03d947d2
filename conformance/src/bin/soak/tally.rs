//! What has happened, and how often.

use bareframe_tokio::{ConnectErrorKind, Error};
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

/// How often each of these has happened, for all tasks of a process.
#[derive(Debug, Default)]
pub(crate) struct Tally(Mutex<BTreeMap<String, u64>>);

impl Tally {
    pub(crate) const fn new() -> Tally {
        Tally(Mutex::new(BTreeMap::new()))
    }

    pub(crate) fn note(&self, what: impl Into<String>) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *all.entry(what.into()).or_default() += 1;
    }

    pub(crate) fn count(&self, what: &str) -> u64 {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.get(what).copied().unwrap_or(0)
    }

    /// Returns a line for each.
    pub(crate) fn lines(&self) -> Vec<String> {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.iter()
            .map(|(what, count)| format!("{count:>9}  {what}"))
            .collect()
    }
}

/// Returns an error without addresses, so that it can be counted.
pub(crate) fn name(error: &Error) -> String {
    match error {
        Error::Connect(error) => match error.kind() {
            ConnectErrorKind::Handshake(kind) => format!("{}: {kind}", error.step()),
            kind => format!("{}: {kind}", error.step()),
        },
        error => error.to_string(),
    }
}
