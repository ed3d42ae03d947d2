//! A server's answer that is not 101, kept for the caller.

use bareframe::handshake::{FirstLine, Header, Response, ResponseHead};
use std::fmt;

/// A server's answer with another status than 101, with its headers and the beginning of its content: a redirect, a
/// request for credentials or a refusal (RFC 6455 section 4.1).
///
/// ```no_run
/// use bareframe_std::{Error, HandshakeError, connect};
/// match connect("ws://example.com/chat") {
///     Err(Error::Handshake(HandshakeError::Refused(refusal))) if refusal.status() == 302 => {
///         println!("go to {:?}", refusal.header("Location"));
///     }
///     Err(Error::Handshake(HandshakeError::Refused(refusal))) => {
///         println!("{}", refusal.content().escape_ascii());
///     }
///     other => println!("{other:?}"),
/// }
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Refusal {
    bytes: Box<[u8]>,
    head: Box<ResponseHead>,
    content: Box<[u8]>,
    is_whole: bool,
}

impl Refusal {
    /// `bytes` is the head that was parsed.
    pub(crate) fn new(bytes: Box<[u8]>, head: ResponseHead, content: (Vec<u8>, bool)) -> Refusal {
        Refusal {
            bytes,
            head: Box::new(head),
            content: content.0.into(),
            is_whole: content.1,
        }
    }

    /// Returns the HTTP status.
    #[must_use]
    pub const fn status(&self) -> u16 {
        self.head.status()
    }

    /// Returns the value of the first header with this name, in any case, if it is UTF-8.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.response().header(name).and_then(Header::value_str)
    }

    /// Returns the whole head.
    #[must_use]
    pub fn response(&self) -> Response<'_> {
        self.head.response(&self.bytes)
    }

    /// Returns the content, in which most servers give the reason: at most as many bytes as
    /// [`Connector::with_refusal_limit`](crate::Connector::with_refusal_limit) allows, and only those that arrived
    /// within a second.
    #[must_use]
    pub fn content(&self) -> &[u8] {
        &self.content
    }

    /// Returns `true` if [`Refusal::content`] is all of the content.
    #[must_use]
    pub const fn is_whole(&self) -> bool {
        self.is_whole
    }
}

impl fmt::Debug for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.response().fmt(f)
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let status = self.status();
        let line = FirstLine(&self.content);
        write!(
            f,
            "the server answered with status {status} and not 101 (RFC 6455 section 4.1){line}"
        )
    }
}
