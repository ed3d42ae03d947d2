//! A server's answer that is not 101, kept for the caller.

use crate::head::response;
use bareframe::handshake::{Header, Response};
use std::fmt;

/// A server's answer with another status than 101, with its headers: a redirect, a demand for credentials or
/// a refusal (RFC 6455 section 4.1).
///
/// ```no_run
/// use bareframe_std::{Error, HandshakeError, connect};
/// match connect("ws://example.com/chat") {
///     Err(Error::Handshake(HandshakeError::Refused(refusal))) if refusal.status() == 302 => {
///         println!("go to {:?}", refusal.header("Location"));
///     }
///     other => println!("{other:?}"),
/// }
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Refusal {
    status: u16,
    // A head that was parsed before.
    head: Box<[u8]>,
}

impl Refusal {
    pub(crate) fn new(response: &Response<'_>, head: &[u8]) -> Refusal {
        Refusal {
            status: response.status(),
            head: head.into(),
        }
    }

    /// Gives the HTTP status.
    #[must_use]
    pub const fn status(&self) -> u16 {
        self.status
    }

    /// Gives the value of the first header with this name, in any case, if it is UTF-8.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.response().header(name).and_then(Header::value_str)
    }

    /// Gives the whole head.
    #[must_use]
    pub fn response(&self) -> Response<'_> {
        response(&self.head)
    }
}

impl fmt::Debug for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.response().fmt(f)
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "the server answered with status {} and not 101 (RFC 6455 section 4.1)",
            self.status
        )
    }
}
