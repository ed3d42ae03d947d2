//! A server's answer that opens no WebSocket, kept for the caller.

use bareframe::handshake::FirstLine;
use std::fmt;

/// A server's answer that opens no WebSocket, with its headers and the begin of its content: a redirect, a demand for credentials
/// or a refusal (RFC 6455 section 4.1).
///
/// ```no_run
/// # async fn doc() {
/// use bareframe_tokio::{Error, connect};
/// match connect("ws://example.com/chat").await {
///     Err(error) => match error.refusal() {
///         Some(refusal) if refusal.status() == 302 => println!("go to {:?}", refusal.header("Location")),
///         Some(refusal) => println!("{}", refusal.content().escape_ascii()),
///         None => println!("{error}"),
///     },
///     Ok(socket) => println!("{socket:?}"),
/// }
/// # }
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Refusal {
    response: ServerResponse,
    content: Box<[u8]>,
    is_whole: bool,
}

/// The head of a server's answer over HTTP/1.1 or HTTP/2.
///
/// ```no_run
/// # async fn doc() -> Result<(), bareframe_tokio::Error> {
/// let socket = bareframe_tokio::connect("ws://example.com/chat").await?;
/// if let Some(response) = socket.response() {
///     println!("{} {:?}", response.status(), response.header("Server"));
///     println!("{} headers", response.headers().count());
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct ServerResponse {
    status: u16,
    headers: Box<[OwnedHeader]>,
}

/// A name and a value.
type OwnedHeader = (Box<str>, Box<[u8]>);

impl ServerResponse {
    pub(crate) fn new<'h>(status: u16, headers: impl Iterator<Item = (&'h str, &'h [u8])>) -> ServerResponse {
        ServerResponse {
            status,
            headers: headers
                .map(|(name, value)| (Box::from(name), Box::from(value)))
                .collect(),
        }
    }

    /// Returns the HTTP status.
    #[must_use]
    pub const fn status(&self) -> u16 {
        self.status
    }

    /// Returns the value of the first header with this name, in any case, if it is UTF-8.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut headers = self.headers();
        let (_, value) = headers.find(|(other, _)| other.eq_ignore_ascii_case(name))?;
        str::from_utf8(value).ok()
    }

    /// Returns the names and values of all headers, in the order in which they came.
    pub fn headers(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.headers.iter().map(|(name, value)| (&**name, &**value))
    }
}

impl Refusal {
    /// `content` is `true` if it is whole.
    pub(crate) fn new(response: ServerResponse, content: (Vec<u8>, bool)) -> Refusal {
        Refusal {
            response,
            content: content.0.into(),
            is_whole: content.1,
        }
    }

    /// Returns the HTTP status.
    #[must_use]
    pub const fn status(&self) -> u16 {
        self.response.status
    }

    /// Returns the value of the first header with this name, in any case, if it is UTF-8.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.response.header(name)
    }

    /// Returns the whole head.
    #[must_use]
    pub const fn response(&self) -> &ServerResponse {
        &self.response
    }

    /// Returns the content, which most servers use to say why: at most as many bytes as
    /// [`Connector::with_refusal_limit`](crate::Connector::with_refusal_limit) allows, and what came within a second.
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

/// The values stay out of logs: there may be cookies among them.
impl fmt::Debug for ServerResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = self.headers().map(|(name, _)| name).collect();
        f.debug_struct("ServerResponse")
            .field("status", &self.status)
            .field("headers", &names)
            .finish()
    }
}

impl fmt::Debug for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Refusal")
            .field("response", &self.response)
            .field("content_len", &self.content.len())
            .field("is_whole", &self.is_whole)
            .finish()
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let status = self.status();
        let line = FirstLine(&self.content);
        write!(
            f,
            "the server answered with status {status} and opened no WebSocket (RFC 6455 section 4.1){line}"
        )
    }
}
