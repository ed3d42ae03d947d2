//! The rules that an adapter has to keep.

use std::fmt;

/// A rule that every adapter has to keep over every stream.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Rule {
    /// What has arrived is delivered, in order and once, before a call reports that there is nothing or that the
    /// connection has ended.
    Delivered,
    /// What was sent is written, in order and once, as frames that a peer accepts.
    Written,
    /// What was reported as sent was written.
    Acknowledged,
    /// A Ping and a Close are answered before a call returns that has received them, unless the stream refused the answer.
    Answered,
    /// The end is reported correctly, and every later call reports the same.
    End,
    /// A call fails only because of the stream.
    Reported,
    /// No call outlasts its limit.
    Limit,
    /// No call uses the stream in an endless loop.
    Spin,
    /// Two ends that are called again and again close the connection.
    Progress,
    /// No call panics.
    Panic,
}

/// A rule that was broken, and how.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Breach {
    /// The rule.
    pub rule: Rule,
    /// What was seen.
    pub what: String,
}

impl Breach {
    /// Returns an error if the rule is not kept.
    pub(super) fn unless(kept: bool, rule: Rule, what: impl FnOnce() -> String) -> Result<(), Breach> {
        if kept {
            return Ok(());
        }
        Err(Breach { rule, what: what() })
    }
}

impl fmt::Display for Breach {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}: {}", self.rule, self.what)
    }
}
